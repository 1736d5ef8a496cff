// Records as the view holds them.
import type { Prefix } from '../../proto/domain/address.js';
import type { LeaseRecord, RecordKind, RecordOf, SubnetRecord } from '../store/records.js';

/** Held is a record with the revision of its last change, for guards. */
export type Held<T> = { readonly record: T; readonly modRevision: number };

/** HeldSubnet is a subnet's record with the parts of its key. */
export type HeldSubnet = Held<SubnetRecord> & { readonly pool: string; readonly subnet: Prefix };

/** HeldLease is a lease with the parts of its key. */
export type HeldLease = Held<LeaseRecord> & { readonly pool: string; readonly subnet: Prefix };

/** StoredEntry is one key of the store. */
export type StoredEntry = {
  readonly key: string;
  readonly createRevision: number;
  readonly modRevision: number;
  /** read decodes the value as a record of a kind, with its times by this controller's clock; undefined if unreadable. */
  readonly read: <K extends RecordKind>(kind: K) => RecordOf<K> | undefined;
};
