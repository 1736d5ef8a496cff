// Rate limits: an amount available at once, refilled over time (a token bucket).
// Invariant: memory is bounded, however many holders there are. Time is an argument: milliseconds of one clock.

/** Rate is the amount available at once, and the amount refilled per second. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** Allowance is the remaining amount of one holder. */
export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  /** left returns the amount available now. */
  left(nowMs: number): number {
    const gained = (Math.max(0, nowMs - this.#atMs) / 1_000) * this.#rate.perSecond;
    return Math.min(this.#rate.burst, this.#left + gained);
  }

  /** take takes an amount, default 1. Returns false, and takes nothing, if less is available. */
  take(nowMs: number, amount = 1): boolean {
    const left = this.left(nowMs);
    this.#atMs = nowMs;
    this.#left = left;
    if (left < amount) return false;
    this.#left = left - amount;
    return true;
  }

  /** waitMs returns how long until an amount is available, in milliseconds; Infinity if it never is. */
  waitMs(nowMs: number, amount = 1): number {
    if (amount > this.#rate.burst) return Number.POSITIVE_INFINITY;
    return Math.max(0, ((amount - this.left(nowMs)) / this.#rate.perSecond) * 1_000);
  }
}

const mostHolders = 20_000;

/** Allowances holds one allowance per holder, by name. A new holder has the full amount. */
export class Allowances {
  readonly #rate: Rate;
  // Ordered by last use. The first to be evicted was refilled long ago, unless a flood uses many names.
  readonly #holders = new Map<string, Allowance>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** of returns the allowance of a holder. */
  of(holder: string, nowMs: number): Allowance {
    const allowance = this.#holders.get(holder) ?? new Allowance(this.#rate, nowMs);
    this.#holders.delete(holder);
    this.#holders.set(holder, allowance);
    const [oldest] = this.#holders.keys();
    if (this.#holders.size > mostHolders && oldest !== undefined) this.#holders.delete(oldest);
    return allowance;
  }

  /** forget drops a holder. */
  forget(holder: string): void {
    this.#holders.delete(holder);
  }
}
