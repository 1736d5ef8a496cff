// How often, and how many at once: what one caller's calls are bounded by.
// Invariant: a call beyond its caller's share is refused before it is looked at, and costs others nothing of theirs.
import { XnetError } from '../errors.js';
import { Allowances } from './allowance.js';
import { type CallerLimits, callerLimits } from './limits.js';
import { formatPeer, type Peer } from './peer.js';

type Share = { readonly limits: CallerLimits; readonly calls: Allowances };

const shareOf = (limits: CallerLimits): Share => ({ limits, calls: new Allowances(limits.calls) });

/** CallLimits count the calls of one server. Those on a unix socket are not bounded. */
export class CallLimits {
  readonly #shares = {
    node: shareOf(callerLimits.node),
    person: shareOf(callerLimits.person),
    stranger: shareOf(callerLimits.stranger),
  };
  readonly #streams = new Map<string, number>();

  #shareOf(peer: Peer): Share | undefined {
    if (peer.kind === 'local') return undefined;
    if (peer.kind === 'stranger') return this.#shares.stranger;
    return peer.identity.role === 'node' ? this.#shares.node : this.#shares.person;
  }

  /** refusalOf counts one call. Returns why it is refused; undefined: it is not. */
  refusalOf(peer: Peer, streams: boolean): XnetError | undefined {
    const share = this.#shareOf(peer);
    if (share === undefined) return undefined;
    const caller = formatPeer(peer);
    const { limits, calls } = share;
    const now = performance.now();
    if (!calls.of(caller, now).take(now)) {
      return new XnetError(
        'ResourceExhausted',
        `${caller} calls too often: at most ${limits.calls.perSecond} a second`,
      );
    }
    if (!streams || peer.kind === 'stranger' || (this.#streams.get(caller) ?? 0) < limits.streams) return undefined;
    return new XnetError('ResourceExhausted', `${caller} has ${limits.streams} streams on this controller already`);
  }

  /** opened counts an open stream of answers. Returns how to say that it ended. */
  opened(peer: Peer): () => void {
    const caller = formatPeer(peer);
    this.#streams.set(caller, (this.#streams.get(caller) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (this.#streams.get(caller) ?? 1) - 1;
      if (left > 0) this.#streams.set(caller, left);
      else this.#streams.delete(caller);
    };
  }
}
