// The part of a plan that concerns one peer: its next-hop object and its route. Pure.
//
// A route of ours that has to become another is never replaced in place: the kernel would replace whatever is first in
// its slot, which somebody else may have put there a moment ago. The new one is appended behind the old one, and the
// next round deletes the old one, by its protocol. At every moment one of them counts, so no packet is lost.
import { prefixesOverlap } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { linkName } from '../kernel/link-name.js';
import type { Hop, KernelRoute, Refusal, RouteChange } from '../kernel/route-kernel.js';
import { sameHop } from '../kernel/route-table.js';
import { hasForm, isGuard, isOurs, leads, nextHopIdOf, nextHopOf, type PeerRouteForm, peerRoute } from './ownership.js';
import type { PeerRefusal, Planning } from './planning.js';

/** isOffLink says whether the kernel refused because the gateway can't be reached straight on the link. */
export function isOffLink({ errno, text }: Refusal): boolean {
  // "Nexthop has invalid gateway" (net/ipv4/fib_semantics.c, fib_check_nh_v4_gw())
  return errno === 'ENETUNREACH' || errno === 'EHOSTUNREACH' || (errno === 'EINVAL' && /gateway/i.test(text));
}

/** planPeer plans what concerns one peer. */
export function planPeer(planning: Planning, key: number, peer: Route): void {
  const { input, problems, ifindex } = planning;
  const routes = input.observed.routes.at(key);
  for (const { prefix, what } of planning.forbidden) {
    if (!prefixesOverlap(prefix, peer.subnet)) continue;
    problems.push({ reason: 'OverlapsHost', peer, what });
    deleteOurs(planning, routes, () => true);
    return;
  }
  const first = lookAtSlot(planning, peer, routes);
  if (ifindex === undefined) {
    planning.waiting += 1;
    keep(planning, peer, routes);
    return;
  }
  const refused = input.refusals.get(key);
  if (refused?.nextHop === peer.nextHop && refused.ifindex === ifindex && refused.epoch === input.observed.epoch) {
    planRefused(planning, peer, { routes, refused });
  } else planRoute(planning, peer, { routes, first, ifindex });
}

// Counts what there is, reports what is not ours, and returns the route that counts of those with our metric and type of
// service.
function lookAtSlot(planning: Planning, peer: Route, routes: readonly KernelRoute[]): KernelRoute | undefined {
  const { input, problems, counts, ifindex } = planning;
  let first: KernelRoute | undefined;
  for (const route of routes) {
    const isFirst = first === undefined && isInSlot(route);
    if (isFirst) first = route;
    if (leads(route, peer.nextHop, ifindex, input.observed.nextHops)) {
      if (isFirst) counts.installed += 1;
    } else if (isOurs(route, input)) {
      // It is dealt with below.
    } else if (isFirst) {
      counts.conflicting += 1;
      problems.push({ reason: 'ForeignRoute', peer, route });
    } else if (route.tos !== 0) problems.push({ reason: 'MoreSpecificRoute', peer, route });
    // A guard in the place of ours, where the pool is a single subnet, takes nothing away.
    else if (!isGuard(route)) problems.push({ reason: 'ShadowedRoute', peer, route });
  }
  return first;
}

type Refused = { readonly routes: readonly KernelRoute[]; readonly refused: PeerRefusal };

function planRefused(planning: Planning, peer: Route, { routes, refused }: Refused): void {
  const { problems, counts, input } = planning;
  const { what, refusal, ifindex } = refused;
  if (isOffLink(refusal)) {
    counts.unreachable += 1;
    problems.push({ reason: 'NotOnLink', peer, interfaceName: linkName(input.observed.links, ifindex) });
    // What there is of ours leads to an address that the peer no longer has.
    deleteOurs(planning, routes, (route) => !leads(route, peer.nextHop, ifindex, input.observed.nextHops));
  } else {
    problems.push({ reason: 'RouteRefused', what, refusal });
    keep(planning, peer, routes);
  }
}

type Slot = {
  readonly routes: readonly KernelRoute[];
  readonly first: KernelRoute | undefined;
  readonly ifindex: number;
};

function planRoute(planning: Planning, peer: Route, { routes, first, ifindex }: Slot): void {
  const { input, preferredSource } = planning;
  const { nextHops } = input.observed;
  const id = nextHopIdOf(peer);
  const hop: Hop = { gateway: peer.nextHop, ifindex, flags: 0 };
  const object = nextHops?.get(id);
  // An id that is taken by another's object, or by one of another kind, is left alone.
  const byNextHop =
    input.useNextHops &&
    nextHops !== undefined &&
    (object === undefined || (isOurs(object, input) && object.hop !== undefined));
  const form: PeerRouteForm = { byNextHop, hop, preferredSource };
  const right = rightOne(planning, peer, { routes, form });
  if (right === undefined && first !== undefined) {
    if (!isOurs(first, input)) {
      // Somebody else's counts: it is equal to ours, or a conflict that has been reported.
      deleteOurs(planning, routes, () => true);
      return;
    }
    const foreignBehind = routes.some((route) => isInSlot(route) && !isOurs(route, input));
    if (foreignBehind && leads(first, peer.nextHop, ifindex, nextHops)) {
      // Ours leads the right way, and one that were put in its place would come after somebody else's.
      keep(planning, peer, routes);
      return;
    }
  }
  if (byNextHop) {
    planning.nextHopIds.add(id);
    if (object?.hop === undefined) add(planning, peer, { op: 'addNextHop', nextHop: nextHopOf(peer, hop, input) });
    else if (!sameHop(object.hop, hop)) {
      add(planning, peer, { op: 'replaceNextHop', nextHop: nextHopOf(peer, hop, input) });
    }
  }
  if (right === undefined) {
    keep(planning, peer, routes);
    add(planning, peer, { op: first === undefined ? 'addRoute' : 'appendRoute', route: peerRoute(peer, form, input) });
  } else if (routes.length > 1) deleteOurs(planning, routes, (route) => route !== right);
}

type Candidates = { readonly routes: readonly KernelRoute[]; readonly form: PeerRouteForm };

function rightOne({ input }: Planning, peer: Route, { routes, form }: Candidates): KernelRoute | undefined {
  for (const route of routes) if (isOurs(route, input) && hasForm(route, peer, form)) return route;
  return undefined;
}

function add(planning: Planning, peer: Route, change: RouteChange): void {
  planning.additions.push({ change, peer });
}

function isInSlot(route: KernelRoute): boolean {
  return route.metric === 0 && route.tos === 0;
}

// Our routes to a peer that stay for now need their next-hop objects.
function keep(planning: Planning, peer: Route, routes: readonly KernelRoute[]): void {
  for (const route of routes) if (isOurs(route, planning.input)) planning.nextHopIds.add(route.nextHopId);
  if (routes.length === 0) planning.nextHopIds.add(nextHopIdOf(peer));
}

function deleteOurs(planning: Planning, routes: readonly KernelRoute[], which: (route: KernelRoute) => boolean): void {
  for (const route of routes) {
    if (!isOurs(route, planning.input) || isGuard(route)) continue;
    if (which(route)) planning.deletions.push({ change: { op: 'deleteRoute', route }, peer: undefined });
    else planning.nextHopIds.add(route.nextHopId);
  }
}
