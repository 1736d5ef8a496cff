// The adoption after a restored backup: which hosts have come back, and when it may end. Pure.
// Invariant: only an operator ends it, and only on demand without hosts that are missing or contradict the backup.

import type { NodeStatus } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { keys, parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { Entry } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen } from './guards.js';
import type { Decision } from './mutation.js';

/** Adoption is the state of an adoption. */
export type Adoption = {
  /** When the backup was made and restored, milliseconds since 1970. */
  readonly madeMs: number;
  readonly sinceMs: number;
  /** How many nodes the backup has. */
  readonly nodes: number;
  /** Names of the nodes of the backup whose hosts have not been heard of since. */
  readonly awaited: readonly string[];
  /** Names of the nodes that the backup does not know. */
  readonly adopted: readonly string[];
  /** Hosts that contradict the backup, one line each. */
  readonly contradictions: readonly string[];
  /**
   * The least number of subnets that hosts route to and the store does not: their hosts have not come back, or they were
   * static routes that were not added again.
   */
  readonly missing: number;
};

/** AdoptionSources are the inputs of the state of an adoption besides the view. */
export type AdoptionSources = {
  /** The entries of all events. */
  readonly events: readonly Entry[];
  /** Returns the newest report of a node, if it is newer than the view's. */
  readonly statusOf: (nodeId: string) => Pick<NodeStatus, 'routes'> | undefined;
};

/** adoptionOf returns the state of the adoption; undefined if there is none. */
export function adoptionOf(view: ReadonlyView, { events, statusOf }: AdoptionSources): Adoption | undefined {
  const record = view.adoption?.record;
  if (record === undefined) return undefined;
  const { madeMs, sinceMs, nodes } = record;
  const contradictions = contradictionsIn(view, events);
  const namesOf = (holds: (id: string) => boolean) =>
    [...view.nodes].flatMap(([id, node]) => (holds(id) ? [node.record.name] : [])).sort();
  return {
    madeMs,
    sinceMs,
    nodes,
    awaited: namesOf((id) => view.isAwaited(id)).filter((name) => !contradictions.has(name)),
    adopted: namesOf((id) => view.isNewlyAdopted(id)),
    contradictions: [...contradictions.values()].sort(),
    missing: missingIn(view, statusOf),
  };
}

// A host keeps the routes to all others while it waits for a table: the highest number of routes on a host shows how
// many there are.
function missingIn(view: ReadonlyView, statusOf: AdoptionSources['statusOf']): number {
  let routed = 0;
  for (const { record } of view.subnets.values()) if (record.state !== 'quarantined') routed += 1;
  let most = 0;
  for (const id of view.nodes.keys()) {
    const status = view.isAwaited(id) ? undefined : (statusOf(id) ?? view.statuses.get(id)?.record);
    const own = view.leasesOfNode.get(id)?.length ?? 0;
    most = Math.max(most, (status?.routes.desired ?? 0) - (routed - own));
  }
  return most;
}

// What controllers have recorded about hosts since the restore, the newest event of each host, by name.
function contradictionsIn(view: ReadonlyView, events: readonly Entry[]): ReadonlyMap<string, string> {
  const since = view.cluster?.modRevision ?? 0;
  const found = new Map<string, string>();
  for (const { key, value, modRevision } of events) {
    const decoded = decode('event', value);
    if (modRevision <= since || parseKey(key)?.kind !== 'event' || 'problem' in decoded) continue;
    const { reason, subject, message } = decoded.record;
    const name = subject.replace(/^node\//, '');
    if (reason === 'NodeNotAdopted' || reason === 'HeldDiffers') found.set(name, `${name}: ${message}`);
    if (reason === 'NodeAdopted' || reason === 'LeaseAdopted') found.delete(name);
  }
  // A host whose leases differ is no longer a contradiction once its node was removed.
  return new Map([...found].filter(([name, line]) => !isPast(view, name, line)));
}

function isPast(view: ReadonlyView, name: string, line: string): boolean {
  return line.includes('came back to the restored store') && !view.nodeOfName.has(name);
}

/**
 * decideFinish decides to end the adoption.
 * @throws XnetError FailedPrecondition if hosts are missing or contradict the backup, without `force`
 */
export function decideFinish(view: ReadonlyView, sources: AdoptionSources, force: boolean): Decision {
  const adoption = adoptionOf(view, sources);
  if (adoption === undefined) return { subject: 'cluster' };
  const { awaited, adopted, contradictions, missing } = adoption;
  const problems = [
    ...awaited.map((name) => `${name} has not connected since the restore`),
    ...contradictions,
    ...(missing === 0 ? [] : [`hosts route to ${counted(missing, 'subnet', 'subnets')} that no node has claimed yet`]),
  ];
  if (problems.length > 0 && !force) {
    throw new XnetError('FailedPrecondition', 'the adoption is not complete', {
      problems,
      hint:
        'start these hosts, remove those that are gone for good (xctl nodes remove NAME --force), or go on without them: ' +
        'xctl backup adopt --force',
    });
  }
  const without = problems.length === 0 ? '' : `; without ${problems.join(', ')}`;
  return {
    subject: 'cluster',
    change: {
      guards: [asSeen(view, keys.adoption)],
      operations: [{ kind: 'delete', key: keys.adoption }],
      event: {
        reason: 'AdoptionFinished',
        subject: 'cluster',
        message: `the adoption has ended: ${counted(adopted.length, 'node was', 'nodes were')} added back${without}`,
      },
    },
  };
}
