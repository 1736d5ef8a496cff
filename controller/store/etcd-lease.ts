// Liveness on an etcd lease with its own renewal: etcd3's Lease notices a loss only after twice its TTL.
// Invariant: `lost` aborts no later than the lease can have expired, measured on the local monotonic clock from the
// time at which the last answered renewal was sent.
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Liveness } from './store.js';

type KeepAliveStream = {
  on(event: 'data', listener: (response: { readonly TTL: string }) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  write(request: { readonly ID: string }): void;
  cancel(): void;
};

/** LeaseCalls are the calls of etcd's Lease service that liveness needs. */
export type LeaseCalls = {
  leaseGrant(request: { readonly TTL: number }): Promise<{ readonly ID: string }>;
  leaseRevoke(request: { readonly ID: string }): Promise<unknown>;
  leaseKeepAlive(): Promise<KeepAliveStream>;
};

class EtcdLiveness implements Liveness {
  readonly id: string;
  readonly #calls: LeaseCalls;
  readonly #ttlMs: number;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  #trustedUntil: number;

  constructor(calls: LeaseCalls, id: string, ttlMs: number, grantedAt: number) {
    this.#calls = calls;
    this.id = id;
    this.#ttlMs = ttlMs;
    this.#trustedUntil = grantedAt + ttlMs;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async end(): Promise<void> {
    this.#ended.abort();
    this.#lost.abort();
    await this.#calls.leaseRevoke({ ID: this.id }).catch(() => undefined);
  }

  async keep(closed: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([closed, this.#ended.signal]);
    while (!stop.aborted) {
      if (performance.now() >= this.#trustedUntil) break;
      if (!(await this.#renewUntilBroken(stop))) break;
      await pause(100, stop);
    }
    this.#lost.abort();
  }

  // Runs one keepalive stream. False: the store reports that the lease is gone.
  async #renewUntilBroken(stop: AbortSignal): Promise<boolean> {
    const left = AbortSignal.timeout(Math.max(1, Math.ceil(this.#trustedUntil - performance.now())));
    const stream = await Promise.race([this.#calls.leaseKeepAlive().catch(() => undefined), aborted(left)]);
    if (stream === undefined) return true;
    const done = new AbortController();
    let gone = false;
    let sentAt = 0;
    let answeredAt = performance.now();
    stream.on('error', () => done.abort());
    stream.on('end', () => done.abort());
    stream.on('data', (response) => {
      if (Number(response.TTL) <= 0) {
        gone = true;
        done.abort();
      } else {
        answeredAt = performance.now();
        this.#trustedUntil = sentAt + this.#ttlMs;
      }
    });
    const broken = AbortSignal.any([stop, done.signal]);
    while (!broken.aborted && performance.now() < this.#trustedUntil) {
      sentAt = performance.now();
      stream.write({ ID: this.id });
      await pause(this.#ttlMs / 5, broken);
      // A hung member neither answers nor ends the stream: open another stream, on another member if there is one.
      if (answeredAt < sentAt) break;
    }
    stream.cancel();
    return !gone;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

/**
 * grantLease takes a lease and renews it every third of its TTL, until it is ended, lost, or `closed` aborts.
 * @throws the error of the grant
 */
export async function grantLease(calls: LeaseCalls, ttlSeconds: number, closed: AbortSignal): Promise<Liveness> {
  const at = performance.now();
  const { ID } = await calls.leaseGrant({ TTL: ttlSeconds });
  const liveness = new EtcdLiveness(calls, ID, ttlSeconds * 1000, at);
  void liveness.keep(closed);
  return liveness;
}

/**
 * leaseIdOf returns the etcd lease of a liveness; undefined for none.
 * @throws XnetError Internal for the liveness of another store
 */
export function leaseIdOf(liveness: Liveness | 'record' | undefined): string | undefined {
  if (liveness === undefined || liveness === 'record') return undefined;
  if (liveness instanceof EtcdLiveness) return liveness.id;
  throw new XnetError('Internal', 'this liveness belongs to another store');
}
