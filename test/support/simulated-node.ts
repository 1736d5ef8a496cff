// A node without a host: it watches, maintains the table as xnetd does, and reports what it has applied.

import { randomUUID } from 'node:crypto';
import { heldRoutesOf } from '../../node/daemon/withdrawals.js';
import {
  follows,
  type NodeTable,
  type TableSnapshot,
  toExplain,
  withApproval,
  withBookmark,
  withDelta,
  withSnapshot,
} from '../../node/table/node-table.js';
import { MessageReader, type Trust } from '../../node/uplink/watch-stream.js';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import { type Feature, features } from '../../proto/domain/feature.js';
import {
  type Assignment,
  type Lease,
  type LeaseUse,
  primaryLease,
  type TableDelta,
} from '../../proto/domain/network.js';
import type { XnetError } from '../../proto/errors.js';
import type { Condition } from '../../proto/gen/xnet/v1/Condition.js';
import type { Look__Output } from '../../proto/gen/xnet/v1/Look.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { wireFromHeldRoutes, wireFromPrefix } from '../../proto/rpc/convert.js';
import { wireFromAssignment, wireFromLeaseUse } from '../../proto/rpc/convert-assignment.js';
import { errorFromStatus } from '../../proto/rpc/status.js';
import { patientMs } from './until.js';

/** Heard is one message of a controller. */
export type Heard =
  | { readonly kind: 'assignment'; readonly assignment: Assignment }
  | { readonly kind: 'snapshot'; readonly snapshot: TableSnapshot }
  | { readonly kind: 'delta'; readonly delta: TableDelta }
  | { readonly kind: 'ended'; readonly error: XnetError };

