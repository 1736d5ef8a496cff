// Decides the next step of a rollout. Pure: any controller that sees the same records and reports decides the same.
// Invariant: no permit is given while the limit of unavailable nodes is reached. Unavailable are nodes of the group
// that are down, have no running Docker, or have a permit and are not healthy yet. After a failure no further node is
// changed.
import { formatPrefix } from '../../proto/domain/address.js';
import { keys, prefixes } from '../store/keys.js';
import type { RolloutRecord, StepRecord } from '../store/records.js';
import { isOfRestoredStore } from '../view/permits.js';
import type { NodeStep } from '../view/rollout-steps.js';
import type { ReadonlyView } from '../view/view.js';
import { heldAt } from './lease-moves.js';
import { mostUnavailable } from './limits.js';
import {
  dockerFailure,
  type Facts,
  hasMoved,
  isDisconnected,
  isDockerDown,
  isGone,
  whyNotHealthy,
} from './standing.js';

/** Next is the next step of a rollout. */
export type Next =
  /** A step enters a state; a failed one stops the rollout. */
  | { readonly kind: 'enter'; readonly at: NodeStep; readonly state: StepRecord['state']; readonly message: string }
  /** A step is given its lease, forward or back. */
  | { readonly kind: 'grant'; readonly at: NodeStep }
  /** The grant of a step that had no permit yet, or whose host did not use it, is revoked. */
  | { readonly kind: 'revert'; readonly at: NodeStep; readonly message: string }
  | { readonly kind: 'end'; readonly state: 'done' | 'undone' }
  /** Nothing to do now, with the reason; empty: the rollout is complete. */
  | { readonly kind: 'wait'; readonly text: string };

/** isInFlight reports whether the host of a step may be restarting Docker. */
export function isInFlight({ state }: StepRecord): boolean {
  return state === 'permitted' || state === 'verifying';
}

/** isOpen reports whether a rollout has steps left, now or when it is resumed. */
export function isOpen(record: RolloutRecord, steps: readonly NodeStep[]): boolean {
  if (['running', 'paused', 'failed', 'undoing'].includes(record.state)) return true;
  return record.state === 'cancelled' && steps.some(({ step }) => isInFlight(step) || step.state === 'granted');
}

/**
 * keepsGrants reports whether a cancelled rollout has failed steps with grants: grants that hosts do not use are
 * revoked.
 */
export function keepsGrants({ state }: RolloutRecord, steps: readonly NodeStep[]): boolean {
  return state === 'cancelled' && steps.some(({ step }) => step.state === 'failed' && step.granted !== undefined);
}

function enter(at: NodeStep, state: StepRecord['state'], message = ''): Next {
  return { kind: 'enter', at, state, message };
}

// The new state of a step whose host has a permit; undefined: unchanged.
function inFlight(view: ReadonlyView, { healthSeconds }: RolloutRecord, at: NodeStep, facts: Facts): Next | undefined {
  const { node, granted, state, undo } = at.step;
  if (!view.nodes.has(node)) return enter(at, 'skipped', 'the node was removed');
  if (granted === undefined || heldAt(view, node, granted) === undefined) {
    return enter(at, 'failed', 'its new lease was ended');
  }
  if (isGone(view, node)) return enter(at, 'failed', 'its host is down');
  const failure = dockerFailure(facts, node);
  if (failure !== undefined && failure.sinceMs !== at.step.failureMs) {
    return enter(at, 'failed', `${failure.reason}: ${failure.message}`);
  }
  const why = whyNotHealthy(view, facts, node, granted);
  if (why === '') return enter(at, undo ? 'undone' : 'done');
  if (state === 'permitted' && hasMoved(view, facts, node, granted)) return enter(at, 'verifying');
  if (facts.permittedMs(at) < healthSeconds * 1000) return undefined;
  return enter(at, 'failed', `not healthy within ${healthSeconds} s: ${why}`);
}

// A grant is revoked if the host does not use it; a failed step keeps the reason of its failure.
function cancelled(view: ReadonlyView, at: NodeStep, facts: Facts): Next | undefined {
  const { state, node, granted, message } = at.step;
  if (granted === undefined || (state !== 'granted' && state !== 'failed')) return undefined;
  if (hasMoved(view, facts, node, granted)) {
    return state === 'granted' ? enter(at, 'skipped', 'cancelled') : undefined;
  }
  return { kind: 'revert', at, message: message === '' ? 'cancelled' : `cancelled; ${message}` };
}

// The ids of the nodes of a group that are down, have no running Docker, or are not healthy again after their permit.
function unavailableIn(
  view: ReadonlyView,
  members: ReadonlySet<string>,
  steps: readonly NodeStep[],
  facts: Facts,
): string[] {
  const busy = new Set(steps.filter(({ step }) => isInFlight(step)).map(({ step }) => step.node));
  return [...members].filter((id) => busy.has(id) || isDisconnected(view, id) || isDockerDown(facts, id));
}

/** membersOf returns the ids of all nodes of the fleet that have this value of the label; without a label, of all nodes. */
export function membersOf(view: ReadonlyView, per: string | undefined, group: string): ReadonlySet<string> {
  const members = [...view.nodes].filter(
    ([, { record }]) => per === undefined || (Object.hasOwn(record.labels, per) ? record.labels[per] : '') === group,
  );
  return new Set(members.map(([id]) => id));
}

