// What to change so that a host's routes are as desired: the difference between what is wanted and what the kernel has
// now. Pure; the plan is made anew after every change, until there is nothing to do.
// Invariants: a plan names no route and no next-hop object that is not ours (by protocol); nothing that leads a peer's
// traffic the right way is removed before another that does is there.
import { prefixesOverlap, prefixKey, prefixOf } from '../../proto/domain/address.js';
import type { RouteCounts } from '../../proto/domain/network.js';
import { type KernelRoute, routeTypes } from '../kernel/route-kernel.js';
import type { DesiredRoutes } from './desired.js';
import { hiddenBy } from './local-networks.js';
import { guardOf, isGuard, isOurs, leads } from './ownership.js';
import { planPeer } from './peer-plan.js';
import { beginPlan, type PlannedChange, type Planning, type RoutePlanInput } from './planning.js';
import type { RouteProblem } from './problems.js';

/** RoutePlan is what to do, in order, and what stands in the way. */
export type RoutePlan = {
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly RouteProblem[];
  readonly counts: RouteCounts;
};

/** planRoutes plans a turn. */
export function planRoutes(input: RoutePlanInput): RoutePlan {
  const { desired } = input;
  const planning = beginPlan(input);
  for (const [key, peer] of desired.peers) planPeer(planning, key, peer);
  planGuards(planning);
  planStaleRoutes(planning);
  planStaleNextHops(planning);
  if (planning.waiting > 0) planning.problems.push(interfaceProblem(planning));
  // What leads somewhere comes before what is taken away; next-hop objects go when no route uses them.
  const changes = [...additionsOf(planning), ...planning.deletions];
  return { changes, problems: planning.problems, counts: planning.counts };
}

// A next-hop object leads all routes by it elsewhere at once. Where it is the right way for a route of ours to another
// peer, that route gets one of its own first: the object waits for a round in which nothing changes that peer's.
function additionsOf({ input, additions, deletions }: Planning): readonly PlannedChange[] {
  const { desired, observed } = input;
  const isReplacement = ({ change, isProbe }: PlannedChange) => change.op === 'replaceNextHop' && !isProbe;
  if (!additions.some(isReplacement)) return additions;
  const changing = new Set<number>();
  for (const { change, peer } of [...additions, ...deletions]) {
    if (!('route' in change)) continue;
    changing.add(prefixKey(peer?.subnet ?? change.route.destination));
  }
  return additions.filter((addition) => {
    const { change, peer } = addition;
    if (change.op !== 'replaceNextHop' || !isReplacement(addition)) return true;
    return !observed.routes.using(change.nextHop.id).some((route) => {
      const other = desired.peers.get(prefixKey(route.destination));
      if (other === undefined || other === peer || !changing.has(prefixKey(route.destination))) return false;
      return leads(route, other.nextHop, desired.underlay?.ifindex, observed.nextHops);
    });
  });
}

function interfaceProblem({ input, waiting }: Planning): RouteProblem {
  const { underlay } = input.desired;
  if (underlay === undefined) return { reason: 'NoUnderlay', waiting };
  const reason = input.observed.links.has(underlay.ifindex) ? 'InterfaceDown' : 'InterfaceGone';
  return { reason, interfaceName: underlay.ifname, waiting };
}

function planGuards(planning: Planning): void {
  const { input, additions, problems } = planning;
  for (const pool of input.desired.pools) {
    const hidden = hiddenBy(planning.local, pool);
    if (hidden !== undefined) {
      problems.push({ reason: 'PoolOverlapsHost', pool, what: hidden.what });
      continue;
    }
    const guard = guardOf(pool, input);
    const there = input.observed.routes
      .at(prefixKey(pool))
      .find((route) => route.metric === guard.metric && route.tos === guard.tos);
    if (there === undefined)
      additions.push({ change: { op: 'addRoute', route: guard }, peer: undefined, isProbe: false });
    else if (!isGuard(there) && !isOurs(there, input)) problems.push({ reason: 'GuardBlocked', route: there });
  }
}

function planStaleRoutes(planning: Planning): void {
  const { input, deletions, nextHopIds } = planning;
  const { desired, observed } = input;
  const pools = new Set(desired.pools.filter((pool) => hiddenBy(planning.local, pool) === undefined).map(prefixKey));
  const lengths = peerLengths(desired);
  for (const route of observed.routes.all()) {
    if (!isOurs(route, input)) {
      lookAtForeign(planning, route, lengths);
      continue;
    }
    const key = prefixKey(route.destination);
    const wanted = isGuard(route) ? pools.has(key) : desired.peers.has(key); // planPeer has looked at those
    if (wanted) continue;
    if (desired.unresolved.has(key)) nextHopIds.add(route.nextHopId);
    else deletions.push({ change: { op: 'deleteRoute', route }, peer: undefined, isProbe: false });
  }
}

function peerLengths(desired: DesiredRoutes): readonly number[] {
  const lengths = new Set<number>();
  for (const peer of desired.peers.values()) lengths.add(peer.subnet.length);
  return [...lengths];
}

function lookAtForeign(planning: Planning, route: KernelRoute, lengths: readonly number[]): void {
  const { overlapping, input } = planning;
  const { desired, observed } = input;
  const { network, length } = route.destination;
  const { own } = desired;
  if (own !== undefined && length >= own.length && prefixesOverlap(own, route.destination)) {
    if (!isBridgeOf(planning, route)) planning.problems.push({ reason: 'OwnSubnetRouted', route });
    return;
  }
  for (const peerLength of lengths) {
    if (peerLength >= length) continue;
    const key = prefixKey(prefixOf(network, peerLength));
    const peer = desired.peers.get(key);
    if (peer === undefined || overlapping.has(key)) continue;
    if (leads(route, peer.nextHop, desired.underlay?.ifindex, observed.nextHops)) continue;
    planning.problems.push({ reason: 'MoreSpecificRoute', peer, route });
  }
}

// Traffic for the own subnet has to go straight to the interface with the gateway address; until one has it, straight to
// any.
function isBridgeOf({ input }: Planning, route: KernelRoute): boolean {
  const [hop] = route.hops;
  if (route.type !== routeTypes.unicast || hop === undefined || hop.gateway !== undefined) return false;
  const holders = input.observed.addresses.filter(({ address }) => address === input.desired.preferredSource);
  return holders.length === 0 || holders.some(({ ifindex }) => ifindex === hop.ifindex);
}

function planStaleNextHops(planning: Planning): void {
  const { input, deletions, nextHopIds, problems } = planning;
  const { nextHops, routes } = input.observed;
  if (nextHops === undefined) return;
  const stale = [...nextHops.values()].filter((nextHop) => isOurs(nextHop, input) && !nextHopIds.has(nextHop.id));
  if (stale.length === 0) return;
  const deleted = new Set(deletions.flatMap(({ change }) => ('route' in change ? [change.route] : [])));
  const members = new Set([...nextHops.values()].flatMap((nextHop) => nextHop.members));
  for (const nextHop of stale) {
    const users = routes.using(nextHop.id).filter((route) => !deleted.has(route));
    // Deleting it would take them along. Our own users of it are replaced first.
    if (users.some((route) => !isOurs(route, input)) || members.has(nextHop.id)) {
      problems.push({ reason: 'NextHopInUse', nextHop });
    } else if (users.length === 0) {
      deletions.push({ change: { op: 'deleteNextHop', nextHop }, peer: undefined, isProbe: false });
    }
  }
}
