// The store as the rest of the controller sees it: keys, revisions, transactions. No word of etcd leaks out of here.
// Invariant: a commit happens whole or not at all, and a revision is never seen before every one below it.

/** Entry is one key as stored, its prefix taken off: "nodes/n-4k2f9c". */
export type Entry = {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly modRevision: number;
  /** Revision at which the key began to exist: it stays the same while the key is rewritten. */
  readonly createRevision: number;
};

/** Listing is everything under our prefix at one revision. */
export type Listing = {
  readonly revision: number;
  readonly entries: readonly Entry[];
  /** Identity of the store itself: a store with other members or other contents has another. */
  readonly storeId: string;
};

/** Change is one key put or deleted. */
export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string; readonly modRevision: number };

/**
 * WatchMessage is what a watch yields: first a listing, then every change after it, in order, all those of one
 * revision together. A listing again where changes may have been missed. `lost`: the store does not answer; the watch
 * goes on trying. `resumed`: it answers again and goes on where it was, which may be long before the next change.
 * `current`: the store answers, now and then while nothing changes.
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
  /** No key that begins so was put after this revision. Deletions do not count. */
  | { readonly kind: 'unchanged'; readonly prefix: string; readonly since: number };

/** Operation is one write of a commit. */
export type Operation =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: string;
      /** The key goes when this liveness ends, or when this time has passed. Absent: it stays. */
      readonly expires?: Liveness | 'record';
    }
  | { readonly kind: 'delete'; readonly key: string }
  /** Deletes every key that begins so. */
  | { readonly kind: 'deleteAll'; readonly prefix: string };

/** Commit is one transaction: all operations happen if all guards hold. No two operations name the same key. */
export type Commit = { readonly guards: readonly Guard[]; readonly operations: readonly Operation[] };

/** CommitResult: a guard that did not hold is an answer, not an error. `revision` is the store's after the attempt. */
export type CommitResult = { readonly committed: boolean; readonly revision: number };

/** Liveness is a claim that this process is alive. Keys put with it vanish some seconds after the process does. */
export interface Liveness {
  /** Aborts when the claim can't be trusted any more: keys put with it are gone or about to go. */
  readonly lost: AbortSignal;
  /** end drops the claim and its keys at once. */
  end(): Promise<void>;
}

/** Store is the one place where leases, nodes and pools are kept. */
export interface Store {
  /** watch yields until `signal` aborts. It never throws: what is wrong is told as `lost`. */
  watch(signal: AbortSignal): AsyncIterable<WatchMessage>;
  /**
   * list reads everything, from the store itself and not from any memory of it.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  list(signal?: AbortSignal): Promise<Listing>;
  /**
   * read reads one key; undefined when it does not exist.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  read(key: string): Promise<Entry | undefined>;
  /**
   * scan reads the keys that begin so, in order.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  scan(prefix: string): Promise<readonly Entry[]>;
  /**
   * commit makes one transaction.
   * @throws XnetError Unavailable or DeadlineExceeded: whether it happened is not known. NotWritable: it did not happen
   * (full disk, no permission, no quorum, nobody answers)
   */
  commit(commit: Commit): Promise<CommitResult>;
  /**
   * claim begins a liveness that is renewed until it is ended.
   * @param ttlSeconds how long its keys outlive the process
   * @throws XnetError NotWritable, Unavailable, DeadlineExceeded
   */
  claim(ttlSeconds: number): Promise<Liveness>;
  close(): Promise<void>;
}

/** recordSeconds is how long operations and events are kept: a day. */
export const recordSeconds = 24 * 3600;

/** longestCommit is how many operations, or guards, a commit may have: etcd's default --max-txn-ops, and the gate's guard. */
export const longestCommit = 127;
