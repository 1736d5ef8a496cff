// Brings many reasons to do something together to one time: when none has come for a while, and not much after the first.

/** DebounceOptions say how long is waited, in milliseconds. */
export type DebounceOptions = {
  /** Without another reason for so long it is done. */
  readonly quietMs: number;
  /** It is done so long after the first reason at the latest. */
  readonly longestMs: number;
};

/** dueAt is the time at which it is done, by the times of the first and the last reason. Pure. */
export function dueAt(firstMs: number, lastMs: number, { quietMs, longestMs }: DebounceOptions): number {
  return Math.min(lastMs + quietMs, firstMs + longestMs);
}

/** Debounce does one thing. */
export class Debounce {
  readonly #options: DebounceOptions;
  readonly #fire: () => void;
  #timer: NodeJS.Timeout | undefined;
  #firstMs = 0;

  constructor(options: DebounceOptions, fire: () => void) {
    this.#options = options;
    this.#fire = fire;
  }

  /** soon gives a reason. */
  soon(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#firstMs = now;
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, dueAt(this.#firstMs, now, this.#options) - now);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#fire();
    }, waitMs).unref();
  }

  /** cancel forgets all reasons: it has been done. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
