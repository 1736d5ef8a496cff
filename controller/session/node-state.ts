// The state of a node, and the events for its changes. Pure.
import { type Condition, type NodeStatus, pendingReason } from '../../proto/domain/network.js';
import type { NodeState__Output } from '../../proto/gen/xnet/v1/NodeState.js';
import type { Event } from '../store/events.js';

// A daemon reports within a second of connecting; one that does not is faulty.
const longestSilenceMs = 30_000;

/**
 * nodeState returns a node's state, derived from its liveness and its convergence.
 * @param connectedMs how long its daemon has been connected; undefined: it is not
 */
export function nodeState(connectedMs: number | undefined, status: NodeStatus | undefined): NodeState__Output {
  if (connectedMs === undefined) return status === undefined ? 'NODE_STATE_PENDING' : 'NODE_STATE_DOWN';
  if (status === undefined) return connectedMs > longestSilenceMs ? 'NODE_STATE_DEGRADED' : 'NODE_STATE_PROGRESSING';
  const failing = status.conditions.filter((condition) => !condition.ok);
  if (failing.some((condition) => !condition.transient)) return 'NODE_STATE_DEGRADED';
  if (failing.length > 0 || status.routes.installed < status.routes.desired) return 'NODE_STATE_PROGRESSING';
  return 'NODE_STATE_READY';
}

/** transitionsOf returns the events for changed conditions of a node: failures and recoveries. */
export function transitionsOf(
  nodeName: string,
  before: readonly Condition[],
  after: readonly Condition[],
): readonly Event[] {
  const subject = `node/${nodeName}`;
  const events: Event[] = [];
  for (const condition of after) {
    const former = before.find(({ type }) => type === condition.type);
    const same = former?.ok === condition.ok && former.reason === condition.reason;
    // A transient failure that becomes permanent is an event too.
    if (same && (former.transient === condition.transient || condition.transient)) continue;
    // A condition whose first result is ok is not an event.
    if (
      (condition.reason === pendingReason && condition.transient) ||
      (condition.ok && former?.reason === pendingReason)
    )
      continue;
    if (!condition.ok) {
      events.push({ reason: condition.reason, warning: !condition.transient, subject, message: condition.message });
    } else if (former !== undefined && !former.ok) {
      events.push({ reason: `${condition.type}Ready`, subject, message: `after ${former.reason}` });
    }
  }
  return events;
}
