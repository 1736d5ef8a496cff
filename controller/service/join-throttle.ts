// Limits failed joins by address. A host with a valid token is slowed only by failures from its own address.
// Invariant: memory is bounded, however many addresses fail.

// Covers mistyped tokens; a random guess succeeds with a probability of 1 in 2^134.
const burst = 10;
const oneEveryMs = 6_000;
const mostAddresses = 10_000;

type Bucket = { readonly left: number; readonly atMs: number };

/** JoinThrottle counts recent failures by address: a token bucket of 10, refilled at 10 a minute. */
export class JoinThrottle {
  // In order of the last failure.
  readonly #buckets = new Map<string, Bucket>();

  #leftOf(address: string, nowMs: number): number {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return burst;
    return Math.min(burst, bucket.left + (nowMs - bucket.atMs) / oneEveryMs);
  }

  /** may reports whether an address may try. */
  may(address: string, nowMs: number): boolean {
    return this.#leftOf(address, nowMs) >= 1;
  }

  /** failed counts a failure. Returns whether it used up the address's allowance. */
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
