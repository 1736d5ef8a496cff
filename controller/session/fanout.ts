// Sends every change to every connected node, as it commits.
// Invariant: a stream's cursor never runs ahead of what was written to it: the next write has everything since.
import type { Prefix } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { statusFromError } from '../../proto/rpc/status.js';
import { FleetTable } from '../table/fleet-table.js';
import { apiAddresses, isLoopback } from '../view/api-addresses.js';
import { type AssignmentSources, assignmentOf } from '../view/assignment.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewChanges } from '../view/view-changes.js';
import type { ViewFeed } from '../view/view-feed.js';
import { Encoder, encodeAssignment, encodeTrust } from './encoding.js';
import { FreshSnapshots } from './fresh-snapshots.js';
import type { NodeStream } from './node-stream.js';
import { type SnapshotLimits, SnapshotQueue } from './snapshot-queue.js';

/** Start describes the table of a node when its stream begins. */
export type Start =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'revision'; readonly revision: number }
  /** `held` are the withdrawn routes that the node keeps. */
  | { readonly kind: 'fresh'; readonly held: readonly Prefix[] };

// Streams per slice of a broadcast; other calls run between two slices.
const sliceSize = 256;
// A broadcast to thousands takes about 100 ms. Changes meanwhile are sent together, after a pause as long, at most this.
const longestPauseMs = 100;
const bookmarkEveryMs = 60_000;
const renewalMs = 50;
const longestRenewalMs = 600_000;

/** Fanout holds the route table and the streams of the connected nodes. */
export class Fanout {
  readonly table = new FleetTable();
  readonly #viewFeed: ViewFeed;
  readonly #log: Logger;
  readonly #encoder: Encoder;
  readonly #sources: AssignmentSources;
  readonly #streams = new Set<NodeStream>();
  readonly #assignmentsDue = new Set<NodeStream>();
  readonly #byNode = new Map<string, NodeStream>();
  /** Streams that wait for the end of an adoption to get a table that was read from the store. */
  readonly #freshDue = new Set<NodeStream>();
  readonly #snapshots: SnapshotQueue<NodeStream>;
  readonly #fresh = new FreshSnapshots();
  readonly #bookmarks: NodeJS.Timeout;
  #trusted: { readonly authority: readonly string[]; readonly spreadMs: number } | undefined;
  /** For nodes on this machine, and for all others: they need different addresses. */
  #trust: { readonly local: Buffer; readonly others: Buffer } | undefined;
  #flushing = false;
  /** The streams that the next flush concerns: those in assignmentsDue, or all. */
  #due: 'none' | 'assignments' | 'all' = 'none';
  #epoch: string | undefined;

