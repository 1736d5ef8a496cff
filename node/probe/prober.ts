// Sends probes along the data path, from this host's gateway address to those of its peers, a few each minute.
// Invariant: at most five peers at a time, with three packets each. A packet that can't be sent counts as unanswered,
// and a failure here affects nothing else.
import type { Ipv4 } from '../../proto/domain/address.js';
import { messageOf } from '../../proto/errors.js';
import { Alarm, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { headerBytes, type Icmp } from '../kernel/icmp.js';
import { type ProbedPeer, type ProbeVerdict, type RoundResult, Rounds } from './rounds.js';

/** ProbeScene holds the addresses to probe at one moment. */
export type ProbeScene = {
  /** Source of the probes: this host's own gateway address, which an interface has. */
  readonly gateway: Ipv4;
  /** Peers by ProbedPeer.key. */
  readonly peers: ReadonlyMap<number, ProbedPeer>;
  /** MTU of the underlay, in bytes. */
  readonly mtu: number;
};

/** ProberOptions are the dependencies and intervals of a Prober. */
export type ProberOptions = {
  /** Undefined: nothing can be probed now. */
  readonly scene: () => ProbeScene | undefined;
  /**
   * Opens a socket that sends from an address; undefined: from the address of the outgoing interface. Throws
   * SyscallError.
   */
  readonly open: (source: Ipv4 | undefined) => Icmp;
  /** Pause between rounds, in milliseconds. */
  readonly intervalMs: number;
  /** Timeout for one reply, in milliseconds. Default 1,000. */
  readonly timeoutMs?: number;
  /** Called after each round, and when there is nothing left to probe. */
  readonly onVerdict: (verdict: ProbeVerdict) => void | Promise<void>;
  readonly log: Logger;
};

const triesPerPeer = 3;
const smallPacketBytes = headerBytes + 56;
// Peers probed soon after the routes are installed, so that a small fleet is covered at once.
const firstPeers = 6;
const firstIntervalMs = 1_000;
// Every link must pass packets of this size (RFC 791), so there is nothing larger to test.
const smallestMtu = 576;

/** Prober probes peers until its signal aborts. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #rounds = new Rounds();
  readonly #echoes = new Set<Echo>();
  #toldWhyNot = '';

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** run probes until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { scene, intervalMs, onVerdict } = this.#options;
    signal.addEventListener('abort', () => this.#cancel(), { once: true });
    while (!signal.aborted) {
      const now = scene();
      if (now !== undefined && now.peers.size > 0) {
        await this.#round(now, signal);
        if (signal.aborted) return;
        await onVerdict(this.#rounds.verdict());
      } else if (this.#rounds.probed > 0) {
        // Earlier results no longer apply.
        this.#rounds.forget();
        await onVerdict(this.#rounds.verdict());
      }
      const first = now !== undefined && this.#rounds.probed < Math.min(firstPeers, now.peers.size);
      const periodMs = first || now === undefined ? Math.min(firstIntervalMs, intervalMs) : intervalMs;
      await pause(periodMs * (0.9 + Math.random() * 0.2), signal);
    }
  }

  #cancel(): void {
    for (const echo of this.#echoes) echo.cancel();
  }

  async #round(scene: ProbeScene, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const chosen = this.#rounds.next(scene.peers, shuffled);
    try {
      const probe = this.#open(scene.gateway);
      const plain = this.#open(undefined);
      const results = await Promise.all(
        chosen.map(async (peer) => ({ peer, result: await this.#probe(peer, scene.mtu, probe, plain) })),
      );
      if (signal.aborted) return;
      for (const { peer, result } of results) this.#rounds.note(peer, result, Date.now());
      this.#toldWhyNot = '';
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== this.#toldWhyNot) log.warn({ reason }, 'probe: no socket, peers are not probed');
      this.#toldWhyNot = reason;
    } finally {
      for (const echo of this.#echoes) echo.close();
      this.#echoes.clear();
    }
  }

  #open(source: Ipv4 | undefined): Echo {
    const echo = new Echo(this.#options.open(source), this.#options.timeoutMs ?? 1_000);
    this.#echoes.add(echo);
    return echo;
  }

  async #probe(peer: ProbedPeer, mtu: number, probe: Echo, plain: Echo): Promise<RoundResult> {
    const large = mtu > smallestMtu && this.#rounds.wantsLarge(peer);
    const answered = await probe.answers(peer.gateway, smallPacketBytes);
    if (!answered) return { answered, hostAnswered: await plain.answers(peer.address, smallPacketBytes) };
    return large ? { answered, largeAnswered: await probe.answers(peer.gateway, mtu) } : { answered };
  }
}

// Matches replies to the requests of one socket.
class Echo {
  readonly #icmp: Icmp;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, { readonly from: Ipv4; readonly alarm: Alarm; answered: boolean }>();
  #sequence = 0;
  #cancelled = false;

  constructor(icmp: Icmp, timeoutMs: number) {
    this.#icmp = icmp;
    this.#timeoutMs = timeoutMs;
    icmp.onReply((from, sequence) => {
      const waiting = this.#waiting.get(sequence);
      if (waiting?.from !== from) return;
      waiting.answered = true;
      waiting.alarm.ring();
    });
  }

  async answers(to: Ipv4, packetBytes: number): Promise<boolean> {
    for (let attempt = 0; attempt < triesPerPeer && !this.#cancelled; attempt += 1) {
      if (await this.#once(to, packetBytes)) return true;
    }
    return false;
  }

  async #once(to: Ipv4, packetBytes: number): Promise<boolean> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const waiting = { from: to, alarm: new Alarm(), answered: false };
    this.#waiting.set(sequence, waiting);
    try {
      this.#icmp.send(to, sequence, packetBytes);
    } catch {
      // EHOSTUNREACH, EPERM and the like: there will be no reply.
    }
    await waiting.alarm.wait(this.#timeoutMs);
    this.#waiting.delete(sequence);
    return waiting.answered;
  }

  /** cancel ends every wait, as without a reply. */
  cancel(): void {
    this.#cancelled = true;
    for (const { alarm } of this.#waiting.values()) alarm.ring();
  }

  close(): void {
    this.#icmp.close();
  }
}

// The Fisher-Yates shuffle.
function shuffled(keys: number[]): number[] {
  for (let at = keys.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    const key = keys[at] ?? 0;
    keys[at] = keys[other] ?? 0;
    keys[other] = key;
  }
  return keys;
}
