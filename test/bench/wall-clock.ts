// The wall clock in microseconds, which iproute2 stamps notifications with. Date.now() has milliseconds, and the offset
// of performance.now() drifts with every correction of the clock.

/** WallClock converts moments of performance.now() into wall-clock time. Good for the next minute or so. */
export class WallClock {
  readonly #offset: number;

  private constructor(offset: number) {
    this.#offset = offset;
  }

  /** set takes both clocks' time at the moment when a millisecond of the wall clock begins: within some 2 µs. */
  static set(): WallClock {
    let offset = Number.POSITIVE_INFINITY;
    // Being interrupted makes an offset too large, never too small, but for the resolution of the clocks.
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

  /** at is the wall-clock time of a moment of performance.now(), in milliseconds since 1970 with a fraction. */
  at(moment: number): number {
    return moment - this.#offset;
  }
}
