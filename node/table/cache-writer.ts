// Writes the newest state to the cache, at most once a second, one write at a time. A change of routes is appended. The
// whole cache is written if anything else has changed, or if the changes have grown to a quarter of it.
// Invariant: a failed write is a finding. The whole cache is then written again until that or a newer state succeeds.
import { messageOf } from '../../proto/errors.js';
import { appendToOwnFile, writeOwnFile } from '../../proto/process/atomic-file.js';
import { backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { Finding } from '../reconcile/effect.js';
import { SingleFinding } from '../reconcile/single-finding.js';
import { type Cached, isInPlace, type WrittenCache, writeCache } from './cache.js';
import { changeRecord, changesPath, headerText } from './cache-changes.js';

const everyMs = 1_000;
// A reader applies the changes one by one, so they are limited to a quarter of the cache, or to some hundred records.
const mostChangedBytes = 16 * 1024;
const backoff = { firstMs: everyMs, longestMs: 60_000 };

// What is on disk: the whole, the state with its changes, and their length.
type Base = { readonly whole: WrittenCache; readonly cached: Cached; readonly changed: number };

/** CacheWriter writes the cache of one state directory. */
export class CacheWriter {
  readonly #stateDir: string;
  readonly #finding = new SingleFinding();
  readonly #log: Logger;
  // Undefined: what is on disk is not known.
  #base: Base | undefined;
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

  /** drop forgets the state that could not be written, because the host leaves. The next one is written again. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#newest = undefined;
  }

  async #write(): Promise<void> {
    const cached = this.#newest;
    this.#newest = undefined;
    if (cached === undefined) return;
    try {
      await this.#put(cached);
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

  async #put(cached: Cached): Promise<void> {
    const base = this.#base;
    // A write that fails may leave a part of a change.
    this.#base = undefined;
    const changed = base && (await this.#append(base, cached));
    if (base === undefined || changed === undefined) {
      this.#base = { whole: await writeCache(this.#stateDir, cached), cached, changed: 0 };
    } else this.#base = { ...base, cached, changed };
  }

  // Returns the new length of the changes; undefined if the whole cache has to be written.
  async #append({ whole, cached: before, changed }: Base, cached: Cached): Promise<number | undefined> {
    const text = textOf(before, cached);
    if (text === undefined || changed + text.length > Math.max(mostChangedBytes, whole.bytes / 4)) return undefined;
    // Another program may have removed or replaced the file.
    if (!(await isInPlace(this.#stateDir, whole))) return undefined;
    const path = changesPath(this.#stateDir);
    try {
      if (changed === 0) await writeOwnFile(path, Buffer.from(headerText(whole.id) + text, 'utf8'));
      else await appendToOwnFile(path, Buffer.from(text, 'utf8'));
      return changed + text.length;
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'cache: could not append');
      return undefined;
    }
  }
}

function textOf(before: Cached, now: Cached): string | undefined {
  if (now.assignment !== before.assignment || now.fenced !== before.fenced) return undefined;
  return now.table && before.table && changeRecord(before.table, now.table);
}
