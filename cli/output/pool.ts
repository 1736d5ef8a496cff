// Pools and their subnets in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { Pool__Output } from '../../proto/gen/xnet/v1/Pool.js';
import type { Subnet__Output } from '../../proto/gen/xnet/v1/Subnet.js';
import type { Kind } from './columns.js';
import { leaseStateOf, orNull, stateOf } from './from-wire.js';
import { ageOf, formatDuration, formatLeft, isoTime } from './time.js';

/** UsageOutput counts subnets: total = leased + staticRoutes + reserved + quarantined + free. */
export type UsageOutput = {
  readonly total: number;
  readonly leased: number;
  readonly staticRoutes: number;
  /** Reserved and not leased. */
  readonly reserved: number;
  readonly quarantined: number;
  readonly free: number;
};

/** PoolOutput is a pool in the output of `xctl pools`. */
export type PoolOutput = {
  readonly name: string;
  readonly cidr: string;
  readonly subnetLength: number;
  /** "bip", "bridge", "block" or "lan". */
  readonly mode: string;
  /** Of mode block: prefix length of the networks that Docker makes within a subnet; null in other modes. */
  readonly networkLength: number | null;
  /** Prefix length of the part of each subnet that Docker hands out addresses from; null: all of it. */
  readonly dockerLength: number | null;
  /** Of mode lan: the hosts' own network, its router, and whether it is Docker's default network; null in other modes. */
  readonly lan: { readonly prefix: string; readonly gateway: string; readonly defaultNetwork: boolean } | null;
  /** Docker network of bridge mode. */
  readonly networkName: string;
  /** That network's Linux bridge. */
  readonly bridgeName: string;
  readonly quarantineSeconds: number;
  /** How long a node may be down before its leases end; null: they never do. */
  readonly reclaimAfterSeconds: number | null;
  /** Whether a host may change the address of its node to one that it calls from. */
  readonly followAddress: boolean;
  readonly createdAt: string | null;
  readonly usage: UsageOutput;
  readonly reservations: readonly {
    readonly cidr: string;
    /** Name of the node it is kept for; null: none. */
    readonly node: string | null;
    readonly reason: string;
  }[];
};

/** LeaseOutput is a leased, reserved or quarantined subnet, in the output of `xctl leases` and `xctl pools show`. */
export type LeaseOutput = {
  readonly subnet: string;
  readonly pool: string;
  /** "leased", "static", "reserved" or "quarantined". */
  readonly state: string;
  /** The holder; for a quarantined subnet the former one; for a reserved one the node it is kept for; of a static route its name. */
  readonly node: string | null;
  readonly nodeId: string | null;
  readonly generation: number;
  readonly since: string | null;
  /** End of the quarantine. */
  readonly until: string | null;
  readonly reason: string;
  /** Of a lease: "wanted", "in force" or "ending", as its node last reported. */
  readonly leaseState: string | null;
  /** Of a lease: "bip", "bridge", "block" or "lan". */
  readonly mode: string | null;
  /** Of a static route. */
  readonly nextHop: string | null;
};

const noUsage: UsageOutput = { total: 0, leased: 0, staticRoutes: 0, reserved: 0, quarantined: 0, free: 0 };

/** poolFromWire converts a pool. */
export function poolFromWire(wire: Pool__Output): PoolOutput {
  return {
    name: wire.name,
    cidr: wire.cidr,
    subnetLength: wire.subnetLength,
    mode: stateOf(wire.mode, 'MODE_'),
    networkLength: wire.networkLength === 0 ? null : wire.networkLength,
    dockerLength: wire.dockerLength === 0 ? null : wire.dockerLength,
    lan: wire.lan,
    networkName: wire.networkName,
    bridgeName: wire.bridgeName,
    quarantineSeconds: wire.quarantineSeconds,
    reclaimAfterSeconds: wire.reclaimAfterSeconds === 0 ? null : wire.reclaimAfterSeconds,
    followAddress: wire.followAddress,
    createdAt: isoTime(wire.createdMs),
    usage: wire.usage ?? noUsage,
    reservations: wire.reservations.map(({ cidr, nodeName, reason }) => ({ cidr, node: orNull(nodeName), reason })),
  };
}

