// Decides how a node is drained, and what follows when no container uses its subnets or the deadline has passed. Pure.
// Invariant: a node counts as drained only by a report of its host that was made while it was draining. Nothing of the
// host is changed before that, and an operator can go back until the host has announced that it leaves.

import { formatDuration } from '../../proto/domain/duration.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import type { Event } from '../store/events.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, put } from './guards.js';
import { requireDecodable, requireNode } from './lookup.js';
import type { Decision } from './mutation.js';

/** Draining is a request to drain a node. */
export type Draining = {
  /** How long to wait, in milliseconds; undefined: as long as it takes. */
  readonly deadlineMs: number | undefined;
  /** Whether its host has to leave as soon as it is drained. */
  readonly remove: boolean;
};

function written(view: ReadonlyView, nodeId: string, record: NodeRecord, event: Omit<Event, 'subject'>): Decision {
  return {
    subject: nodeId,
    change: {
      guards: [asSeen(view, keys.node(nodeId)), asSeen(view, keys.revoked(nodeId))],
      operations: [put(keys.node(nodeId), encode('node', record))],
      event: { ...event, subject: `node/${record.name}` },
    },
  };
}

/** withoutDrain returns a node's record without what is known of a drain. */
export function withoutDrain({ drain: _drain, ...record }: NodeRecord): NodeRecord {
  return record;
}

/**
 * decideDrain decides how to begin to drain a node. For a node that is draining, it changes the deadline and whether its host
 * leaves.
 * @throws XnetError NotFound; FailedPrecondition for a node that is revoked
 */
