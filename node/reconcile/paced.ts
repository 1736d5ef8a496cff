// An action that follows many requests: soon after the first of them, and at most so often.

/** Paced runs one action after requests. */
export class Paced {
  readonly #everyMs: number;
  readonly #act: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  #isEnded = false;
  #actedMs = Number.NEGATIVE_INFINITY;

  /** @param everyMs the least time between two actions, in milliseconds */
  constructor(everyMs: number, act: () => void) {
    this.#everyMs = everyMs;
    this.#act = act;
  }

  /** isDue reports whether an action was requested that has not begun. */
  get isDue(): boolean {
    return this.#timer !== undefined;
  }

  /** within requests the action within `ms` milliseconds, or as soon as it may follow the last one. */
  within(ms: number): void {
    const now = performance.now();
    const dueMs = Math.max(now + ms, this.#actedMs + this.#everyMs);
    if (this.#isEnded || (this.#timer !== undefined && this.#dueMs <= dueMs)) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#actedMs = performance.now();
      this.#act();
    }, dueMs - now).unref();
  }

  /** end forgets the request, and takes no other. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isEnded = true;
  }
}
