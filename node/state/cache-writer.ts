// Keeps the cache current without writing for every change: at most once a second, the newest state, one write at a
// time.
import { messageOf } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { type Cached, writeCache } from '../table/cache.js';

const everyMs = 1_000;

/** CacheWriter writes the cache of one state directory. */
export class CacheWriter {
  readonly #stateDir: string;
  readonly #log: Logger;
  #newest: Cached | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(stateDir: string, log: Logger) {
    this.#stateDir = stateDir;
    this.#log = log;
  }

  /** keep has `cached` written soon. */
  keep(cached: Cached): void {
    this.#newest = cached;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, everyMs);
  }

  /** flush writes now what is not written yet. */
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
      await writeCache(this.#stateDir, cached);
    } catch (error) {
      // A full disk does not stop the routing. The next change is a reason to try again.
      this.#log.warn({ reason: messageOf(error) }, 'cache: could not write');
    }
  }
}
