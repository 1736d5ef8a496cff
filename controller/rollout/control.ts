// Decides how a rollout is created, paused, resumed, cancelled and undone. Pure.
// Invariant: at most one rollout is open. Two at once could exceed their limits of unavailable nodes together.

import { randomBytes } from 'node:crypto';
import { modeProblem } from '../../proto/domain/mode-problem.js';
import type { Mode } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { absent, put } from '../registry/guards.js';
import { noSuchPool } from '../registry/lookup.js';
import type { Decision } from '../registry/mutation.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { RolloutRecord, StepRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { isOpen } from './next.js';
import { movesOfPool, type NodeMove, planMoves } from './plan.js';
import { putParts, writeRollout } from './step-writes.js';

/** NewRollout describes a rollout to create. */
export type NewRollout = {
  readonly moves: readonly NodeMove[];
  /** Every node of the pool goes to the mode, instead of `moves`. */
  readonly pool?: { readonly name: string; readonly mode: Mode };
  /** See checkMaxUnavailable. */
  readonly maxUnavailable: string;
  readonly per?: string;
  readonly healthSeconds: number;
  /** "admin/alice" */
  readonly createdBy: string;
};

/** controls lists the operations on a rollout. */
export const controls = ['pause', 'resume', 'cancel', 'undo'] as const;

/** Control is an operation of an operator on a rollout. */
export type Control = (typeof controls)[number];

// How many ended rollouts are kept, for `xctl rollouts list` and to be undone.
const mostKept = 10;

/** newRolloutId returns an id for a new rollout: "r-4f2f9c03a1b2". */
export function newRolloutId(): string {
  return `r-${randomBytes(6).toString('hex')}`;
}

/** openRollout returns the id of the rollout that is not over; undefined: all are. */
export function openRollout(view: ReadonlyView): string | undefined {
  for (const [id, { record }] of view.rollouts) if (isOpen(record, view.rolloutSteps.of(id))) return id;
  return undefined;
}

// The steps of the open rollout that a request asks for again.
function covers(view: ReadonlyView, id: string, steps: readonly StepRecord[]): boolean {
  const record = view.rollouts.get(id)?.record;
  if (record?.undo === true) return false;
  const targets = new Map(view.rolloutSteps.of(id).map(({ step }) => [step.node, step.to]));
  return steps.every(({ node, to }) => {
    const target = targets.get(node);
    return target?.pool === to.pool && target.mode === to.mode;
  });
}

function outdated(view: ReadonlyView): readonly Operation[] {
  const ended = [...view.rollouts].sort(([, a], [, b]) => b.record.createdMs - a.record.createdMs).slice(mostKept - 1);
  return ended.flatMap(([id]): Operation[] => [
    { kind: 'delete', key: keys.rollout(id) },
    { kind: 'deleteAll', prefix: prefixes.stepsOf(id) },
  ]);
}

/** plannedSteps returns the steps that a rollout would have. @throws XnetError as planMoves does */
export function plannedSteps(view: ReadonlyView, wanted: NewRollout, nowMs: number): readonly StepRecord[] {
  const { moves, pool, per } = wanted;
  if (pool === undefined) return planMoves(view, moves, { per, nowMs });
  const record = view.pools.get(pool.name)?.record;
  if (record === undefined) throw noSuchPool(view, pool.name);
  const problem = modeProblem(pool.mode, { ...record, name: pool.name });
  if (problem !== undefined && (pool.mode === 'lan' || record.mode === 'lan'))
    throw new XnetError('FailedPrecondition', problem);
  return planMoves(view, movesOfPool(view, pool.name, pool.mode), { per, nowMs });
}

