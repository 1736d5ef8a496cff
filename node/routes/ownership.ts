// Identifies and builds the routes and next-hop objects of xnet. Pure.
import type { Prefix } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { type Hop, type KernelRoute, type NextHop, routeTypes, scopes } from '../kernel/route-kernel.js';
import { sameHop } from '../kernel/route-table.js';

/** Ownership identifies the objects of xnet. */
export type Ownership = {
  /** rtm_protocol of our routes and nh_protocol of our next-hop objects: 88. */
  readonly protocol: number;
};

/**
 * guardMetric is the metric of a pool's unreachable route: the largest, so that every other route for the same
 * destination precedes it.
 */
export const guardMetric = 0xffffffff;

const noHops: readonly Hop[] = [];
/** isOurs reports whether a route or a next-hop object is xnet's. */
export function isOurs(object: { readonly protocol: number }, { protocol }: Ownership): boolean {
  return object.protocol === protocol;
}

/** isGuard reports whether a route has the form of a pool's unreachable route. */
export function isGuard(route: KernelRoute): boolean {
  return route.type === routeTypes.unreachable && route.metric === guardMetric && route.tos === 0;
}

/** guardOf returns the unreachable route of a pool: packets to unleased subnets must not leave by the default route. */
export function guardOf(pool: Prefix, { protocol }: Ownership): KernelRoute {
  return {
    destination: pool,
    tos: 0,
    metric: guardMetric,
    protocol,
    type: routeTypes.unreachable,
    scope: scopes.universe,
    hops: noHops,
    nextHopId: 0,
    preferredSource: undefined,
    hasOptions: false,
  };
}

/** nextHopIdOf returns the id of the next-hop object of a peer: its subnet's first address, 0x0a4c0300 for 10.76.3.0/24. */
export function nextHopIdOf(peer: Route): number {
  return peer.subnet.network;
}

/** nextHopOf returns the next-hop object of a peer. */
export function nextHopOf(peer: Route, hop: Hop, { protocol }: Ownership): NextHop {
  return { id: nextHopIdOf(peer), protocol, hop, members: [] };
}

/** PeerRouteForm is the properties in which routes of xnet to one peer may differ. */
export type PeerRouteForm = {
  /** By its next-hop object, or plain. */
  readonly byNextHop: boolean;
  readonly hop: Hop;
  readonly preferredSource: KernelRoute['preferredSource'];
};

/** peerRoute returns xnet's route to a peer's subnet. */
export function peerRoute(peer: Route, form: PeerRouteForm, { protocol }: Ownership): KernelRoute {
  return {
    destination: peer.subnet,
    tos: 0,
    metric: 0,
    protocol,
    type: routeTypes.unicast,
    scope: scopes.universe,
    hops: form.byNextHop ? noHops : [form.hop],
    nextHopId: form.byNextHop ? nextHopIdOf(peer) : 0,
    preferredSource: form.preferredSource,
    hasOptions: false,
  };
}

/** hasForm reports whether a route of xnet to a peer equals the result of peerRoute. */
export function hasForm(route: KernelRoute, peer: Route, form: PeerRouteForm): boolean {
  if (route.metric !== 0 || route.tos !== 0 || route.type !== routeTypes.unicast || route.hasOptions) return false;
  if (route.preferredSource !== form.preferredSource) return false;
  if (form.byNextHop) return route.nextHopId === nextHopIdOf(peer);
  const [hop] = route.hops;
  return route.nextHopId === 0 && route.hops.length === 1 && hop !== undefined && sameHop(hop, form.hop);
}

// RTPROT_BOOT, what `ip route` writes by itself, and RTPROT_STATIC, what scripts and network managers write.
const byHand: ReadonlySet<number> = new Set([3, 4]);

/**
 * isByHand reports whether a route has the form that an operator gives it, with nothing that xnet's would lack: one plain next
 * hop, no type of service, no MTU.
 */
export function isByHand(route: KernelRoute): boolean {
  const [hop] = route.hops;
  if (route.tos !== 0 || route.nextHopId !== 0 || route.hasOptions || route.hops.length !== 1) return false;
  return byHand.has(route.protocol) && route.type === routeTypes.unicast && hop?.flags === 0;
}

/**
 * leads reports whether a route, of xnet or foreign, leads only to this gateway on this interface.
 * @param ifindex the interface; undefined: any
 */
export function leads(
  route: KernelRoute,
  gateway: Route['nextHop'],
  ifindex: number | undefined,
  nextHops: ReadonlyMap<number, NextHop> | undefined,
): boolean {
  if (route.type !== routeTypes.unicast || route.hops.length > 1) return false;
  const hop = route.nextHopId === 0 ? route.hops[0] : nextHops?.get(route.nextHopId)?.hop;
  return hop !== undefined && hop.gateway === gateway && (ifindex === undefined || hop.ifindex === ifindex);
}
