// Plans a rollout: the steps of its nodes. Pure.
// Invariant: all problems that would stop a step later and can be known now are reported at once.

import { prefixContains, prefixesEqual } from '../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { modeProblem } from '../../proto/domain/mode-problem.js';
import type { Mode } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { doubtOf, noSuchPool, poolState } from '../registry/lookup.js';
import { featureProblem, knowsOneLease } from '../registry/node-leases.js';
import { usageOf } from '../registry/usage.js';
import { keys } from '../store/keys.js';
import type { PlaceRecord, StepRecord } from '../store/records.js';
import type { HeldLease } from '../view/held.js';
import { clashOf, networkOf } from '../view/lease-network.js';
import { leasesOf, useOf } from '../view/leases.js';
import { isOfDefaultNetwork } from '../view/permits.js';
import type { ReadonlyView } from '../view/view.js';
import { needsNewerDaemon, placeOf } from './lease-moves.js';
import { mostSteps } from './step-writes.js';

/** NodeMove is a node that moves to another pool. */
export type NodeMove = {
  readonly nodeId: string;
  readonly pool: string;
  /** Absent: the pool's. */
  readonly mode?: Mode;
};

function groupOf(view: ReadonlyView, nodeId: string, per: string | undefined): string {
  const labels = view.nodes.get(nodeId)?.record.labels ?? {};
  return per !== undefined && Object.hasOwn(labels, per) ? (labels[per] ?? '') : '';
}

function stepOf(
  view: ReadonlyView,
  nodeId: string,
  from: PlaceRecord,
  to: StepRecord['to'],
  { per, nowMs }: { readonly per: string | undefined; readonly nowMs: number },
): StepRecord {
  const nodeName = view.nodes.get(nodeId)?.record.name ?? nodeId;
  const group = groupOf(view, nodeId, per);
  return {
    node: nodeId,
    nodeName,
    group,
    from,
    to,
    state: 'pending',
    undo: false,
    attempt: 0,
    message: '',
    sinceMs: nowMs,
  };
}

