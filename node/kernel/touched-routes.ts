// Records which routes and next-hop objects the notifications have changed, so that a plan visits only those. Pure
// state.
// Invariant: what is reported may be more than what changed, never less; if that can't be guaranteed, nothing is
// reported.

import { prefixKey } from '../../proto/domain/address.js';
import { type KernelRoute, type NextHop, scopes } from './route-kernel.js';

/** TouchedRoutes is the set of changes since a mark. */
export type TouchedRoutes = {
  /** prefixKeys of destinations whose routes have changed or lead elsewhere. */
  readonly destinations: ReadonlySet<number>;
  /** Ids of next-hop objects that have changed, or whose users have (routes or groups). */
  readonly nextHops: ReadonlySet<number>;
};

// Twice a fleet of 5,000 peers, with a route and an object each. A reader that is further behind plans in full.
const longest = 20_000;

/** TouchedLog is the ordered log of changes. */
export class TouchedLog {
  // A destination's prefixKey; for a next-hop object, which may have id 0, -1 - id.
  #entries: number[] = [];
  // Mark of the first entry.
  #first = 0;

  /** mark identifies this moment. */
  get mark(): number {
    return this.#first + this.#entries.length;
  }

  /** noteRoute records that a route was added or removed, or that another was put before or after it. */
  noteRoute({ destination, nextHopId, scope }: KernelRoute): void {
    // A route directly to a link determines what is on-link.
    if (scope === scopes.link) this.forget();
    this.#note(prefixKey(destination));
    if (nextHopId !== 0) this.#note(-1 - nextHopId);
  }

  /** noteNextHop records that a next-hop object changed or was removed; `users` are the routes that use it. */
  noteNextHop({ id, hop }: NextHop, users: readonly KernelRoute[]): void {
    // So does an object without a gateway; a group has other objects as members.
    if (hop?.gateway === undefined) this.forget();
    this.#note(-1 - id);
    for (const { destination } of users) this.#note(prefixKey(destination));
  }

  /** forget records that anything may have changed. */
  forget(): void {
    this.#first = this.mark + 1;
    this.#entries = [];
  }

  #note(entry: number): void {
    if (this.#entries.length >= longest) this.forget();
    this.#entries.push(entry);
  }

  /** since returns the changes since a mark; undefined if anything may have changed. */
  since(mark: number): TouchedRoutes | undefined {
    if (mark < this.#first) return undefined;
    const destinations = new Set<number>();
    const nextHops = new Set<number>();
    for (let index = mark - this.#first; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined) continue;
      if (entry < 0) nextHops.add(-1 - entry);
      else destinations.add(entry);
    }
    return { destinations, nextHops };
  }
}
