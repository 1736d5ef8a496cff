// How often somebody may be wrong: failed joins by address. A host that is right is never slowed by those that are not,
// unless it calls from the same address.
// Invariant: what is remembered is bounded, however many addresses try.

// A person mistypes a few times; a guess has a chance of 1 in 2^134.
const burst = 10;
const oneEveryMs = 6_000;
const mostAddresses = 10_000;

type Bucket = { readonly left: number; readonly atMs: number };

/** JoinThrottle are the failures of late, by address: a token bucket of 10, filled again by 10 a minute. */
export class JoinThrottle {
  // In order of their last failure.
  readonly #buckets = new Map<string, Bucket>();

  #leftOf(address: string, nowMs: number): number {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return burst;
    return Math.min(burst, bucket.left + (nowMs - bucket.atMs) / oneEveryMs);
  }

  /** may says whether an address may try. */
  may(address: string, nowMs: number): boolean {
    return this.#leftOf(address, nowMs) >= 1;
  }

  /** failed notes a failure. Returns whether it was the last one that this address has for now. */
  failed(address: string, nowMs: number): boolean {
    const left = this.#leftOf(address, nowMs) - 1;
    this.#buckets.delete(address);
    this.#buckets.set(address, { left, atMs: nowMs });
    if (this.#buckets.size > mostAddresses) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return left < 1;
  }
}
