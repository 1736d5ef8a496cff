// Finds out by ARP which addresses of a link are in use: one datagram to each makes the kernel ask, and /proc/net/arp
// has the answers.
// Invariant: nothing is sent but ARP requests to silent addresses, and one empty datagram to the discard port of those that
// answer (RFC 863).
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../proto/domain/address.js';
import { errnoOf, XnetError } from '../../proto/errors.js';

const discardPort = 9;
// The neighbour tables of kernels hold 1,024 entries by default (gc_thresh3), and those of the host's own peers are in it.
const atOnce = 256;
// The kernel asks three times, a second apart (mcast_solicit, retrans_time_ms).
const answerMs = 3_200;
const pollMs = 100;
const complete = 0x2;

/** parseArp reads /proc/net/arp (net/ipv4/arp.c): which addresses of an interface have been asked, and which have answered. */
export function parseArp(text: string, ifname: string): ReadonlyMap<Ipv4, boolean> {
  const found = new Map<Ipv4, boolean>();
  for (const line of text.split('\n')) {
    const [ip = '', , flags = '', , , device] = line.trim().split(/\s+/);
    const address = parseIpv4(ip);
    if (address !== undefined && device === ifname) found.set(address, (Number(flags) & complete) !== 0);
  }
  return found;
}

/**
 * answering returns those of the addresses that are in use on the link of an interface. It takes up to 3.2 s for each
 * 256.
 * @throws XnetError FailedPrecondition if the host's firewall drops the datagrams; a system error, or the reason of `signal`
 */
export async function answering(
  addresses: readonly Ipv4[],
  ifname: string,
  signal: AbortSignal,
): Promise<readonly Ipv4[]> {
  const found: Ipv4[] = [];
  for (let first = 0; first < addresses.length; first += atOnce) {
    found.push(...(await askSome(addresses.slice(first, first + atOnce), ifname, signal)));
  }
  return found;
}

async function askSome(addresses: readonly Ipv4[], ifname: string, signal: AbortSignal): Promise<readonly Ipv4[]> {
  const socket = createSocket('udp4');
  // For an unused address, the socket has an error: host unreachable.
  socket.on('error', () => undefined);
  try {
    let isRefused = false;
    for (const address of addresses) {
      socket.send('', discardPort, formatIpv4(address), (error) => {
        isRefused ||= errnoOf(error) === 'EPERM';
      });
    }
    let seen: ReadonlyMap<Ipv4, boolean> = new Map();
    for (let waited = 0; waited < answerMs; waited += pollMs) {
      await sleep(pollMs, undefined, { signal });
      // Where a packet is dropped, nothing is asked, and silence tells nothing.
      if (isRefused) throw refused();
      seen = parseArp(await readFile('/proc/net/arp', 'utf8'), ifname);
      if (addresses.every((address) => seen.get(address) === true)) break;
    }
    return addresses.filter((address) => seen.get(address) === true);
  } finally {
    socket.close();
  }
}

function refused(): XnetError {
  const message = `this host's firewall drops packets to UDP port ${discardPort}: xnetd can't find out which addresses of the LAN are in use`;
  const hint = `accept such packets: iptables -I OUTPUT -p udp --dport ${discardPort} -j ACCEPT, or the same in nft`;
  return new XnetError('FailedPrecondition', message, { hint });
}