// Group by group, and by name within a group.
function inOrder(steps: readonly StepRecord[]): readonly StepRecord[] {
  const key = ({ group, nodeName }: StepRecord) => `${group}\u0000${nodeName}`;
  return [...steps].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

// The lease that a node moves from: that of docker0, else the oldest that is not ending.
function movable(view: ReadonlyView, nodeId: string, move: NodeMove): HeldLease | undefined {
  const node = view.nodes.get(nodeId)?.record;
  // Leases of named networks stay.
  const staying = leasesOf(view, nodeId).filter(
    ({ record }) => record.endingMs === undefined && record.network === undefined,
  );
  const isOfDocker0 = ({ pool, record }: HeldLease) => {
    const poolRecord = view.pools.get(pool)?.record;
    return poolRecord !== undefined && usesDefaultNetwork(networkOf(record, node, poolRecord));
  };
  const others = staying.filter(({ pool }) => pool !== move.pool);
  return staying.find(isOfDocker0) ?? others[0] ?? staying[0];
}

// The lease that docker0 still has, though it is ending: its host has no permit to leave it. This happens after `leases
// add --replace`, or when the host acted on a step after it was cancelled.
function leftOver(view: ReadonlyView, nodeId: string): PlaceRecord | undefined {
  const uses = view.statuses.get(nodeId)?.record.leases ?? [];
  const places = leasesOf(view, nodeId)
    .filter((lease) => lease.record.endingMs !== undefined && useOf(uses, lease)?.inForce === true)
    .flatMap((lease) => placeOf(view, nodeId, lease) ?? []);
  return places.find((place) => isOfDefaultNetwork(view, place));
}

function clash(view: ReadonlyView, nodeId: string, from: HeldLease, to: StepRecord['to']): string | undefined {
  const node = view.nodes.get(nodeId)?.record;
  const pool = view.pools.get(to.pool)?.record;
  if (pool === undefined) return undefined;
  const wanted = { ...networkOf({ mode: to.mode }, node, pool), ending: false };
  for (const lease of leasesOf(view, nodeId)) {
    const its = view.pools.get(lease.pool)?.record;
    if (its === undefined) continue;
    const ending = prefixesEqual(lease.subnet, from.subnet) || lease.record.endingMs !== undefined;
    const shared = clashOf(wanted, { ...networkOf(lease.record, node, its), ending });
    if (shared !== undefined) return `its lease of pool ${lease.pool} uses ${shared}, as pool ${to.pool} would`;
  }
  return undefined;
}

type Planned = { readonly step?: StepRecord; readonly problem?: string };

function planOne(view: ReadonlyView, move: NodeMove, settings: { per: string | undefined; nowMs: number }): Planned {
  const { nodeId } = move;
  const node = view.nodes.get(nodeId)?.record;
  const pool = view.pools.get(move.pool)?.record;
  if (node === undefined || pool === undefined) return {};
  const to = { pool: move.pool, mode: move.mode ?? pool.mode };
  const lease = movable(view, nodeId, move);
  const from = lease === undefined ? undefined : placeOf(view, nodeId, lease);
  if (lease === undefined || from === undefined) return { problem: `${node.name}: it has no lease to move from` };
  const isThere = from.pool === to.pool && from.mode === to.mode;
  const left = isThere ? leftOver(view, nodeId) : undefined;
  if (isThere && left === undefined) return {};
  if (node.availability === 'leaving') return { problem: `${node.name}: it is leaving` };
  if (view.undecodable.has(keys.node(nodeId))) return { problem: `${node.name}: its record can't be read` };
  if (knowsOneLease(view, nodeId)) return { problem: `${node.name}: ${needsNewerDaemon}` };
  const needed = to.mode !== 'lan' ? undefined : pool.lan?.defaultNetwork ? 'default-network' : 'lan';
  const unknown = needed && featureProblem(view, nodeId, needed);
  if (unknown !== undefined) return { problem: `${node.name}: ${unknown.message}: ${unknown.fix} first` };
  const tooSmall = modeProblem(to.mode, { ...pool, name: to.pool });
  if (tooSmall !== undefined) return { problem: `${node.name}: ${tooSmall}` };
  if (pool.lan !== undefined && !prefixContains(pool.lan.prefix, node.address)) {
    return { problem: `${node.name}: its address is not in the LAN of pool ${to.pool}` };
  }
  const shared = isThere ? undefined : clash(view, nodeId, lease, to);
  if (shared !== undefined) return { problem: `${node.name}: ${shared}` };
  return { step: stepOf(view, nodeId, left ?? from, to, settings) };
}

function requireRoom(view: ReadonlyView, steps: readonly StepRecord[], nowMs: number): readonly string[] {
  const wanted = new Map<string, number>();
  for (const { to } of steps) wanted.set(to.pool, (wanted.get(to.pool) ?? 0) + 1);
  return [...wanted].flatMap(([pool, count]) => {
    const state = poolState(view, pool);
    const usage = usageOf({ ...state, ...doubtOf(view, state.record) }, nowMs);
    const names = new Set(steps.filter(({ to }) => to.pool === pool).map(({ nodeName }) => nodeName));
    const kept = state.record.reservations.filter(({ nodeName }) => nodeName !== undefined && names.has(nodeName));
    const free = usage.free + kept.length;
    return free >= count
      ? []
      : [
          `pool ${pool} has ${counted(free, 'free subnet', 'free subnets')}, and ${counted(count, 'node needs', 'nodes need')} one`,
        ];
  });
}

/**
 * planMoves plans the steps of nodes that go to other pools; nodes that are already there have none.
 * @throws XnetError NotFound for a pool; FailedPrecondition with all other problems
 */
export function planMoves(
  view: ReadonlyView,
  moves: readonly NodeMove[],
  settings: { readonly per: string | undefined; readonly nowMs: number },
): readonly StepRecord[] {
  for (const { pool } of moves) if (!view.pools.has(pool)) throw noSuchPool(view, pool);
  const planned = moves.map((move) => planOne(view, move, settings));
  const steps = planned.flatMap(({ step }) => step ?? []);
  const problems = [
    ...planned.flatMap(({ problem }) => problem ?? []),
    ...requireRoom(view, steps, settings.nowMs),
    ...(steps.length > mostSteps ? [`${steps.length} nodes: a rollout has at most ${mostSteps}`] : []),
  ];
  const [first, second] = problems;
  if (first !== undefined && second === undefined) throw new XnetError('FailedPrecondition', first);
  if (first !== undefined) {
    throw new XnetError('FailedPrecondition', `the rollout can't be done: ${problems.length} problems`, { problems });
  }
  return inOrder(steps);
}

/** movesOfPool returns the moves of a pool's nodes to another mode; nodes with a mode of their own keep it. */
export function movesOfPool(view: ReadonlyView, pool: string, mode: Mode): readonly NodeMove[] {
  return [...view.subnets.values()].flatMap((held) => {
    if (held.pool !== pool || held.record.state !== 'leased' || held.record.endingMs !== undefined) return [];
    const node = view.nodes.get(held.record.node)?.record;
    const poolRecord = view.pools.get(pool)?.record;
    if (node === undefined || node.mode !== undefined || poolRecord === undefined) return [];
    if (held.record.network !== undefined || networkOf(held.record, node, poolRecord).mode === mode) return [];
    return [{ nodeId: held.record.node, pool, mode }];
  });
}

/** stepsOfPool returns the steps that a rollout of a pool still lacks: nodes that got a lease of it after it began. */
export function stepsOfPool(view: ReadonlyView, id: string, nowMs: number): readonly StepRecord[] {
  const { kind, pool, mode, per } = view.rollouts.get(id)?.record ?? {};
  if (kind !== 'pool' || pool === undefined || mode === undefined || !view.pools.has(pool)) return [];
  const known = new Set(view.rolloutSteps.of(id).map(({ step }) => step.node));
  const late = movesOfPool(view, pool, mode).filter(({ nodeId }) => !known.has(nodeId));
  return late.flatMap((move) => planOne(view, move, { per, nowMs }).step ?? []);
}