export function decideDrain(view: ReadonlyView, nodeId: string, wanted: Draining, nowMs: number): Decision {
  const node = requireNode(view, nodeId);
  requireDecodable(view, keys.node(nodeId));
  const { availability, drain, name } = node;
  if (availability === 'leaving') return { subject: nodeId };
  if (view.revoked.has(nodeId)) {
    throw new XnetError(
      'FailedPrecondition',
      `${name} was revoked: controllers refuse its host, so it can't be drained`,
      {
        hint: `xctl nodes remove ${name} --force`,
      },
    );
  }
  const { deadlineMs } = wanted;
  const limit = deadlineMs === undefined ? '' : `, for at most ${formatDuration(deadlineMs)}`;
  const next = wanted.remove ? '; then its host leaves' : '';
  const message = `waits until no container uses its subnets${limit}${next}`;
  if (availability === 'draining' && drain !== undefined) {
    const isSame = (deadlineMs === undefined || deadlineMs === drain.deadlineMs) && (!wanted.remove || drain.remove);
    if (isSame) return { subject: nodeId };
    const again = {
      ...drain,
      remove: drain.remove || wanted.remove,
      ...(deadlineMs === undefined ? {} : { deadlineMs, sinceMs: nowMs, revision: view.revision + 1 }),
    };
    return written(view, nodeId, { ...node, drain: again }, { reason: 'NodeDraining', message });
  }
  const before = availability === 'cordoned' ? ('cordoned' as const) : ('active' as const);
  const begun = {
    before,
    sinceMs: nowMs,
    revision: view.revision + 1,
    remove: wanted.remove,
    leave: false,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
  const record: NodeRecord = { ...node, availability: 'draining', drain: begun };
  return written(view, nodeId, record, { reason: 'NodeDraining', message });
}

/**
 * decideDrainCancel decides how to end a drain: the node's availability is again what it was before.
 * @throws XnetError NotFound; FailedPrecondition when its host is leaving
 */
export function decideDrainCancel(view: ReadonlyView, nodeId: string): Decision {
  const node = requireNode(view, nodeId);
  requireDecodable(view, keys.node(nodeId));
  const { availability, drain, name } = node;
  if (availability === 'leaving') {
    throw new XnetError('FailedPrecondition', `${name} is leaving: its peers have withdrawn their routes`, {
      hint: `it ends by itself: xctl nodes remove ${name} --wait; then add the host again`,
    });
  }
  if (availability !== 'draining') return { subject: nodeId };
  const back = drain?.before ?? 'active';
  return written(
    view,
    nodeId,
    { ...withoutDrain(node), availability: back },
    {
      reason: 'DrainCancelled',
      message: `availability: draining → ${back}`,
    },
  );
}

/** DrainStep is the step that a drain is due for; 'used': containers use the subnets of a drained node again. */
export type DrainStep = 'drained' | 'used' | 'deadline' | 'leave';

/**
 * drainStepOf returns what a node is due for; undefined: nothing.
 * @param status a report that its host made while it was draining; undefined: there is none yet
 * @param nowMs by a clock that may differ from that of the controller that wrote the record: the deadline is early or
 * late by the difference, and only ends the wait
 */
export function drainStepOf(
  { availability, drain }: Pick<NodeRecord, 'availability' | 'drain'>,
  status: Pick<NodeStatus, 'leases' | 'containerCount'> | undefined,
  nowMs: number,
): DrainStep | undefined {
  if (availability !== 'draining' || drain === undefined) return undefined;
  const count = status !== undefined && reportsContainers(status) ? status.containerCount : undefined;
  const isEmpty = count === 0;
  // A host that was asked to leave looks for containers itself.
  if (count !== undefined && count > 0 && drain.drainedMs !== undefined && !drain.leave) return 'used';
  if (isEmpty && drain.drainedMs === undefined) return 'drained';
  if (isEmpty && drain.remove && !drain.leave) return 'leave';
  const isLate = drain.deadlineMs !== undefined && nowMs - drain.sinceMs >= drain.deadlineMs;
  return isLate && drain.drainedMs === undefined ? 'deadline' : undefined;
}

/** reportsContainers reports whether a report tells of containers: that of a daemon that knows one lease does not. */
export function reportsContainers({ leases }: Pick<NodeStatus, 'leases'>): boolean {
  return leases.length > 0;
}

/** decideDrainStep decides the next step of a drain; no change if another controller has done the step. */
export function decideDrainStep(
  view: ReadonlyView,
  nodeId: string,
  step: DrainStep,
  { containerCount, nowMs }: { readonly containerCount: number | undefined; readonly nowMs: number },
): Decision {
  const node = requireNode(view, nodeId);
  const { availability, drain } = node;
  if (availability !== 'draining' || drain === undefined) return { subject: nodeId };
  if (step === 'deadline') {
    const { deadlineMs = 0 } = drain;
    if (drain.drainedMs !== undefined || nowMs - drain.sinceMs < deadlineMs) return { subject: nodeId };
    const left =
      containerCount === undefined
        ? 'its containers are not known'
        : counted(containerCount, 'container remains', 'containers remain');
    const record: NodeRecord = {
      ...node,
      availability: 'cordoned',
      drain: { ...drain, remove: false, missedMs: nowMs },
    };
    return written(view, nodeId, record, {
      reason: 'DrainDeadline',
      warning: true,
      message: `not drained within ${formatDuration(deadlineMs)}: ${left}; it stays cordoned`,
    });
  }
  if (step === 'drained') {
    if (drain.drainedMs !== undefined) return { subject: nodeId };
    const record: NodeRecord = { ...node, drain: { ...drain, drainedMs: nowMs } };
    return written(view, nodeId, record, { reason: 'NodeDrained', message: 'no container uses its subnets' });
  }
  if (step === 'used') {
    if (drain.drainedMs === undefined || drain.leave) return { subject: nodeId };
    const { drainedMs: _drained, ...rest } = drain;
    // The deadline begins anew.
    const record: NodeRecord = { ...node, drain: { ...rest, sinceMs: nowMs, revision: view.revision + 1 } };
    const message = `containers use its subnets again: ${containerCount ?? 'how many is not known'}`;
    return written(view, nodeId, record, { reason: 'NodeDraining', message });
  }
  if (!drain.remove || drain.leave) return { subject: nodeId };
  const record: NodeRecord = { ...node, drain: { ...drain, leave: true } };
  return written(view, nodeId, record, { reason: 'NodeToLeave', message: 'its host is asked to leave' });
}
