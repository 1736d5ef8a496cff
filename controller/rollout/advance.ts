// Decides the commit for the next step of a rollout. Pure.

import { prefixesEqual } from '../../proto/domain/address.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { asSeen, put } from '../registry/guards.js';
import type { Circumstances, Decision } from '../registry/mutation.js';
import type { Event } from '../store/events.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { RolloutRecord, StepRecord } from '../store/records.js';
import type { NodeStep } from '../view/rollout-steps.js';
import type { ReadonlyView } from '../view/view.js';
import { failureText, heldAt, type LeaseMove, moveLease, moveText, type Target } from './lease-moves.js';
import { type Next, nextOf } from './next.js';
import { stepsOfPool } from './plan.js';
import { dockerFailure, type Facts } from './standing.js';
import { putParts, type RolloutWrite, stepsPerPart, writeRollout, writeStep } from './step-writes.js';

/** AdvanceInput holds everything that the decision depends on. */
export type AdvanceInput = Pick<Circumstances, 'taken'> & {
  readonly view: ReadonlyView;
  readonly id: string;
  readonly facts: Facts;
  readonly nowMs: number;
  /** See chooseSubnet. */
  readonly spread: number;
};

type Change = NonNullable<Decision['change']>;

/** decideAdvance decides the next change of a rollout; no change: there is nothing to do at present. */
export function decideAdvance(input: AdvanceInput): Decision {
  const { view, id } = input;
  const record = view.rollouts.get(id)?.record;
  const next = nextOf(view, id, input.facts);
  if (record === undefined || next === undefined) return { subject: id };
  const change = changeOf(input, record, next);
  return change === undefined ? { subject: id } : { subject: id, change };
}

function changeOf(input: AdvanceInput, record: RolloutRecord, next: Next): Change | undefined {
  switch (next.kind) {
    case 'wait':
      return undefined;
    case 'enter':
      return entered(input, record, next.at, { ...next.at.step, state: next.state, message: next.message });
    case 'grant':
      return granted(input, record, next.at);
    case 'revert':
      return reverted(input, record, next.at, next.message);
    case 'end':
      return ended(input, record, next.state);
  }
}

const stateTexts: Partial<Record<StepRecord['state'], string>> = {
  permitted: 'may restart Docker',
  done: 'done',
  undone: 'undone',
  skipped: 'skipped',
};

// The write of a step that enters a state. A failed step stops the rollout in the same transaction.
function entered(
  { view, nowMs, facts }: AdvanceInput,
  record: RolloutRecord,
  at: NodeStep,
  wanted: StepRecord,
  also: RolloutWrite & { readonly message?: string } = { guards: [], operations: [] },
): Change {
  const { rollout } = at;
  const { nodeName, state, message } = wanted;
  const step: StepRecord = { ...wanted, sinceMs: nowMs, ...begun(at.step, state, facts) };
  const stops = state === 'failed' && (record.state === 'running' || record.state === 'undoing');
  const after: RolloutRecord = stops
    ? { ...record, state: 'failed', sinceMs: nowMs, message: `${nodeName}: ${message}` }
    : record;
  const write = writeStep(view, at, step, after);
  const text = also.message ?? [stateTexts[state] ?? state, message].filter((part) => part !== '').join(': ');
  const event: Event =
    state === 'failed'
      ? { reason: 'RolloutFailed', warning: true, subject: `rollout/${rollout}`, message: `${nodeName}: ${message}` }
      : { reason: 'RolloutStep', subject: `node/${nodeName}`, message: `rollout ${rollout}: ${text}` };
  return {
    guards: [...write.guards, ...also.guards],
    operations: [...write.operations, ...also.operations],
    event,
    isEvent: state !== 'verifying',
  };
}

// A failure that the host reports at the beginning of an attempt is not one of this attempt.
function begun(step: StepRecord, state: StepRecord['state'], facts: Facts): Partial<StepRecord> {
  if (step.state !== 'granted' || (state !== 'permitted' && state !== 'verifying')) return {};
  const failureMs = dockerFailure(facts, step.node)?.sinceMs;
  return { attempt: step.attempt + (state === 'permitted' ? 1 : 0), ...(failureMs === undefined ? {} : { failureMs }) };
}

// Undoing returns the node to its former subnet; a repeated step keeps the subnet that it was granted.
function targetOf({ step }: NodeStep, undo: boolean): Target {
  const repeated = step.undo === undo ? step.granted?.subnet : undefined;
  if (!undo) return { ...step.to, ...(repeated === undefined ? {} : { subnet: repeated }) };
  return { pool: step.from.pool, mode: step.from.mode, subnet: repeated ?? step.from.subnet };
}

function granted(input: AdvanceInput, record: RolloutRecord, at: NodeStep): Change {
  const { view } = input;
  const { step } = at;
  const { node } = step;
  const begins = step.undo !== record.undo;
  const enter = (state: StepRecord['state'], message: string) =>
    entered(input, record, at, { ...step, undo: record.undo, state, message });
  if (!view.nodes.has(node)) return enter('skipped', 'the node was removed');
  if (record.undo && step.granted === undefined) return enter('undone', 'it was never changed');
  const from = record.undo ? (begins ? step.granted : undefined) : step.from;
  const isHeld = from !== undefined && heldAt(view, node, from) !== undefined;
  if ((begins || step.granted === undefined) && !isHeld) {
    return enter('skipped', 'its leases were changed by others in the meantime');
  }
  let move: LeaseMove;
  try {
    move = moveLease({ ...input, nodeId: node, from, target: targetOf(at, record.undo) });
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
    return enter('failed', failureText(error));
  }
  const after: StepRecord = { ...step, undo: record.undo, granted: move.granted, state: 'granted', message: '' };
  return entered(input, record, at, after, { ...move, message: moveText(from, move.granted) });
}

