// The messages of rollouts. Pure.
import { formatPrefix } from '../../../proto/domain/address.js';
import type { Rollout } from '../../../proto/gen/xnet/v1/Rollout.js';
import type { RolloutState__Output } from '../../../proto/gen/xnet/v1/RolloutState.js';
import type { RolloutStep } from '../../../proto/gen/xnet/v1/RolloutStep.js';
import type { StepState__Output } from '../../../proto/gen/xnet/v1/StepState.js';
import { wireFromMode } from '../../../proto/rpc/convert.js';
import type { RolloutRecord, StepRecord } from '../../store/records.js';

const rolloutStateToWire = {
  running: 'ROLLOUT_STATE_RUNNING',
  paused: 'ROLLOUT_STATE_PAUSED',
  failed: 'ROLLOUT_STATE_FAILED',
  done: 'ROLLOUT_STATE_DONE',
  cancelled: 'ROLLOUT_STATE_CANCELLED',
  undoing: 'ROLLOUT_STATE_UNDOING',
  undone: 'ROLLOUT_STATE_UNDONE',
} as const satisfies Record<RolloutRecord['state'], RolloutState__Output>;

const stepStateToWire = {
  pending: 'STEP_STATE_PENDING',
  granted: 'STEP_STATE_GRANTED',
  permitted: 'STEP_STATE_PERMITTED',
  verifying: 'STEP_STATE_VERIFYING',
  done: 'STEP_STATE_DONE',
  failed: 'STEP_STATE_FAILED',
  undone: 'STEP_STATE_UNDONE',
  skipped: 'STEP_STATE_SKIPPED',
} as const satisfies Record<StepRecord['state'], StepState__Output>;

const settled: ReadonlySet<StepRecord['state']> = new Set(['done', 'undone', 'skipped']);

// While it is undone, a step that is done is not settled yet, and one that never began is.
function isSettled({ state, undo }: StepRecord, back: boolean): boolean {
  return back ? state === 'pending' || (settled.has(state) && (undo || state !== 'done')) : settled.has(state);
}

/** wireFromRollout returns a rollout. @param waiting why no step proceeds at present */
export function wireFromRollout(
  id: string,
  record: RolloutRecord,
  steps: readonly StepRecord[],
  waiting: string,
): Rollout {
  return {
    id,
    state: rolloutStateToWire[record.state],
    undo: record.undo,
    message: record.message,
    waiting,
    pool: record.pool ?? '',
    ...(record.mode === undefined ? {} : { mode: wireFromMode(record.mode) }),
    maxUnavailable: record.maxUnavailable,
    per: record.per ?? '',
    healthSeconds: record.healthSeconds,
    createdMs: record.createdMs,
    createdBy: record.createdBy,
    sinceMs: record.sinceMs,
    steps: steps.length,
    settled: steps.filter((step) => isSettled(step, record.undo)).length,
    failed: steps.filter(({ state }) => state === 'failed').length,
  };
}

/** wireFromStep returns a step. */
export function wireFromStep(step: StepRecord): RolloutStep {
  const { from, to, granted } = step;
  return {
    nodeId: step.node,
    nodeName: step.nodeName,
    group: step.group,
    state: stepStateToWire[step.state],
    undo: step.undo,
    fromSubnet: formatPrefix(from.subnet),
    fromPool: from.pool,
    fromMode: wireFromMode(from.mode),
    toPool: to.pool,
    toMode: wireFromMode(to.mode),
    grantedSubnet: granted === undefined ? '' : formatPrefix(granted.subnet),
    message: step.message,
    sinceMs: step.sinceMs,
    attempts: step.attempt,
  };
}
