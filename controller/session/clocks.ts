// The clocks of the controllers, compared through the store: each writes what its clock says, the others note by how much
// theirs differs when they hear it.
// Invariant: what is decided by the time is decided by a time that all controllers share, so a clock that is wrong moves
// no quarantine, no token and no certificate. Which clock is right nobody can tell: that they differ is a condition.
import type { Keeper } from '../view/keeper.js';
import type { ReadonlyView } from '../view/view.js';

/** toleratedMs is how far apart clocks may be before that is a condition. */
export const toleratedMs = 5_000;
// A message that is late makes a clock look slow: of the last few samples the largest is the nearest to the truth.
const keptSamples = 4;

/** liveRegistrations are the registrations of the controllers that live. */
export function liveRegistrations(view: ReadonlyView): ReadonlySet<string> {
  return new Set([...view.controllers.values()].map(({ record }) => record.registration));
}

/**
 * correctionOf is what to add to the own clock to get the common time: the lower median of all clocks, own one included.
 * Of two that differ the slower one counts: a quarantine that is too long harms nobody. Pure.
 * @param offsets of the other clocks against the own one, milliseconds
 */
export function correctionOf(offsets: readonly number[]): number {
  const sorted = [0, ...offsets].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return Math.abs(median) > toleratedMs ? median : 0;
}

/** Clocks knows how far the other controllers' clocks are from this one's. */
export class Clocks {
  readonly #samples = new Map<string, readonly number[]>();
  readonly #own: string;
  readonly #clock: () => number;
  #correction = 0;

  /**
   * @param own the registration of this controller
   * @param clock what the clock of this machine says, milliseconds since 1970
   */
  constructor(keeper: Keeper, own: string, clock: () => number = Date.now) {
    this.#own = own;
    this.#clock = clock;
    keeper.onChange((touched, view) => {
      for (const id of touched.registrations) this.#sample(id, view);
      if (touched.registrations.size > 0 || touched.controllers) this.#correct(view);
    });
  }

  /** now is the time by which things are decided, milliseconds since 1970. */
  now(): number {
    return this.#clock() + this.#correction;
  }

  /** offsetOf is how far another controller's clock is ahead of this one's, milliseconds; undefined: not known. */
  offsetOf(registration: string): number | undefined {
    const samples = this.#samples.get(registration);
    return samples === undefined ? undefined : Math.max(...samples);
  }

  #sample(id: string, view: ReadonlyView): void {
    const held = view.registrations.get(id);
    if (held === undefined || id === this.#own) this.#samples.delete(id);
    else {
      const before = this.#samples.get(id) ?? [];
      this.#samples.set(id, [...before, held.record.clockMs - this.#clock()].slice(-keptSamples));
    }
  }

  #correct(view: ReadonlyView): void {
    const offsets = [...liveRegistrations(view)].flatMap((id) => this.offsetOf(id) ?? []);
    this.#correction = correctionOf(offsets);
  }
}
