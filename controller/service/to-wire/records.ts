// Builds the admin calls' responses from the view. Pure except for the clock and the sessions' live counts.
import {
  formatIpv4,
  formatPrefix,
  gatewayOf,
  prefixesEqual,
  prefixFromKey,
  prefixKey,
} from '../../../proto/domain/address.js';
import {
  type Lease,
  type NodeStatus,
  primaryLease,
  type RouteCounts,
  usualNetworkLength,
} from '../../../proto/domain/network.js';
import { isNonEmpty } from '../../../proto/domain/non-empty.js';
import type { Drain } from '../../../proto/gen/xnet/v1/Drain.js';
import type { Event } from '../../../proto/gen/xnet/v1/Event.js';
import type { Node } from '../../../proto/gen/xnet/v1/Node.js';
import type { NodeState__Output } from '../../../proto/gen/xnet/v1/NodeState.js';
import type { Pool } from '../../../proto/gen/xnet/v1/Pool.js';
import type { Reservation__Output } from '../../../proto/gen/xnet/v1/Reservation.js';
import type { RouteEntry } from '../../../proto/gen/xnet/v1/RouteEntry.js';
import type { Subnet } from '../../../proto/gen/xnet/v1/Subnet.js';
import { wireFromAvailability, wireFromHostNetwork, wireFromMode } from '../../../proto/rpc/convert.js';
import {
  wireFromContainerUse,
  wireFromLan,
  wireFromLease,
  wireFromLeaseState,
} from '../../../proto/rpc/convert-assignment.js';
import { reportsContainers } from '../../registry/drain-node.js';
import { barredIn, barredSubnets } from '../../registry/lan.js';
import { doubtOf, noSuchPool } from '../../registry/lookup.js';
import { usageOf } from '../../registry/usage.js';
import { nodeState } from '../../session/node-state.js';
import { keys } from '../../store/keys.js';
import type { EventRecord, NodeRecord, PoolRecord, ReservationRecord, SubnetRecord } from '../../store/records.js';
import { withDataPath } from '../../view/data-path.js';
import type { HeldSubnet } from '../../view/held.js';
import { statedLeases } from '../../view/leases.js';
import { poolOf } from '../../view/pool-of.js';
import type { ReadonlyView } from '../../view/view.js';
import { conditionsOf, type Live } from './live.js';

/** networkLengthOf returns the prefix length of Docker's networks within a subnet of a pool; 0 except in mode block. */
export function networkLengthOf({ mode, networkLength }: Pick<PoolRecord, 'mode' | 'networkLength'>): number {
  return mode === 'block' ? (networkLength ?? usualNetworkLength) : 0;
}

/** wireFromReservation returns the message of a reservation. */
export function wireFromReservation({ cidr, nodeName = '', reason }: ReservationRecord): Reservation__Output {
  return { cidr: formatPrefix(cidr), nodeName, reason };
}

/** wireFromPool returns a pool with its usage. Throws XnetError NotFound. */
export function wireFromPool(view: ReadonlyView, name: string, nowMs: number): Pool {
  const record = view.pools.get(name)?.record;
  if (record === undefined) throw noSuchPool(view, name);
  const subnets = view.subnetsOfPool.get(name) ?? new Map<number, SubnetRecord>();
  return {
    name,
    cidr: formatPrefix(record.cidr),
    subnetLength: record.subnetLength,
    mode: wireFromMode(record.mode),
    networkLength: networkLengthOf(record),
    dockerLength: record.dockerLength ?? 0,
    lan: record.lan === undefined ? null : wireFromLan(record.lan),
    networkName: record.networkName,
    bridgeName: record.bridgeName,
    quarantineSeconds: record.quarantineSeconds,
    reservations: record.reservations.map(wireFromReservation),
    createdMs: record.createdMs,
    reclaimAfterSeconds: record.reclaimAfterSeconds ?? 0,
    followAddress: record.followAddress ?? false,
    usage: usageOf({ record, subnets, ...doubtOf(view, record), barred: barredIn(view, record) }, nowMs),
  };
}

// How long a node has been connected, in milliseconds; undefined: it is not. The store lags behind a little.
function connectedMs(view: ReadonlyView, id: string, live: Live): number | undefined {
  const session = view.sessions.get(id)?.record;
  if (session !== undefined) return Math.max(0, Date.now() - session.sinceMs);
  return live.isConnected(id) ? 0 : undefined;
}

// The known status of a node, including the data path to its peers.
function statusOf(view: ReadonlyView, id: string, live: Live): NodeStatus | undefined {
  const status = live.statusOf(id) ?? view.statuses.get(id)?.record;
  if (status === undefined || status.silentPeers.length === 0) return status;
  const peerOf = (name: string) => {
    const peer = view.nodeOfName.get(name);
    if (peer === undefined) return undefined;
    const known = live.statusOf(peer) ?? view.statuses.get(peer)?.record;
    return { connectedMs: connectedMs(view, peer, live), status: known };
  };
  return withDataPath(view.nodes.get(id)?.record.name ?? '', status, peerOf, Date.now());
}

