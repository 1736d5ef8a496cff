// Rollouts and their steps in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { counted, escaped } from '../../proto/domain/text.js';
import type { Rollout__Output } from '../../proto/gen/xnet/v1/Rollout.js';
import type { RolloutStep__Output } from '../../proto/gen/xnet/v1/RolloutStep.js';
import { modeFromWire } from '../../proto/rpc/convert.js';
import type { Colors, Kind, TableLook } from './columns.js';
import { orNull, stateOf } from './from-wire.js';
import { ageOf, isoTime } from './time.js';

/** RolloutOutput is a rollout in the output of `xctl rollouts`. */
export type RolloutOutput = {
  readonly id: string;
  /** "running", "paused", "failed", "done", "cancelled", "undoing" or "undone". */
  readonly state: string;
  /** Whether nodes go, or went, back to the leases that they had. */
  readonly undo: boolean;
  /** Why it failed. */
  readonly message: string;
  /** Why no step proceeds at present. */
  readonly waiting: string;
  /** The pool that gets another mode, and that mode; null: single nodes move. */
  readonly pool: string | null;
  readonly mode: string | null;
  readonly maxUnavailable: string;
  /** Key of the label that nodes are grouped by. */
  readonly per: string | null;
  readonly healthSeconds: number;
  readonly createdAt: string | null;
  readonly createdBy: string | null;
  readonly since: string | null;
  readonly steps: number;
  /** Of these: done, undone or skipped. */
  readonly settled: number;
  readonly failed: number;
};

/** StepOutput is the step of one node. */
export type StepOutput = {
  readonly node: string;
  readonly nodeId: string;
  readonly group: string;
  /** "pending", "granted", "permitted", "verifying", "done", "failed", "undone" or "skipped". */
  readonly state: string;
  readonly undo: boolean;
  readonly from: { readonly pool: string; readonly subnet: string; readonly mode: string | null };
  readonly to: { readonly pool: string; readonly mode: string | null };
  /** The subnet that the step granted; null: none yet. */
  readonly granted: string | null;
  readonly message: string;
  readonly since: string | null;
  readonly attempts: number;
};

/** rolloutFromWire converts a rollout. */
export function rolloutFromWire(wire: Rollout__Output): RolloutOutput {
  return {
    id: wire.id,
    state: stateOf(wire.state, 'ROLLOUT_STATE_'),
    undo: wire.undo,
    message: wire.message,
    waiting: wire.waiting,
    pool: orNull(wire.pool),
    mode: modeFromWire(wire.mode) ?? null,
    maxUnavailable: wire.maxUnavailable,
    per: orNull(wire.per),
    healthSeconds: wire.healthSeconds,
    createdAt: isoTime(wire.createdMs),
    createdBy: orNull(wire.createdBy),
    since: isoTime(wire.sinceMs),
    steps: wire.steps,
    settled: wire.settled,
    failed: wire.failed,
  };
}

/** stepFromWire converts a step. */
export function stepFromWire(wire: RolloutStep__Output): StepOutput {
  return {
    node: wire.nodeName,
    nodeId: wire.nodeId,
    group: wire.group,
    state: stateOf(wire.state, 'STEP_STATE_'),
    undo: wire.undo,
    from: { pool: wire.fromPool, subnet: wire.fromSubnet, mode: modeFromWire(wire.fromMode) ?? null },
    to: { pool: wire.toPool, mode: modeFromWire(wire.toMode) ?? null },
    granted: orNull(wire.grantedSubnet),
    message: wire.message,
    since: isoTime(wire.sinceMs),
    attempts: wire.attempts,
  };
}

/** isRolloutOver reports whether a rollout makes no progress until an operator acts. */
export function isRolloutOver({ state }: Pick<RolloutOutput, 'state'>): boolean {
  return state !== 'running' && state !== 'undoing';
}

function paintOf(state: string, colors: Colors): (text: string) => string {
  if (state === 'done' || state === 'undone') return colors.good;
  if (state === 'failed') return colors.bad;
  return state === 'pending' || state === 'skipped' || state === 'cancelled' ? colors.faint : colors.waiting;
}

/** rolloutKind describes how rollouts are printed. */
export const rolloutKind: Kind<RolloutOutput> = {
  plural: 'rollouts',
  nameOf: ({ id }) => id,
  columns: [
    { header: 'ID', cell: ({ id }) => escaped(id) },
    { header: 'STATE', cell: ({ state }, { colors }) => ({ text: state, paint: paintOf(state, colors) }) },
    { header: 'NODES', cell: ({ steps, settled }) => `${settled}/${steps}` },
    { header: 'MAX-UNAVAILABLE', drop: 1, cell: ({ maxUnavailable }) => escaped(maxUnavailable) },
    { header: 'PER', drop: 2, cell: ({ per }) => escaped(per ?? '-') },
    { header: 'AGE', cell: ({ createdAt }, { nowMs }) => ageOf(createdAt, nowMs) },
    { header: 'BY', drop: 3, cell: ({ createdBy }) => escaped(createdBy ?? '-') },
    { header: 'MESSAGE', cell: ({ message, waiting }) => escaped(message || waiting) || '-' },
  ],
};

function stepPlace({ undo, from, to, granted }: StepOutput): string {
  const [pool, mode] = undo ? [from.pool, from.mode] : [to.pool, to.mode];
  return `${granted ?? 'a subnet'} of ${pool}${mode === null ? '' : `, ${mode}`}`;
}

/** stepKind describes how steps are printed: one line for each host. */
export const stepKind: Kind<StepOutput> = {
  plural: 'steps',
  nameOf: ({ node }) => node,
  columns: [
    { header: 'NODE', cell: ({ node }) => escaped(node) },
    { header: 'STATE', cell: ({ state }, { colors }) => ({ text: state, paint: paintOf(state, colors) }) },
    { header: 'FROM', cell: ({ from }) => escaped(`${from.subnet} of ${from.pool}`) },
    { header: 'TO', cell: (step) => escaped(stepPlace(step)) },
    { header: 'SINCE', drop: 1, cell: ({ since }, { nowMs }) => ageOf(since, nowMs) },
    { header: 'MESSAGE', cell: ({ message }) => escaped(message) || '-' },
  ],
};

/** rolloutLines returns the head of a rollout, for people. Pure. */
export function rolloutLines(rollout: RolloutOutput, { colors, nowMs }: TableLook): string[] {
  const { id, state, steps, settled, maxUnavailable, per, message, waiting } = rollout;
  const limit = `at most ${maxUnavailable} unavailable${per === null ? '' : ` per ${per}`}`;
  // Of a dry run, which has no id.
  if (id === '') return [`a rollout of ${counted(steps, 'node', 'nodes')}, ${escaped(limit)}`];
  const head = `rollout ${escaped(id)}: ${paintOf(state, colors)(state)}`;
  const since = `started ${ageOf(rollout.createdAt, nowMs)} ago`;
  const lines = [`${head}, ${settled} of ${steps} nodes settled, ${escaped(limit)}, ${since}`];
  if (message !== '') {
    const fix = `repair the host, then: xctl rollouts resume ${id}; or revert: xctl rollouts undo ${id}`;
    lines.push(`  ${colors.bad('failed')}: ${escaped(message)}`, `  fix: ${escaped(fix)}`);
  }
  if (waiting !== '') lines.push(`  waits: ${escaped(waiting)}`);
  return lines;
}
