// How much of something somebody may do: so much at once, and so much more with time (a token bucket).
// Invariant: what is remembered is bounded, however many there are. Time is an argument: milliseconds of one clock.

/** Rate is an amount that may be had at once, and how much of it comes back in a second. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** Allowance is what one of them has left. */
export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  /** left is how much may be had at this moment. */
  left(nowMs: number): number {
    const gained = (Math.max(0, nowMs - this.#atMs) / 1_000) * this.#rate.perSecond;
    return Math.min(this.#rate.burst, this.#left + gained);
  }

  /** take takes an amount, 1 unless given. Returns false, and takes nothing, when there is not as much. */
  take(nowMs: number, amount = 1): boolean {
    const left = this.left(nowMs);
    this.#atMs = nowMs;
    this.#left = left;
    if (left < amount) return false;
    this.#left = left - amount;
    return true;
  }

  /** waitMs is how long until there is an amount; Infinity when there never is. */
  waitMs(nowMs: number, amount = 1): number {
    if (amount > this.#rate.burst) return Number.POSITIVE_INFINITY;
    return Math.max(0, ((amount - this.left(nowMs)) / this.#rate.perSecond) * 1_000);
  }
}

const mostHolders = 20_000;

/** Allowances are one for each of many holders, by name. A holder that is new has all of it. */
export class Allowances {
  readonly #rate: Rate;
  // Whoever took last is last. What is forgotten first was full again long ago, unless a flood has many names.
  readonly #holders = new Map<string, Allowance>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** of is the allowance of a holder. */
  of(holder: string, nowMs: number): Allowance {
    const allowance = this.#holders.get(holder) ?? new Allowance(this.#rate, nowMs);
    this.#holders.delete(holder);
    this.#holders.set(holder, allowance);
    const [oldest] = this.#holders.keys();
    if (this.#holders.size > mostHolders && oldest !== undefined) this.#holders.delete(oldest);
    return allowance;
  }

  /** forget forgets a holder. */
  forget(holder: string): void {
    this.#holders.delete(holder);
  }
}
