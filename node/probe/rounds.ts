// Chooses the peers to probe next, and keeps the results. Pure state: no clock, no input or output.
// Invariant: a peer counts as silent after three rounds without an answer, until one with an answer.
import { gatewayOf, type Ipv4, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';

/** ProbedPeer is one peer's subnet as it is probed. */
export type ProbedPeer = {
  /** Its prefixKey. */
  readonly key: number;
  readonly nodeName: string;
  /** First address of the subnet: where the peer's bridge answers. */
  readonly gateway: Ipv4;
  /** The peer's node address, the next hop of the routes to it. */
  readonly address: Ipv4;
};

/**
 * routedPeers returns the peers that this host has a route to, by key. A missing route, for example because the host
 * has an overlapping network, is reported by the routes effect.
 * @param own this host's subnets, which are not peers'
 */
export function routedPeers(
  routes: Iterable<Route>,
  own: readonly Prefix[],
  isRouted: (key: number) => boolean,
): ReadonlyMap<number, ProbedPeer> {
  const peers = new Map<number, ProbedPeer>();
  const ownKeys = new Set(own.map(prefixKey));
  for (const { subnet, nextHop, nodeName, isStatic } of routes) {
    // The host of a static route need not answer, and no controller knows whether it is up.
    if (isStatic) continue;
    const key = prefixKey(subnet);
    if (ownKeys.has(key) || !isRouted(key)) continue;
    peers.set(key, { key, nodeName, gateway: gatewayOf(subnet), address: nextHop });
  }
  return peers;
}

/** RoundResult is the result of one peer's round. */
export type RoundResult = {
  readonly answered: boolean;
  /** Whether a packet as large as the underlay allows was answered; undefined if none was sent. */
  readonly largeAnswered?: boolean;
  /** Set if there was no answer: whether the peer's host answered at its node address. */
  readonly hostAnswered?: boolean;
};

/** Silent is a peer that does not answer. */
export type Silent = { readonly peer: ProbedPeer; readonly hostAnswers: boolean; readonly sinceMs: number };

/** ProbeVerdict is the conclusion about the data path. */
export type ProbeVerdict = { readonly silent: readonly Silent[]; readonly largeLost: readonly ProbedPeer[] };

type PeerState = {
  readonly peer: ProbedPeer;
  readonly rounds: number;
  readonly failures: number;
  readonly largeFailures: number;
  readonly hostAnswers: boolean;
  readonly failingSinceMs: number;
};

// Single packets get lost, and a restart of Docker takes the bridge down for some seconds.
const failuresUntilSilent = 3;
// One of this many rounds of a peer sends a large packet, beginning with the first.
const roundsPerLarge = 8;
// Peers that did not answer last time are probed again in every round, but at most this many.
const mostSuspects = 4;
// Places among these for peers that are not yet known to be silent. Each round finds at most one more peer that does
// not answer, and it is probed twice more until it counts as silent. So peers that have long been silent do not delay
// that.
const mostUnconfirmed = 2;

/** Rounds keeps the results of all peers. */
export class Rounds {
  readonly #states = new Map<number, PeerState>();
  #queue: number[] = [];

  /**
   * next chooses the peers of the next round: one in turn, so that all are probed in as many rounds as there are peers,
   * and up to four of those that did not answer last time: two that are not yet known to be silent, then those that
   * have waited longest.
   * @param shuffled returns a list in random order, so that the hosts of a fleet do not probe the same peer at once
   */
  next(peers: ReadonlyMap<number, ProbedPeer>, shuffled: (keys: number[]) => number[]): readonly ProbedPeer[] {
    for (const [key, { peer }] of this.#states) {
      const now = peers.get(key);
      if (now === undefined || now.address !== peer.address) this.#states.delete(key);
    }
    const suspects = [...this.#states.values()].filter((state) => state.failures + state.largeFailures > 0);
    // Those that have waited longest come first: a state that is noted moves to the end.
    const unconfirmed = suspects.filter((state) => !isSilent(state) && !losesLarge(state)).slice(0, mostUnconfirmed);
    const ordered = [...new Set([...unconfirmed, ...suspects])].slice(0, mostSuspects);
    const chosen = new Map(ordered.map(({ peer }) => [peer.key, peer]));
    const inTurn = this.#takeNext(peers, shuffled, chosen);
    if (inTurn !== undefined) chosen.set(inTurn.key, inTurn);
    return [...chosen.values()];
  }

  #takeNext(
    peers: ReadonlyMap<number, ProbedPeer>,
    shuffled: (keys: number[]) => number[],
    chosen: ReadonlyMap<number, ProbedPeer>,
  ): ProbedPeer | undefined {
    for (let refilled = false; ; ) {
      const key = this.#queue.pop();
      if (key === undefined) {
        if (refilled || peers.size === 0) return undefined;
        this.#queue = shuffled([...peers.keys()]);
        refilled = true;
        continue;
      }
      const peer = peers.get(key);
      if (peer !== undefined && !chosen.has(key)) return peer;
    }
  }

  /** wantsLarge reports whether a large packet is due in a peer's round. */
  wantsLarge({ key }: ProbedPeer): boolean {
    const state = this.#states.get(key);
    return state === undefined || state.largeFailures > 0 || state.rounds % roundsPerLarge === 0;
  }

  /** note records the result of a peer's round. `nowMs` is milliseconds since 1970. */
  note(peer: ProbedPeer, result: RoundResult, nowMs: number): void {
    const before = this.#states.get(peer.key);
    const failures = result.answered ? 0 : (before?.failures ?? 0) + 1;
    const { largeAnswered } = result;
    const largeBefore = before?.largeFailures ?? 0;
    this.#states.delete(peer.key);
    this.#states.set(peer.key, {
      peer,
      rounds: (before?.rounds ?? 0) + 1,
      failures,
      largeFailures: largeAnswered === undefined ? largeBefore : largeAnswered ? 0 : largeBefore + 1,
      hostAnswers: result.hostAnswered ?? false,
      failingSinceMs: before !== undefined && before.failures > 0 ? before.failingSinceMs : nowMs,
    });
  }

  /** forget discards all results: there is nothing to probe, or no address to probe from. */
  forget(): void {
    this.#states.clear();
    this.#queue = [];
  }

  /** probed returns how many of the present peers were probed at least once. */
  get probed(): number {
    return this.#states.size;
  }

  /** verdict returns the conclusion from all rounds so far, in order of address. */
  verdict(): ProbeVerdict {
    const states = [...this.#states.values()].sort((a, b) => a.peer.gateway - b.peer.gateway);
    return {
      silent: states
        .filter(isSilent)
        .map(({ peer, hostAnswers, failingSinceMs }) => ({ peer, hostAnswers, sinceMs: failingSinceMs })),
      largeLost: states.filter(losesLarge).map(({ peer }) => peer),
    };
  }
}

function isSilent({ failures }: Pick<PeerState, 'failures'>): boolean {
  return failures >= failuresUntilSilent;
}

// It answers, but not to packets as long as the underlay allows.
function losesLarge({ failures, largeFailures }: Pick<PeerState, 'failures' | 'largeFailures'>): boolean {
  return failures === 0 && largeFailures >= failuresUntilSilent;
}
