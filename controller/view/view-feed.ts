// Keeps the view current from one watch of the store, and reports when the controller must not act.
// Invariant: readers see the view at whole revisions only, and only after the store was verified to be the one that this
// controller used before.

import type { Version } from '../../proto/domain/network.js';
import { messageOf, unreadStoreMessage, XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import type { Change, Listing } from '../store/store.js';
import { FreshViews } from './fresh-views.js';
import { callsForVerdict } from './independent-records.js';
import { StoreAdmission, type StoreAdmissionOptions } from './store-admission.js';
import { type ReadonlyView, type Times, View } from './view.js';
import { type ViewListener, ViewListeners } from './view-listeners.js';

/** ViewFeedOptions configure a feed. */
export type ViewFeedOptions = StoreAdmissionOptions & {
  /** The times in records are measured with it. Default: the machine's clock, with no revisions seen yet. */
  readonly times?: Times;
  /** Maximum age of the view, milliseconds. Default: 15 s. */
  readonly staleAfterMs?: number;
};

// The watch sends a message every 1.5 s: a view that received none for this long may be behind.
const staleAfterMs = 15_000;
const lookEveryMs = 1_000;

/** ViewFeed holds the view and its state of health. */
export class ViewFeed {
  readonly #options: ViewFeedOptions;
  readonly #view: View;
  readonly #listeners: ViewListeners;
  readonly #standingListeners = new Set<() => void>();
  readonly #admission: StoreAdmission;
  readonly #fresh: FreshViews;
  #ready = false;
  #connected = false;
  /** The connection was lost, and the store that answers now is not verified yet. */
  #unverified = false;
  /** Changes arrived while unverified that the view did not apply, so it needs the next listing. */
  #missed = false;
  #stale = false;
  #heardAt = 0;
  #refusal = '';
  #resyncs = 0;

  constructor(options: ViewFeedOptions) {
    this.#options = options;
    this.#view = new View(undefined, options.times);
    this.#listeners = new ViewListeners(options.log);
    this.#admission = new StoreAdmission(options);
    this.#fresh = new FreshViews({
      store: options.store,
      view: this.#view,
      isKnown: ({ storeId }) => this.ready && storeId === this.#admission.storeId,
      isFollowing: () => this.serving && this.#connected && !this.#unverified,
      reached: (revision, timeoutMs) => this.reached(revision, timeoutMs),
      follow: (listing) => this.#listeners.publish(this.#view.replace(listing), this.#view),
    });
  }

  /**
   * view returns the view, at a whole revision.
   * @throws XnetError Unavailable before the first listing, and while the store is refused
   */
  get view(): ReadonlyView {
    if (this.#refusal !== '') throw new XnetError('Unavailable', `the controller refuses to act: ${this.#refusal}`);
    if (!this.#ready) throw new XnetError('Unavailable', unreadStoreMessage);
    return this.#view;
  }

  /** ready reports whether `view` is available. */
  get ready(): boolean {
    return this.#ready && this.#refusal === '';
  }

  /** connected reports whether the watch is up. While it is down, the view stays at the last message. */
  get connected(): boolean {
    return this.#connected && !this.#stale;
  }

  /** serving reports whether the view is available and not stale. */
  get serving(): boolean {
    return this.ready && !this.#stale;
  }

  /** refusal returns why the controller refuses to act on the store; empty if it does not refuse. */
  get refusal(): string {
    return this.#refusal;
  }

  /** resyncs counts listings after the first: compactions, and reconnects that needed one. */
  get resyncs(): number {
    return this.#resyncs;
  }

  /**
   * version returns the cluster, epoch and revision of the view.
   * @throws XnetError Unavailable
   */
  get version(): Version {
    const { record } = this.view.cluster ?? {};
    if (record === undefined) throw new XnetError('Unavailable', 'the store has no cluster record yet');
    return { clusterId: record.id, epoch: record.epoch, revision: this.#view.revision };
  }

  /**
   * clusterRevision returns the revision at which the cluster record last changed, which is the beginning of its epoch.
   * @throws XnetError as `view` does
   */
  get clusterRevision(): number {
    return this.view.modRevisionOf(keys.cluster);
  }

  /** onChange calls a listener after each change of the view, in order of registration. Returns a function to remove it. */
  onChange(listener: ViewListener): () => void {
    return this.#listeners.add(listener);
  }

  /** onStanding calls a listener when `ready`, `connected`, `serving` or `refusal` may have changed. */
  onStanding(listener: () => void): () => void {
    this.#standingListeners.add(listener);
    return () => this.#standingListeners.delete(listener);
  }

  /** untilReady waits until `view` is available or `signal` aborts. */
  async untilReady(signal: AbortSignal): Promise<void> {
    while (!this.ready && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          off();
          signal.removeEventListener('abort', done);
          resolve();
        };
        const off = this.onStanding(done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  /**
   * reached waits until the view is at `revision` or later.
   * @throws XnetError DeadlineExceeded after `timeoutMs`
   */
  async reached(revision: number, timeoutMs: number): Promise<void> {
    if (this.#view.revision >= revision) return;
    await this.#listeners.reached(revision, timeoutMs);
  }

  /**
   * fresh returns a view read from the store itself after this call, independent of the watch. Concurrent calls share one
   * read.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  fresh(): Promise<ReadonlyView> {
    return this.#fresh.read();
  }

  /**
   * caughtUp returns a view with everything that was committed before this call: mostly this feed's, at no more cost than
   * reading one record.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  caughtUp(): Promise<ReadonlyView> {
    return this.#fresh.caughtUp();
  }

  /**
   * run maintains the view until `signal` aborts.
   * @throws XnetError Corrupt if the file that remembers the store is unreadable
   */
  async run(signal: AbortSignal): Promise<void> {
    const { log, store } = this.#options;
    await this.#admission.load();
    this.#heardAt = performance.now();
    const looking = setInterval(() => this.#lookAtAge(), lookEveryMs);
    try {
      for await (const message of store.watch(signal)) {
        if (message.kind !== 'lost') this.#heardAt = performance.now();
        switch (message.kind) {
          case 'listing':
            await this.#takeListing(message.listing, signal);
            break;
          case 'changes':
            await this.#takeChanges(message.changes, message.revision, signal);
            break;
          case 'resumed':
            await this.#verify(signal);
            if (this.ready && this.connected) log.info('store: connected again');
            break;
          case 'lost':
            if (this.connected || !this.#ready) log.warn({ reason: message.reason }, 'store: connection lost');
            this.#connected = false;
            break;
          case 'current':
            if (this.#unverified) await this.#verify(signal);
            break;
        }
        this.#lookAtAge();
        this.#tellStanding();
      }
    } finally {
      clearInterval(looking);
    }
    await this.#admission.settle();
  }

  #lookAtAge(): void {
    const stale = performance.now() - this.#heardAt > (this.#options.staleAfterMs ?? staleAfterMs);
    if (stale === this.#stale) return;
    this.#stale = stale;
    if (stale) this.#options.log.error('store: no message for too long, the view may be behind');
    this.#tellStanding();
  }

  #tellStanding(): void {
    for (const listener of this.#standingListeners) listener();
  }

  async #takeChanges(changed: readonly Change[], revision: number, signal: AbortSignal): Promise<void> {
    if (this.#unverified) {
      this.#missed = true;
      return this.#verify(signal);
    }
    const { cluster: known } = this.#view;
    const isCluster = changed.some(
      (change) =>
        change.kind === 'put' &&
        change.entry.key === keys.cluster &&
        (this.#refusal !== '' || callsForVerdict(change.entry.value, known?.record)),
    );
    // A listing read in the meantime contains these changes.
    const isNew = this.#ready && revision > this.#view.revision;
    // An operator accepted the store, or begins to restore a backup, here or at another controller: judge it again; missed
    // changes do not matter.
    if (isCluster && (isNew || this.#refusal !== '')) {
      this.#missed = true;
      return this.#verify(signal);
    }
    if (!isNew || this.#refusal !== '') return;
    this.#connected = true;
    const changes = this.#view.apply(changed, revision);
    const { cluster } = this.#view;
    if (cluster !== undefined) this.#admission.follow(changed, revision, cluster.record);
    this.#listeners.publish(changes, this.#view);
  }

  // Another store may answer now, at any revision, so a whole listing is compared with the view. The view gets later changes
  // from the watch, unless the watch delivered them before the comparison succeeded (#missed).
  async #verify(signal: AbortSignal): Promise<void> {
    this.#unverified = true;
    try {
      const listing = await this.#options.store.list(signal);
      const before = this.#view.modRevisionOf(keys.cluster);
      const same = listing.entries.some(({ key, modRevision }) => key === keys.cluster && modRevision === before);
      await this.#takeListing(listing, signal, this.ready && same && !this.#missed);
    } catch (error) {
      this.#options.log.warn({ reason: messageOf(error) }, 'store: could not be read');
    }
  }

  // @param judgeOnly leaves the view unchanged if the listing is accepted
  async #takeListing(listing: Listing, signal: AbortSignal, judgeOnly = false): Promise<void> {
    const { changedAt, revision } = this.#view;
    const held = this.#ready ? { changedAt, revision } : undefined;
    const judgement = await this.#admission.judge(listing, held, signal);
    if (judgement === undefined) return;
    this.#unverified = false;
    this.#missed = false;
    // The store answers, even if it is refused.
    this.#connected = true;
    if ('refusal' in judgement) {
      this.#refuse(judgement.refusal);
      return;
    }
    if (judgeOnly) return;
    if (this.#ready) this.#resyncs += 1;
    this.#refusal = '';
    const changes = this.#view.replace(judgement.listing);
    const { cluster } = this.#view;
    if (cluster !== undefined) this.#admission.begin(judgement.listing, cluster.record);
    if (!this.#ready) {
      this.#options.log.info({ revision: this.#view.revision, nodes: this.#view.nodes.size }, 'store: view is ready');
    }
    this.#ready = true;
    this.#listeners.publish(changes, this.#view);
  }

  #refuse(refusal: string): void {
    if (this.#refusal !== refusal) this.#options.log.error({ refusal }, 'store: refusing to act on it');
    this.#refusal = refusal;
  }
}
