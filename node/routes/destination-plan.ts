// The plan of one destination: its peer, the unreachable route of its pool, and foreign routes to it.
// Pure.
import { prefixesOverlap, prefixKey, prefixOf } from '../../proto/domain/address.js';
import { type KernelRoute, routeTypes } from '../kernel/route-kernel.js';
import { hiddenBy, overlapped } from './local-networks.js';
import { guardOf, isGuard, isOurs, leads } from './ownership.js';
import { planPeer } from './peer-plan.js';
import { beginPlanning, type PlannedChange, type Planning, type Scene } from './planning.js';
import type { RouteProblem } from './problems.js';

/** DestinationPlan lists the changes and the problems of one destination. */
export type DestinationPlan = Pick<
  Planning,
  'installed' | 'conflicting' | 'unreachable' | 'waiting' | 'isProvisional'
> & {
  readonly additions: readonly PlannedChange[];
  readonly deletions: readonly PlannedChange[];
  /** See Planning. */
  readonly takeOvers: readonly PlannedChange[];
  readonly problems: readonly RouteProblem[];
  /** Ids of next-hop objects that routes of xnet need; may contain duplicates. */
  readonly nextHopIds: readonly number[];
  /** There are foreign routes; whether they are problems depends on all peers. */
  readonly isShared: boolean;
};

const none: readonly never[] = [];

// Shared, because there is a plan for each of thousands of peers and nearly all are empty.
function kept<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? none : list;
}

/**
 * planDestination plans one destination.
 * @param key its prefixKey
 * @param lengths the lengths of all peers' subnets; may contain others
 */
export function planDestination(scene: Scene, key: number, lengths: Iterable<number>): DestinationPlan {
  const planning = beginPlanning(scene);
  const peer = scene.input.desired.peers.get(key);
  if (peer !== undefined) planPeer(planning, key, peer);
  planGuard(planning, key);
  const isShared = planOthers(planning, key, lengths);
  const { installed, conflicting, unreachable, waiting, isProvisional } = planning;
  return {
    additions: kept(planning.additions),
    deletions: kept(planning.deletions),
    takeOvers: kept(planning.takeOvers),
    problems: kept(planning.problems),
    nextHopIds: kept(planning.nextHopIds),
    ...{ installed, conflicting, unreachable, waiting, isProvisional, isShared },
  };
}

function planGuard({ scene, additions, problems }: Planning, key: number): void {
  const { input, pools } = scene;
  const pool = pools.get(key);
  if (pool === undefined) return;
  const hidden = hiddenBy(scene.local, pool);
  if (hidden !== undefined) {
    problems.push({ reason: 'PoolOverlapsHost', pool, what: hidden.what });
    return;
  }
  const guard = guardOf(pool, input);
  const there = input.observed.routes.at(key).find((route) => route.metric === guard.metric && route.tos === guard.tos);
  if (there === undefined)
    additions.push({ change: { op: 'addRoute', route: guard }, peer: undefined, isProbe: false });
  else if (!isGuard(there) && !isOurs(there, input)) problems.push({ reason: 'GuardBlocked', route: there });
}

// Deletes unwanted routes of xnet and reports foreign ones that conflict. Returns whether there are foreign routes.
function planOthers({ scene, problems, ...planning }: Planning, key: number, lengths: Iterable<number>): boolean {
  const { input, pools } = scene;
  const { desired, observed } = input;
  let isShared = false;
  for (const route of observed.routes.at(key)) {
    if (!isOurs(route, input)) {
      isShared = true;
      problems.push(...foreignProblems(scene, route, lengths));
      continue;
    }
    const pool = pools.get(key);
    const isGuarded = pool !== undefined && hiddenBy(scene.local, pool) === undefined;
    const wanted = isGuard(route) ? isGuarded : desired.peers.has(key); // planPeer has planned those
    if (wanted) continue;
    if (desired.unresolved.has(key)) planning.nextHopIds.push(route.nextHopId);
    else planning.deletions.push({ change: { op: 'deleteRoute', route }, peer: undefined, isProbe: false });
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
