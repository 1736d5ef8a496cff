// Keeps the view current from one watch of the store, and says when the controller must not act.
// Invariant: the view is only ever seen at whole revisions, and never at all before the store was found to be the one
// that this controller knows.

import type { Version } from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { readSeen, refusalOf, type Seen, writeSeen } from '../store/identity.js';
import { keys } from '../store/keys.js';
import { type ClusterRecord, decode, encode } from '../store/records.js';
import type { Listing, Store } from '../store/store.js';
import { type ReadonlyView, type Touched, View } from './view.js';

/** KeeperOptions are what a keeper needs besides its store. */
export type KeeperOptions = {
  readonly store: Store;
  readonly log: Logger;
  /** File that remembers the store's identity: "/var/lib/xnet-controller/store.json". */
  readonly seenPath: string;
  /** Act on the store that is there, whatever was remembered, and begin a new epoch for all nodes. */
  readonly acceptStore: boolean;
  readonly newClusterId: () => string;
};

/** ViewListener hears of every change of the view, after it happened. */
export type ViewListener = (touched: Touched, view: ReadonlyView) => void;

// A crash may forget this much; the store's revision can't be older by it.
const rememberEveryMs = 5_000;

/** Keeper is the view and its state of health. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #view = new View();
  readonly #listeners = new Set<ViewListener>();
  readonly #waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  #seen: Seen | undefined;
  #seenWritten = 0;
  #ready = false;
  #connected = false;
  #refusal = '';
  #resyncs = 0;
  #storeId = '';
  #accept: boolean;
  #reading: Promise<ReadonlyView> | undefined;
  #nextReading: Promise<ReadonlyView> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#accept = options.acceptStore;
  }

  /**
   * view is the view, at whole revisions.
   * @throws XnetError Unavailable before the first listing, and while the store is refused
   */
  get view(): ReadonlyView {
    if (this.#refusal !== '') throw new XnetError('Unavailable', `the controller refuses to act: ${this.#refusal}`);
    if (!this.#ready) throw new XnetError('Unavailable', 'the controller has not read the store yet');
    return this.#view;
  }

  /** ready says whether `view` can be had. */
  get ready(): boolean {
    return this.#ready && this.#refusal === '';
  }

  /** connected says whether the watch is up. The view is current as of the last message while it is not. */
  get connected(): boolean {
    return this.#connected;
  }

  /** refusal says why the controller refuses to act; empty: it does not. */
  get refusal(): string {
    return this.#refusal;
  }

  /** resyncs counts listings after the first: compactions, and reconnects that needed one. */
  get resyncs(): number {
    return this.#resyncs;
  }

  /** version is where the view stands. */
  get version(): Version {
    const { record } = this.view.cluster ?? {};
    if (record === undefined) throw new XnetError('Unavailable', 'the store has no cluster record yet');
    return { clusterId: record.id, epoch: record.epoch, revision: this.#view.revision };
  }

  /** onChange calls a listener after each change of the view, in order of registration. Returns how to stop that. */
  onChange(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * reached waits until the view is at `revision` or later.
   * @throws XnetError DeadlineExceeded after `timeoutMs`
   */
  async reached(revision: number, timeoutMs: number): Promise<void> {
    if (this.#view.revision >= revision) return;
    let entry: { readonly revision: number; readonly resolve: () => void } | undefined;
    const arrived = new Promise<boolean>((resolve) => {
      entry = { revision, resolve: () => resolve(true) };
      this.#waiting.add(entry);
    });
    const done = new AbortController();
    const timeout = pause(timeoutMs, done.signal).then(() => false);
    const inTime = await Promise.race([arrived, timeout]);
    done.abort();
    if (entry !== undefined) this.#waiting.delete(entry);
    if (!inTime) throw new XnetError('DeadlineExceeded', `the view did not reach revision ${revision} in time`);
  }

  /**
   * fresh is a view made of what the store itself holds, read after this call: it owes nothing to the watch. Calls
   * that wait at the same time share one reading.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  fresh(): Promise<ReadonlyView> {
    // The reading under way may have begun before this call; the one after it has not.
    this.#nextReading ??= (this.#reading ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#reading = this.#nextReading;
        this.#nextReading = undefined;
        return this.#read();
      });
    return this.#nextReading;
  }

  async #read(): Promise<ReadonlyView> {
    const listing = await this.#options.store.list();
    if (!this.ready || listing.storeId !== this.#storeId || listing.revision < this.#view.revision) {
      throw new XnetError('Unavailable', 'the store is not as the controller knows it');
    }
    const fresh = new View();
    fresh.replace(listing);
    if (this.#view.revision === listing.revision) this.#publish(this.#view.replace(listing));
    return fresh;
  }

  /** run keeps the view until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, log, seenPath } = this.#options;
    this.#seen = await readSeen(seenPath);
    for await (const message of store.watch(signal)) {
      switch (message.kind) {
        case 'listing':
          await this.#takeListing(message.listing, signal);
          break;
        case 'changes':
          if (!this.ready) break;
          this.#connected = true;
          this.#publish(this.#view.apply(message.changes, message.revision));
          await this.#remember(false);
          break;
        case 'lost':
          if (this.#connected || !this.#ready) log.warn({ reason: message.reason }, 'store: connection lost');
          this.#connected = false;
          break;
      }
    }
    if (this.ready) await this.#remember(true);
  }

  async #takeListing(listing: Listing, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const current = await this.#withCluster(listing, signal);
    if (current === undefined) return;
    const clusterEntry = current.entries.find((entry) => entry.key === keys.cluster);
    const decoded = clusterEntry === undefined ? undefined : decode('cluster', clusterEntry.value);
    if (decoded === undefined || 'problem' in decoded) {
      this.#refuse(`the record "cluster" can't be read: ${decoded?.problem ?? 'it is gone'}`);
      return;
    }
    const now: Seen = {
      storeId: current.storeId,
      clusterId: decoded.record.id,
      epoch: decoded.record.epoch,
      revision: current.revision,
    };
    const refusal = refusalOf(this.#seen, now);
    if (refusal !== undefined && !this.#accept) {
      this.#refuse(refusal);
      return;
    }
    if (refusal !== undefined) {
      await this.#beginEpoch(decoded.record, clusterEntry?.modRevision ?? 0, signal);
    }
    this.#accept = false;
    if (this.#ready) this.#resyncs += 1;
    this.#connected = true;
    this.#refusal = '';
    this.#storeId = current.storeId;
    const touched = this.#view.replace(current);
    if (!this.#ready) log.info({ revision: current.revision, nodes: this.#view.nodes.size }, 'store: view is ready');
    this.#ready = true;
    this.#publish(touched);
    await this.#remember(true);
  }

  #refuse(refusal: string): void {
    if (this.#refusal !== refusal) this.#options.log.error({ refusal }, 'store: refusing to act on it');
    this.#refusal = refusal;
  }

  // An empty store becomes a cluster: one of any number of controllers writes the record.
  async #withCluster(listing: Listing, signal: AbortSignal): Promise<Listing | undefined> {
    const { store, log, newClusterId } = this.#options;
    let current = listing;
    for (let attempt = 1; !signal.aborted; attempt++) {
      if (current.entries.some((entry) => entry.key === keys.cluster)) return current;
      if (this.#seen !== undefined && !this.#accept) {
        this.#refuse(
          `the store is empty, this controller belongs to cluster ${this.#seen.clusterId}. ` +
            'If this is intended, start the controller once with --accept-store.',
        );
        return undefined;
      }
      if (current.entries.length > 0 && !this.#accept) {
        this.#refuse('there are keys under our prefix but no record "cluster": is --etcd-prefix right?');
        return undefined;
      }
      try {
        const value = encode('cluster', { id: newClusterId(), epoch: 1, createdMs: Date.now(), schema: 1 });
        await store.commit({
          guards: [{ kind: 'key', key: keys.cluster, modRevision: 0 }],
          operations: [{ kind: 'put', key: keys.cluster, value }],
        });
        current = await store.list(signal);
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'store: could not write the cluster record');
        await pause(backoffMs(attempt, { firstMs: 100, longestMs: 2_000 }, Math.random()), signal);
      }
    }
    return undefined;
  }

  async #beginEpoch(record: ClusterRecord, modRevision: number, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options;
    const epoch = Math.max(record.epoch, this.#seen?.epoch ?? 0) + 1;
    const value = encode('cluster', { ...record, epoch });
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await store.commit({
          guards: [{ kind: 'key', key: keys.cluster, modRevision }],
          operations: [{ kind: 'put', key: keys.cluster, value }],
        });
        log.warn({ epoch }, 'store: accepted, a new epoch begins');
        return;
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'store: could not begin a new epoch');
        await pause(backoffMs(attempt, { firstMs: 100, longestMs: 2_000 }, Math.random()), signal);
      }
    }
  }

  #publish(touched: Touched): void {
    const { revision } = this.#view;
    for (const listener of this.#listeners) listener(touched, this.#view);
    for (const entry of this.#waiting) {
      if (entry.revision <= revision) entry.resolve();
    }
  }

  async #remember(atOnce: boolean): Promise<void> {
    const { cluster, revision } = this.#view;
    if (cluster === undefined || (!atOnce && performance.now() - this.#seenWritten < rememberEveryMs)) return;
    this.#seenWritten = performance.now();
    this.#seen = { storeId: this.#storeId, clusterId: cluster.record.id, epoch: cluster.record.epoch, revision };
    try {
      await writeSeen(this.#options.seenPath, this.#seen);
    } catch (error) {
      // A full disk does not stop the service: the store itself is elsewhere.
      this.#options.log.warn({ err: error }, 'store: could not remember its revision');
    }
  }
}
