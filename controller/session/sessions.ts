// The nodes connected to this controller: admits their streams, takes their reports, writes their status.
// Invariant: one node has one stream. A newer one from the same host replaces the older; one from another host is
// refused, so that a copied host can't make both flap (second-hosts.ts).
import { formatIpv4, type Ipv4, prefixKey } from '../../proto/domain/address.js';
import type { LeaseUse, NodeStatus } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { statusFromError } from '../../proto/rpc/status.js';
import { absenceOf } from '../registry/restored.js';
import { type Event, eventOperation } from '../store/events.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';
import { Absences } from './absences.js';
import { addRecord, Convergence, type Count, withoutNode } from './convergence.js';
import { Fanout, type Start } from './fanout.js';
import { NodeStream, type RawStream } from './node-stream.js';
import type { Presence } from './presence.js';
import { RefusedHosts } from './refused-hosts.js';
import { SecondHosts } from './second-hosts.js';
import { Statuses } from './statuses.js';

/** Arrival is a node that opens a watch. */
export type Arrival = {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly fingerprint: string;
  /** Serial of the certificate it presents. */
  readonly serial: string;
  /** Where it calls from: "192.168.83.7". */
  readonly address: string;
  readonly start: Start;
  /** Reports whether the other end of the stream answers within a few seconds. */
  readonly alive: () => Promise<boolean>;
};

/** SessionParts are the dependencies of Sessions. */
export type SessionParts = {
  readonly store: Store;
  readonly feed: ViewFeed;
  readonly presence: Presence;
  readonly log: Logger;
  /** Notified of each report of a node that is connected here, and of the end of its connection. */
  readonly onReport?: (nodeId: string, status: NodeStatus) => void;
  readonly onLeft?: (nodeId: string) => void;
};

const progressEveryMs = 100;

/** Sessions are the connected nodes. */
export class Sessions {
  readonly convergence = new Convergence();
  readonly fanout: Fanout;
  readonly refused = new RefusedHosts();
  readonly #parts: SessionParts;
  readonly #statuses: Statuses;
  readonly #absences: Absences;
  readonly #secondHosts = new SecondHosts();
  #progressTimer: NodeJS.Timeout | undefined;
  #progressDue = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { store, feed, log } = parts;
    const statusOf = (nodeId: string) => this.statusOf(nodeId);
    this.fanout = new Fanout(feed, log, { statusOf });
    const isHere = (nodeId: string) => this.isHere(nodeId);
    this.#statuses = new Statuses({ store, feed, log, isHere });
    this.#absences = new Absences({ store, feed, log, isHere });
    parts.feed.onChange((touched, view) => {
      for (const id of touched.nodes) this.#endIfRemoved(id, view);
      if (this.fanout.table.changedAt === view.revision) this.convergence.learnt(view.revision);
      if (touched.controllers) this.#publishProgress();
    });
    this.convergence.onChange(() => this.#publishProgress());
    parts.presence.onMoved((nodeId) => {
      const moved = new XnetError('Conflict', 'the host is connected to another controller');
      this.fanout.streamOf(nodeId)?.close(statusFromError(moved));
    });
  }

  /**
   * open admits a node's stream.
   * @throws XnetError AlreadyExists when another host is connected as this node
   */
  async open(arrival: Arrival, raw: RawStream): Promise<NodeStream> {
    await this.#endIfDead(arrival);
    this.#refuseSecondHost(arrival);
    const { nodeId, nodeName, fingerprint } = arrival;
    const before = this.fanout.streamOf(nodeId);
    const stream = new NodeStream(arrival, raw, (idle) => this.fanout.feedIdle(idle));
    // From here on this is the node's stream: the end of the previous one affects nothing else.
    const attached = this.fanout.attach(stream, arrival.start);
    before?.close(statusFromError(new XnetError('Conflict', 'replaced by a newer stream')));
    this.convergence.joined(nodeId, nodeName);
    this.#parts.presence.connected(nodeId, { fingerprint, sinceMs: Date.now() });
    this.#noteBack(nodeId, nodeName);
    try {
      await attached;
    } catch (error) {
      stream.abandon();
      this.#forget(stream);
      throw error;
    }
    return stream;
  }

