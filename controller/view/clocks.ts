// Compares the clocks of the controllers through the store: each controller writes its clock's time, and the others record
// the difference to their own clock when the write arrives.
// Invariant: no decision depends on the differences: each controller measures durations itself (view/ages.ts). A difference
// does not show which of the two clocks is wrong, so both controllers report it.

import type { ReadonlyView } from './view.js';
import type { ViewFeed } from './view-feed.js';

/** toleratedMs is the difference between two clocks above which a condition reports it. */
export const toleratedMs = 5_000;
// A delayed message makes a clock look slow, so the largest of the last few samples is the most accurate.
const keptSamples = 4;
// The record that a controller finds at its start was written up to 15 s earlier (presence.ts), so a single sample that is
// behind by less than this is ignored.
const oldestMs = 15_000 + toleratedMs;

/** liveRegistrations returns the registrations of the running controllers. */
export function liveRegistrations(view: ReadonlyView): ReadonlySet<string> {
  return new Set([...view.controllers.values()].map(({ record }) => record.registration));
}

/** Clocks holds the differences between the other controllers' clocks and this one's. */
export class Clocks {
  readonly #samples = new Map<string, readonly number[]>();
  readonly #own: string;
  readonly #clock: () => number;

  /**
   * @param own the registration of this controller
   * @param clock returns this machine's time, milliseconds since 1970
   */
  constructor(feed: ViewFeed, own: string, clock: () => number = Date.now) {
    this.#own = own;
    this.#clock = clock;
    feed.onChange((touched, view) => {
      for (const id of touched.registrations) this.#sample(id, view);
    });
  }

  /** offsetOf returns how far another controller's clock is ahead of this one's, in milliseconds; undefined if unknown. */
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
