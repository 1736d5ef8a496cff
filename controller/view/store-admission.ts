// Whether to act on the store that is there: what was seen of it, in memory and on disk, and what it takes to begin.
// Invariant: nothing is written to a store that was not accepted but the record of the cluster, by which it is accepted.
// An operator's --accept-store holds for the first store that is found, and for no other.
import { messageOf } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { keys } from '../store/keys.js';
import { decode, encode } from '../store/record-codec.js';
import type { ClusterRecord } from '../store/records.js';
import {
  type KnownStore,
  knownFrom,
  NewestKeys,
  type RememberedStore,
  readRemembered,
  refusalOf,
  writeRemembered,
} from '../store/rollback-guard.js';
import type { Change, Listing, Store } from '../store/store.js';

/** StoreAdmissionOptions are what judging a store takes. */
export type StoreAdmissionOptions = {
  readonly store: Store;
  readonly log: Logger;
  /** File that remembers the store's identity: "/var/lib/xnet-controller/store.json". */
  readonly seenPath: string;
  /** Act on the store that is there at start, whatever was remembered, and begin a new epoch for all nodes. */
  readonly acceptStore: boolean;
  readonly newClusterId: () => string;
  /** The key that this controller alone writes, again and again; empty: none. */
  readonly ownKey?: string;
};

/** Judgement is a listing to act on, or why not to. Undefined: it was given up. */
export type Judgement = { readonly listing: Listing } | { readonly refusal: string } | undefined;

type Identity = Omit<RememberedStore, 'newest' | 'own'>;

/** changedAtOf is every key of a listing, and the revision it was last changed at. */
function changedAtOf({ entries }: Listing): ReadonlyMap<string, number> {
  return new Map(entries.map(({ key, modRevision }) => [key, modRevision]));
}

// What changes together is written together; a crash forgets no more than this.
const rememberAfterMs = 250;

/** StoreAdmission remembers what was seen, and judges what is found. */
export class StoreAdmission {
  readonly #options: StoreAdmissionOptions;
  readonly #newest = new NewestKeys();
  #before: KnownStore | undefined;
  #identity: Identity | undefined;
  #mayAccept: boolean;
  #writing: Promise<void> | undefined;
  #written: Identity | undefined;

  constructor(options: StoreAdmissionOptions) {
    this.#options = options;
    this.#mayAccept = options.acceptStore;
  }

  /**
   * load reads what was remembered on disk.
   * @throws XnetError Corrupt
   */
  async load(): Promise<void> {
    const seen = await readRemembered(this.#options.seenPath);
    this.#before = seen === undefined ? undefined : knownFrom(seen);
  }

  /**
   * judge says whether to act on a listing. What it takes to make the store a cluster, or to accept it, is written.
   * @param held what the view has, if it was ever had: every key but operations and events, and its revision
   */
  async judge(
    listing: Listing,
    held: { readonly changedAt: ReadonlyMap<string, number>; readonly revision: number } | undefined,
    signal: AbortSignal,
  ): Promise<Judgement> {
    let accept = this.#mayAccept;
    this.#mayAccept = false;
    let current: Listing | undefined = listing;
    while (current !== undefined) {
      const entry = current.entries.find(({ key }) => key === keys.cluster);
      if (entry === undefined) {
        const refusal = this.#refusalOfEmpty(current, accept);
        if (refusal !== undefined) return { refusal };
        accept = false;
        current = await this.#makeCluster(signal);
        continue;
      }
      const decoded = decode('cluster', entry.value);
      if ('problem' in decoded) return { refusal: `the record "cluster" can't be read: ${decoded.problem}` };
      const { id: clusterId, epoch } = decoded.record;
      const { storeId, revision } = current;
      const refusal = refusalOf(this.#beforeWith(held), {
        storeId,
        clusterId,
        epoch,
        revision,
        changedAt: changedAtOf(current),
      });
      if (refusal === undefined) return { listing: current };
      if (!accept) return { refusal };
      accept = false;
      current = await this.#beginEpoch(decoded.record, entry.modRevision, signal);
    }
    return undefined;
  }

