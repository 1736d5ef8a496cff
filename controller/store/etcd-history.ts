// Finds out whether an external etcd keeps its whole history: without auto-compaction it grows until its quota is used up,
// and then refuses every write.
// Invariant: it only reads. The evidence is an old revision that can still be read. It therefore reports nothing about an
// etcd that was not known a day ago, and can't tell a retention of more than a day from none: the warning says only that.
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { clientOf, type EtcdOptions } from './etcd-client.js';

/** HistoryLimits say when a history is too long. */
export type HistoryLimits = {
  readonly everyMs: number;
  /** Age of the revision that should be compacted, in milliseconds. */
  readonly oldMs: number;
  /** Number of revisions since then below which a history is short anyway. */
  readonly manyRevisions: number;
};

// etcd's own documentation suggests to keep an hour. A hundred thousand revisions are some 100 MB of its default quota of
// 2 GB.
const usual: HistoryLimits = { everyMs: 10 * 60_000, oldMs: 24 * 3_600_000, manyRevisions: 100_000 };

/** KnownRevisions are the revisions that this controller saw: see Ages. */
export type KnownRevisions = {
  /** Returns the newest revision that is at least that old, in milliseconds; undefined: none is. */
  readonly olderThan: (ageMs: number) => number | undefined;
  readonly newest: () => number | undefined;
};

/**
 * canReadAt reports whether an etcd still has a revision.
 * @throws the error of etcd3 when no member answers
 */
export async function canReadAt(options: EtcdOptions, revision: number): Promise<boolean> {
  let last: unknown = new Error('no etcd is known');
  for (const endpoint of options.endpoints) {
    const client = clientOf(options, endpoint);
    try {
      // Of the prefix, because the user of an etcd with authentication may read nothing else.
      await client.kv.range({ key: Buffer.from(options.prefix), limit: 1, keys_only: true, revision });
      return true;
    } catch (error) {
      // rpctypes.ErrGRPCCompacted
      if (/required revision has been compacted/.test(messageOf(error))) return false;
      last = error;
    } finally {
      client.close();
    }
  }
  throw last;
}

/** EtcdHistory looks for old revisions in an external etcd periodically. */
export class EtcdHistory {
  readonly #options: EtcdOptions;
  readonly #known: KnownRevisions;
  readonly #log: Logger;
  readonly #limits: HistoryLimits;
  #warnings: readonly string[] = [];

  constructor(options: EtcdOptions, known: KnownRevisions, log: Logger, limits: HistoryLimits = usual) {
    this.#options = options;
    this.#known = known;
    this.#log = log;
    this.#limits = limits;
  }

  /** warnings returns the finding of the last look. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** run looks until `signal` aborts, and logs a new finding. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const found = await this.#look();
        if (found.length > 0 && this.#warnings.length === 0) this.#log.warn({ part: 'etcd' }, found[0]);
        this.#warnings = found;
      } catch (error) {
        this.#log.debug({ reason: messageOf(error) }, 'etcd: could not find out whether it compacts its history');
      }
      await pause(this.#limits.everyMs, signal);
    }
  }

  async #look(): Promise<readonly string[]> {
    const { oldMs, manyRevisions } = this.#limits;
    const old = this.#known.olderThan(oldMs);
    const since = (this.#known.newest() ?? 0) - (old ?? 0);
    if (old === undefined || since < manyRevisions || !(await canReadAt(this.#options, old))) return [];
    return [
      `etcd at ${this.#options.endpoints.join(', ')} has not compacted its history for a day (${since} revisions): it grows ` +
        'until its quota is used up; unless it is meant to keep more than a day, start it with ' +
        '--auto-compaction-mode=periodic --auto-compaction-retention=1h (OPERATIONS.md)',
    ];
  }
}
