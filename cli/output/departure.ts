// The progress of a node that is draining or leaving, in JSON and for people. Pure.
import { counted, escaped } from '../../proto/domain/text.js';
import type { Departure__Output } from '../../proto/gen/xnet/v1/Departure.js';
import { stateOf } from './from-wire.js';
import { type NodeOutput, nodeFromWire } from './node.js';
import { formatLeft, isoTime } from './time.js';

/** DepartureOutput is the progress of a node that is draining or leaving. */
export type DepartureOutput = {
  /** "draining", "drained", "leaving", "withdrawing", "removed", "missed" (the deadline) or "ended" (by an operator). */
  readonly stage: string;
  /** Nothing follows. */
  readonly done: boolean;
  /** Null once it is removed. */
  readonly node: NodeOutput | null;
  /** Connected peers, and how many of them have withdrawn their routes. While withdrawing. */
  readonly peers: number;
  readonly withdrawn: number;
  readonly pending: readonly string[];
  readonly quarantinedUntil: string | null;
};

/** departureFromWire converts the progress of a node. */
export function departureFromWire(wire: Departure__Output): DepartureOutput {
  const { done, node, peers, withdrawn, pending, quarantinedUntilMs } = wire;
  return {
    stage: stateOf(wire.stage, 'DEPARTURE_STAGE_'),
    done,
    node: node === null ? null : nodeFromWire(node),
    peers,
    withdrawn,
    pending,
    quarantinedUntil: isoTime(quarantinedUntilMs),
  };
}

const mostNames = 5;

/** containersText names the containers that use a node's subnets: "2 containers use its subnets: web, db". */
export function containersText({ state, containers, containerCount, conditions, versions }: NodeOutput): string {
  const isAway = state === 'down' || state === 'pending' || state === 'revoked';
  if (isAway) return `its host is ${state}: nothing is known of its containers`;
  if (containerCount === null) {
    if (versions.daemon === null) return 'its host has not reported yet';
    if (conditions.some(({ type, ok }) => type === 'Docker' && !ok))
      return 'Docker on its host has not answered xnetd: its containers are not known';
    const which = escaped(versions.daemon);
    return `xnetd ${which} on its host does not report containers: upgrade it, or run "xnetd leave" there`;
  }
  if (containerCount === 0) return 'no container uses its subnets';
  const names = containers.slice(0, mostNames).map(({ name }) => escaped(name));
  const more = containerCount - names.length;
  const which = names.length === 0 ? '' : `: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${counted(containerCount, 'container uses', 'containers use')} its subnets${which}`;
}

/** departureText is the line of progress: "2 containers use its subnets: web, db; 9m left". */
export function departureText({ stage, node, peers, withdrawn, pending }: DepartureOutput, nowMs: number): string {
  switch (stage) {
    case 'draining': {
      const until = node?.drain?.deadlineAt ?? null;
      const left = until === null ? '' : `; ${formatLeft(Date.parse(until), nowMs)} left`;
      return `${node === null ? 'draining' : containersText(node)}${left}`;
    }
    case 'drained':
      return 'no container uses its subnets';
    case 'leaving': {
      const failing = node?.conditions.find(({ ok, transient }) => !ok && !transient);
      const why = failing === undefined ? '' : ` (${escaped(`${failing.type}: ${failing.message || failing.reason}`)})`;
      const away = node?.state === 'down' ? ', which is down' : '';
      return `its host${away} restores the configuration of Docker${why}`;
    }
    case 'withdrawing': {
      const behind = pending.length === 0 ? '' : `; not yet: ${pending.map(escaped).join(', ')}`;
      return `${withdrawn} of ${counted(peers, 'connected peer', 'connected peers')} withdrew the routes to it${behind}`;
    }
    case 'removed':
      return 'removed';
    case 'missed':
      return `the deadline has passed; it stays cordoned${node === null ? '' : `: ${containersText(node)}`}`;
    default:
      return 'an operator ended it';
  }
}