function stateOf(view: ReadonlyView, id: string, live: Live, status: NodeStatus | undefined): NodeState__Output {
  return view.revoked.has(id) ? 'NODE_STATE_REVOKED' : nodeState(connectedMs(view, id, live), status);
}

/** stateOfNode returns the state of a node, without the rest of its message. */
export function stateOfNode(view: ReadonlyView, id: string, live: Live): NodeState__Output {
  return stateOf(view, id, live, statusOf(view, id, live));
}

// The leases of a node with their states, and when they were granted: milliseconds since 1970.
function leasesFromNode(view: ReadonlyView, id: string, live: Live): readonly (Lease & { readonly sinceMs: number })[] {
  const uses = (live.statusOf(id) ?? view.statuses.get(id)?.record)?.leases;
  return statedLeases(view, id, uses).map((lease) => ({
    ...lease,
    sinceMs: view.subnets.get(prefixKey(lease.subnet))?.record.sinceMs ?? 0,
  }));
}

// The store keeps the number of wrong routes; the desired number follows from the table.
function countsOf(status: NodeStatus, live: NodeStatus | undefined, peers: number): RouteCounts {
  if (live !== undefined) return live.routes;
  const { desired, installed, conflicting, unreachable } = status.routes;
  return { desired: peers, installed: Math.max(0, peers - (desired - installed)), conflicting, unreachable };
}

/** summaryFromNode returns the fields of a node that a table shows; undefined for an unknown id. */
export function summaryFromNode(view: ReadonlyView, id: string, live: Live): Node | undefined {
  const node = view.nodes.get(id)?.record;
  if (node === undefined) return undefined;
  const leases = leasesFromNode(view, id, live);
  const primary = isNonEmpty(leases) ? primaryLease({ leases }) : undefined;
  const session = view.sessions.get(id)?.record;
  const stored = view.statuses.get(id)?.record;
  const liveStatus = live.statusOf(id);
  const status = statusOf(view, id, live);
  const state = stateOf(view, id, live, status);
  const routed = leases.filter(({ mode }) => mode !== 'lan').length;
  return {
    name: node.name,
    address: formatIpv4(node.address),
    subnet: primary === undefined ? '' : formatPrefix(primary.subnet),
    leases: leases.length > 1 ? leases.map((lease) => wireFromLease(lease, lease.sinceMs)) : [],
    availability: wireFromAvailability(node.availability),
    schedulable: node.availability === 'active' && state === 'NODE_STATE_READY',
    createdMs: node.createdMs,
    state,
    seenMs: session?.sinceMs ?? view.absences.get(id)?.record.sinceMs ?? stored?.reportedMs ?? 0,
    dockerVersion: status?.dockerVersion ?? '',
    ...(status === undefined ? {} : { routes: countsOf(status, liveStatus, Math.max(0, live.routes - routed)) }),
    conditions: conditionsOf(status, live.refusalOf?.(id)).filter(({ ok }) => ok !== true),
  };
}

function wireFromDrain(drain: NonNullable<NodeRecord['drain']>): Drain {
  const { sinceMs, deadlineMs = 0, drainedMs = 0, missedMs = 0, remove, leave } = drain;
  return { sinceMs, deadlineMs, drainedMs, missedMs, remove, leave };
}

/** wireFromNode returns a node; undefined for an unknown id. */
export function wireFromNode(view: ReadonlyView, id: string, live: Live): Node | undefined {
  const node = view.nodes.get(id)?.record;
  const summary = summaryFromNode(view, id, live);
  if (node === undefined || summary === undefined) return undefined;
  const leases = leasesFromNode(view, id, live);
  const primary = isNonEmpty(leases) ? primaryLease({ leases }) : undefined;
  const status = statusOf(view, id, live);
  return {
    ...summary,
    id,
    labels: node.labels,
    revision: view.modRevisionOf(keys.node(id)),
    mode: wireFromMode(primary?.mode ?? node.mode ?? 'bip'),
    pool: primary?.pool ?? '',
    leases: leases.map((lease) => wireFromLease(lease, lease.sinceMs)),
    gateway: primary === undefined ? '' : formatIpv4(primary.lan?.gateway ?? gatewayOf(primary.subnet)),
    generation: primary?.generation ?? 0,
    controller: view.sessions.get(id)?.record.controller ?? '',
    conditions: [...conditionsOf(status, live.refusalOf?.(id))],
    daemonVersion: status?.daemonVersion ?? '',
    kernelVersion: status?.kernelVersion ?? '',
    hostNetworks: (status?.hostNetworks ?? []).map(wireFromHostNetwork),
    containers: (status?.containers ?? []).map(wireFromContainerUse),
    containerCount: status?.containerCount ?? 0,
    containersKnown: status?.containerCount !== undefined && reportsContainers(status),
    ...(node.drain === undefined ? {} : { drain: wireFromDrain(node.drain) }),
  };
}

