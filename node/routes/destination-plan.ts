// The plan of one destination: its peer, the unreachable route of its pool, and foreign routes to it.
// Pure.
import { type Prefix, prefixesOverlap, prefixKey, prefixOf } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { type KernelRoute, routeTypes } from '../kernel/route-kernel.js';
import { hiddenBy, overlapped } from './local-networks.js';
import { guardOf, isGuard, isOurs, leads } from './ownership.js';
import { planPeer } from './peer-plan.js';
import type { PlanContext, PlannedChange, Scene } from './plan-context.js';
import type { RouteProblem } from './problems.js';

/** DestinationPlan lists the changes and the problems of one destination. */
export type DestinationPlan = Pick<
  PlanContext,
  'installed' | 'conflicting' | 'unreachable' | 'waiting' | 'isProvisional' | 'needsOwnNextHop'
> & {
  readonly additions: readonly PlannedChange[];
  readonly deletions: readonly PlannedChange[];
  /** See PlanContext. */
  readonly takeOvers: readonly PlannedChange[];
  readonly problems: readonly RouteProblem[];
  /** See PlanContext. */
  readonly nextHopIds: readonly number[];
  /** There are foreign routes; whether they are problems depends on all peers. */
  readonly isShared: boolean;
};

const none: readonly never[] = [];

const nothing: DestinationPlan = {
  additions: none,
  deletions: none,
  takeOvers: none,
  problems: none,
  nextHopIds: none,
  needsOwnNextHop: false,
  installed: 0,
  conflicting: 0,
  unreachable: 0,
  waiting: 0,
  isProvisional: false,
  isShared: false,
};

// Shared, because there is a plan for each of thousands of peers and nearly all are this one.
const settled: DestinationPlan = { ...nothing, needsOwnNextHop: true, installed: 1 };

/**
 * planDestination plans one destination.
 * @param context of the scene; it is empty again afterwards
 * @param lengths the lengths of all peers' subnets; may contain others
 */
export function planDestination(
  context: PlanContext,
  { key, peer }: { readonly key: number; readonly peer: Route | undefined },
  lengths: Iterable<number>,
): DestinationPlan {
  const { input, pools } = context.scene;
  const destination = { key, peer, pool: pools.get(key), routes: input.observed.routes.at(key) };
  if (peer !== undefined) planPeer(context, { key, peer, routes: destination.routes });
  if (destination.pool !== undefined) planGuard(context, destination.pool, destination.routes);
  const isShared = destination.routes.length > 0 && planOthers(context, destination, lengths);
  return finished(context, isShared);
}

type Destination = {
  /** Its prefixKey. */
  readonly key: number;
  readonly peer: Route | undefined;
  readonly pool: Prefix | undefined;
  /** All that are there. */
  readonly routes: readonly KernelRoute[];
};

// Returns the plan and empties the context.
function finished(context: PlanContext, isShared: boolean): DestinationPlan {
  const { installed, conflicting, unreachable, waiting, isProvisional, needsOwnNextHop } = context;
  const { additions, deletions, takeOvers, problems, nextHopIds } = context;
  context.installed = 0;
  context.conflicting = 0;
  context.unreachable = 0;
  context.waiting = 0;
  context.isProvisional = false;
  context.needsOwnNextHop = false;
  const listed = additions.length + deletions.length + takeOvers.length + problems.length + nextHopIds.length;
  if (listed + conflicting + unreachable + waiting === 0 && !isShared && !isProvisional) {
    if (installed === 1 && needsOwnNextHop) return settled;
    if (installed === 0 && !needsOwnNextHop) return nothing;
  }
  return {
    additions: taken(additions),
    deletions: taken(deletions),
    takeOvers: taken(takeOvers),
    problems: taken(problems),
    nextHopIds: taken(nextHopIds),
    needsOwnNextHop,
    installed,
    conflicting,
    unreachable,
    waiting,
    isProvisional,
    isShared,
  };
}

// A copy has no room for more, which thousands of plans would keep.
function taken<T>(list: T[]): readonly T[] {
  if (list.length === 0) return none;
  const copy = list.slice();
  list.length = 0;
  return copy;
}

function planGuard({ scene, additions, problems }: PlanContext, pool: Prefix, routes: readonly KernelRoute[]): void {
  const { input } = scene;
  const hidden = hiddenBy(scene.local, pool);
  if (hidden !== undefined) {
    problems.push({ reason: 'PoolOverlapsHost', pool, what: hidden.what });
    return;
  }
  const guard = guardOf(pool, input);
  const there = routes.find((route) => route.metric === guard.metric && route.tos === guard.tos);
  if (there === undefined)
    additions.push({ change: { op: 'addRoute', route: guard }, peer: undefined, isProbe: false });
  else if (!isGuard(there) && !isOurs(there, input)) problems.push({ reason: 'GuardBlocked', route: there });
}

// Deletes unwanted routes of xnet and reports foreign ones that conflict. Returns whether there are foreign routes.
function planOthers(context: PlanContext, destination: Destination, lengths: Iterable<number>): boolean {
  const { scene, problems } = context;
  const { input } = scene;
  const { key, peer, pool } = destination;
  let isShared = false;
  for (const route of destination.routes) {
    if (!isOurs(route, input)) {
      isShared = true;
      problems.push(...foreignProblems(scene, route, lengths));
      continue;
    }
    const isGuarded = pool !== undefined && hiddenBy(scene.local, pool) === undefined;
    const wanted = isGuard(route) ? isGuarded : peer !== undefined; // planPeer has planned those
    if (wanted) continue;
    if (input.desired.unresolved.has(key)) context.nextHopIds.push(route.nextHopId);
    else context.deletions.push({ change: { op: 'deleteRoute', route }, peer: undefined, isProbe: false });
  }
  return isShared;
}

function foreignProblems(scene: Scene, route: KernelRoute, lengths: Iterable<number>): readonly RouteProblem[] {
  const { desired, observed } = scene.input;
  const { network, length } = route.destination;
  const own = desired.own.findIndex(
    ({ subnet }) => length >= subnet.length && prefixesOverlap(subnet, route.destination),
  );
  if (own >= 0) {
    return isBridgeOf(scene.bridges[own] ?? [], route) ? [] : [{ reason: 'OwnSubnetRouted', route }];
  }
  const problems: RouteProblem[] = [];
  for (const peerLength of lengths) {
    if (peerLength >= length) continue;
    const peer = desired.peers.get(prefixKey(prefixOf(network, peerLength)));
    if (peer === undefined || overlapped(scene.local, peer.subnet) !== undefined) continue;
    if (leads(route, peer.nextHop, desired.underlay?.ifindex, observed.nextHops)) continue;
    problems.push({ reason: 'MoreSpecificRoute', peer, route });
  }
  return problems;
}

// Traffic for an own subnet must go directly to the interface with its gateway address; until one has it, directly to
// any.
function isBridgeOf(bridges: readonly number[], route: KernelRoute): boolean {
  const [hop] = route.hops;
  if (route.type !== routeTypes.unicast || hop === undefined || hop.gateway !== undefined) return false;
  return bridges.length === 0 || bridges.includes(hop.ifindex);
}
