// Converts between the wire and the domain, for the node protocol: the only file that knows both forms.
// Invariant: wire values are validated here; an invalid one throws Corrupt and never reaches a kernel or a store.

import {
  formatIpv4,
  formatPrefix,
  ipv4FromNumber,
  type Prefix,
  parseIpv4,
  parsePrefix,
  prefixOf,
} from '../domain/address.js';
import { mostFeatures } from '../domain/feature.js';
import {
  type Availability,
  type Condition,
  type HeldRoutes,
  type HostNetwork,
  type Mode,
  mostAttachedReported,
  mostContainersReported,
  mostHeldReported,
  type NodeStatus,
  type PoolRange,
  type Route,
  type RouteCounts,
  type SilentPeer,
  type TableDelta,
  type Version,
} from '../domain/network.js';
import { escaped } from '../domain/text.js';
import { XnetError } from '../errors.js';
import type { Availability__Output } from '../gen/xnet/v1/Availability.js';
import type { Condition__Output } from '../gen/xnet/v1/Condition.js';
import type { Delta__Output, Delta as DeltaWire } from '../gen/xnet/v1/Delta.js';
import type { Destination__Output } from '../gen/xnet/v1/Destination.js';
import type { HeldRoutes__Output } from '../gen/xnet/v1/HeldRoutes.js';
import type { HostNetwork__Output } from '../gen/xnet/v1/HostNetwork.js';
import type { Mode__Output } from '../gen/xnet/v1/Mode.js';
import type { PoolRange__Output } from '../gen/xnet/v1/PoolRange.js';
import type { ReportRequest__Output } from '../gen/xnet/v1/ReportRequest.js';
import type { Route__Output } from '../gen/xnet/v1/Route.js';
import type { RouteCounts__Output } from '../gen/xnet/v1/RouteCounts.js';
import type { SilentPeer__Output } from '../gen/xnet/v1/SilentPeer.js';
import type { Version__Output } from '../gen/xnet/v1/Version.js';
import { nicUsesFromWire } from './convert-nic.js';

const modeToWire = {
  bip: 'MODE_BIP',
  bridge: 'MODE_BRIDGE',
  block: 'MODE_BLOCK',
  lan: 'MODE_LAN',
} as const satisfies Record<Mode, Mode__Output>;
const availabilityToWire = {
  active: 'AVAILABILITY_ACTIVE',
  cordoned: 'AVAILABILITY_CORDONED',
  draining: 'AVAILABILITY_DRAINING',
  leaving: 'AVAILABILITY_LEAVING',
} as const satisfies Record<Availability, Availability__Output>;

/** corrupt returns the error for an invalid message. */
export function corrupt(what: string): XnetError {
  return new XnetError('Corrupt', `invalid message from the other side: ${escaped(what)}`);
}

/** keyOf returns the key of a value in a table; undefined if there is none. */
export function keyOf<K extends string, V>(table: Readonly<Record<K, V>>, value: V): K | undefined {
  for (const key in table) if (table[key] === value) return key;
  return undefined;
}

/** wireFromMode returns the enum name of a mode. */
export function wireFromMode(mode: Mode): Mode__Output {
  return modeToWire[mode];
}

/** modeFromWire returns a mode; undefined for MODE_UNSPECIFIED and for one of a newer version. */
export function modeFromWire(mode: Mode__Output): Mode | undefined {
  return keyOf<Mode, Mode__Output>(modeToWire, mode);
}

/** wireFromAvailability returns the enum name of an availability. */
export function wireFromAvailability(availability: Availability): Availability__Output {
  return availabilityToWire[availability];
}

/** availabilityFromWire returns an availability; undefined for AVAILABILITY_UNSPECIFIED. */
export function availabilityFromWire(availability: Availability__Output): Availability | undefined {
  return keyOf<Availability, Availability__Output>(availabilityToWire, availability);
}

/** enumProblem returns the problem with an enum's value in a request: a value unknown to this version is a number. */
export function enumProblem(field: string, value: string | number): readonly string[] {
  return typeof value === 'string' ? [] : [`${field}: this version of xnet has no value ${value}`];
}

type WirePrefix = { network: number; prefixLength: number };
type WireRoute = WirePrefix & { nextHop: number; nodeName: string; static?: true };

/** wireFromPrefix returns a prefix as numbers. */
export function wireFromPrefix(prefix: Prefix): WirePrefix {
  return { network: prefix.network, prefixLength: prefix.length };
}

