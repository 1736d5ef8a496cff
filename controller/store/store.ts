// The store as the rest of the controller uses it: keys, revisions, transactions. No etcd type leaves this folder.
// Invariant: a commit is atomic, and a revision is never delivered before all lower ones.

/** Entry is one stored key without the prefix: "nodes/n-4k2f9c". */
export type Entry = {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly modRevision: number;
  /** Revision at which the key was created; rewriting the key keeps it. */
  readonly createRevision: number;
};

/** StorePosition is the identity of the store that answered, and its revision. */
export type StorePosition = {
  readonly revision: number;
  /** Identity of the store: a store with other members or other contents has a different one. */
  readonly storeId: string;
};

/** Listing is everything under the prefix at one revision. */
export type Listing = StorePosition & { readonly entries: readonly Entry[] };

/** Change is the put or the deletion of one key. */
export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string; readonly modRevision: number };

/**
 * WatchMessage is one message of a watch: first a listing, then every later change in order, all changes of one
 * revision together. A listing is repeated where changes may have been missed. `lost`: the store does not answer; the
 * watch keeps trying. `resumed`: it answers again and the watch continues where it was, possibly long before the next
 * change. `current`: the store answers; sent occasionally while nothing changes.
 */
export type WatchMessage =
  | { readonly kind: 'listing'; readonly listing: Listing }
  | { readonly kind: 'changes'; readonly revision: number; readonly changes: readonly Change[] }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'current' };

/** Guard is a condition of a commit. */
export type Guard =
  /** The key was last changed at this revision; 0: it does not exist. */
  | { readonly kind: 'key'; readonly key: string; readonly modRevision: number }
  /** No key with this prefix was put after this revision. Deletions do not count. */
  | { readonly kind: 'unchanged'; readonly prefix: string; readonly since: number };

/** Operation is one write of a commit. */
export type Operation =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: string;
      /** The key is deleted when this liveness ends, or for 'record' after recordSeconds. Absent: it stays. */
      readonly expires?: Liveness | 'record';
    }
  | { readonly kind: 'delete'; readonly key: string }
  /** Deletes every key with this prefix. */
  | { readonly kind: 'deleteAll'; readonly prefix: string };

/** Commit is one transaction: all operations apply if all guards hold. No two operations name the same key. */
export type Commit = { readonly guards: readonly Guard[]; readonly operations: readonly Operation[] };

/**
 * CommitResult is the outcome of a commit: a failed guard is a result, not an error. `revision` is the store's after
 * the attempt.
 */
export type CommitResult = { readonly committed: boolean; readonly revision: number };

/** Liveness is a claim that this process is alive. Keys put with it expire some seconds after the process dies. */
export interface Liveness {
  /** Aborts when the claim is no longer certain: keys put with it are gone or about to expire. */
  readonly lost: AbortSignal;
  /** end revokes the claim and deletes its keys at once. */
  end(): Promise<void>;
}

/** KeyRange is the keys from `from` on, and before `to`; absent: no bound. */
export type KeyRange = { readonly from?: string; readonly to?: string };

/** Store holds leases, nodes and pools. */
export interface Store {
  /** watch yields until `signal` aborts. It never throws: failures are reported as `lost`. */
  watch(signal: AbortSignal): AsyncIterable<WatchMessage>;
  /**
   * list reads everything from the store itself, not from a cache.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  list(signal?: AbortSignal): Promise<Listing>;
  /**
   * position asks the store itself for its revision: every commit that was answered before the call is at it or below.
   * Other users of the same store raise it as well.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  position(): Promise<StorePosition>;
  /**
   * read reads one key; undefined when it does not exist.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  read(key: string): Promise<Entry | undefined>;
  /**
   * scan reads the keys with a prefix, in order.
   * @param within limits it to keys of that prefix between two
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  scan(prefix: string, within?: KeyRange): Promise<readonly Entry[]>;
  /**
   * commit executes one transaction.
   * @throws XnetError Unavailable or DeadlineExceeded: the outcome is unknown. NotWritable: nothing was written (full
   * disk, no permission, no quorum, no member answers)
   */
  commit(commit: Commit): Promise<CommitResult>;
  /**
   * claim begins a liveness and renews it until it is ended.
   * @param ttlSeconds how long its keys outlive the process
   * @throws XnetError NotWritable, Unavailable, DeadlineExceeded
   */
  claim(ttlSeconds: number): Promise<Liveness>;
  close(): Promise<void>;
}

/** recordSeconds is how long operations and events are kept, in seconds: a day. */
export const recordSeconds = 24 * 3600;

/**
 * longestCommit is the maximum number of operations, or of guards, in a commit: etcd's default --max-txn-ops, less the
 * guard that the gate adds.
 */
export const longestCommit = 127;

/** mostGuards is the maximum number of guards in a commit that is queued: the layers below the queue may add some. */
export const mostGuards = longestCommit - 4;
