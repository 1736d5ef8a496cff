// Finds out which peers answer echo requests, and how long a packet to each may be.
// Invariant: it sends at most a dozen packets to each peer, never fragmented.
import type { Ipv4 } from '../../proto/domain/address.js';
import { pause } from '../../proto/process/backoff.js';
import { SyscallError } from '../../proto/process/syscall.js';
import { headerBytes, type Icmp } from '../kernel/icmp.js';

/** PingedPeer is the answer of a peer: `longest` is the length in bytes of the longest packet that arrived. */
export type PingedPeer = { readonly peer: Ipv4; readonly answers: boolean; readonly longest: number };

// MTUs in use: Ethernet, PPPoE, tunnels, clouds, the least of IPv6. Each peer is tested with every length that the link
// allows.
const lengths = [9000, 8900, 1500, 1492, 1480, 1460, 1450, 1420, 1400, 1380, 1280];
const tries = 3;
// A peer on the same link answers within milliseconds; the first packet waits for ARP.
const waitMs = 400;

/**
 * pingPeers asks all peers at once; it takes about a second if one does not answer.
 * @param mtu of the link, bytes: the longest packet that is sent
 * @throws the reason of `signal` when it aborts
 */
export async function pingPeers(
  icmp: Icmp,
  peers: readonly Ipv4[],
  mtu: number,
  signal: AbortSignal,
): Promise<readonly PingedPeer[]> {
  const sizes = [...new Set([headerBytes, ...lengths.filter((length) => length <= mtu), mtu])].sort((a, b) => a - b);
  const longest = new Map<Ipv4, number>();
  let heard: (() => void) | undefined;
  icmp.onReply((from, sequence) => {
    longest.set(from, Math.max(longest.get(from) ?? 0, sizes[sequence] ?? 0));
    heard?.();
  });
  const isOpen = (peer: Ipv4) => (longest.get(peer) ?? 0) < mtu;
  for (let attempt = 0; attempt < tries && peers.some(isOpen); attempt += 1) {
    for (const peer of peers.filter(isOpen)) {
      for (const [sequence, size] of sizes.entries()) send(icmp, peer, sequence, size);
    }
    const done = new Promise<void>((resolve) => {
      heard = () => (peers.some(isOpen) ? undefined : resolve());
    });
    await Promise.race([done, pause(waitMs, signal)]);
    signal.throwIfAborted();
  }
  return peers.map((peer) => ({ peer, answers: longest.has(peer), longest: longest.get(peer) ?? 0 }));
}

function send(icmp: Icmp, peer: Ipv4, sequence: number, size: number): void {
  try {
    icmp.send(peer, sequence, size);
  } catch (error) {
    // No route, no neighbour, a rule that drops it: it does not arrive.
    if (!(error instanceof SyscallError)) throw error;
  }
}
