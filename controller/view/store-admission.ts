// Decides whether to act on the store that answers, given what this controller remembers of it in memory and on disk.
// Invariant: the only write to a store before its acceptance is the cluster record, which accepts it. An operator's
// --accept-store applies only to the first store that is found.
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

/** StoreAdmissionOptions configure the admission of a store. */
export type StoreAdmissionOptions = {
  readonly store: Store;
  readonly log: Logger;
  /** File that remembers the store's identity: "/var/lib/xnet-controller/store.json". */
  readonly seenPath: string;
  /** Accept the store found at start, whatever is remembered, and begin a new epoch for all nodes. */
  readonly acceptStore: boolean;
  /** Begin an epoch after this one if the epoch of the store that this controller acts on is not higher. Default 0. */
  readonly epochAfter?: number;
  readonly newClusterId: () => string;
  /** A key that only this controller writes, periodically; empty if there is none. */
  readonly ownKey?: string;
};

/** Judgement is a listing to act on, or the reason not to. Undefined: aborted. */
export type Judgement = { readonly listing: Listing } | { readonly refusal: string } | undefined;

type Identity = Omit<RememberedStore, 'newest' | 'own'>;

/** changedAtOf returns every key of a listing with the revision of its last change. */
function changedAtOf({ entries }: Listing): ReadonlyMap<string, number> {
  return new Map(entries.map(({ key, modRevision }) => [key, modRevision]));
}

function refusalOfRestoring(sinceMs: number): string {
  return (
    `a backup is being restored since ${new Date(sinceMs).toISOString()}. ` +
    'If xctl backup restore was interrupted, run it again.'
  );
}

// Changes within this time are written together; a crash loses no more than these.
const rememberAfterMs = 250;

/** StoreAdmission remembers the store, and judges the store that answers. */
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
   * load reads the remembered state from disk.
   * @throws XnetError Corrupt
   */
  async load(): Promise<void> {
    const seen = await readRemembered(this.#options.seenPath);
    this.#before = seen === undefined ? undefined : knownFrom(seen);
  }

  /**
   * judge decides whether to act on a listing. It writes the cluster record of an empty store and of an accepted one.
   * @param held all keys of the view except operations and events, and its revision; undefined if there was no view yet
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
      const { id: clusterId, epoch, restoring, restoredOver } = decoded.record;
      if (restoring !== undefined) return { refusal: refusalOfRestoring(restoring.sinceMs) };
      const { storeId, revision } = current;
      const refusal = refusalOf(this.#beforeWith(held), {
        storeId,
        clusterId,
        epoch,
        revision,
        changedAt: changedAtOf(current),
        ...(restoredOver === undefined ? {} : { restoredOver }),
      });
      // A controller that remembers nothing can't tell that a store was restored; nor can one that acted on it before its
      // operator accepted it. A store that was accepted already is not accepted again: the flag may have been left in place.
      const mayBeRestored = this.#beforeWith(held) === undefined || decoded.record.acceptedMs === undefined;
      const isBehind = epoch <= (this.#options.epochAfter ?? 0);
      if (refusal === undefined && !(accept && mayBeRestored) && !isBehind) return { listing: current };
      if (!accept && refusal !== undefined) return { refusal };
      accept = false;
      current = await this.#beginEpoch(decoded.record, entry.modRevision, signal);
    }
    return undefined;
  }

  // This process has seen more than the file contains.
  #beforeWith(held: Parameters<StoreAdmission['judge']>[1]): KnownStore | undefined {
    if (held === undefined || this.#identity === undefined) return this.#before;
    return { ...this.#identity, ...held, own: this.#options.ownKey ?? '', complete: true };
  }

  /** begin records that the controller acts on a listing. */
  begin(listing: Listing, cluster: ClusterRecord): void {
    const { storeId, revision } = listing;
    this.#newest.begin(changedAtOf(listing));
    this.#identity = { storeId, clusterId: cluster.id, epoch: cluster.epoch, revision };
    this.#remember();
  }

  /** follow records changes that the view has applied. */
  follow(changes: readonly Change[], revision: number, cluster: ClusterRecord): void {
    if (this.#identity === undefined) return;
    for (const change of changes) {
      if (change.kind === 'put') this.#newest.put(change.entry.key, revision);
      else this.#newest.forget(change.key);
    }
    this.#identity = { ...this.#identity, clusterId: cluster.id, epoch: cluster.epoch, revision };
    this.#remember();
  }

  /** storeId returns the id of the store that the controller acts on; empty if there is none yet. */
  get storeId(): string {
    return this.#identity?.storeId ?? '';
  }

  /** settle waits until the remembered state is on disk. */
  async settle(): Promise<void> {
    // A write that ends may have begun the next one; two at once would share a temporary file.
    while (this.#writing !== undefined) await this.#writing;
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
      // A full disk does not stop the service: the store is on other machines.
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
    // Controllers write other keys only after the cluster record, so these keys are foreign.
    if (entries.length > 0) return 'there are keys under the prefix but no record "cluster": check --etcd-prefix';
    return undefined;
  }

  // Creates the cluster record in an empty store. Of several controllers, one succeeds.
  async #makeCluster(signal: AbortSignal): Promise<Listing | undefined> {
    const { newClusterId } = this.#options;
    // If the store replaces that of another cluster, hosts may hold subnets that it does not know.
    const isFirst = this.#before === undefined && this.#identity === undefined;
    const accepted = isFirst ? {} : { acceptedMs: Date.now() };
    const value = encode('cluster', { id: newClusterId(), epoch: 1, createdMs: Date.now(), ...accepted, schema: 1 });
    const listing = await this.#writeCluster(value, 0, signal);
    this.#forget();
    return listing;
  }

  // Begins a new epoch, which invalidates what nodes and other controllers remember of the store. The epoch is the current
  // time, so restoring a backup twice leads to two different epochs, whatever the accepting controller remembers. If its clock is
  // behind, nodes may know a higher epoch and refuse the store (see epochAfter); no node mistakes one epoch for another.
  async #beginEpoch(record: ClusterRecord, modRevision: number, signal: AbortSignal): Promise<Listing | undefined> {
    const { epochAfter = 0 } = this.#options;
    const known = Math.max(record.epoch, epochAfter, this.#before?.epoch ?? 0, this.#identity?.epoch ?? 0);
    const epoch = Math.max(known + 1, Date.now());
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
        // If another controller wrote its record first, that record is as good.
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
