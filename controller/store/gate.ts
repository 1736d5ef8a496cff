// The store for all writers except the feed: refuses writes until the feed has accepted the store, and while writes are
// known to fail.
// Invariant: a write that the gate refuses was never sent. Every commit that passes is guarded by the cluster record as
// the feed has it, so nothing is written under an earlier epoch.
import { messageOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { keys } from './keys.js';
import type {
  Commit,
  CommitResult,
  Entry,
  KeyRange,
  Listing,
  Liveness,
  Store,
  StorePosition,
  WatchMessage,
} from './store.js';

/** Keeping is the part of the feed that the gate uses. */
export type Keeping = {
  /** Revision at which the cluster record last changed; throws until the store is accepted. */
  readonly clusterRevision: number;
  untilReady(signal: AbortSignal): Promise<void>;
};

/** ProofTimes say how often the gate proves that the store can be written, in milliseconds. */
export type ProofTimes = {
  readonly everyMs: number;
  /** Pause after a proof that failed. */
  readonly againMs: number;
  /** A proof without an answer for this long is late. */
  readonly timeoutMs: number;
};

const proofTimes: ProofTimes = { everyMs: 2_000, againMs: 500, timeoutMs: 2_000 };
// Tolerated consecutive late answers: a busy machine may be late once.
const mostLate = 2;

/** Gate is a store that immediately refuses writes that would fail. */
export class Gate implements Store {
  readonly #store: Store;
  readonly #keeping: Keeping;
  readonly #log: Logger;
  readonly #times: ProofTimes;
  #problem: XnetError | undefined;
  // Number of commits that the store has answered.
  #answered = 0;

  constructor(store: Store, keeping: Keeping, log: Logger, times: ProofTimes = proofTimes) {
    this.#store = store;
    this.#keeping = keeping;
    this.#log = log;
    this.#times = times;
  }

  /** problem is why writes fail; undefined: the last write succeeded, or no failure is known. */
  get problem(): XnetError | undefined {
    return this.#problem;
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (this.#problem !== undefined) throw this.#problem;
    const result = await this.#store.commit(this.#permitted(commit));
    this.#answered += 1;
    return result;
  }

  // A caller that has prepared the commit must learn that it was not sent.
  #permitted(commit: Commit): Commit {
    try {
      return this.#guarded(commit);
    } catch (error) {
      throw new XnetError('NotWritable', messageOf(error), { cause: error });
    }
  }

  async claim(ttlSeconds: number): Promise<Liveness> {
    // Throws until the store is accepted.
    this.#guarded({ guards: [], operations: [] });
    return this.#store.claim(ttlSeconds);
  }

  #guarded({ guards, operations }: Commit): Commit {
    const modRevision = this.#keeping.clusterRevision;
    return { guards: [...guards, { kind: 'key', key: keys.cluster, modRevision }], operations };
  }

  /** run checks every few seconds, until `signal` aborts, that the store can be written. */
  async run(signal: AbortSignal): Promise<void> {
    let late = 0;
    while (!signal.aborted) {
      await this.#keeping.untilReady(signal);
      if (signal.aborted) return;
      const { everyMs, againMs } = this.#times;
      const answered = this.#answered;
      const proof = await this.#prove(signal);
      if (signal.aborted) return;
      // A store that answers commits meanwhile is busy, not away: the late proof waits behind them.
      const isBusy = this.#answered !== answered && proof?.code !== 'NotWritable';
      const failed = isBusy ? undefined : proof;
      const isLate = failed !== undefined && failed.code !== 'NotWritable';
      late = isLate ? late + 1 : 0;
      this.#note(isLate && late < mostLate ? this.#problem : failed);
      await pause(failed === undefined ? everyMs : againMs, signal);
    }
  }

  #note(failed: XnetError | undefined): void {
    const before = this.#problem;
    this.#problem =
      failed === undefined || failed.code === 'NotWritable'
        ? failed
        : new XnetError('NotWritable', `nothing can be written to the store: ${failed.message}`, {
            hint: 'see xctl status, and OPERATIONS.md',
            cause: failed,
          });
    const { message, problems } = this.#problem ?? {};
    if (message === before?.message) return;
    if (message === undefined) this.#log.info('store: can be written again');
    else this.#log.error({ reason: message, problems }, 'store: nothing can be written');
  }

  // A transaction that passes through every stage of a write in etcd (consensus, disk, quota, permission) and leaves
  // nothing behind: its guard never holds.
  async #prove(signal: AbortSignal): Promise<XnetError | undefined> {
    const proof: Commit = {
      guards: [{ kind: 'key', key: keys.cluster, modRevision: Number.MAX_SAFE_INTEGER }],
      operations: [{ kind: 'put', key: keys.cluster, value: '{}' }],
    };
    const done = new AbortController();
    const stop = AbortSignal.any([signal, done.signal]);
    const late = pause(this.#times.timeoutMs, stop).then(
      () => new XnetError('DeadlineExceeded', 'it does not answer in time'),
    );
    const proven = this.#store.commit(proof).then(
      () => undefined,
      (error: unknown) => (error instanceof XnetError ? error : new XnetError('Internal', String(error))),
    );
    try {
      return await Promise.race([proven, late]);
    } finally {
      done.abort();
    }
  }

  watch(signal: AbortSignal): AsyncIterable<WatchMessage> {
    return this.#store.watch(signal);
  }

  list(signal?: AbortSignal): Promise<Listing> {
    return this.#store.list(signal);
  }

  position(): Promise<StorePosition> {
    return this.#store.position();
  }

  read(key: string): Promise<Entry | undefined> {
    return this.#store.read(key);
  }

  scan(prefix: string, within?: KeyRange): Promise<readonly Entry[]> {
    return this.#store.scan(prefix, within);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
