// Publishes in the store, for the other controllers, that this controller is alive and which nodes are connected to it.
// Invariant: on every change of the view, this controller's session keys are reconciled with its streams: a missing one
// is put, one without a stream is deleted, and keys that another controller has put since are left alone. A session's
// key outlives this process by at most the claim's TTL. It only means liveness: no node loses a lease because a session
// is gone.

import type { Ipv4 } from '../../proto/domain/address.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { ControllerRecord, ProgressRecord, SessionRecord } from '../store/records.js';
import { type Commit, type Liveness, mostGuards, type Store } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';

// Long enough for an etcd election and a restart of a loaded machine; short enough that the nodes of a dead controller
// are soon known to be disconnected.
const claimSeconds = 10;
const backoff = { firstMs: 100, longestMs: 5_000 };
// Attempts that fail in a row before it is logged: some conflicts with other controllers are usual.
const loggedAttempt = 5;
// Keys that share a transaction: a key takes at most two guards and two operations.
const mostTogether = Math.floor(mostGuards / 2);
// Maximum age of what the other controllers know of this one's clock.
const registerEveryMs = 15_000;

// `confirmed`: the view contained it.
type Own = { readonly record: SessionRecord; confirmed: boolean };

type FailedKey = { readonly key: string; readonly error: unknown };

/** Presence maintains this controller's own keys. */
export class Presence {
  readonly controllerId: string;
  readonly #store: Store;
  readonly #viewFeed: ViewFeed;
  readonly #log: Logger;
  readonly #record: ControllerRecord;
  readonly #sessions = new Map<string, Own>();
  /** When streams ended whose session the store still has, milliseconds since 1970. */
  readonly #ended = new Map<string, number>();
  readonly #onMoved = new Set<(nodeId: string) => void>();
  readonly #due = new Set<string>();
  #progress: ProgressRecord | undefined;
  #claim: Liveness | undefined;
  #wake: (() => void) | undefined;

  constructor(
    parts: { readonly store: Store; readonly feed: ViewFeed; readonly log: Logger },
    controllerId: string,
    record: ControllerRecord,
  ) {
    this.#store = parts.store;
    this.#viewFeed = parts.feed;
    this.#log = parts.log;
    this.controllerId = controllerId;
    this.#record = record;
    parts.feed.onChange((touched, view) => {
      if (touched.sessions) for (const nodeId of touched.nodes) this.#reconcile(nodeId, view);
    });
  }

  /** onMoved registers a listener for nodes connected here that have since connected to another controller. */
  onMoved(listener: (nodeId: string) => void): void {
    this.#onMoved.add(listener);
  }

  #reconcile(nodeId: string, view: ReadonlyView): void {
    const stored = view.sessions.get(nodeId)?.record;
    const isOurs = stored?.controller === this.controllerId;
    const own = this.#sessions.get(nodeId);
    if (stored === undefined) this.#ended.delete(nodeId);
    if (own === undefined) {
      if (isOurs) this.#mark(keys.session(nodeId));
    } else if (isOurs && stored.sinceMs === own.record.sinceMs) own.confirmed = true;
    else if (stored === undefined || isOurs) {
      if (own.confirmed) this.#mark(keys.session(nodeId));
    } else if (own.confirmed) for (const listener of this.#onMoved) listener(nodeId);
  }

  /** connected records that a node's stream is open. */
  connected(nodeId: string, session: Omit<SessionRecord, 'controller' | 'claimedAddress'>): void {
    this.#sessions.set(nodeId, { record: { ...session, controller: this.controllerId }, confirmed: false });
    this.#mark(keys.session(nodeId));
  }

  /** claimed records the address of another node that a connected node's host claims; undefined: none. */
  claimed(nodeId: string, address: Ipv4 | undefined): void {
    const own = this.#sessions.get(nodeId);
    if (own === undefined || own.record.claimedAddress === address) return;
    const { claimedAddress: _former, ...record } = own.record;
    const claim = address === undefined ? {} : { claimedAddress: address };
    this.#sessions.set(nodeId, { record: { ...record, ...claim }, confirmed: false });
    this.#mark(keys.session(nodeId));
  }

  /** disconnected records that it has ended. */
  disconnected(nodeId: string): void {
    this.#sessions.delete(nodeId);
    this.#ended.set(nodeId, Date.now());
    this.#mark(keys.session(nodeId));
  }

  /** publishProgress publishes the progress of this controller's nodes to the other controllers. */
  publishProgress(progress: ProgressRecord): void {
    this.#progress = progress;
    this.#mark(keys.progress(this.controllerId));
  }

