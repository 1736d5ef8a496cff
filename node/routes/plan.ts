// The changes that make a host's routes as desired: the difference between the desired routes and those in the kernel.
// Pure except for a planner's memory; the plan is recomputed after every change, until it is empty.
// Invariants: a plan names only routes and next-hop objects of xnet (by protocol), and, on request, hand-made routes to one
// peer at a time that xnet's follows and that lead the same way; a route that leads a peer's traffic correctly is not
// removed before its replacement exists; a planner returns the same plan as one without a memory.
import { prefixKey } from '../../proto/domain/address.js';
import type { Route, RouteCounts } from '../../proto/domain/network.js';
import type { TouchedRoutes } from '../kernel/touched-routes.js';
import { planDestination } from './destination-plan.js';
import { leads } from './ownership.js';
import {
  fingerprintOf,
  type PlannedChange,
  planContextOf,
  type RoutePlanInput,
  type Scene,
  sceneOf,
} from './plan-context.js';
import { PlanMemory } from './plan-memory.js';
import type { RouteProblem } from './problems.js';

/** RoutePlan lists the changes, in order, and the problems. */
export type RoutePlan = {
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly RouteProblem[];
  readonly counts: RouteCounts;
};

/** planRoutes plans a turn from nothing. */
export function planRoutes(input: RoutePlanInput): RoutePlan {
  return new RoutePlanner().plan(input);
}

/** RoutePlanner plans turns on one mirror. It replans only what may have changed since its last plan. */
export class RoutePlanner {
  #memory: PlanMemory | undefined;

  /** plan plans a turn. */
  plan(input: RoutePlanInput): RoutePlan {
    const former = this.#memory;
    const touched = former && input.observed.touchedSince(former.mark);
    const same = touched && former?.sceneAt(input);
    const scene = same ?? sceneOf(input, touched && former?.scene);
    const fingerprint = same === undefined ? fingerprintOf(scene) : (former?.fingerprint ?? '');
    const isKnown = former !== undefined && touched !== undefined && former.fingerprint === fingerprint;
    const outdated = isKnown ? former.outdated(scene, touched) : undefined;
    // A plan that fails leaves no memory behind.
    this.#memory = undefined;
    const isReplanned = isKnown && outdated !== undefined && outdated.size <= most(input);
    const memory = isReplanned ? former : new PlanMemory(fingerprint);
    if (isReplanned) replan(memory, scene, { destinations: outdated, nextHops: touched.nextHops });
    else planAll(memory, scene);
    this.#memory = memory;
    return planOf(memory, scene);
  }
}

// Beyond this many destinations, a plan of all costs less.
function most({ desired }: RoutePlanInput): number {
  return Math.max(64, desired.peers.size / 4);
}

function replan(memory: PlanMemory, scene: Scene, { destinations, nextHops }: TouchedRoutes): void {
  const { peers } = scene.input.desired;
  memory.begin(scene);
  for (const key of destinations) memory.noteLength(peers.get(key));
  const context = planContextOf(scene);
  for (const key of destinations) {
    memory.replace(key, planDestination(context, { key, peer: peers.get(key) }, memory.lengths));
  }
  memory.planNextHops(scene, nextHops);
}

function planAll(memory: PlanMemory, scene: Scene): void {
  const { desired, observed } = scene.input;
  const { peers } = desired;
  memory.begin(scene);
  peers.forEachPair((_key, peer) => memory.noteLength(peer));
  const context = planContextOf(scene);
  const plan = (key: number, peer: Route | undefined) =>
    memory.add(key, planDestination(context, { key, peer }, memory.lengths));
  const keys = Float64Array.from([...scene.pools.keys(), ...observed.routes.keys()]).sort();
  let next = 0;
  // Those before `end`, each of them once.
  const planOthers = (end: number) => {
    for (let key = keys[next]; key !== undefined && key < end; key = keys[next]) {
      plan(key, undefined);
      while (keys[next] === key) next += 1;
    }
  };
  peers.forEachPair((key, peer) => {
    planOthers(key);
    plan(key, peer);
    while (keys[next] === key) next += 1;
  });
  planOthers(Number.POSITIVE_INFINITY);
  memory.planNextHops(scene, observed.nextHops?.keys() ?? []);
}

function planOf(memory: PlanMemory, scene: Scene): RoutePlan {
  const { desired } = scene.input;
  const additions: PlannedChange[] = [];
  const guards: PlannedChange[] = [];
  const deletions: PlannedChange[] = [];
  let takeOvers: readonly PlannedChange[] = [];
  const problems: RouteProblem[] = [];
  const others: RouteProblem[] = [];
  for (const plan of memory.open()) {
    for (const each of plan.additions) (each.peer === undefined ? guards : additions).push(each);
    deletions.push(...plan.deletions);
    if (takeOvers.length === 0) takeOvers = plan.takeOvers;
    for (const each of plan.problems) ('peer' in each ? problems : others).push(each);
  }
  problems.push(...others);
  for (const { deletion, problem } of memory.openNextHops()) {
    if (deletion !== undefined) deletions.push(deletion);
    if (problem !== undefined) problems.push(problem);
  }
  const { installed, conflicting, unreachable, waiting } = memory.counts;
  if (waiting > 0) problems.push(interfaceProblem(scene, waiting));
  return {
    // Additions precede deletions; next-hop objects are deleted when no route uses them.
    changes: [...timely(scene.input, [...additions, ...guards], deletions), ...deletions, ...takeOvers],
    problems,
    counts: { desired: desired.peers.size, installed, conflicting, unreachable },
  };
}

// Replacing a next-hop object redirects all routes that use it at once. If it is correct for a route of xnet to another
// peer, that route gets a separate object first: this one waits for a round that does not change that peer's.
function timely(
  { desired, observed }: RoutePlanInput,
  additions: readonly PlannedChange[],
  deletions: readonly PlannedChange[],
): readonly PlannedChange[] {
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

function interfaceProblem({ input }: Scene, waiting: number): RouteProblem {
  const { underlay } = input.desired;
  if (underlay === undefined) return { reason: 'NoUnderlay', waiting };
  const reason = input.observed.links.has(underlay.ifindex) ? 'InterfaceDown' : 'InterfaceGone';
  return { reason, interfaceName: underlay.ifname, waiting };
}