// The host still uses its former lease: the former lease stays, and the granted one ends.
function reverted(input: AdvanceInput, record: RolloutRecord, at: NodeStep, message: string): Change {
  const { view } = input;
  const { step } = at;
  const former = step.undo ? undefined : step.from;
  const skip = (why: string) => entered(input, record, at, { ...step, state: 'skipped', message: why });
  if (former === undefined || step.granted === undefined) return skip(message);
  if (heldAt(view, step.node, former) === undefined) return skip(`${message}; its former lease has ended`);
  const target: Target = { pool: former.pool, mode: former.mode, subnet: former.subnet };
  let move: LeaseMove;
  try {
    move = moveLease({ ...input, nodeId: step.node, from: step.granted, target });
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
    return skip(`${message}; its lease is not taken back: ${failureText(error)}`);
  }
  const { granted: _dropped, ...rest } = step;
  return entered(input, record, at, { ...rest, state: 'skipped', message }, { ...move, message });
}

function ended(input: AdvanceInput, record: RolloutRecord, state: 'done' | 'undone'): Change {
  const { view, id, nowMs } = input;
  const late = state === 'done' ? stepsOfPool(view, id, nowMs).slice(0, stepsPerPart) : [];
  const event = (reason: string, message: string): Event => ({ reason, subject: `rollout/${id}`, message });
  if (late.length > 0) {
    // Nodes that got a lease of the pool after the rollout began.
    const write = writeRollout(view, id, { ...record, parts: record.parts + 1 });
    const message = `${counted(late.length, 'node', 'nodes')} more, which joined meanwhile`;
    return {
      guards: write.guards,
      operations: [...write.operations, ...putParts(id, late, record.parts)],
      event: event('RolloutStep', message),
    };
  }
  const write = writeRollout(view, id, { ...record, state, sinceMs: nowMs, message: '' });
  const pool = poolModeWrite(view, record, state);
  const message = endText(view, record, id, { state, keepsMode: pool.operations.length === 0 });
  return {
    guards: [...write.guards, ...pool.guards],
    operations: [...write.operations, ...pool.operations],
    event: event('RolloutDone', message),
  };
}

// The outcome for the nodes, and for the pool's mode.
function endText(
  view: ReadonlyView,
  record: RolloutRecord,
  id: string,
  { state, keepsMode }: { readonly state: 'done' | 'undone'; readonly keepsMode: boolean },
): string {
  const steps = view.rolloutSteps.of(id).map(({ step }) => step);
  const named = (found: readonly StepRecord[]) => {
    const names = found.slice(0, 3).map(({ nodeName }) => nodeName);
    return `${names.join(', ')}${found.length > 3 ? ` and ${found.length - 3} more` : ''}`;
  };
  const skipped = steps.filter((step) => step.state === 'skipped');
  const elsewhere = steps.filter(
    ({ state: its, granted, from }) =>
      state === 'undone' && its === 'undone' && granted !== undefined && !prefixesEqual(granted.subnet, from.subnet),
  );
  const wanted = state === 'done' ? record.mode : record.formerMode;
  const present = record.pool === undefined ? undefined : view.pools.get(record.pool)?.record.mode;
  const others = skipped.length > 0 || elsewhere.length > 0 ? 'all other nodes' : 'all nodes';
  return [
    state === 'done' ? `${others} are healthy` : `${others} have the leases that they had`,
    ...(elsewhere.length === 0 ? [] : [`${named(elsewhere)}: another subnet, since the former one is not free`]),
    ...(skipped.length === 0 ? [] : [`${named(skipped)}: skipped`]),
    ...(keepsMode && wanted !== present
      ? [`pool ${record.pool} keeps mode ${present}: not all of its leases changed`]
      : []),
  ].join('; ');
}

// The pool itself changes last: every remaining lease names its mode by then, so none changes with the pool.
function poolModeWrite(view: ReadonlyView, record: RolloutRecord, state: 'done' | 'undone'): RolloutWrite {
  const { pool, mode, formerMode } = record;
  const held = pool === undefined ? undefined : view.pools.get(pool);
  const wanted = state === 'done' ? mode : formerMode;
  const nothing = { guards: [], operations: [] };
  if (pool === undefined || held === undefined || wanted === undefined || held.record.mode === wanted) return nothing;
  const follows = [...view.subnets.values()].some(
    (subnet) =>
      subnet.pool === pool &&
      subnet.record.state === 'leased' &&
      subnet.record.mode === undefined &&
      view.nodes.get(subnet.record.node)?.record.mode === undefined,
  );
  if (follows) return nothing;
  return {
    guards: [
      asSeen(view, keys.pool(pool)),
      { kind: 'unchanged', prefix: prefixes.subnetsOf(pool), since: view.revision },
    ],
    operations: [put(keys.pool(pool), encode('pool', { ...held.record, mode: wanted }))],
  };
}