function namesOf(view: ReadonlyView, ids: readonly string[]): string {
  const names = ids.slice(0, 3).map((id) => view.nodes.get(id)?.record.name ?? id);
  return `${names.join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}`;
}

// The steps of a rollout that are not settled, in their order: group by group, in reverse when it is undone.
function remaining(record: RolloutRecord, steps: readonly NodeStep[]): readonly NodeStep[] {
  const open = ({ step: { state, undo } }: NodeStep) =>
    record.undo
      ? !['pending', 'skipped', 'undone'].includes(state)
      : !['done', 'skipped', 'undone'].includes(state) && !undo;
  const left = steps.filter(open);
  return record.undo ? left.reverse() : left;
}

function isStarted(record: RolloutRecord, { step }: NodeStep): boolean {
  return step.undo === record.undo && step.state === 'granted';
}

function onward(view: ReadonlyView, record: RolloutRecord, steps: readonly NodeStep[], facts: Facts): Next {
  const left = remaining(record, steps);
  const [first] = left;
  if (first === undefined) return { kind: 'end', state: record.undo ? 'undone' : 'done' };
  const { group } = first.step;
  const members = membersOf(view, record.per, group);
  const most = mostUnavailable(record.maxUnavailable, members.size);
  const unavailable = unavailableIn(view, members, steps, facts);
  const here = left.filter(({ step }) => step.group === group && !isInFlight(step));
  const granted = here.filter((at) => isStarted(record, at));
  for (const at of granted) {
    const { node, granted: place } = at.step;
    if (!view.nodes.has(node)) return enter(at, 'skipped', 'the node was removed');
    // It already uses the lease: no permit is needed.
    if (place !== undefined && hasMoved(view, facts, node, place)) return enter(at, 'verifying');
  }
  const isReady = ({ step: { node, granted: place } }: NodeStep) =>
    place !== undefined && view.sessions.has(node) && facts.isRouted(place.subnet, node);
  // A node that is already unavailable does not count twice.
  const hasRoom = ({ step }: NodeStep) => unavailable.filter((id) => id !== step.node).length < most;
  const ready = granted.find((at) => isReady(at) && hasRoom(at));
  if (ready !== undefined) return enter(ready, 'permitted');
  const next = here.find(
    (at) => !isStarted(record, at) && (view.sessions.has(at.step.node) || !view.nodes.has(at.step.node)),
  );
  if (next !== undefined && granted.length < most) return { kind: 'grant', at: next };
  return { kind: 'wait', text: whyWaiting(view, facts, { most, unavailable, granted, here }) };
}

type Standstill = {
  readonly most: number;
  readonly unavailable: readonly string[];
  readonly granted: readonly NodeStep[];
  readonly here: readonly NodeStep[];
};

function whyWaiting(view: ReadonlyView, facts: Facts, { most, unavailable, granted, here }: Standstill): string {
  const down = unavailable.filter((id) => isDisconnected(view, id));
  if (unavailable.length >= most && down.length > 0) {
    const they = `${namesOf(view, down)} ${down.length === 1 ? 'is' : 'are'} down`;
    return `${they}: at most ${most} may be unavailable at once`;
  }
  const broken = unavailable.filter((id) => isDockerDown(facts, id));
  if (unavailable.length >= most && broken.length > 0) {
    return `Docker does not run on ${namesOf(view, broken)}: at most ${most} may be unavailable at once`;
  }
  if (unavailable.length >= most) return `${namesOf(view, unavailable)} in progress`;
  const [waiting] = granted;
  const subnet = waiting?.step.granted?.subnet;
  if (waiting !== undefined && subnet !== undefined) {
    return `not all peers route to ${formatPrefix(subnet)} of ${waiting.step.nodeName} yet`;
  }
  return `${namesOf(
    view,
    here.map(({ step }) => step.node),
  )} not connected`;
}

/** nextOf returns the next thing to do in a rollout; undefined for an unknown id. */
export function nextOf(view: ReadonlyView, id: string, facts: Facts): Next | undefined {
  const record = view.rollouts.get(id)?.record;
  if (record === undefined) return undefined;
  // A newer version wrote them: a controller of that version continues them, or its operator does.
  const unreadable = [...view.undecodable.keys()].find(
    (key) => key === keys.rollout(id) || key.startsWith(prefixes.stepsOf(id)),
  );
  if (unreadable !== undefined)
    return { kind: 'wait', text: `the record ${unreadable} can't be read: see xctl status` };
  const isActive = record.state === 'running' || record.state === 'undoing' || record.state === 'cancelled';
  if (isActive && isOfRestoredStore(view, id)) {
    return {
      kind: 'wait',
      text: `the store was restored from a backup: see what hosts hold, then xctl rollouts pause ${id} and resume it, or cancel it`,
    };
  }
  const steps = view.rolloutSteps.of(id);
  for (const at of steps) {
    const next = isInFlight(at.step) ? inFlight(view, record, at, facts) : undefined;
    if (next !== undefined) return next;
    const back = record.state === 'cancelled' ? cancelled(view, at, facts) : undefined;
    if (back !== undefined) return back;
  }
  if (record.state !== 'running' && record.state !== 'undoing') return { kind: 'wait', text: '' };
  return onward(view, record, steps, facts);
}
