// Which routes and next-hop objects notifications have changed, so that a plan looks at those alone. Pure state.
// Invariant: what is told may be more than what changed, never less; where that can't be said, nothing is.

import { prefixKey } from '../../proto/domain/address.js';
import { type KernelRoute, type NextHop, scopes } from './route-kernel.js';

/** TouchedRoutes is what has changed. */
export type TouchedRoutes = {
  /** prefixKeys of destinations whose routes are others, or lead elsewhere. */
  readonly destinations: ReadonlySet<number>;
  /** Ids of next-hop objects that are others, or that other routes or groups use. */
  readonly nextHops: ReadonlySet<number>;
};

// Twice a fleet of 5,000 peers, each a route and an object. Whoever is further behind looks at everything.
const longest = 20_000;

type Entry = { readonly kind: 'destination' | 'nextHop'; readonly key: number };

/** TouchedLog is what has changed, in the order in which it did. */
export class TouchedLog {
  #entries: Entry[] = [];
  // Mark of the first entry.
  #first = 0;

  /** mark is this moment. */
  get mark(): number {
    return this.#first + this.#entries.length;
  }

  /** noteRoute says that a route was added or removed, or another was put before or after it. */
  noteRoute({ destination, nextHopId, scope }: KernelRoute): void {
    // One straight to a link says what is on-link.
    if (scope === scopes.link) this.forget();
    this.#note('destination', prefixKey(destination));
    if (nextHopId !== 0) this.#note('nextHop', nextHopId);
  }

  /** noteNextHop says that a next-hop object is another than before, or gone; `users` are the routes that use it. */
  noteNextHop({ id, hop }: NextHop, users: readonly KernelRoute[]): void {
    // So does one without a gateway; a group has others for members.
    if (hop?.gateway === undefined) this.forget();
    this.#note('nextHop', id);
    for (const { destination } of users) this.#note('destination', prefixKey(destination));
  }

  /** forget says that anything may have changed. */
  forget(): void {
    this.#first = this.mark + 1;
    this.#entries = [];
  }

  #note(kind: Entry['kind'], key: number): void {
    if (this.#entries.length >= longest) this.forget();
    this.#entries.push({ kind, key });
  }

  /** since is what has changed since a mark; undefined: anything may have. */
  since(mark: number): TouchedRoutes | undefined {
    if (mark < this.#first) return undefined;
    const destinations = new Set<number>();
    const nextHops = new Set<number>();
    for (let index = mark - this.#first; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry !== undefined) (entry.kind === 'destination' ? destinations : nextHops).add(entry.key);
    }
    return { destinations, nextHops };
  }
}
