// The clocks of the controllers, compared through the store: each writes what its clock says, the others note by how much
// theirs differs when they hear it.
// Invariant: nothing is decided by this: durations are measured by each controller itself (view/ages.ts). Which clock is
// right nobody can tell; that two differ is told by both controllers.

import type { ReadonlyView } from './view.js';
import type { ViewFeed } from './view-feed.js';

/** toleratedMs is how far apart clocks may be before that is a condition. */
export const toleratedMs = 5_000;
// A message that is late makes a clock look slow: of the last few samples the largest is the nearest to the truth.
const keptSamples = 4;
// What a controller finds when it starts was written up to 15 s ago (presence.ts): by itself it tells of nothing less.
const oldestMs = 15_000 + toleratedMs;

/** liveRegistrations are the registrations of the controllers that live. */
export function liveRegistrations(view: ReadonlyView): ReadonlySet<string> {
  return new Set([...view.controllers.values()].map(({ record }) => record.registration));
}

/** Clocks knows how far the other controllers' clocks are from this one's. */
export class Clocks {
  readonly #samples = new Map<string, readonly number[]>();
  readonly #own: string;
  readonly #clock: () => number;

  /**
   * @param own the registration of this controller
   * @param clock what the clock of this machine says, milliseconds since 1970
   */
  constructor(feed: ViewFeed, own: string, clock: () => number = Date.now) {
    this.#own = own;
    this.#clock = clock;
    feed.onChange((touched, view) => {
      for (const id of touched.registrations) this.#sample(id, view);
    });
  }

  /** offsetOf is how far another controller's clock is ahead of this one's, milliseconds; undefined: not known. */
  offsetOf(registration: string): number | undefined {
    const samples = this.#samples.get(registration) ?? [];
    const [first, ...later] = samples;
    if (first === undefined || (later.length === 0 && first < 0 && first > -oldestMs)) return undefined;
    return Math.max(...samples);
  }

  #sample(id: string, view: ReadonlyView): void {
    const held = view.registrations.get(id);
    if (held === undefined || id === this.#own) this.#samples.delete(id);
    else {
      const before = this.#samples.get(id) ?? [];
      this.#samples.set(id, [...before, held.record.clockMs - this.#clock()].slice(-keptSamples));
    }
  }
}
