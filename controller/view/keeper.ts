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
import { type ReadonlyView, type Times, type Touched, View } from './view.js';

/** KeeperOptions are what a keeper needs besides its store. */
export type KeeperOptions = {
  readonly store: Store;
  readonly log: Logger;
  /** File that remembers the store's identity: "/var/lib/xnet-controller/store.json". */
  readonly seenPath: string;
  /** Act on the store that is there, whatever was remembered, and begin a new epoch for all nodes. */
  readonly acceptStore: boolean;
  readonly newClusterId: () => string;
  /** What times in records are measured with. Default: the machine's clock, and nothing that was seen before. */
  readonly times?: Times;
};

/** ViewListener hears of every change of the view, after it happened. */
export type ViewListener = (touched: Touched, view: ReadonlyView) => void;

// A crash may forget this much; the store's revision can't be older by it.
const rememberEveryMs = 5_000;

/** Keeper is the view and its state of health. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #view: View;
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
    this.#view = new View(undefined, options.times);
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
    // The watch may well be ahead of the answer when that comes: the view goes on meanwhile.
    const { revision } = this.#view;
    const listing = await this.#options.store.list();
    if (!this.ready || listing.storeId !== this.#storeId || listing.revision < revision) {
      throw new XnetError('Unavailable', 'the store is not as the controller knows it');
    }
    const fresh = new View(this.#view);
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
        case 'resumed':
          if (this.#ready) log.info('store: connected again');
          this.#connected = this.#ready;
          break;
        case 'current':
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
    const current = await this.#acceptable(listing, signal);
    if (current === undefined) return;
    if (this.#ready) this.#resyncs += 1;
    this.#connected = true;
    this.#refusal = '';
    this.#storeId = current.storeId;
    const touched = this.#view.replace(current);
    if (!this.#ready) {
      this.#options.log.info({ revision: current.revision, nodes: this.#view.nodes.size }, 'store: view is ready');
    }
    this.#ready = true;
    this.#publish(touched);
    await this.#remember(true);
  }

  // The listing, or the one after what it took to make the store one that we act on; undefined: we do not.
  async #acceptable(listing: Listing, signal: AbortSignal): Promise<Listing | undefined> {
    let current: Listing | undefined = listing;
    while (current !== undefined) {
      if (!current.entries.some((entry) => entry.key === keys.cluster)) {
        current = await this.#makeCluster(current, signal);
        continue;
      }
      const cluster = current.entries.find((entry) => entry.key === keys.cluster);
      const decoded = decode('cluster', cluster?.value ?? '');
      if ('problem' in decoded) {
        this.#refuse(`the record "cluster" can't be read: ${decoded.problem}`);
        return undefined;
      }
      const { storeId, revision } = current;
      const { id: clusterId, epoch } = decoded.record;
      const refusal = refusalOf(this.#seen, { storeId, clusterId, epoch, revision });
      if (refusal === undefined) return current;
      if (!this.#accept) {
        this.#refuse(refusal);
        return undefined;
      }
      current = await this.#beginEpoch(decoded.record, cluster?.modRevision ?? 0, signal);
    }
    return undefined;
  }

  #refuse(refusal: string): void {
    if (this.#refusal !== refusal) this.#options.log.error({ refusal }, 'store: refusing to act on it');
    this.#refusal = refusal;
  }

  // An empty store becomes a cluster: one of any number of controllers writes the record.
  async #makeCluster({ entries }: Listing, signal: AbortSignal): Promise<Listing | undefined> {
    if (this.#seen !== undefined && !this.#accept) {
      this.#refuse(
        `the store is empty, this controller belongs to cluster ${this.#seen.clusterId}. ` +
          'If this is intended, start the controller once with --accept-store.',
      );
      return undefined;
    }
    if (entries.length > 0 && !this.#accept) {
      this.#refuse('there are keys under our prefix but no record "cluster": is --etcd-prefix right?');
      return undefined;
    }
    const { newClusterId } = this.#options;
    // One that takes the place of another cluster's store knows nothing of what hosts of that one hold.
    const accepted = this.#seen === undefined ? {} : { acceptedMs: Date.now() };
    const value = encode('cluster', { id: newClusterId(), epoch: 1, createdMs: Date.now(), ...accepted, schema: 1 });
    const listing = await this.#writeCluster(value, 0, signal);
    this.#seen = undefined;
    return listing;
  }

  // What nodes and other controllers remember of the store does not count any more.
  async #beginEpoch(record: ClusterRecord, modRevision: number, signal: AbortSignal): Promise<Listing | undefined> {
    const epoch = Math.max(record.epoch, this.#seen?.epoch ?? 0) + 1;
    const listing = await this.#writeCluster(
      encode('cluster', { ...record, epoch, acceptedMs: Date.now() }),
      modRevision,
      signal,
    );
    this.#options.log.warn({ epoch }, 'store: accepted, a new epoch begins');
    this.#seen = undefined;
    this.#accept = false;
    return listing;
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

  #publish(touched: Touched): void {
    const { revision } = this.#view;
    for (const listener of this.#listeners) {
      try {
        listener(touched, this.#view);
      } catch (error) {
        // One that fails keeps neither the others nor the view from going on.
        this.#options.log.error({ err: error }, 'view: a listener failed');
      }
    }
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
