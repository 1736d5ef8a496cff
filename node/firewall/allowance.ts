// How often something may be done: so many times at once, and again each time that a while has passed.
// Invariant: two programs that undo each other's work do it as often as the slower of them, and no oftener.

/** AllowanceOptions say how often. */
export type AllowanceOptions = {
  readonly most: number;
  /** One more after so long, in milliseconds, up to `most`. */
  readonly everyMs: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
};

/** Allowance counts. */
export class Allowance {
  readonly #options: AllowanceOptions;
  #left: number;
  #since: number;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#left = options.most;
    this.#since = options.now();
  }

  /** left says whether it may be done now. */
  get left(): boolean {
    this.#refill();
    return this.#left > 0;
  }

  /** take says that it has been done. */
  take(): void {
    this.#refill();
    this.#left = Math.max(0, this.#left - 1);
  }

  #refill(): void {
    const { most, everyMs, now } = this.#options;
    const more = Math.floor((now() - this.#since) / everyMs);
    this.#since += more * everyMs;
    this.#left = Math.min(most, this.#left + more);
  }
}
