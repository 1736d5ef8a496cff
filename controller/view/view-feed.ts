// Keeps the view current from one watch of the store, and says when the controller must not act.
// Invariant: the view is only ever seen at whole revisions, and never at all before the store was found to be the one
// that this controller knows.

import type { Version } from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { keys } from '../store/keys.js';
import type { Change, Listing } from '../store/store.js';
import { StoreAdmission, type StoreAdmissionOptions } from './store-admission.js';
import { type ReadonlyView, type Times, View } from './view.js';
import type { ViewChanges } from './view-changes.js';

/** ViewFeedOptions are what a feed needs. */
export type ViewFeedOptions = StoreAdmissionOptions & {
  /** What times in records are measured with. Default: the machine's clock, and nothing that was seen before. */
  readonly times?: Times;
  /** How old the view may be, milliseconds. Default: 15 s. */
  readonly staleAfterMs?: number;
};

/** ViewListener hears of every change of the view, after it happened. */
export type ViewListener = (touched: ViewChanges, view: ReadonlyView) => void;

// The store says something every 1.5 s: a view that heard nothing for so long may be behind.
const staleAfterMs = 15_000;
const lookEveryMs = 1_000;

/** ViewFeed is the view and its state of health. */
export class ViewFeed {
  readonly #options: ViewFeedOptions;
  readonly #view: View;
  readonly #listeners = new Set<ViewListener>();
  readonly #waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  readonly #standingListeners = new Set<() => void>();
  readonly #admission: StoreAdmission;
  #ready = false;
  #connected = false;
  /** It was away, and what answers now was not looked at yet. */
  #unverified = false;
  /** Changes came meanwhile that the view did not take in: it has to take the listing that is looked at next. */
  #missed = false;
  #stale = false;
  #heardAt = 0;
  #refusal = '';
  #resyncs = 0;
  #reading: Promise<ReadonlyView> | undefined;
  #nextReading: Promise<ReadonlyView> | undefined;

  constructor(options: ViewFeedOptions) {
    this.#options = options;
    this.#view = new View(undefined, options.times);
    this.#admission = new StoreAdmission(options);
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
    return this.#connected && !this.#stale;
  }

  /** serving says whether there is a view that is no older than its bound. */
  get serving(): boolean {
    return this.ready && !this.#stale;
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

  /**
   * clusterRevision is the revision at which the record of the cluster was last changed: when its epoch began.
   * @throws XnetError as `view` does
   */
  get clusterRevision(): number {
    return this.view.modRevisionOf(keys.cluster);
  }

  /** onChange calls a listener after each change of the view, in order of registration. Returns how to stop that. */
  onChange(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** onStanding calls a listener whenever `ready`, `connected`, `serving` or `refusal` may have changed. */
  onStanding(listener: () => void): () => void {
    this.#standingListeners.add(listener);
    return () => this.#standingListeners.delete(listener);
  }

  /** untilReady waits until `view` can be had, or `signal` aborts. */
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
    if (!this.ready || listing.storeId !== this.#admission.storeId || listing.revision < revision) {
      throw new XnetError('Unavailable', 'the store is not as the controller knows it');
    }
    const fresh = new View(this.#view);
    fresh.replace(listing);
    if (this.#view.revision === listing.revision) this.#publish(this.#view.replace(listing));
    return fresh;
  }

  /**
   * run keeps the view until `signal` aborts.
   * @throws XnetError Corrupt when what was remembered of the store can't be read
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
    if (stale) this.#options.log.error('store: nothing was heard of it for too long, the view may be behind');
    this.#tellStanding();
  }

  #tellStanding(): void {
    for (const listener of this.#standingListeners) listener();
  }

  async #takeChanges(changes: readonly Change[], revision: number, signal: AbortSignal): Promise<void> {
    if (this.#unverified) {
      this.#missed = true;
      return this.#verify(signal);
    }
    if (this.#refusal !== '') {
      // Somebody accepted the store, here or at another controller: what is there counts, not what we missed.
      if (changes.some((change) => change.kind === 'put' && change.entry.key === keys.cluster)) {
        await this.#verify(signal);
      }
      return;
    }
    // A listing that was read meanwhile has them already.
    if (!this.#ready || revision <= this.#view.revision) return;
    this.#connected = true;
    const touched = this.#view.apply(changes, revision);
    const { cluster } = this.#view;
    if (cluster !== undefined) this.#admission.follow(changes, revision, cluster.record);
    this.#publish(touched);
  }

  // It may be another store that answers now, at whatever revision: all of it is compared with the view. What changed
  // meanwhile comes by the watch, unless that has told it while this failed.
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

  // @param judgeOnly the view stays as it is when there is nothing against the listing
  async #takeListing(listing: Listing, signal: AbortSignal, judgeOnly = false): Promise<void> {
    const { changedAt, revision } = this.#view;
    const held = this.#ready ? { changedAt, revision } : undefined;
    const judgement = await this.#admission.judge(listing, held, signal);
    if (judgement === undefined) return;
    this.#unverified = false;
    this.#missed = false;
    // It answers: what is wrong with it is another matter.
    this.#connected = true;
    if ('refusal' in judgement) {
      this.#refuse(judgement.refusal);
      return;
    }
    if (judgeOnly) return;
    if (this.#ready) this.#resyncs += 1;
    this.#refusal = '';
    const touched = this.#view.replace(judgement.listing);
    const { cluster } = this.#view;
    if (cluster !== undefined) this.#admission.begin(judgement.listing, cluster.record);
    if (!this.#ready) {
      this.#options.log.info({ revision: this.#view.revision, nodes: this.#view.nodes.size }, 'store: view is ready');
    }
    this.#ready = true;
    this.#publish(touched);
  }

  #refuse(refusal: string): void {
    if (this.#refusal !== refusal) this.#options.log.error({ refusal }, 'store: refusing to act on it');
    this.#refusal = refusal;
  }

  #publish(touched: ViewChanges): void {
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
}