/** leaseFromWire converts a subnet. */
export function leaseFromWire(wire: Subnet__Output): LeaseOutput {
  return {
    subnet: wire.cidr,
    pool: wire.pool,
    state: stateOf(wire.state, 'SUBNET_STATE_'),
    node: orNull(wire.nodeName),
    nodeId: orNull(wire.nodeId),
    generation: wire.generation,
    since: isoTime(wire.sinceMs),
    until: isoTime(wire.untilMs),
    reason: wire.reason,
    leaseState: wire.leaseState === 'LEASE_STATE_UNSPECIFIED' ? null : leaseStateOf(wire.leaseState),
    mode: wire.mode === 'MODE_UNSPECIFIED' ? null : stateOf(wire.mode, 'MODE_'),
    nextHop: orNull(wire.nextHop),
  };
}

/** poolKind describes how pools are printed. */
export const poolKind: Kind<PoolOutput> = {
  plural: 'pools',
  nameOf: ({ name }) => name,
  columns: [
    { header: 'NAME', cell: ({ name }) => escaped(name) },
    { header: 'CIDR', cell: ({ cidr }) => cidr },
    { header: 'SUBNETS', drop: 4, cell: ({ subnetLength }) => `/${subnetLength}` },
    { header: 'MODE', drop: 5, cell: ({ mode }) => mode },
    { header: 'TOTAL', cell: ({ usage }) => String(usage.total) },
    { header: 'LEASED', cell: ({ usage }) => String(usage.leased) },
    { header: 'RESERVED', drop: 2, cell: ({ usage }) => String(usage.reserved) },
    { header: 'QUARANTINED', drop: 3, cell: ({ usage }) => String(usage.quarantined) },
    {
      header: 'FREE',
      cell: ({ usage }, { colors }) => (usage.free === 0 ? { text: '0', paint: colors.bad } : String(usage.free)),
    },
    { header: 'AGE', drop: 1, cell: ({ createdAt }, { nowMs }) => ageOf(createdAt, nowMs) },
    { header: 'NETWORK', wide: true, cell: ({ networkName }) => escaped(networkName) },
    { header: 'BRIDGE', wide: true, cell: ({ bridgeName }) => escaped(bridgeName) },
    { header: 'QUARANTINE', wide: true, cell: ({ quarantineSeconds }) => formatDuration(quarantineSeconds * 1000) },
  ],
};

/** leaseKind describes how leased, reserved and quarantined subnets, and those with static routes, are printed. */
export const leaseKind: Kind<LeaseOutput> = {
  plural: 'leases',
  nameOf: ({ subnet }) => subnet,
  columns: [
    { header: 'SUBNET', cell: ({ subnet }) => subnet },
    { header: 'POOL', drop: 2, cell: ({ pool }) => escaped(pool) },
    {
      header: 'STATE',
      cell: ({ state, leaseState }, { colors }) => ({
        text: leaseState === 'ending' ? `${state},ending` : state,
        paint:
          state === 'leased' || state === 'static'
            ? colors.good
            : state === 'quarantined'
              ? colors.waiting
              : colors.faint,
      }),
    },
    { header: 'NODE', cell: ({ node }) => escaped(node ?? '-') },
    { header: 'AGE', drop: 1, cell: ({ since }, { nowMs }) => ageOf(since, nowMs) },
    {
      header: 'UNTIL',
      cell: ({ until }, { nowMs }) => {
        const untilMs = until === null ? 0 : Date.parse(until);
        return untilMs <= nowMs ? '-' : `in ${formatLeft(untilMs, nowMs)}`;
      },
    },
    { header: 'LEASE', wide: true, cell: ({ leaseState }) => leaseState ?? '-' },
    { header: 'MODE', wide: true, cell: ({ mode }) => mode ?? '-' },
    { header: 'GENERATION', wide: true, cell: ({ generation }) => (generation === 0 ? '-' : String(generation)) },
    { header: 'NODE-ID', wide: true, cell: ({ nodeId }) => escaped(nodeId ?? '-') },
    { header: 'REASON', cell: ({ reason }) => escaped(reason) || '-' },
  ],
};
