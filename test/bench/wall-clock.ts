// The wall clock in microseconds, which iproute2 uses for timestamps of notifications. Date.now() has milliseconds, and the
// offset of performance.now() drifts with every correction of the clock.

/** WallClock converts times of performance.now() into wall-clock time. It is accurate for about a minute. */
export class WallClock {
  readonly #offset: number;

  private constructor(offset: number) {
    this.#offset = offset;
  }

  /** set compares both clocks at the moment when a millisecond of the wall clock begins, to within about 2 µs. */
  static set(): WallClock {
    let offset = Number.POSITIVE_INFINITY;
    // An interruption makes an offset too large, never too small, apart from the resolution of the clocks.
    for (let tries = 0; tries < 5; tries += 1) {
      const begun = Date.now();
      let now = begun;
      let monotonic = performance.now();
      while (now === begun) {
        now = Date.now();
        monotonic = performance.now();
      }
      offset = Math.min(offset, monotonic - now);
    }
    return new WallClock(offset);
  }

  /** at returns the wall-clock time of a time of performance.now(), in milliseconds since 1970 with a fraction. */
  at(moment: number): number {
    return moment - this.#offset;
  }
}