  // What this process has seen itself says more than the file.
  #beforeWith(held: Parameters<StoreAdmission['judge']>[1]): KnownStore | undefined {
    if (held === undefined || this.#identity === undefined) return this.#before;
    return { ...this.#identity, ...held, own: this.#options.ownKey ?? '', complete: true };
  }

  /** begin notes that the controller acts on a listing. */
  begin(listing: Listing, cluster: ClusterRecord): void {
    const { storeId, revision } = listing;
    this.#newest.begin(changedAtOf(listing));
    this.#identity = { storeId, clusterId: cluster.id, epoch: cluster.epoch, revision };
    this.#remember();
  }

  /** follow notes changes that the view has taken in. */
  follow(changes: readonly Change[], revision: number, cluster: ClusterRecord): void {
    if (this.#identity === undefined) return;
    for (const change of changes) {
      if (change.kind === 'put') this.#newest.put(change.entry.key, revision);
      else this.#newest.forget(change.key);
    }
    this.#identity = { ...this.#identity, clusterId: cluster.id, epoch: cluster.epoch, revision };
    this.#remember();
  }

  /** storeId is that of the store that the controller acts on; empty: of none yet. */
  get storeId(): string {
    return this.#identity?.storeId ?? '';
  }

  /** settle waits until what was seen is on disk. */
  async settle(): Promise<void> {
    await this.#writing;
    if (this.#identity !== this.#written) await this.#write();
  }

  #remember(): void {
    this.#writing ??= (async () => {
      await pause(rememberAfterMs);
      await this.#write();
      this.#writing = undefined;
      if (this.#identity !== this.#written) this.#remember();
    })();
  }

  async #write(): Promise<void> {
    const identity = this.#identity;
    if (identity === undefined) return;
    this.#written = identity;
    const own = this.#options.ownKey ?? '';
    try {
      await writeRemembered(this.#options.seenPath, { ...identity, newest: { ...this.#newest.entries }, own });
    } catch (error) {
      // A full disk does not stop the service: the store itself is elsewhere.
      this.#options.log.warn({ err: error }, 'store: could not remember its revision');
    }
  }

  #refusalOfEmpty({ entries }: Listing, accept: boolean): string | undefined {
    if (accept) return undefined;
    const clusterId = this.#identity?.clusterId ?? this.#before?.clusterId;
    if (clusterId !== undefined) {
      return (
        `the store is empty, this controller belongs to cluster ${clusterId}. ` +
        'If this is intended, start the controller once with --accept-store.'
      );
    }
    // A store that was never a cluster holds nothing of ours: others write only after the record of the cluster.
    if (entries.length > 0) return 'there are keys under our prefix but no record "cluster": is --etcd-prefix right?';
    return undefined;
  }

  // An empty store becomes a cluster: one of any number of controllers writes the record.
  async #makeCluster(signal: AbortSignal): Promise<Listing | undefined> {
    const { newClusterId } = this.#options;
    // One that takes the place of another cluster's store knows nothing of what hosts of that one hold.
    const isFirst = this.#before === undefined && this.#identity === undefined;
    const accepted = isFirst ? {} : { acceptedMs: Date.now() };
    const value = encode('cluster', { id: newClusterId(), epoch: 1, createdMs: Date.now(), ...accepted, schema: 1 });
    const listing = await this.#writeCluster(value, 0, signal);
    this.#forget();
    return listing;
  }

  // What nodes and other controllers remember of the store does not count any more.
  async #beginEpoch(record: ClusterRecord, modRevision: number, signal: AbortSignal): Promise<Listing | undefined> {
    const epoch = Math.max(record.epoch, this.#before?.epoch ?? 0, this.#identity?.epoch ?? 0) + 1;
    const listing = await this.#writeCluster(
      encode('cluster', { ...record, epoch, acceptedMs: Date.now() }),
      modRevision,
      signal,
    );
    this.#options.log.warn({ epoch }, 'store: accepted, a new epoch begins');
    this.#forget();
    return listing;
  }

  #forget(): void {
    this.#before = undefined;
    this.#identity = undefined;
  }

  async #writeCluster(value: string, modRevision: number, signal: AbortSignal): Promise<Listing | undefined> {
    const { store, log } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        // Whoever else wrote it first is as good.
        await store.commit({
          guards: [{ kind: 'key', key: keys.cluster, modRevision }],
          operations: [{ kind: 'put', key: keys.cluster, value }],
        });
        return await store.list(signal);
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'store: could not write the cluster record');
        await pause(backoffMs(attempt, { firstMs: 100, longestMs: 2_000 }, Math.random()), signal);
      }
    }
    return undefined;
  }
}
