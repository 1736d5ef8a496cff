// The plan of one peer: its next-hop object and its route. Pure.
//
// A route of xnet is never replaced in place: the kernel would replace the first route of its slot, which another program
// may have just added. The new route is appended behind the old one, and the next round deletes the old one, by its
// protocol. One of them is effective at every moment, so no packet is lost. A hand-made route that leads the same way
// makes xnet's unnecessary; on request, xnet takes it over in the same two steps.
import { prefixContains, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { linkName } from '../kernel/link-name.js';
import type { Hop, KernelRefusal, KernelRoute, NextHop, RouteChange } from '../kernel/route-kernel.js';
import { sameHop } from '../kernel/route-table.js';
import { overlapped } from './local-networks.js';
import {
  hasForm,
  isByHand,
  isGuard,
  isOurs,
  leads,
  nextHopIdOf,
  nextHopOf,
  type PeerRouteForm,
  peerRoute,
} from './ownership.js';
import type { PlanContext } from './plan-context.js';

const none: readonly KernelRoute[] = [];

/** isOffLink reports whether the kernel refused because the gateway is not on-link. */
export function isOffLink({ errno, text }: KernelRefusal): boolean {
  // "Nexthop has invalid gateway" (net/ipv4/fib_semantics.c, fib_check_nh_v4_gw())
  return errno === 'ENETUNREACH' || errno === 'EHOSTUNREACH' || (errno === 'EINVAL' && /gateway/i.test(text));
}

/**
 * planPeer plans the changes of one peer.
 * @param key the prefixKey of its subnet
 * @param routes all routes to it that are there
 */
export function planPeer(
  context: PlanContext,
  { key, peer, routes }: { readonly key: number; readonly peer: Route; readonly routes: readonly KernelRoute[] },
): void {
  const { scene, problems } = context;
  const { input, ifindex } = scene;
  const local = overlapped(scene.local, peer.subnet);
  if (local !== undefined) {
    context.conflicting += 1;
    problems.push({ reason: 'OverlapsHost', peer, what: local.what });
    deleteOurs(context, routes, () => true);
    return;
  }
  const first = routes.length === 0 ? undefined : lookAtSlot(context, peer, routes);
  const installed = first !== undefined && leads(first, peer.nextHop, ifindex, input.observed.nextHops);
  const refused = input.refusals.size === 0 ? undefined : input.refusals.get(key);
  if (refused !== undefined) context.isProvisional = true;
  const isRefused =
    refused?.nextHop === peer.nextHop && refused.ifindex === ifindex && refused.epoch === input.observed.epoch;
  if (isRefused && isOffLink(refused.refusal)) {
    planOffLink(context, peer, { routes, ifindex: refused.ifindex });
    return;
  }
  if (installed) context.installed += 1;
  if (isRefused) {
    problems.push({ reason: 'RouteRefused', what: refused.what, refusal: refused.refusal });
    keep(context, routes);
  } else if (ifindex !== undefined) planRoute(context, peer, { routes, first, ifindex });
  else {
    keep(context, routes);
    if (!installed) context.waiting += 1;
  }
}

// Reports foreign routes. Returns the effective route among those with xnet's metric and type of service.
function lookAtSlot(context: PlanContext, peer: Route, routes: readonly KernelRoute[]): KernelRoute | undefined {
  const { problems } = context;
  const { input, ifindex } = context.scene;
  let first: KernelRoute | undefined;
  for (const route of routes) {
    const isFirst = first === undefined && isInSlot(route);
    if (isFirst) first = route;
    if (isOurs(route, input)) continue;
    if (leads(route, peer.nextHop, ifindex, input.observed.nextHops)) {
      if (isFirst) problems.push({ reason: 'ForeignRouteServes', peer, route });
      continue;
    }
    if (isFirst) {
      context.conflicting += 1;
      problems.push({ reason: 'ForeignRoute', peer, route });
    } else if (route.tos !== 0) problems.push({ reason: 'MoreSpecificRoute', peer, route });
    // If the pool is a single subnet, a foreign unreachable route in xnet's place diverts nothing.
    else if (!isGuard(route)) problems.push({ reason: 'ShadowedRoute', peer, route });
  }
  return first;
}

type Looked = { readonly routes: readonly KernelRoute[]; readonly ifindex: number };

function planOffLink(context: PlanContext, peer: Route, { routes, ifindex }: Looked): void {
  const { links, nextHops } = context.scene.input.observed;
  context.unreachable += 1;
  context.problems.push({ reason: 'NotOnLink', peer, interfaceName: linkName(links, ifindex) });
  // A route to a former address of the peer is useless. A route to the present one stays: the host may
  // have lost its own address only briefly.
  deleteOurs(context, routes, (route) => !leads(route, peer.nextHop, ifindex, nextHops));
}

type Slot = {
  readonly routes: readonly KernelRoute[];
  readonly first: KernelRoute | undefined;
  readonly ifindex: number;
};

function planRoute(context: PlanContext, peer: Route, { routes, first, ifindex }: Slot): void {
  const { input, preferredSource } = context.scene;
  const { nextHops } = input.observed;
  const id = nextHopIdOf(peer);
  const hop: Hop = { gateway: peer.nextHop, ifindex, flags: 0 };
  const object = nextHops?.get(id);
  // An id that a foreign object has, or an object of another kind, is left alone.
  const byNextHop =
    input.useNextHops &&
    nextHops !== undefined &&
    (object === undefined || (isOurs(object, input) && object.hop !== undefined));
  const form: PeerRouteForm = { byNextHop, hop, preferredSource };
  const right = routes.length === 0 ? undefined : rightOne(context, peer, { routes, form });
  const handMade = input.takenOver === undefined ? none : takeable(context, peer, { routes, ifindex });
  if (right === undefined && first !== undefined && !handMade.includes(first)) {
    if (!isOurs(first, input)) {
      // A foreign route is effective: it equals xnet's, or the conflict has been reported.
      deleteOurs(context, routes, () => true);
      return;
    }
    const foreignBehind = routes.some((route) => isInSlot(route) && !isOurs(route, input));
    if (foreignBehind && leads(first, peer.nextHop, ifindex, nextHops)) {
      // xnet's route is correct, and its replacement would come after a foreign one.
      keep(context, routes);
      return;
    }
  }
  const objectIsRight = !byNextHop || (object?.hop !== undefined && sameHop(object.hop, hop));
  if (byNextHop) context.needsOwnNextHop = true;
  if (!objectIsRight) {
    const op = object === undefined ? 'addNextHop' : 'replaceNextHop';
    add(context, peer, { op, nextHop: nextHopOf(peer, hop, input) });
  }
  if (right === undefined) {
    keep(context, routes);
    // The object may not be replaced yet, so the route would lead to the wrong address: it is added in the next round.
    if (!objectIsRight && object !== undefined) return;
    add(context, peer, { op: first === undefined ? 'addRoute' : 'appendRoute', route: peerRoute(peer, form, input) });
    return;
  }
  if (routes.length > 1) deleteOurs(context, routes, (route) => route !== right);
  // The last one first, as in deleteOurs.
  if (objectIsRight) for (const route of [...handMade].reverse()) takeOver(context, route);
  if (objectIsRight && isDoubtful(context, peer)) probe(context, peer, { object, right });
}

// Returns the hand-made routes that xnet's can replace; none if a route that leads elsewhere would then be effective.
function takeable({ scene }: PlanContext, peer: Route, { routes, ifindex }: Looked): readonly KernelRoute[] {
  const { input } = scene;
  const { takenOver, observed } = input;
  if (takenOver === undefined || takenOver.has(prefixKey(peer.subnet))) return none;
  const isEqual = (route: KernelRoute) => isByHand(route) && leads(route, peer.nextHop, ifindex, observed.nextHops);
  const isInTheWay = (route: KernelRoute) => isInSlot(route) && !isOurs(route, input) && !isEqual(route);
  return routes.some(isInTheWay) ? none : routes.filter(isEqual);
}

function takeOver({ takeOvers }: PlanContext, route: KernelRoute): void {
  takeOvers.push({ change: { op: 'deleteRoute', route }, peer: undefined, isProbe: false, isTakeOver: true });
}

// The kernel keeps routes and next-hop objects when the interface loses the network that made their gateway on-link.
function isDoubtful(context: PlanContext, peer: Route): boolean {
  const { onLink, input } = context.scene;
  if (onLink.some((prefix) => prefixContains(prefix, peer.nextHop))) return false;
  context.isProvisional = true;
  return !input.confirmed.has(prefixKey(peer.subnet));
}

type Probed = { readonly object: NextHop | undefined; readonly right: KernelRoute };

// The kernel checks the gateway again when the same object is created again: a next-hop object replaces itself, a route is
// refused with EEXIST if the gateway is still on-link.
function probe({ additions }: PlanContext, peer: Route, { object, right }: Probed): void {
  const change: RouteChange =
    right.nextHopId !== 0 && object !== undefined
      ? { op: 'replaceNextHop', nextHop: object }
      : { op: 'appendRoute', route: right };
  additions.push({ change, peer, isProbe: true });
}

type Candidates = { readonly routes: readonly KernelRoute[]; readonly form: PeerRouteForm };

function rightOne({ scene }: PlanContext, peer: Route, { routes, form }: Candidates): KernelRoute | undefined {
  for (const route of routes) if (isOurs(route, scene.input) && hasForm(route, peer, form)) return route;
  return undefined;
}

function add(context: PlanContext, peer: Route, change: RouteChange): void {
  context.additions.push({ change, peer, isProbe: false });
}

function isInSlot(route: KernelRoute): boolean {
  return route.metric === 0 && route.tos === 0;
}

// Routes of xnet that stay for now need their next-hop objects.
function keep(context: PlanContext, routes: readonly KernelRoute[]): void {
  for (const route of routes) if (isOurs(route, context.scene.input)) context.nextHopIds.push(route.nextHopId);
  if (routes.length === 0) context.needsOwnNextHop = true;
}

// In reverse order: the effective route is deleted when only the correct one follows it.
function deleteOurs(
  context: PlanContext,
  routes: readonly KernelRoute[],
  which: (route: KernelRoute) => boolean,
): void {
  for (const route of [...routes].reverse()) {
    if (!isOurs(route, context.scene.input) || isGuard(route)) continue;
    if (which(route)) context.deletions.push({ change: { op: 'deleteRoute', route }, peer: undefined, isProbe: false });
    else context.nextHopIds.push(route.nextHopId);
  }
}
