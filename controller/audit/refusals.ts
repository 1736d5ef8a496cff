// Limits how many refused calls get an entry: they are cheap to make, and entries are not.
// Invariant: one caller's refusals never use up the allowance of another. Each certificate has its own allowance, and
// so has each address without one, under a total for all of those. Memory is bounded.
import { formatPeer, type Peer } from '../../proto/rpc/peer.js';

type Allowance = { left: number; atMs: number; untold: number };
type Rate = { readonly burst: number; readonly everyMs: number };

// A person refused a hundred times at once is running a faulty script.
const caller: Rate = { burst: 100, everyMs: 5_000 };
// All clients that reach the join port: at most about 17,000 entries a day, of a million that are kept.
const strangers: Rate = { burst: 200, everyMs: 5_000 };
const mostCallers = 10_000;

/** Refusals holds the allowances. */
export class Refusals {
  // In order of the last refusal.
  readonly #callers = new Map<string, Allowance>();
  readonly #addresses = new Map<string, Allowance>();
  readonly #strangers: Allowance = { left: strangers.burst, atMs: 0, untold: 0 };

  /**
   * take counts a refused call.
   * @returns the number of preceding refusals that were not recorded; undefined: do not record this one either
   */
  take(peer: Peer, nowMs: number): number | undefined {
    const allowance = this.#of(peer, nowMs);
    refill(allowance, caller, nowMs);
    const total = peer.kind === 'stranger' ? this.#strangers : undefined;
    if (total !== undefined) refill(total, strangers, nowMs);
    if (allowance.left < 1 || (total !== undefined && total.left < 1)) {
      (total ?? allowance).untold += 1;
      return undefined;
    }
    allowance.left -= 1;
    if (total !== undefined) total.left -= 1;
    const { untold } = total ?? allowance;
    (total ?? allowance).untold = 0;
    return untold;
  }

  #of(peer: Peer, nowMs: number): Allowance {
    const known = peer.kind === 'stranger' ? this.#addresses : this.#callers;
    const name = formatPeer(peer);
    const allowance = known.get(name) ?? { left: caller.burst, atMs: nowMs, untold: 0 };
    known.delete(name);
    known.set(name, allowance);
    const [oldest] = known.keys();
    if (known.size > mostCallers && oldest !== undefined) known.delete(oldest);
    return allowance;
  }
}

function refill(allowance: Allowance, { burst, everyMs }: Rate, nowMs: number): void {
  allowance.left = Math.min(burst, allowance.left + Math.max(0, nowMs - allowance.atMs) / everyMs);
  allowance.atMs = nowMs;
}