/** SimulatedNode is one node. */
export class SimulatedNode {
  readonly name: string;
  readonly fingerprint: string;
  readonly heard: Heard[] = [];
  table: NodeTable | undefined;
  assignment: Assignment | undefined;
  /** The authority that it was last told to trust. */
  trust: Trust | undefined;
  /** Takes questions about paths; undefined: they are not answered. */
  onLook: ((look: Look__Output) => void) | undefined;
  /** What its daemon says that it knows. */
  features: readonly Feature[] = features;
  #client: NodeServiceClient;
  #stream: ReturnType<NodeServiceClient['watch']> | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(client: NodeServiceClient, name: string, fingerprint: string = randomUUID()) {
    this.#client = client;
    this.name = name;
    this.fingerprint = fingerprint;
  }

  /** primary is the primary lease of its assignment. */
  get primary(): Lease | undefined {
    return this.assignment === undefined ? undefined : primaryLease(this.assignment);
  }

  /** watch opens a stream, and sends the version that the node has. */
  watch(options: { readonly fresh?: boolean; readonly version?: NodeTable['version'] } = {}): this {
    const version = options.version ?? this.table?.version;
    const stream = this.#client.watch({
      nodeName: this.name,
      nodeId: this.assignment?.nodeId ?? '',
      ...(version === undefined ? {} : { version }),
      fresh: options.fresh ?? false,
      heldRoutes: options.fresh === true && this.table !== undefined ? toExplain(this.table).map(wireFromPrefix) : [],
      hostFingerprint: this.fingerprint,
      daemonVersion: 'simulated',
      ...(this.assignment === undefined ? {} : { held: wireFromAssignment(this.assignment) }),
    });
    const reader = new MessageReader({
      onAssignment: (assignment) => {
        this.assignment = assignment;
        const { approved } = assignment;
        if (this.table !== undefined && approved !== undefined) this.table = withApproval(this.table, approved);
        this.#hear({ kind: 'assignment', assignment });
      },
      onSnapshot: (snapshot) => {
        this.table = withSnapshot(this.table, snapshot);
        this.#hear({ kind: 'snapshot', snapshot });
      },
      onDelta: (delta) => {
        if (!follows(this.table, delta)) throw new Error(`${this.name}: a delta that does not follow`);
        this.table = withDelta(this.table, delta);
        this.#hear({ kind: 'delta', delta });
      },
      onTrust: (trust) => {
        this.trust = trust;
        for (const listener of this.#listeners) listener();
      },
      onLook: (look) => this.onLook?.(look),
      onBookmark: (at) => {
        if (this.table !== undefined) this.table = withBookmark(this.table, at);
      },
    });
    stream.on('data', (message) => reader.read(message));
    stream.on('error', (error) => this.#hear({ kind: 'ended', error: errorFromStatus(error) }));
    this.#stream = stream;
    return this;
  }

  /** over switches to another client: a client whose connection was just refused delays its next attempt. */
  over(client: NodeServiceClient): this {
    this.#client = client;
    return this;
  }

  /** leaveStream ends the stream. */
  leaveStream(): void {
    this.#stream?.cancel();
  }

  /** pause stops reading the stream; what is sent to it waits in buffers. */
  pause(): void {
    this.#stream?.pause();
  }

  /** resume reads it again. */
  resume(): void {
    this.#stream?.resume();
  }

  #hear(heard: Heard): void {
    this.heard.push(heard);
    for (const listener of this.#listeners) listener();
  }

  /** until waits until a condition holds. It checks after each message. */
  async until(what: string, holds: () => boolean, timeoutMs = patientMs): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`${this.name}: not in time: ${what}; heard ${this.heard.map(({ kind }) => kind).join(' ')}`));
      }, timeoutMs);
      const look = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
    });
  }

  /** routes returns the routes of its table in order, without its own: "10.76.1.0/24 via 192.168.83.12". */
  routes(): readonly string[] {
    const own = new Set(this.assignment?.leases.map(({ subnet }) => formatPrefix(subnet)));
    return [...(this.table?.routes.values() ?? [])]
      .filter(({ subnet }) => !own.has(formatPrefix(subnet)))
      .sort((a, b) => a.subnet.network - b.subnet.network)
      .map(({ subnet, nextHop }) => `${formatPrefix(subnet)} via ${formatIpv4(nextHop)}`);
  }

  /** uses returns what a host that has these of its leases in force reports of all of them. */
  uses(...inForce: readonly string[]): readonly LeaseUse[] {
    const { leases = [] } = this.assignment ?? {};
    return leases.map(({ subnet, generation, state }) => ({
      subnet,
      generation,
      inForce: inForce.includes(formatPrefix(subnet)),
      ending: state === 'ending',
    }));
  }

  /**
   * report reports with these conditions that everything received is in the kernel.
   * @param uses what it does with its leases; none: as a daemon that knows one lease
   * @param told names of those that use the first lease; null: Docker has not answered yet
   */
  report(conditions: readonly Condition[] = [], uses: readonly LeaseUse[] = [], told: readonly string[] | null = []) {
    const containersKnown = told !== null;
    const containers = told ?? [];
    const [first] = this.assignment?.leases ?? [];
    const subnet = first === undefined ? '' : formatPrefix(first.subnet);
    const desired = this.routes().length;
    const held = heldRoutesOf(this.table);
    return callUnary(
      this.#client.report.bind(this.#client),
      {
        nodeId: this.assignment?.nodeId ?? '',
        generation: this.primary?.generation ?? 0,
        ...(this.table === undefined ? {} : { applied: this.table.version }),
        routes: { desired, installed: desired, conflicting: 0, unreachable: 0 },
        conditions: [...conditions],
        daemonVersion: 'simulated',
        kernelVersion: '6.1',
        dockerVersion: '28.0',
        hostNetworks: [],
        leases: uses.map(wireFromLeaseUse),
        containers: containers.map((name) => ({ name, id: '0123456789ab', subnet })),
        containerCount: containers.length,
        containersKnown,
        ...(held === undefined ? {} : { held: wireFromHeldRoutes(held) }),
        features: [...this.features],
      },
      { timeoutMs: patientMs },
    );
  }

  /** reportContainers is report with all leases in force, and the names of the containers that use the first one. */
  reportContainers(names: readonly string[] | null) {
    const leases = (this.assignment?.leases ?? []).map((lease) => ({ ...lease, inForce: true }));
    return this.report([], leases, names);
  }

  /** leave ends the leases, as `xnetd leave` does: announces it, and confirms it if the peers have withdrawn. */
  async leave(done: boolean): Promise<number> {
    const { nodeId = '' } = this.assignment ?? {};
    const request = { nodeName: this.name, nodeId, done, operationId: randomUUID(), hostFingerprint: this.fingerprint };
    const { peersPending } = await callUnary(this.#client.leave.bind(this.#client), request, { timeoutMs: patientMs });
    return peersPending;
  }
}
