// The writes of a rollout and its steps. Pure.
// Invariant: every write of steps also writes the rollout, guarded by the revision that was seen: of two controllers that
// decide on the same state, one commits.

import { asSeen, put } from '../registry/guards.js';
import { requireDecodable } from '../registry/lookup.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { RolloutRecord, StepRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import type { NodeStep } from '../view/rollout-steps.js';
import type { ReadonlyView } from '../view/view.js';

/** stepsPerPart is the number of steps in one record: a part takes at most about 40 KiB of the 1 MiB of a commit. */
export const stepsPerPart = 64;

/** mostSteps is the largest number of steps of a rollout: they are written in one commit of 127 records. */
export const mostSteps = 100 * stepsPerPart;

/** putParts returns the writes of all steps of a new rollout. */
export function putParts(id: string, steps: readonly StepRecord[], firstPart = 0): readonly Operation[] {
  const parts = Array.from({ length: Math.ceil(steps.length / stepsPerPart) }, (_, index) =>
    steps.slice(index * stepsPerPart, (index + 1) * stepsPerPart),
  );
  return parts.map((part, index) => put(keys.steps(id, firstPart + index), encode('steps', { steps: part })));
}

/** RolloutWrite is a commit about one rollout. */
export type RolloutWrite = { readonly guards: readonly Guard[]; readonly operations: readonly Operation[] };

/** writeRollout returns the write of a rollout's own record. @throws XnetError FailedPrecondition if it is unreadable */
export function writeRollout(view: ReadonlyView, id: string, record: RolloutRecord): RolloutWrite {
  const key = keys.rollout(id);
  requireDecodable(view, key);
  return { guards: [asSeen(view, key)], operations: [put(key, encode('rollout', record))] };
}

/** writeStep returns the write of one step, and of the rollout's own record. @throws XnetError as writeRollout does */
export function writeStep(
  view: ReadonlyView,
  { rollout, part, index }: NodeStep,
  step: StepRecord,
  record: RolloutRecord,
): RolloutWrite {
  const key = keys.steps(rollout, part);
  requireDecodable(view, key);
  const before = view.rolloutSteps.part(rollout, part)?.record ?? { steps: [] };
  const steps = before.steps.map((other, at) => (at === index ? step : other));
  const own = writeRollout(view, rollout, record);
  return {
    guards: [...own.guards, asSeen(view, key)],
    operations: [...own.operations, put(key, encode('steps', { ...before, steps }))],
  };
}
