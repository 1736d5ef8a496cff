// Writes a backup to the store: fences all controllers off by the cluster record, replaces the records, and lifts the
// fence with a new epoch.
// Invariant: while the fence exists no controller acts on the store, and every write of a restore is guarded by its own
// fence. A restore that is killed therefore leaves a store that every controller refuses, and of two restores only the
// later one writes. Each step may be repeated.
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import type { Asked, Recorder, Recording } from '../audit/audit.js';
import { installClusterKey } from '../authority/cluster-key.js';
import { absent, put } from '../registry/guards.js';
import { eventOperation } from '../store/events.js';
import { keys, parseKey } from '../store/keys.js';
import { decode, encode } from '../store/record-codec.js';
import { type Guard, longestCommit, type Operation, type Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import { type BackupOrigin, clusterAfter, planRestore, restoringIn } from './restore-plan.js';
import { digestOfRecords, isReplaced, isRestored, type SavedRecord } from './saved-records.js';

/** RestorationDeps are the dependencies of Restoration. */
export type RestorationDeps = {
  /** The store itself: the gate refuses what the view does not know yet. */
  readonly store: Pick<Store, 'list' | 'read' | 'commit'>;
  readonly feed: Pick<ViewFeed, 'refusal' | 'untilReady'>;
  /** "/var/lib/xnet-controller/cluster.key" */
  readonly keyPath: string;
  readonly audit: Recorder;
  readonly now: () => number;
  readonly log: Logger;
};

/** Beginning is a request to begin a restore. */
export type Beginning = {
  /** Id of the restore. */
  readonly restore: string;
  readonly dryRun: boolean;
  readonly backup: BackupOrigin;
  /** The content of the cluster key's file; empty: the backup has none. */
  readonly clusterKey: Buffer;
  readonly force: boolean;
};

// Far below etcd's 1.5 MiB for a transaction.
const mostBytes = 512 * 1024;
const readyMs = 10_000;

/** Restoration restores backups. */
export class Restoration {
  readonly #deps: RestorationDeps;

  constructor(deps: RestorationDeps) {
    this.#deps = deps;
  }

  /**
   * begin fences the store off and deletes its content, unless this backup has been restored already. Returns the number
   * of nodes that the store had.
   * @throws XnetError FailedPrecondition as planRestore and installClusterKey; Conflict if the store changed meanwhile;
   * NotWritable if nothing was written
   */
  async begin(
    { restore, dryRun, ...wish }: Beginning,
    asked: Asked = {},
  ): Promise<{ readonly unchanged: boolean; readonly nodes: number }> {
    const { store, feed, keyPath, audit, now } = this.#deps;
    const listing = await store.list();
    const isRefused = feed.refusal !== '';
    const plan = planRestore(listing, { ...wish, restore, isRefused, nowMs: now() });
    if (plan.unchanged || dryRun) return plan;
    const message = `the store is replaced by backup ${wish.backup.id} of ${new Date(wish.backup.madeMs).toISOString()}`;
    const entry = { subject: 'cluster', message };
    await this.#recorded(audit.record({ ...asked, call: 'BeginRestore', operationId: restore }), entry, async () => {
      if (wish.clusterKey.length > 0) await installClusterKey(keyPath, wish.clusterKey);
      const own = restoringIn(listing.entries.find(({ key }) => key === keys.cluster));
      if (own?.restoring?.id !== restore) {
        const { committed } = await store.commit({
          guards: [{ kind: 'key', key: keys.cluster, modRevision: plan.over }],
          operations: [put(keys.cluster, encode('cluster', plan.cluster))],
        });
        if (!committed) throw new XnetError('Conflict', 'the store changed meanwhile', { hint: 'rerun the command' });
      }
      await this.#clear(restore).catch((error: unknown) => {
        throw begunOnly(error);
      });
    });
    return plan;
  }

  async #recorded(
    recording: Recording,
    entry: { readonly subject: string; readonly message: string },
    run: () => Promise<void>,
  ): Promise<void> {
    await recording.begin(entry);
    try {
      await run();
      await recording.settle({ outcome: 'OK', ...entry });
    } catch (error) {
      const outcome = error instanceof XnetError ? error.code : 'Internal';
      await recording.settle({ outcome, ...entry, message: `not finished: ${entry.message}` });
      throw error;
    }
  }

  // Guarded by the keys as they were listed: a repetition deletes nothing that was restored meanwhile.
  async #clear(restore: string): Promise<void> {
    const { store } = this.#deps;
    const fence = await this.#fence(restore);
    const { entries } = await store.list();
    const former = entries.filter(({ key, modRevision }) => isReplaced(key) && modRevision < fence.modRevision);
    const most = longestCommit - 1;
    for (let from = 0; from < former.length; from += most) {
      const some = former.slice(from, from + most);
      await this.#commit(
        fence.modRevision,
        some.map(({ key, modRevision }): Guard => ({ kind: 'key', key, modRevision })),
        some.map(({ key }): Operation => ({ kind: 'delete', key })),
      );
    }
  }

  async #fence(restore: string) {
    const fence = restoringIn(await this.#deps.store.read(keys.cluster));
    if (fence?.restoring?.id === restore) return fence;
    const why = fence === undefined ? 'no restore is under way' : 'another restore has begun since';
    throw new XnetError('FailedPrecondition', why, { hint: 'run xctl backup restore again' });
  }

  async #commit(fence: number, guards: readonly Guard[], operations: readonly Operation[]): Promise<void> {
    const guard: Guard = { kind: 'key', key: keys.cluster, modRevision: fence };
    const { committed } = await this.#deps.store.commit({ guards: [guard, ...guards], operations });
    if (!committed)
      throw new XnetError('Conflict', 'another program writes to the store', { hint: 'rerun the command' });
  }

  /**
   * write writes some records. Those that a restore leaves out are ignored.
   * @throws XnetError FailedPrecondition if this restore is not under way; Conflict
   */
  async write(restore: string, records: readonly SavedRecord[]): Promise<void> {
    const fence = await this.#fence(restore);
    let some: Operation[] = [];
    let bytes = 0;
    const flush = async () => {
      if (some.length > 0) await this.#commit(fence.modRevision, [], some);
      [some, bytes] = [[], 0];
    };
    for (const { key, value } of records.filter((record) => isRestored(record.key))) {
      const size = key.length + Buffer.byteLength(value);
      if (some.length === longestCommit - 1 || bytes + size > mostBytes) await flush();
      some.push(put(key, value));
      bytes += size;
    }
    await flush();
  }

  /**
   * finish checks that all records have arrived, and lifts the fence: a new epoch begins, in which nodes are adopted.
   * @throws XnetError FailedPrecondition if this restore is not under way, or records are missing; Conflict
   */
  async finish(
    restore: string,
    sent: { readonly records: number; readonly digest: Buffer },
    asked: Asked = {},
  ): Promise<{ readonly epoch: number; readonly nodes: number }> {
    const { store, feed, audit, now, log } = this.#deps;
    const done = await this.#finished(restore);
    if (done !== undefined) return done;
    const fence = await this.#fence(restore);
    const { restoring, modRevision, ...cluster } = fence;
    const listing = await store.list();
    const restored = listing.entries.filter(({ key }) => isRestored(key));
    if (restored.length !== sent.records || !digestOfRecords(restored).equals(sent.digest)) {
      throw new XnetError(
        'FailedPrecondition',
        `the store has ${restored.length} records of the backup, ${sent.records} were sent`,
        { hint: 'run xctl backup restore again' },
      );
    }
    const nodes = restored.filter(({ key }) => parseKey(key)?.kind === 'node').length;
    const nowMs = now();
    const after = clusterAfter(cluster, nowMs);
    const { backup = '', madeMs = 0 } = restoring ?? {};
    const adoption = { backup, restore, madeMs, sinceMs: nowMs, nodes };
    const message = `backup ${backup} was restored with ${counted(nodes, 'node', 'nodes')}: epoch ${after.epoch} begins, nodes are adopted`;
    const entry = { subject: 'cluster', message };
    await this.#recorded(audit.record({ ...asked, call: 'FinishRestore', operationId: restore }), entry, () =>
      this.#commit(
        modRevision,
        [absent(keys.adoption)],
        [
          put(keys.cluster, encode('cluster', after)),
          put(keys.adoption, encode('adoption', adoption)),
          eventOperation({ reason: 'BackupRestored', warning: true, ...entry }, nowMs),
        ],
      ),
    );
    log.warn({ backup, epoch: after.epoch, nodes }, 'backup: restored, a new epoch begins');
    await feed.untilReady(AbortSignal.timeout(readyMs));
    return { epoch: after.epoch, nodes };
  }

  // The outcome of a call whose answer was lost.
  async #finished(restore: string): Promise<{ readonly epoch: number; readonly nodes: number } | undefined> {
    const { store } = this.#deps;
    const [adoption, cluster] = await Promise.all([store.read(keys.adoption), store.read(keys.cluster)]);
    const adopting = adoption === undefined ? undefined : decode('adoption', adoption.value);
    const known = cluster === undefined ? undefined : decode('cluster', cluster.value);
    if (adopting === undefined || !('record' in adopting) || adopting.record.restore !== restore) return undefined;
    if (known === undefined || !('record' in known)) return undefined;
    return { epoch: known.record.epoch, nodes: adopting.record.nodes };
  }
}

// The error of a restore that has fenced the store off: NotWritable would say that nothing was written.
function begunOnly(error: unknown): unknown {
  if (!(error instanceof XnetError) || error.code !== 'NotWritable') return error;
  const { message, problems, hint = 'run xctl backup restore again' } = error;
  return new XnetError('Unavailable', `the restore has begun, and can't continue: ${message}`, {
    problems,
    hint,
    cause: error,
  });
}
