// The last plan of each destination, and the events that make it out of date. Pure state.
// Invariant: outdated() returns at least every destination whose plan would differ: each input of the plan of
// a destination is part of the scene's fingerprint or is recorded here.
import { ipv4FromNumber, prefixFromKey, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import type { KernelRoute, NextHop } from '../kernel/route-kernel.js';
import type { TouchedRoutes } from '../kernel/touched-routes.js';
import type { DestinationPlan } from './destination-plan.js';
import { DestinationPlans } from './destination-plans.js';
import { isOurs } from './ownership.js';
import { hasSameFacts, type PlannedChange, type RoutePlanInput, type Scene } from './plan-context.js';
import type { RouteProblem } from './problems.js';

/** NextHopPlan is the change for a next-hop object of xnet that no route of xnet needs. */
export type NextHopPlan = { readonly deletion?: PlannedChange; readonly problem?: RouteProblem };

type Counts = { installed: number; conflicting: number; unreachable: number; waiting: number };

/** PlanMemory is the memory of a planner for as long as the scene does not change. */
export class PlanMemory {
  /** Of the scene. */
  readonly fingerprint: string;
  readonly #destinations = new DestinationPlans<DestinationPlan>();
  // Destinations with changes or problems; undefined before anything has changed since the plan of all.
  #open: Map<number, DestinationPlan> | undefined;
  // Keys of provisional destinations, and of those with foreign routes.
  readonly #provisional = new Set<number>();
  readonly #shared = new Set<number>();
  readonly #nextHops = new Map<number, NextHopPlan>();
  // Ids of next-hop objects to plan again.
  readonly #doubtful = new Set<number>();
  readonly #lengths = new Set<number>();
  #lastLength = -1;
  readonly #counts: Counts = { installed: 0, conflicting: 0, unreachable: 0, waiting: 0 };
  #scene: Scene | undefined;
  #mark = 0;
  #epoch = 0;

  constructor(fingerprint: string) {
    this.fingerprint = fingerprint;
  }

  /** scene is the scene of the last plan. */
  get scene(): Scene | undefined {
    return this.#scene;
  }

  /**
   * sceneAt returns the scene of an input that differs from the last one only in peers, if that is certain without
   * computing it: no other program has changed anything since, and none of our changes alters a fact of it.
   */
  sceneAt(input: RoutePlanInput): Scene | undefined {
    const scene = this.#scene;
    const isSame = scene !== undefined && input.observed.epoch === this.#epoch && hasSameFacts(scene.input, input);
    return isSame ? { ...scene, input } : undefined;
  }

  /** mark is the mirror's mark at the last plan. */
  get mark(): number {
    return this.#mark;
  }

  /** lengths are the lengths of all peers' subnets; may contain those of former ones. */
  get lengths(): ReadonlySet<number> {
    return this.#lengths;
  }

  /** counts are the sums over all destinations. */
  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** outdated returns the prefixKeys of destinations whose plan may differ in a scene from the last plan. */
  outdated({ input }: Scene, touched: TouchedRoutes): ReadonlySet<number> {
    const { desired, observed } = input;
    const before = this.#scene?.input.desired;
    const keys = new Set(touched.destinations);
    // The outcome of the planned changes is known now, also of those that changed nothing.
    for (const [key, { additions, deletions, takeOvers }] of this.#openByKey()) {
      if (additions.length + deletions.length + takeOvers.length > 0) keys.add(key);
    }
    if (observed.epoch !== this.#epoch) for (const key of this.#provisional) keys.add(key);
    for (const id of touched.nextHops) {
      for (const length of this.#lengths) keys.add(prefixKey({ network: ipv4FromNumber(id), length }));
    }
    if (before === undefined) return keys;
    const changed = desired.peers.changedSince(before.peers);
    for (const key of changed) keys.add(key);
    if (changed.length > 0) for (const key of this.#shared) keys.add(key);
    if (desired.unresolved !== before.unresolved) {
      for (const key of [...desired.unresolved, ...before.unresolved]) keys.add(key);
    }
    return keys;
  }

  /** begin starts a plan in a scene. The lengths of the peers that it plans are noted first. */
  begin(scene: Scene): void {
    const { observed } = scene.input;
    this.#scene = scene;
    this.#mark = observed.mark;
    this.#epoch = observed.epoch;
  }

  /** noteLength notes the length of a peer's subnet. */
  noteLength(peer: Route | undefined): void {
    const length = peer?.subnet.length;
    // Nearly always that of the peer before.
    if (length === undefined || length === this.#lastLength) return;
    this.#lengths.add(length);
    this.#lastLength = length;
  }

  /** add records the plan of a destination that has none. */
  add(key: number, plan: DestinationPlan): void {
    this.#count(plan, 1);
    if (isOpen(plan)) this.#open?.set(key, plan);
    if (plan.isProvisional) this.#provisional.add(key);
    if (plan.isShared) this.#shared.add(key);
    const isNeedless = !plan.needsOwnNextHop && plan.installed + plan.waiting + plan.nextHopIds.length === 0;
    if (!isNeedless || isOpen(plan)) this.#destinations.add(key, plan);
  }

  /** replace replaces the plan of a destination, if it has one. */
  replace(key: number, plan: DestinationPlan): void {
    const before = this.#destinations.get(key);
    if (before !== undefined) {
      this.#count(before, -1);
      this.#destinations.delete(key);
      this.#openByKey().delete(key);
      this.#doubt(key, before);
    }
    this.#provisional.delete(key);
    this.#shared.delete(key);
    this.#doubt(key, plan);
    for (const { nextHopId } of this.#scene?.input.observed.routes.at(key) ?? []) this.#doubtful.add(nextHopId);
    this.add(key, plan);
  }

  #count({ installed, conflicting, unreachable, waiting }: DestinationPlan, sign: 1 | -1): void {
    this.#counts.installed += sign * installed;
    this.#counts.conflicting += sign * conflicting;
    this.#counts.unreachable += sign * unreachable;
    this.#counts.waiting += sign * waiting;
  }

  #doubt(key: number, { nextHopIds, needsOwnNextHop }: DestinationPlan): void {
    for (const id of nextHopIds) this.#doubtful.add(id);
    if (needsOwnNextHop) this.#doubtful.add(prefixFromKey(key).network);
  }

  /** planNextHops plans these next-hop objects, and those of the destinations that were planned. */
  planNextHops(scene: Scene, ids: Iterable<number>): void {
    const { nextHops } = scene.input.observed;
    const all = this.#doubtful.size === 0 ? ids : new Set([...this.#doubtful, ...ids]);
    const stale: number[] = [];
    for (const id of all) {
      this.#nextHops.delete(id);
      if (this.#isStale(scene, id)) stale.push(id);
    }
    this.#doubtful.clear();
    const members = new Set<number>();
    if (stale.length > 0)
      for (const nextHop of nextHops?.values() ?? []) for (const id of nextHop.members) members.add(id);
    for (const id of stale) {
      const nextHop = nextHops?.get(id);
      const plan = nextHop && this.#planStale(scene, nextHop, members.has(id));
      if (plan !== undefined) this.#nextHops.set(id, plan);
    }
  }

  #isStale({ input }: Scene, id: number): boolean {
    const nextHop = input.observed.nextHops?.get(id);
    return nextHop !== undefined && isOurs(nextHop, input) && !this.#isNeeded(input, id);
  }

  // An object is needed by its peer, or by a route that is there and that uses it.
  #isNeeded({ observed }: RoutePlanInput, id: number): boolean {
    for (const length of this.#lengths) {
      if (this.#destinations.get(prefixKey({ network: ipv4FromNumber(id), length }))?.needsOwnNextHop) return true;
    }
    return observed.routes
      .using(id)
      .some(({ destination }) => this.#destinations.get(prefixKey(destination))?.nextHopIds.includes(id));
  }

  #planStale({ input }: Scene, nextHop: NextHop, isMember: boolean): NextHopPlan | undefined {
    const users = input.observed.routes.using(nextHop.id).filter((route) => !this.#isDeleted(route));
    // The kernel would delete these routes with it. Routes of xnet that use it are replaced first.
    if (isMember || users.some((route) => !isOurs(route, input)))
      return { problem: { reason: 'NextHopInUse', nextHop } };
    if (users.length > 0) return undefined;
    return { deletion: { change: { op: 'deleteNextHop', nextHop }, peer: undefined, isProbe: false } };
  }

  #isDeleted(route: KernelRoute): boolean {
    const plan = this.#destinations.get(prefixKey(route.destination));
    return plan?.deletions.some(({ change }) => 'route' in change && change.route === route) === true;
  }

  /** open returns the plans of destinations with changes or problems, in the order of their keys. */
  open(): readonly DestinationPlan[] {
    if (this.#open !== undefined) return inOrder(this.#open);
    const open: DestinationPlan[] = [];
    this.#destinations.forEach((plan) => {
      if (isOpen(plan)) open.push(plan);
    });
    return open;
  }

  #openByKey(): Map<number, DestinationPlan> {
    if (this.#open !== undefined) return this.#open;
    const open = new Map<number, DestinationPlan>();
    this.#destinations.forEach((plan, key) => {
      if (isOpen(plan)) open.set(key, plan);
    });
    this.#open = open;
    return open;
  }

  /** openNextHops returns the plans of next-hop objects, in the order of their ids. */
  openNextHops(): readonly NextHopPlan[] {
    return inOrder(this.#nextHops);
  }
}

function isOpen({ additions, deletions, takeOvers, problems }: DestinationPlan): boolean {
  return additions.length + deletions.length + takeOvers.length + problems.length > 0;
}

function inOrder<T>(plans: ReadonlyMap<number, T>): readonly T[] {
  const keys = Float64Array.from(plans.keys()).sort();
  const list: T[] = [];
  for (const key of keys) {
    const plan = plans.get(key);
    if (plan !== undefined) list.push(plan);
  }
  return list;
}