  constructor(feed: ViewFeed, log: Logger, sources: AssignmentSources = {}, limits?: SnapshotLimits) {
    this.#viewFeed = feed;
    this.#snapshots = new SnapshotQueue(limits);
    this.#sources = sources;
    this.#log = log;
    this.#encoder = new Encoder(this.table, () => feed.version);
    feed.onChange((touched, view) => this.#take(touched, view));
    this.#bookmarks = setInterval(() => this.#sendBookmarks(), bookmarkEveryMs).unref();
  }

  /** streamOf returns the stream of a connected node. */
  streamOf(nodeId: string): NodeStream | undefined {
    return this.#byNode.get(nodeId);
  }

  /** streams returns the streams of all connected nodes. */
  get streams(): ReadonlySet<NodeStream> {
    return this.#streams;
  }

  #take(touched: ViewChanges, view: ReadonlyView): void {
    const { clusterId, epoch } = this.#viewFeed.version;
    const current = `${clusterId}/${epoch}`;
    if (this.#epoch !== current) this.#restart(current, view.revision);
    if (touched.controllers) this.#encodeTrust();
    const changed = this.table.update(view, touched);
    for (const id of touched.nodes) this.#noteAssignment(id);
    const isForAll = touched.pools || touched.adoption || touched.approval;
    if (isForAll) for (const stream of this.#streams) this.#assignmentsDue.add(stream);
    if (touched.rollouts) for (const id of view.rolloutSteps.permitted()) this.#noteAssignment(id);
    if (touched.adoption && view.adoption === undefined) this.#endFreshDue();
    if (changed || touched.adoption) this.#schedule('all');
    else if (this.#assignmentsDue.size > 0) this.#schedule('assignments');
  }

  #noteAssignment(nodeId: string): void {
    const stream = this.#byNode.get(nodeId);
    if (stream !== undefined) this.#assignmentsDue.add(stream);
  }

  // These nodes ask again for such a table.
  #endFreshDue(): void {
    const ended = statusFromError(new XnetError('Unavailable', 'the adoption of a restored backup has ended'));
    for (const stream of [...this.#freshDue]) stream.close(ended);
    this.#freshDue.clear();
  }

  // Tables of another epoch can't be continued: all nodes get a snapshot.
  #restart(epoch: string, revision: number): void {
    this.#epoch = epoch;
    this.table.restart(revision);
    this.#encoder.forget();
    for (const stream of this.#streams) stream.cursor = undefined;
    this.#schedule('all');
  }

  /** trust sends all nodes the authorities (PEM) and the controllers' addresses: now, on connect, on every change. */
  trust(authority: readonly string[]): void {
    // A renewal costs this controller about 10 ms: spread them so that they take a fifth of one core.
    this.#trusted = { authority, spreadMs: Math.min(longestRenewalMs, this.#streams.size * renewalMs) };
    this.#encodeTrust();
  }

  #encodeTrust(): void {
    if (this.#trusted === undefined || !this.#viewFeed.ready) return;
    const { authority, spreadMs } = this.#trusted;
    const { view } = this.#viewFeed;
    const encoded = (from: string) => encodeTrust(authority, spreadMs, apiAddresses(view, from));
    this.#trust = { local: encoded('127.0.0.1'), others: encoded('') };
    this.#schedule('all');
  }

  #trustFor(stream: NodeStream): readonly Buffer[] {
    const trust = isLoopback(stream.address) ? this.#trust?.local : this.#trust?.others;
    if (trust === undefined || stream.trust?.equals(trust) === true) return [];
    stream.trust = trust;
    return [trust];
  }

  // While a restored backup is adopted, the table lacks nodes that have not connected yet: each host keeps its own.
  get #isAdopting(): boolean {
    return this.#viewFeed.view.adoption !== undefined;
  }

  /** canResume reports whether a node with `revision` can continue without a snapshot. */
  canResume(revision: number): boolean {
    return this.table.hasSince(revision);
  }

  /**
   * attach makes a stream the node's current one and starts sending.
   * @throws XnetError Unavailable when a fresh snapshot was requested and the store does not answer, or is being adopted
   */
  async attach(stream: NodeStream, start: Start): Promise<void> {
    this.#register(stream);
    if (start.kind === 'fresh' && this.#isAdopting) this.#freshDue.add(stream);
    else if (start.kind === 'fresh') {
      await this.#snapshots.turn(stream);
      const view = await this.#viewFeed.fresh();
      if (stream.closed) return;
      if (view.adoption !== undefined) throw new XnetError('Unavailable', 'a restored backup is being adopted');
      stream.begin();
      this.#sendFresh(stream, view, start.held);
      return;
    }
    stream.begin();
    stream.cursor = start.kind === 'revision' && this.canResume(start.revision) ? start.revision : undefined;
    this.#assignmentsDue.add(stream);
    this.#feed(stream);
  }

  #register(stream: NodeStream): void {
    this.#streams.add(stream);
    this.#byNode.set(stream.nodeId, stream);
  }

  #sendFresh(stream: NodeStream, view: ReadonlyView, held: readonly Prefix[]): void {
    const snapshot = this.#fresh.of(view, { ...this.#viewFeed.version, revision: view.revision }, held);
    stream.cursor = snapshot.revision;
    stream.confirmed = true;
    stream.send([...this.#trustFor(stream), ...this.#assignmentFor(stream), ...snapshot.chunks]);
  }

  /** detach stops sending to a node. */
  detach(stream: NodeStream): void {
    this.#streams.delete(stream);
    this.#freshDue.delete(stream);
    this.#snapshots.done(stream);
    this.#assignmentsDue.delete(stream);
    if (this.#byNode.get(stream.nodeId) === stream) this.#byNode.delete(stream.nodeId);
  }

  /** reassign sends a node its assignment if it changed for a reason outside of the view: a report, a permit. */
  reassign(nodeId: string): void {
    const stream = this.#byNode.get(nodeId);
    if (stream === undefined) return;
    this.#assignmentsDue.add(stream);
    this.#schedule('assignments');
  }

  /** feedIdle sends a stream that is ready what it does not have yet. */
  feedIdle(stream: NodeStream): void {
    if (!this.#streams.has(stream)) return;
    // Its reader has taken all of it.
    if (stream.cursor !== undefined) this.#snapshots.done(stream);
    this.#feed(stream);
  }

  /** close stops sending; the owners of the streams close them. */
  close(): void {
    clearInterval(this.#bookmarks);
  }

  #assignmentFor(stream: NodeStream): readonly Buffer[] {
    if (!this.#assignmentsDue.delete(stream) && stream.assignment !== undefined) return [];
    const assignment = assignmentOf(this.#viewFeed.view, stream.nodeId, this.#sources);
    if (assignment === undefined) return [];
    const buffer = encodeAssignment(assignment);
    if (stream.assignment?.equals(buffer) === true) return [];
    stream.assignment = buffer;
    return [buffer];
  }

  #feed(stream: NodeStream): void {
    // Changes that it lacks are sent when the store is accepted again.
    if (stream.idle && !this.#viewFeed.ready) this.#assignmentsDue.add(stream);
    if (!stream.idle || !this.#viewFeed.ready) return;
    const messages: Buffer[] = [...this.#trustFor(stream), ...this.#assignmentFor(stream)];
    if (this.#isAdopting) {
      stream.cursor = undefined;
      this.#snapshots.done(stream);
      if (messages.length > 0) stream.send(messages);
      return;
    }
    // A snapshot read from the store can be ahead of the table until the watch catches up.
    const isAhead = stream.cursor !== undefined && stream.cursor > this.table.revision;
    if (stream.cursor === undefined || (!isAhead && !this.table.hasSince(stream.cursor))) {
      stream.cursor = undefined;
      if (!this.#snapshots.admit(stream, () => this.feedIdle(stream))) {
        if (messages.length > 0) stream.send(messages);
        return;
      }
      const snapshot = this.#encoder.snapshot();
      messages.push(...snapshot.chunks);
      stream.cursor = snapshot.revision;
      stream.confirmed = true;
    }
    if (this.table.changedAt > stream.cursor) {
      const delta = this.#encoder.delta(stream.cursor);
      messages.push(delta.buffer);
      // The revision of this message: a shared one may be some revisions old.
      stream.cursor = delta.revision;
      stream.confirmed = true;
    }
    messages.push(...(stream.confirmed ? [] : this.#bookmarkFor(stream)));
    if (messages.length > 0) stream.send(messages);
  }

  #schedule(what: 'all' | 'assignments'): void {
    if (this.#due !== 'all') this.#due = what;
    if (this.#flushing) return;
    this.#flushing = true;
    // After the other work of this turn of the event loop, so that simultaneous changes are sent together.
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#due !== 'none') {
      const streams = this.#due === 'all' ? this.#streams : [...this.#assignmentsDue];
      this.#due = 'none';
      const began = performance.now();
      let inSlice = 0;
      for (const stream of streams) {
        try {
          this.#feed(stream);
        } catch (error) {
          this.#log.error({ err: error, node: stream.nodeName }, 'watch: could not send');
        }
        if (++inSlice % sliceSize === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const tookMs = performance.now() - began;
      if (tookMs > 5) await new Promise((resolve) => setTimeout(resolve, Math.min(longestPauseMs, tookMs)));
    }
    this.#flushing = false;
  }

  #sendBookmarks(): void {
    if (!this.#viewFeed.ready || this.#isAdopting) return;
    for (const stream of this.#streams) {
      const bookmark = stream.idle ? this.#bookmarkFor(stream) : [];
      if (bookmark.length > 0) stream.send(bookmark);
    }
  }

  // Nothing while the node is ahead, and while it lacks a change.
  #bookmarkFor(stream: NodeStream): readonly Buffer[] {
    const { cursor, confirmed } = stream;
    const { revision, changedAt } = this.table;
    if (cursor === undefined || cursor > revision || changedAt > cursor) return [];
    if (cursor === revision && confirmed) return [];
    stream.cursor = revision;
    stream.confirmed = true;
    return [this.#encoder.bookmark()];
  }
}
