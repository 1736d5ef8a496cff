// The nodes' reports: the newest of each node connected here, in memory, and its copy in the store.
// Invariant: a node has at most one write of its status in flight, always of the newest, within the node's share of the
// store. Intermediate reports are merged into one change.

import type { LeaseUse, NodeStatus } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { Allowances } from '../../proto/rpc/allowance.js';
import { type Event, eventOperation } from '../store/events.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { StatusRecord } from '../store/records.js';
import type { Operation, Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import { transitionsOf } from './node-state.js';

/** StatusParts are the dependencies of Statuses. */
export type StatusParts = {
  readonly store: Store;
  readonly feed: ViewFeed;
  readonly log: Logger;
  /** Reports whether a node's stream is on this controller. */
  readonly isHere: (nodeId: string) => boolean;
};

// Bytes. A status has some kilobytes and changes a few times a day; etcd keeps every version until it compacts.
const share = { burst: 256 * 1024, perSecond: 1_024 };
// A starting host has about ten events; a flapping one has nothing new.
const eventShare = { burst: 32, perSecond: 1 / 30 };

/** EventShare limits the events of each subject, and reports how many it dropped. */
export class EventShare {
  readonly #share = new Allowances(eventShare);
  readonly #untold = new Map<string, number>();

  /** of returns those of a subject's events that may be recorded now. */
  of(subject: string, events: readonly Event[]): readonly Event[] {
    const now = performance.now();
    const allowance = this.#share.of(subject, now);
    const allowed = events.filter(() => allowance.take(now));
    const before = this.#untold.get(subject) ?? 0;
    const left = events.length - allowed.length;
    const [first, ...rest] = allowed;
    if (first === undefined) {
      if (left > 0) this.#untold.set(subject, before + left);
      return [];
    }
    if (left > 0) this.#untold.set(subject, left);
    else this.#untold.delete(subject);
    if (before === 0) return allowed;
    return [
      { ...first, message: `${first.message} (${counted(before, 'event', 'events')} before this one not recorded)` },
      ...rest,
    ];
  }

  /** forget drops a subject. */
  forget(subject: string): void {
    this.#share.forget(subject);
    this.#untold.delete(subject);
  }
}

/** Statuses holds the nodes' reports. */
export class Statuses {
  readonly events = new EventShare();
  readonly #parts: StatusParts;
  /** Of nodes connected here, including reports being written. */
  readonly #newest = new Map<string, NodeStatus>();
  /** Reports to write. */
  readonly #due = new Map<string, NodeStatus>();
  readonly #writing = new Set<string>();
  /** The last written report; used until the view contains it. */
  readonly #written = new Map<string, { readonly status: NodeStatus; readonly revision: number }>();
  readonly #share = new Allowances(share);
  readonly #ended = new AbortController();

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  /** of returns the last report of a node connected here. */
  of(nodeId: string): NodeStatus | undefined {
    return this.#newest.get(nodeId);
  }

  /** left drops what is known of a node beyond the store: it may report to another controller from now on. */
  left(nodeId: string): void {
    this.#newest.delete(nodeId);
  }

  /** removed drops a node. */
  removed(nodeId: string): void {
    this.left(nodeId);
    this.#due.delete(nodeId);
    this.#written.delete(nodeId);
    this.#share.forget(nodeId);
  }

  /** report takes a node's status; a changed one is written. */
  report(nodeId: string, status: NodeStatus): void {
    // If the stream is on another controller, only the store has the newest report.
    if (this.#parts.isHere(nodeId)) this.#newest.set(nodeId, status);
    this.#due.set(nodeId, status);
    if (!this.#writing.has(nodeId)) void this.#writeAll(nodeId);
  }

  #stored(nodeId: string): NodeStatus | undefined {
    const held = this.#parts.feed.view.statuses.get(nodeId);
    const written = this.#written.get(nodeId);
    if (written !== undefined && (held?.modRevision ?? 0) < written.revision) return written.status;
    this.#written.delete(nodeId);
    return held?.record;
  }

  async #writeAll(nodeId: string): Promise<void> {
    const { log } = this.#parts;
    this.#writing.add(nodeId);
    try {
      while (this.#due.has(nodeId) && !this.#ended.signal.aborted) await this.#writeNewest(nodeId);
    } catch (error) {
      // A failed write is repeated with the next report.
      log.warn({ node: nodeId, reason: messageOf(error) }, 'status: could not write');
    }
    this.#writing.delete(nodeId);
  }

  async #writeNewest(nodeId: string): Promise<void> {
    const { feed } = this.#parts;
    const status = this.#due.get(nodeId);
    const name = feed.view.nodes.get(nodeId)?.record.name;
    const before = this.#stored(nodeId);
    const withContainers = feed.view.nodes.get(nodeId)?.record.availability === 'draining';
    const record = status === undefined ? undefined : recordOf(status, withContainers);
    if (
      status === undefined ||
      record === undefined ||
      name === undefined ||
      (before !== undefined && sameForTheStore(before, record))
    ) {
      this.#due.delete(nodeId);
      return;
    }
    const value = encode('status', record);
    const now = performance.now();
    const allowance = this.#share.of(nodeId, now);
    const bytes = Math.min(Buffer.byteLength(value), share.burst);
    if (!allowance.take(now, bytes)) {
      // A report that arrives meanwhile replaces it.
      await pause(allowance.waitMs(now, bytes), this.#ended.signal);
      return;
    }
    this.#due.delete(nodeId);
    const events = transitionsOf(name, before?.conditions ?? [], status.conditions);
    const allowed = this.events.of(`node/${name}`, events);
    const revision = await this.#write(nodeId, [
      { kind: 'put', key: keys.status(nodeId), value },
      ...allowed.map((event) => eventOperation(event, Date.now())),
    ]);
    if (revision !== undefined) this.#written.set(nodeId, { status: record, revision });
  }

  async #write(nodeId: string, operations: readonly Operation[]): Promise<number | undefined> {
    const { store, feed } = this.#parts;
    const nodeKey = keys.node(nodeId);
    // The status of a node being removed is not written; that of a node being changed is.
    while (feed.view.nodes.has(nodeId)) {
      const guards = [{ kind: 'key' as const, key: nodeKey, modRevision: feed.view.modRevisionOf(nodeKey) }];
      const { committed, revision } = await store.commit({ guards, operations });
      if (committed) return revision;
      await feed.reached(revision, 5_000);
    }
    return undefined;
  }

  /** end cancels the pending writes. */
  end(): void {
    this.#ended.abort();
  }
}