/**
 * decideCreate decides how to create a rollout. It decides on no change when nothing is to be done, or the open rollout
 * does it already.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideCreate(view: ReadonlyView, id: string, wanted: NewRollout, nowMs: number): Decision {
  const steps = plannedSteps(view, wanted, nowMs);
  const { pool, maxUnavailable, per, healthSeconds, createdBy } = wanted;
  const formerMode = pool === undefined ? undefined : view.pools.get(pool.name)?.record.mode;
  const isSame = pool === undefined || formerMode === pool.mode;
  if (steps.length === 0 && isSame) return { subject: '' };
  const open = openRollout(view);
  if (open !== undefined && covers(view, open, steps)) return { subject: open };
  if (open !== undefined) {
    throw new XnetError('FailedPrecondition', `rollout ${open} is ${view.rollouts.get(open)?.record.state}`, {
      hint: `one rollout runs at a time: see xctl rollouts show ${open}, or end it with: xctl rollouts cancel ${open}`,
    });
  }
  const parts = putParts(id, steps);
  const record: RolloutRecord = {
    kind: pool === undefined ? 'nodes' : 'pool',
    ...(pool === undefined || formerMode === undefined ? {} : { pool: pool.name, mode: pool.mode, formerMode }),
    state: 'running',
    undo: false,
    maxUnavailable,
    ...(per === undefined ? {} : { per }),
    healthSeconds,
    parts: parts.length,
    createdMs: nowMs,
    createdBy,
    sinceMs: nowMs,
    message: '',
  };
  const targets = [...new Set(steps.map(({ to }) => `pool ${to.pool}, mode ${to.mode}`))].join('; ');
  return {
    subject: id,
    change: {
      guards: [
        absent(keys.rollout(id)),
        { kind: 'unchanged', prefix: prefixes.rollouts, since: view.revision },
        { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
      ],
      operations: [put(keys.rollout(id), encode('rollout', record)), ...parts, ...outdated(view)],
      event: {
        reason: 'RolloutStarted',
        subject: `rollout/${id}`,
        message: `${counted(steps.length, 'node', 'nodes')} to ${targets}; at most ${maxUnavailable} unavailable`,
      },
    },
  };
}

type Transition = {
  readonly from: readonly RolloutRecord['state'][];
  readonly to: (record: RolloutRecord) => Pick<RolloutRecord, 'state' | 'undo'>;
  readonly reason: string;
};

const transitions: Readonly<Record<Control, Transition>> = {
  pause: { from: ['running', 'undoing'], to: ({ undo }) => ({ state: 'paused', undo }), reason: 'RolloutPaused' },
  resume: {
    from: ['paused', 'failed'],
    to: ({ undo }) => ({ state: undo ? 'undoing' : 'running', undo }),
    reason: 'RolloutResumed',
  },
  cancel: {
    from: ['running', 'paused', 'failed', 'undoing'],
    to: ({ undo }) => ({ state: 'cancelled', undo }),
    reason: 'RolloutCancelled',
  },
  undo: {
    from: ['running', 'paused', 'failed', 'done', 'cancelled'],
    to: () => ({ state: 'undoing', undo: true }),
    reason: 'RolloutUndone',
  },
};

/**
 * decideControl decides how the state of a rollout changes. It decides on no change if the rollout already has that
 * state.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideControl(view: ReadonlyView, id: string, control: Control, nowMs: number): Decision {
  const record = view.rollouts.get(id)?.record;
  if (record === undefined) {
    throw new XnetError('NotFound', `there is no rollout ${id}`, { hint: 'see: xctl rollouts list' });
  }
  const { from, to, reason } = transitions[control];
  const after = to(record);
  if (after.state === record.state && after.undo === record.undo) return { subject: id };
  if (!from.includes(record.state) || (control === 'undo' && record.undo && record.state !== 'cancelled')) {
    const hint =
      record.undo && record.state !== 'undone' ? 'it is being undone: pause, resume or cancel that' : undefined;
    throw new XnetError('FailedPrecondition', `can't ${control} rollout ${id}: it is ${record.state}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const open = openRollout(view);
  if (open !== undefined && open !== id) {
    throw new XnetError('FailedPrecondition', `rollout ${open} is ${view.rollouts.get(open)?.record.state}`, {
      hint: `one rollout runs at a time: xctl rollouts show ${open}`,
    });
  }
  const write = writeRollout(view, id, { ...record, ...after, sinceMs: nowMs, message: '' });
  return {
    subject: id,
    change: {
      guards: [...write.guards, { kind: 'unchanged', prefix: prefixes.rollouts, since: view.revision }],
      operations: write.operations,
      event: { reason, subject: `rollout/${id}`, message: `${record.state} → ${after.state}` },
    },
  };
}