  // A host that reboots is back before its former stream is found dead.
  async #endIfDead({ nodeId, fingerprint }: Arrival): Promise<void> {
    const here = this.fanout.streamOf(nodeId);
    if (here === undefined || here.fingerprint === fingerprint || (await here.alive())) return;
    here.close(statusFromError(new XnetError('Unavailable', 'the host does not answer')));
    this.#forget(here);
  }

  // The host connected as a node; `sure`: it is connected here and has answered. The store's record of another
  // controller may be from before a reboot.
  #connectedAs(nodeId: string): { readonly fingerprint: string; readonly sure: boolean } | undefined {
    const here = this.fanout.streamOf(nodeId);
    if (here !== undefined) return { fingerprint: here.fingerprint, sure: true };
    const elsewhere = this.#parts.feed.view.sessions.get(nodeId)?.record;
    // Our own session record outlives its stream until the store confirms its end.
    if (elsewhere === undefined || elsewhere.controller === this.#parts.presence.controllerId) return undefined;
    return { fingerprint: elsewhere.fingerprint, sure: false };
  }

  /**
   * requireSameHost checks that a call comes from the host that is the node, and not from a copy of it.
   * @param fingerprint as sent by the caller; empty: its version does not send one
   * @throws XnetError AlreadyExists
   */
  requireSameHost(nodeId: string, fingerprint: string): void {
    if (fingerprint === '') return;
    const connected = this.#connectedAs(nodeId)?.fingerprint ?? fingerprint;
    if (connected === fingerprint && !this.#secondHosts.isSecond(nodeId, fingerprint)) return;
    throw anotherHost(this.#parts.feed.view.nodes.get(nodeId)?.record.name ?? nodeId);
  }

  #refuseSecondHost({ nodeId, nodeName, fingerprint, serial }: Arrival): void {
    const connected = this.#connectedAs(nodeId);
    const verdict = this.#secondHosts.judge({ nodeId, fingerprint, serial }, connected, performance.now());
    if (verdict.admitted) return;
    if (verdict.isNew) {
      this.record({
        reason: 'NodeConflict',
        warning: true,
        subject: `node/${nodeName}`,
        message: 'a second host connected under this name and is refused until it joins again',
      });
    }
    throw anotherHost(nodeName);
  }

  /** close removes a stream that ended. */
  close(stream: NodeStream): void {
    stream.close();
    this.#forget(stream);
  }

  #forget(stream: NodeStream): void {
    const { nodeId } = stream;
    const current = this.fanout.streamOf(nodeId) === stream;
    this.fanout.detach(stream);
    if (!current) return;
    this.convergence.left(nodeId);
    this.#statuses.left(nodeId);
    this.#parts.onLeft?.(nodeId);
    this.#parts.presence.disconnected(nodeId);
  }

  #endIfRemoved(nodeId: string, view: ReadonlyView): void {
    if (view.nodes.has(nodeId) || view.undecodable.has(keys.node(nodeId))) return;
    this.#statuses.removed(nodeId);
    this.#secondHosts.forget(nodeId);
    const stream = this.fanout.streamOf(nodeId);
    stream?.close(statusFromError(absenceOf(view, nodeId)));
  }

  /** statusOf returns the last report of a node connected here. */
  statusOf(nodeId: string): NodeStatus | undefined {
    return this.#statuses.of(nodeId);
  }

  /** report takes a node's status; a changed one is written. */
  report(nodeId: string, status: NodeStatus, appliedRevision: number | undefined): void {
    if (appliedRevision !== undefined) this.convergence.applied(nodeId, appliedRevision);
    const isHere = this.fanout.streamOf(nodeId) !== undefined;
    if (isHere) this.#secondHosts.alive(nodeId);
    const before = this.#statuses.of(nodeId)?.leases;
    this.#statuses.report(nodeId, status);
    if (isHere) this.#parts.onReport?.(nodeId, status);
    if (before === undefined || !sameUses(before, status.leases)) this.fanout.reassign(nodeId);
  }

  /** isHere reports whether a node's stream is on this controller. */
  isHere(nodeId: string): boolean {
    return this.fanout.streamOf(nodeId) !== undefined;
  }

  /**
   * claim notes that a node's host claims the address of another node, for all controllers, and returns whether that holds: its
   * stream has to come from there. The claim ends with the stream. Undefined: it claims none.
   */
  claim(nodeId: string, address: Ipv4 | undefined): boolean {
    const isThere = address !== undefined && this.fanout.streamOf(nodeId)?.address === formatIpv4(address);
    this.#parts.presence.claimed(nodeId, isThere ? address : undefined);
    return isThere;
  }

  /**
   * record writes an event outside of a mutation, unless its subject has too many. It is lost if the store does not
   * answer; the log has it too.
   */
  record(event: Event): void {
    const { store, log } = this.#parts;
    const [allowed] = this.#statuses.events.of(event.subject, [event]);
    if (allowed === undefined) return;
    log.info({ reason: allowed.reason, subject: allowed.subject }, allowed.message);
    store.commit({ guards: [], operations: [eventOperation(allowed, Date.now())] }).catch(() => undefined);
  }

  #noteBack(nodeId: string, name: string): void {
    const { view } = this.#parts.feed;
    const first = !view.statuses.has(nodeId) && !view.absences.has(nodeId);
    // A restart or takeover of a controller is not an event of its nodes.
    if (!first && view.absences.get(nodeId)?.record.told !== true) return;
    const reason = first ? 'NodeJoined' : 'NodeUp';
    this.record({ reason, subject: `node/${name}`, message: 'its daemon connected' });
  }

  /** progress counts the connected nodes of all controllers, except one, that have a revision. */
  progress(revision: number, except: string): Count {
    const { feed, presence } = this.#parts;
    const { view } = feed;
    const name = view.nodes.get(except)?.record.name ?? '';
    const at = view.sessions.get(except)?.record.controller;
    let count = this.convergence.count(revision, except);
    for (const [id, { record }] of view.progress) {
      if (id === presence.controllerId) continue;
      count = addRecord(count, id === at ? withoutNode(record, name) : record, revision);
    }
    return count;
  }

  // Publishes to other controllers at once, then at most ten times a second; not at all if there are none.
  #publishProgress(): void {
    this.#progressDue = true;
    if (this.#progressTimer !== undefined) return;
    this.#sendProgress();
    this.#progressTimer = setTimeout(() => {
      this.#progressTimer = undefined;
      if (this.#progressDue) this.#publishProgress();
    }, progressEveryMs).unref();
  }

  #sendProgress(): void {
    const { feed, presence } = this.#parts;
    this.#progressDue = false;
    if (!feed.ready || feed.view.controllers.size < 2) return;
    presence.publishProgress(this.convergence.record(this.fanout.table.changedAt));
  }

  /** end closes every stream, so that nodes move to another controller. */
  end(): void {
    const status = statusFromError(new XnetError('Unavailable', 'the controller is stopping'));
    for (const stream of [...this.fanout.streams]) stream.close(status);
    this.#absences.end();
    clearTimeout(this.#progressTimer);
    this.#statuses.end();
    this.fanout.close();
  }
}

function sameUses(a: readonly LeaseUse[], b: readonly LeaseUse[]): boolean {
  const text = (uses: readonly LeaseUse[]) =>
    uses.map(({ subnet, generation, inForce }) => `${prefixKey(subnet)} ${generation} ${inForce}`).join();
  return text(a) === text(b);
}

function anotherHost(nodeName: string): XnetError {
  return new XnetError('AlreadyExists', `another host is ${nodeName}`, {
    hint:
      'a copied host needs its own name: xctl nodes add, and remove its copied state directory. If this ' +
      `is the host that is to be ${nodeName}, have it join again: xctl tokens create --node ${nodeName}`,
  });
}