// Containers come and go: the store has those of a node that is being drained, for the other controllers.
function recordOf({ containerCount, ...status }: NodeStatus, withContainers: boolean): StatusRecord {
  return {
    ...status,
    routes: { ...status.routes },
    conditions: [...status.conditions],
    hostNetworks: [...status.hostNetworks],
    silentPeers: [...status.silentPeers],
    ...(status.nics === undefined ? {} : { nics: [...status.nics] }),
    ...(status.features === undefined ? {} : { features: [...status.features] }),
    leases: status.leases.map((use) => (use.ending ? { ...use, attached: [...(use.attached ?? [])] } : unnamed(use))),
    containers: withContainers ? status.containers.map(({ id, name, subnet }) => ({ id, name, subnet })) : [],
    ...(withContainers && containerCount !== undefined ? { containerCount } : {}),
    reportedMs: Date.now(),
  };
}

// The names of containers that keep a lease from ending are for the other controllers; of other leases only whether there are any.
function unnamed({ attached: _attached, ...use }: LeaseUse): Omit<LeaseUse, 'attached'> {
  return use;
}

// Counts change with every join and leave in the fleet: the store only keeps how many routes are wrong.
function sameForTheStore(a: NodeStatus, b: NodeStatus): boolean {
  const essence = (status: NodeStatus) =>
    JSON.stringify([
      status.routes.desired - status.routes.installed,
      status.routes.conflicting,
      status.routes.unreachable,
      status.conditions.map(({ type, ok, transient, reason, message }) => [type, ok, transient, reason, message]),
      status.daemonVersion,
      status.kernelVersion,
      status.dockerVersion,
      status.hostNetworks,
      status.silentPeers,
      status.leases,
      status.containers,
      status.containerCount,
      status.held,
      status.nics,
      status.features,
    ]);
  return essence(a) === essence(b);
}
