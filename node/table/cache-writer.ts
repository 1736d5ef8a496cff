// Writes the cache: the newest state, at most once a second, one write at a time.
// Invariant: a failed write is a finding, and is retried until it or a newer state is written.
import { messageOf } from '../../proto/errors.js';
import { backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { Finding } from '../reconcile/effect.js';
import { SingleFinding } from '../reconcile/single-finding.js';
import { type Cached, RouteTexts, writeCache } from './cache.js';

const everyMs = 1_000;
const backoff = { firstMs: everyMs, longestMs: 60_000 };

/** CacheWriter writes the cache of one state directory. */
export class CacheWriter {
  readonly #stateDir: string;
  readonly #finding = new SingleFinding();
  readonly #log: Logger;
  readonly #texts = new RouteTexts();
  #newest: Cached | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(stateDir: string, log: Logger) {
    this.#stateDir = stateDir;
    this.#log = log;
  }

  /** findings say why the cache is out of date; empty while it is not. */
  get findings(): readonly Finding[] {
    return this.#finding.findings;
  }

  /** subscribe calls `listener` whenever the findings have changed. */
  subscribe(listener: () => void): () => void {
    return this.#finding.subscribe(listener);
  }

  /** keep schedules a write of `cached`. */
  keep(cached: Cached): void {
    this.#newest = cached;
    this.#writeIn(everyMs);
  }

  #writeIn(ms: number): void {
    this.#timer ??= setTimeout(() => void this.flush(), ms).unref();
  }

  /** flush writes the newest state now, unless it is written already. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const cached = this.#newest;
    this.#newest = undefined;
    if (cached === undefined) return;
    try {
      await writeCache(this.#stateDir, cached, this.#texts);
      this.#failures = 0;
      this.#finding.note(undefined);
    } catch (error) {
      // Routing works without a cache. A state that arrived meanwhile is newer.
      this.#newest ??= cached;
      this.#failures += 1;
      this.#writeIn(backoffMs(this.#failures, backoff, 0.5 + Math.random() / 2));
      this.#log.warn({ reason: messageOf(error), attempt: this.#failures }, 'cache: could not write');
      const message = `${messageOf(error)}: the newest table is in force but not on disk, so a reboot would begin with an older one`;
      this.#finding.note({
        type: 'State',
        transient: false,
        reason: 'CacheNotWritten',
        message,
        fix: `df -h ${this.#stateDir}`,
      });
    }
  }
}
