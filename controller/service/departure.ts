// How far a node is on its way out, from the view and the newest reports. Pure except for the sessions' live counts.

import type { Departure } from '../../proto/gen/xnet/v1/Departure.js';
import type { DepartureStage } from '../../proto/gen/xnet/v1/DepartureStage.js';
import type { Sessions } from '../session/sessions.js';
import { keys } from '../store/keys.js';
import type { NodeRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import type { Live } from './to-wire/live.js';
import { wireFromNode } from './to-wire/records.js';

type Stage = Exclude<keyof typeof DepartureStage, 'DEPARTURE_STAGE_UNSPECIFIED'>;

/** stageOf returns how far a node is on its way out; undefined record: it was removed. */
export function stageOf(node: Pick<NodeRecord, 'availability' | 'drain'> | undefined): {
  readonly stage: Stage;
  readonly done: boolean;
} {
  if (node === undefined) return { stage: 'DEPARTURE_STAGE_REMOVED', done: true };
  const { availability, drain } = node;
  if (availability === 'leaving') return { stage: 'DEPARTURE_STAGE_WITHDRAWING', done: false };
  if (availability === 'draining' && drain !== undefined) {
    if (drain.leave) return { stage: 'DEPARTURE_STAGE_LEAVING', done: false };
    if (drain.drainedMs !== undefined) return { stage: 'DEPARTURE_STAGE_DRAINED', done: !drain.remove };
    return { stage: 'DEPARTURE_STAGE_DRAINING', done: false };
  }
  const missed = availability === 'cordoned' && drain?.missedMs !== undefined;
  return { stage: missed ? 'DEPARTURE_STAGE_MISSED' : 'DEPARTURE_STAGE_ENDED', done: true };
}

/** departureOf returns the progress of a node. */
export function departureOf(
  view: ReadonlyView,
  nodeId: string,
  live: Live,
  sessions: Pick<Sessions, 'progress' | 'fanout'>,
): Departure {
  const node = view.nodes.get(nodeId)?.record;
  const { stage, done } = stageOf(node);
  if (node === undefined) {
    const ends = [...view.subnets.values()].flatMap(({ record }) =>
      record.state === 'quarantined' && record.node === nodeId ? [record.untilMs] : [],
    );
    return { stage, done, quarantinedUntilMs: Math.max(0, ...ends) };
  }
  const wire = wireFromNode(view, nodeId, live);
  const progress = { stage, done, ...(wire === undefined ? {} : { node: wire }) };
  if (stage !== 'DEPARTURE_STAGE_WITHDRAWING') return progress;
  const since = view.modRevisionOf(keys.node(nodeId));
  const { nodes, applied, behind } = sessions.progress(Math.min(since, sessions.fanout.table.changedAt), nodeId);
  return { ...progress, peers: nodes, withdrawn: applied, pending: [...behind] };
}