/**
 * prefixFromWire returns a prefix; throws Corrupt when it has host bits or an impossible length. 0.0.0.0/0 is accepted:
 * the caller decides whether it is permitted.
 */
export function prefixFromWire(wire: WirePrefix | Destination__Output | PoolRange__Output): Prefix {
  const prefix = prefixOf(ipv4FromNumber(wire.network), wire.prefixLength);
  if (wire.prefixLength < 0 || wire.prefixLength > 32 || prefix.network !== wire.network) {
    throw corrupt(`subnet ${wire.network}/${wire.prefixLength}`);
  }
  return prefix;
}

/** wireFromPoolRange returns the message of a pool's range. */
export function wireFromPoolRange(pool: PoolRange): PoolRange__Output {
  return { ...wireFromPrefix(pool), subnetLength: pool.subnetLength };
}

/** poolRangeFromWire returns a pool's range; throws Corrupt. */
export function poolRangeFromWire(wire: PoolRange__Output): PoolRange {
  return { ...prefixFromWire(wire), subnetLength: wire.subnetLength };
}

/** wireFromRoute returns the message of a route. */
export function wireFromRoute(route: Route): WireRoute {
  const { subnet, nextHop, nodeName, isStatic } = route;
  return { ...wireFromPrefix(subnet), nextHop, nodeName, ...(isStatic === undefined ? {} : { static: isStatic }) };
}

/** routeFromWire returns a route; throws Corrupt. */
export function routeFromWire(wire: Route__Output): Route {
  const { nextHop, nodeName } = wire;
  const route = { subnet: prefixFromWire(wire), nextHop: ipv4FromNumber(nextHop), nodeName };
  return wire.static ? { ...route, isStatic: true } : route;
}

/** versionFromWire returns a version; undefined if absent. */
export function versionFromWire(wire: Version__Output | null | undefined): Version | undefined {
  if (wire === null || wire === undefined || wire.clusterId === '') return undefined;
  return { clusterId: wire.clusterId, epoch: wire.epoch, revision: wire.revision };
}

/** requireVersion is versionFromWire for messages that must have a version; throws Corrupt. */
export function requireVersion(wire: Version__Output | null | undefined): Version {
  const version = versionFromWire(wire);
  if (version === undefined) throw corrupt('it has no version');
  return version;
}

/** wireFromDelta returns the message of a delta. */
export function wireFromDelta(delta: TableDelta): DeltaWire {
  return {
    fromRevision: delta.fromRevision,
    to: delta.to,
    upserts: delta.upserts.map(wireFromRoute),
    removals: delta.removals.map(wireFromPrefix),
    unresolved: delta.unresolved.map(wireFromPrefix),
    ...(delta.pools === undefined ? {} : { pools: { pools: delta.pools.map(wireFromPoolRange) } }),
  };
}

/** deltaFromWire returns a delta; throws Corrupt. */
export function deltaFromWire(wire: Delta__Output): TableDelta {
  return {
    fromRevision: wire.fromRevision,
    to: requireVersion(wire.to),
    upserts: wire.upserts.map(routeFromWire),
    removals: wire.removals.map(prefixFromWire),
    unresolved: wire.unresolved.map(prefixFromWire),
    pools: wire.pools?.pools.map(poolRangeFromWire),
  };
}

/** conditionFromWire returns a condition. */
export function conditionFromWire(wire: Condition__Output): Condition {
  const { type, ok, transient, reason, message, fix, sinceMs } = wire;
  return { type, ok, transient, reason, message, ...(fix === '' ? {} : { fix }), sinceMs };
}

/** routeCountsFromWire returns route counts; all 0 if absent. */
export function routeCountsFromWire(wire: RouteCounts__Output | null): RouteCounts {
  return {
    desired: wire?.desired ?? 0,
    installed: wire?.installed ?? 0,
    conflicting: wire?.conflicting ?? 0,
    unreachable: wire?.unreachable ?? 0,
  };
}

/** wireFromHostNetwork returns the message of a host's network. */
export function wireFromHostNetwork(network: HostNetwork): HostNetwork__Output {
  const { prefix, source, address, dockerNetwork = '' } = network;
  const own = address === undefined ? '' : formatIpv4(address);
  return { cidr: formatPrefix(prefix), source, address: own, dockerNetwork };
}

/** wireFromSilentPeer returns the message of a silent peer. */
export function wireFromSilentPeer(peer: SilentPeer): SilentPeer__Output {
  return { ...peer, gateway: formatIpv4(peer.gateway) };
}

