// What a node's state is called, and which of its changes are worth an event. Pure.
import { type Condition, type NodeStatus, pendingReason } from '../../proto/domain/network.js';
import type { NodeState__Output } from '../../proto/gen/xnet/v1/NodeState.js';
import type { Event } from '../store/events.js';

// A daemon reports within a second of connecting; one that has not by then never will.
const longestSilenceMs = 30_000;

/**
 * nodeState is what is known of a node's liveness and convergence.
 * @param connectedMs for how long its daemon has been connected; undefined: it is not
 */
export function nodeState(connectedMs: number | undefined, status: NodeStatus | undefined): NodeState__Output {
  if (connectedMs === undefined) return status === undefined ? 'NODE_STATE_PENDING' : 'NODE_STATE_DOWN';
  if (status === undefined) return connectedMs > longestSilenceMs ? 'NODE_STATE_DEGRADED' : 'NODE_STATE_PROGRESSING';
  const failing = status.conditions.filter((condition) => !condition.ok);
  if (failing.some((condition) => !condition.transient)) return 'NODE_STATE_DEGRADED';
  if (failing.length > 0 || status.routes.installed < status.routes.desired) return 'NODE_STATE_PROGRESSING';
  return 'NODE_STATE_READY';
}

/** transitionsOf are the events of a node's conditions: what went wrong, and what is well again. */
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
    // What was to pass by itself and has not is news.
    if (same && (former.transient === condition.transient || condition.transient)) continue;
    // That a daemon begins to look, and then finds it well, is no news.
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