function wireFromHeldSubnet(view: ReadonlyView, { record, pool, subnet }: HeldSubnet): Subnet {
  if (record.state === 'static') {
    const { name, nextHop, generation, sinceMs } = record;
    const route = { nodeName: name, nextHop: formatIpv4(nextHop), generation, sinceMs };
    return { cidr: formatPrefix(subnet), pool, state: 'SUBNET_STATE_STATIC', ...route };
  }
  const leased = record.state === 'leased';
  const leases = leased ? statedLeases(view, record.node, view.statuses.get(record.node)?.record.leases) : [];
  const lease = leases.find((each) => prefixesEqual(each.subnet, subnet));
  return {
    cidr: formatPrefix(subnet),
    pool,
    state: leased ? 'SUBNET_STATE_LEASED' : 'SUBNET_STATE_QUARANTINED',
    nodeName: leased ? (view.nodes.get(record.node)?.record.name ?? '') : record.nodeName,
    nodeId: record.node,
    generation: record.generation,
    sinceMs: record.sinceMs,
    untilMs: leased ? 0 : record.untilMs,
    reason: '',
    ...(lease === undefined ? {} : { leaseState: wireFromLeaseState(lease.state), mode: wireFromMode(lease.mode) }),
  };
}

/**
 * wireFromSubnets returns the leased, reserved and quarantined subnets, and those with static routes, of one pool or of
 * all, sorted by address.
 */
export function wireFromSubnets(view: ReadonlyView, pool: string | undefined, nowMs: number): Subnet[] {
  if (pool !== undefined && !view.pools.has(pool)) throw noSuchPool(view, pool);
  const rows: { readonly order: number; readonly subnet: Subnet }[] = [];
  for (const [id, held] of view.subnets) {
    if (pool !== undefined && held.pool !== pool) continue;
    if (held.record.state === 'quarantined' && held.record.untilMs <= nowMs) continue;
    rows.push({ order: id, subnet: wireFromHeldSubnet(view, held) });
  }
  for (const [name, held] of view.pools) {
    if (pool !== undefined && name !== pool) continue;
    for (const { cidr, nodeName = '', reason } of held.record.reservations) {
      const subnet: Subnet = {
        cidr: formatPrefix(cidr),
        pool: name,
        state: 'SUBNET_STATE_RESERVED',
        nodeName,
        reason,
      };
      rows.push({ order: cidr.network * 64 + cidr.length, subnet });
    }
    for (const [order, reason] of barredSubnets(view, held.record)) {
      const cidr = formatPrefix(prefixFromKey(order));
      rows.push({ order, subnet: { cidr, pool: name, state: 'SUBNET_STATE_RESERVED', reason } });
    }
  }
  return rows.sort((a, b) => a.order - b.order).map((row) => row.subnet);
}

/** wireFromEvent returns an event. */
export function wireFromEvent(id: string, record: EventRecord): Event {
  const { timeMs, reason, warning, subject, message } = record;
  return { id, timeMs, reason, warning, subject, message };
}

/** wireFromRoutes returns the route table, without one node's own entry. */
export function wireFromRoutes(
  view: ReadonlyView,
  entries: ReadonlyMap<number, { readonly kind: string }>,
  live: Live,
  except: string | undefined,
): { routes: RouteEntry[]; unresolved: string[] } {
  const routes: RouteEntry[] = [];
  const unresolved: string[] = [];
  for (const id of [...entries.keys()].sort((a, b) => a - b)) {
    const subnet = prefixFromKey(id);
    const held = view.subnets.get(id);
    if (entries.get(id)?.kind === 'route' && held?.record.state === 'static') {
      const { nextHop, name: nodeName } = held.record;
      routes.push({
        subnet: formatPrefix(subnet),
        nextHop: formatIpv4(nextHop),
        nodeName,
        pool: held.pool,
        static: true,
      });
      continue;
    }
    const nodeId = held?.record.state === 'leased' ? held.record.node : '';
    const node = view.nodes.get(nodeId)?.record;
    if (entries.get(id)?.kind !== 'route' || node === undefined) {
      unresolved.push(formatPrefix(subnet));
      continue;
    }
    if (nodeId === except) continue;
    const status = statusOf(view, nodeId, live);
    routes.push({
      subnet: formatPrefix(subnet),
      nextHop: formatIpv4(node.address),
      nodeName: node.name,
      pool: held?.pool ?? poolOf(view, subnet)?.[0] ?? '',
      nodeState: stateOf(view, nodeId, live, status),
    });
  }
  return { routes, unresolved };
}
