// The schemas of the records about the cluster as a whole.
import * as v from 'valibot';
import { count, object } from './record-fields.js';

/** cluster is the schema of the record of the cluster, which decides whether controllers act on the store. */
export const cluster = object({
  id: v.string(),
  /** 1 for a new cluster; then the time at which a restored store was accepted, milliseconds since 1970. */
  epoch: v.pipe(v.number(), v.integer(), v.minValue(1)),
  createdMs: count,
  /** When this epoch began, if an operator accepted a restored store; absent: the store was never restored. */
  acceptedMs: v.optional(count),
  /** A backup is being written to the store: controllers ignore its records. `id` is that of the restore. */
  restoring: v.optional(object({ id: v.string(), backup: v.string(), madeMs: count, sinceMs: count })),
  /** Id of the cluster, without nodes, that the store held before a backup was restored into it. */
  restoredOver: v.optional(v.string()),
  /** Version of this layout of keys and values. */
  schema: v.literal(1),
});

/** adoption is the schema of the record that exists while the nodes of a restored backup are adopted. */
export const adoption = object({
  /** Ids of the restored backup and of the restore. */
  backup: v.string(),
  restore: v.string(),
  /** When the backup was made and when it was restored, milliseconds since 1970. */
  madeMs: count,
  sinceMs: count,
  /** How many nodes the backup has. */
  nodes: count,
});

/** approval is the schema of the record of the newest version of which an operator approved the withdrawals. */
export const approval = object({
  epoch: v.pipe(v.number(), v.integer(), v.minValue(1)),
  revision: count,
  /** When it was approved, milliseconds since 1970. */
  approvedMs: count,
});