  #mark(key: string): void {
    this.#due.add(key);
    this.#wake?.();
  }

  /** run maintains a claim and the keys under it until `signal` aborts; then it deletes them at once. */
  async run(signal: AbortSignal): Promise<void> {
    const registering = setInterval(() => this.#register(), registerEveryMs);
    try {
      await this.#keepClaims(signal);
    } finally {
      clearInterval(registering);
    }
    // A store that is not accepted is not written: the claim expires by itself.
    if (this.#viewFeed.ready) await this.#claim?.end();
  }

  // Records that this controller exists, for the others as long as it runs, and for its own check of the store.
  #register(): void {
    if (this.#record.registration !== '') this.#mark(keys.registration(this.#record.registration));
  }

  async #keepClaims(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      try {
        await this.#viewFeed.untilReady(signal);
        if (signal.aborted) return;
        this.#claim = await this.#store.claim(claimSeconds);
        attempt = 0;
        this.#mark(keys.controller(this.controllerId));
        this.#register();
        for (const nodeId of this.#sessions.keys()) this.#due.add(keys.session(nodeId));
        if (this.#progress !== undefined) this.#due.add(keys.progress(this.controllerId));
        await this.#writeWhileHeld(this.#claim, AbortSignal.any([signal, this.#claim.lost]));
        if (!signal.aborted) this.#log.warn('presence: claim lost, taking another');
      } catch (error) {
        this.#log.warn({ reason: messageOf(error) }, 'presence: no claim');
        attempt += 1;
        await pause(backoffMs(attempt, backoff, Math.random()), signal);
      }
    }
  }

  async #writeWhileHeld(claim: Liveness, stop: AbortSignal): Promise<void> {
    let attempt = 0;
    // One listener for all waits: one per wait would accumulate.
    stop.addEventListener('abort', () => this.#wake?.(), { once: true });
    while (!stop.aborted) {
      if (this.#due.size === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
        continue;
      }
      const due = [...this.#due];
      this.#due.clear();
      const groups: string[][] = [];
      while (due.length > 0) groups.push(due.splice(0, mostTogether));
      const failed = (await Promise.all(groups.map((group) => this.#writeTogether(group, claim)))).flat();
      for (const { key } of failed) this.#due.add(key);
      attempt = failed.length === 0 ? 0 : attempt + 1;
      if (attempt === loggedAttempt) {
        const [first] = failed;
        this.#log.warn(
          { keys: failed.length, reason: messageOf(first?.error) },
          'presence: keys are not written, trying again',
        );
      }
      if (attempt > 0) await pause(backoffMs(attempt, backoff, Math.random()), stop);
    }
  }

  // Thousands of nodes connect after a restart: a transaction for each would cost more than their streams. Returns the keys
  // that could not be written.
  async #writeTogether(due: readonly string[], claim: Liveness): Promise<readonly FailedKey[]> {
    if (due.length > 1) {
      try {
        const commits = due.flatMap((key) => this.#commitFor(key, claim) ?? []);
        const guards = commits.flatMap((commit) => commit.guards);
        const operations = commits.flatMap((commit) => commit.operations);
        if (commits.length === 0 || (await this.#store.commit({ guards, operations })).committed) return [];
      } catch (error) {
        return due.map((key) => ({ key, error }));
      }
    }
    // In a transaction of its own, a key fails alone.
    const results = await Promise.allSettled(due.map((key) => this.#write(key, claim)));
    return results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ key: due[index] ?? '', error: result.reason as unknown }] : [],
    );
  }

  async #write(key: string, claim: Liveness): Promise<void> {
    const commit = this.#commitFor(key, claim);
    if (commit === undefined) return;
    const { committed, revision } = await this.#store.commit(commit);
    if (committed) return;
    // The key has changed since: decide again on the newest view.
    await this.#viewFeed.reached(revision, 5_000);
    throw new XnetError('Conflict', `${key} was changed by others`);
  }

  #commitFor(key: string, claim: Liveness): Commit | undefined {
    const put = (value: string): Commit => ({
      guards: [],
      operations: [{ kind: 'put', key, value, expires: claim }],
    });
    if (key === keys.controller(this.controllerId)) return put(encode('controller', this.#record));
    const { registration, version, addresses } = this.#record;
    if (key === keys.registration(registration)) {
      const value = encode('registration', { version, addresses, clockMs: Date.now() });
      return { guards: [], operations: [{ kind: 'put', key, value }] };
    }
    if (key === keys.progress(this.controllerId)) {
      return this.#progress === undefined ? undefined : put(encode('progress', this.#progress));
    }
    const nodeId = key.slice(keys.session('').length);
    const own = this.#sessions.get(nodeId);
    if (own !== undefined) {
      // Only while the node exists: its removal deletes the session, which must not return. And only over the session
      // that the view has: one that another controller has put since belongs to a newer stream.
      const nodeKey = keys.node(nodeId);
      const { view } = this.#viewFeed;
      if (!view.nodes.has(nodeId)) return undefined;
      return {
        guards: [nodeKey, key].map((seen) => ({ kind: 'key', key: seen, modRevision: view.modRevisionOf(seen) })),
        operations: [
          { kind: 'put', key, value: encode('session', own.record), expires: claim },
          { kind: 'delete', key: keys.absence(nodeId) },
        ],
      };
    }
    // Another controller may have the node by now.
    const { view } = this.#viewFeed;
    const held = view.sessions.get(nodeId);
    if (held === undefined || held.record.controller !== this.controllerId) return undefined;
    const absence = { sinceMs: this.#ended.get(nodeId) ?? Date.now(), told: false };
    return {
      guards: [{ kind: 'key', key, modRevision: held.modRevision }],
      operations: [
        { kind: 'delete', key },
        { kind: 'put', key: keys.absence(nodeId), value: encode('absence', absence) },
      ],
    };
  }
}