/** wireFromHeldRoutes returns the message of the routes that a node holds. */
export function wireFromHeldRoutes({ isUnexplained, subnets, ...held }: HeldRoutes): HeldRoutes__Output {
  return { ...held, subnets: subnets.map(formatPrefix), unexplained: isUnexplained };
}

function heldRoutesFromWire({ subnets, unexplained, ...held }: HeldRoutes__Output): HeldRoutes {
  const prefixes = subnets.slice(0, mostHeldReported).flatMap((subnet) => parsePrefix(subnet) ?? []);
  return { ...held, subnets: prefixes, isUnexplained: unexplained };
}

// Far above what xnetd reports: bounds what a faulty host can put into the store.
const mostConditions = 32;
const mostNetworks = 256;
const mostSilentPeers = 16;
const mostLeases = 64;
const longestMessage = 1_024;
const longestName = 128;

/**
 * hostNetworksFromWire returns the networks of a host. Invalid ones are omitted; excess ones and long texts are cut.
 */
export function hostNetworksFromWire(wire: readonly HostNetwork__Output[]): readonly HostNetwork[] {
  return wire
    .slice(0, mostNetworks)
    .flatMap(({ cidr, source, address: own, dockerNetwork }): readonly HostNetwork[] => {
      const prefix = parsePrefix(cidr);
      if (prefix === undefined) return [];
      const address = parseIpv4(own);
      return [
        {
          prefix,
          source: source.slice(0, longestName),
          ...(address === undefined ? {} : { address }),
          ...(dockerNetwork === '' ? {} : { dockerNetwork: dockerNetwork.slice(0, longestName) }),
        },
      ];
    });
}

/**
 * statusFromReport returns the status in a report. Invalid networks are omitted; excess entries and long texts are cut.
 */
export function statusFromReport(wire: ReportRequest__Output): NodeStatus {
  return {
    routes: routeCountsFromWire(wire.routes),
    conditions: wire.conditions.slice(0, mostConditions).map((condition) => ({
      ...conditionFromWire(condition),
      type: condition.type.slice(0, longestName),
      reason: condition.reason.slice(0, longestName),
      message: condition.message.slice(0, longestMessage),
      ...(condition.fix === '' ? {} : { fix: condition.fix.slice(0, longestMessage) }),
    })),
    daemonVersion: wire.daemonVersion.slice(0, longestName),
    kernelVersion: wire.kernelVersion.slice(0, longestName),
    dockerVersion: wire.dockerVersion.slice(0, longestName),
    hostNetworks: hostNetworksFromWire(wire.hostNetworks),
    silentPeers: wire.silentPeers.slice(0, mostSilentPeers).flatMap(({ nodeName, gateway, hostAnswers, sinceMs }) => {
      const address = parseIpv4(gateway);
      const peer = { nodeName: nodeName.slice(0, longestName), hostAnswers, sinceMs };
      return address === undefined ? [] : [{ ...peer, gateway: address }];
    }),
    leases: wire.leases.slice(0, mostLeases).flatMap(({ subnet, generation, inForce, ending, inUse, attached }) => {
      const prefix = parsePrefix(subnet);
      const names = attached.slice(0, mostAttachedReported).map((each) => each.slice(0, longestName));
      const use = inUse ? { inUse, attached: names } : {};
      return prefix === undefined ? [] : [{ subnet: prefix, generation, inForce, ending, ...use }];
    }),
    containers: wire.containers.slice(0, mostContainersReported).flatMap(({ id, name, subnet, askedAddress: text }) => {
      const [prefix, askedAddress] = [parsePrefix(subnet), parseIpv4(text)];
      const container = { id: id.slice(0, longestName), name: name.slice(0, longestName) };
      const asked = askedAddress === undefined ? {} : { askedAddress };
      return prefix === undefined ? [] : [{ ...container, subnet: prefix, ...asked }];
    }),
    ...(wire.containersKnown ? { containerCount: wire.containerCount } : {}),
    ...(wire.held === null || wire.held.count === 0 ? {} : { held: heldRoutesFromWire(wire.held) }),
    ...(wire.nics.length === 0 ? {} : { nics: nicUsesFromWire(wire.nics) }),
    ...(wire.features.length === 0
      ? {}
      : { features: wire.features.slice(0, mostFeatures).map((each) => each.slice(0, longestName)) }),
  };
}
