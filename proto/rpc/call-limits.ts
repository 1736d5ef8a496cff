// Limits the rate and the concurrency of each caller's calls.
// Invariant: a call beyond its caller's share is refused before it is processed, and uses up nothing of other callers'
// shares.
import { XnetError } from '../errors.js';
import { Allowances } from './allowance.js';
import { type CallerLimits, callerLimits } from './limits.js';
import { formatPeer, type Peer } from './peer.js';

type Share = { readonly limits: CallerLimits; readonly calls: Allowances };

const shareOf = (limits: CallerLimits): Share => ({ limits, calls: new Allowances(limits.calls) });

/** CallLimits counts the calls of one server. Calls on a unix socket are not limited. */
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

  /** opened counts an open response stream. Returns the function that ends the count. */
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
