// Combines a burst of triggers into one action: after a quiet period, or a maximum time after the first trigger.

/** DebounceOptions are the waiting times, in milliseconds. */
export type DebounceOptions = {
  /** The quiet period. */
  readonly quietMs: number;
  /** The maximum time after the first trigger. */
  readonly longestMs: number;
};

/** dueAt returns the time of the action from the times of the first and the last trigger. Pure. */
export function dueAt(firstMs: number, lastMs: number, { quietMs, longestMs }: DebounceOptions): number {
  return Math.min(lastMs + quietMs, firstMs + longestMs);
}

/** Debounce delays one action. */
export class Debounce {
  readonly #options: DebounceOptions;
  readonly #fire: () => void;
  #timer: NodeJS.Timeout | undefined;
  #firstMs = 0;

  constructor(options: DebounceOptions, fire: () => void) {
    this.#options = options;
    this.#fire = fire;
  }

  /** soon triggers the action. */
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

  /** cancel forgets all triggers. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
