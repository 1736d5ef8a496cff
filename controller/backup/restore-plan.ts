// Decides whether a backup may replace the content of a store, and the cluster records at its beginning and end. Pure.
// Invariant: a store with the nodes of another cluster is never replaced, and one that is in use only on demand.
import { XnetError } from '../../proto/errors.js';
import { keys, parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { AdoptionRecord, ClusterRecord } from '../store/records.js';
import type { Entry, Listing } from '../store/store.js';
import { isRestored } from './saved-records.js';

/** BackupOrigin identifies a backup and its store. */
export type BackupOrigin = {
  readonly id: string;
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
  /** Identity of the etcd. */
  readonly storeId: string;
  /** Milliseconds since 1970. */
  readonly madeMs: number;
};

/** RestoreWish is a request to restore a backup. */
export type RestoreWish = {
  /** Id of the restore. */
  readonly restore: string;
  readonly backup: BackupOrigin;
  readonly force: boolean;
  /** Whether this controller refuses to act on the store as it is. */
  readonly isRefused: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
};

/** RestorePlan says whether to write this cluster record, and over which revision (0: there is none). */
export type RestorePlan = { readonly nodes: number } & (
  | { readonly unchanged: true }
  | { readonly unchanged: false; readonly cluster: ClusterRecord; readonly over: number }
);

/** recordIn returns a single record of a listing; undefined if it does not exist or can't be read. */
function recordIn<K extends 'cluster' | 'adoption'>(listing: Listing, kind: K) {
  const entry = listing.entries.find(({ key }) => key === keys[kind]);
  const decoded = entry === undefined ? undefined : decode(kind, entry.value);
  return decoded !== undefined && 'record' in decoded ? { record: decoded.record, entry } : undefined;
}

function nodesIn({ entries }: Listing): number {
  return entries.filter(({ key }) => parseKey(key)?.kind === 'node').length;
}

/**
 * planRestore decides how to begin a restore.
 * @throws XnetError FailedPrecondition if the store holds another cluster, or is in use
 */
export function planRestore(listing: Listing, wish: RestoreWish): RestorePlan {
  const { backup, restore, nowMs } = wish;
  const nodes = nodesIn(listing);
  const entry = listing.entries.find(({ key }) => key === keys.cluster);
  const before = recordIn(listing, 'cluster')?.record;
  const adoption: AdoptionRecord | undefined = recordIn(listing, 'adoption')?.record;
  if (adoption?.backup === backup.id && before?.restoring === undefined) return { nodes, unchanged: true };
  requireReplaceable(listing, wish, before);
  const restoredOver = before === undefined || before.id === backup.clusterId ? before?.restoredOver : before.id;
  return {
    nodes,
    unchanged: false,
    over: entry?.modRevision ?? 0,
    cluster: {
      id: backup.clusterId,
      epoch: Math.max(1, backup.epoch, before?.id === backup.clusterId ? before.epoch : 0),
      createdMs: before?.id === backup.clusterId ? before.createdMs : nowMs,
      restoring: { id: restore, backup: backup.id, madeMs: backup.madeMs, sinceMs: nowMs },
      ...(restoredOver === undefined ? {} : { restoredOver }),
      schema: 1,
    },
  };
}

function requireReplaceable(listing: Listing, wish: RestoreWish, before: ClusterRecord | undefined): void {
  const { backup, force, isRefused } = wish;
  const content = listing.entries.filter(({ key }) => isRestored(key));
  // A restore that was interrupted left an incomplete store.
  if (before?.restoring !== undefined && before.id === backup.clusterId) return;
  if (content.length === 0) return;
  if (before?.id !== backup.clusterId) {
    const what = before === undefined ? 'records without a cluster' : `cluster ${before.id}`;
    throw new XnetError(
      'FailedPrecondition',
      `the store holds ${what} with ${nodesIn(listing)} nodes, the backup is of cluster ${backup.clusterId}`,
      { hint: 'restore it into an empty etcd, or start a controller with another --etcd-prefix' },
    );
  }
  const isOlder = listing.storeId === backup.storeId && listing.revision < backup.revision;
  if (force || isRefused || isOlder) return;
  throw new XnetError(
    'FailedPrecondition',
    `the store is in use: it holds this cluster with ${nodesIn(listing)} nodes, at revision ${listing.revision}`,
    { hint: 'changes since the backup would be lost; to replace it nevertheless: --force' },
  );
}

/** clusterAfter returns the cluster record with which a restored store is acted on: a new epoch, numbered by the time. */
export function clusterAfter({ restoring: _, ...record }: ClusterRecord, nowMs: number): ClusterRecord {
  return { ...record, epoch: Math.max(record.epoch + 1, nowMs), acceptedMs: nowMs };
}

/** restoringIn returns the restore that is under way according to a cluster entry; undefined: none. */
export function restoringIn(entry: Entry | undefined): (ClusterRecord & { readonly modRevision: number }) | undefined {
  const decoded = entry === undefined ? undefined : decode('cluster', entry.value);
  if (entry === undefined || decoded === undefined || 'problem' in decoded) return undefined;
  return decoded.record.restoring === undefined ? undefined : { ...decoded.record, modRevision: entry.modRevision };
}
