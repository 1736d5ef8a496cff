// The approval of withdrawals that nodes hold. Pure.
// Invariant: an approval names a version of the route table, so it never applies to a later withdrawal; it only ever
// advances.

import type { HeldRoutes, NodeStatus, Version } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import { approvedVersion } from '../view/assignment.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, put } from './guards.js';
import type { Decision } from './mutation.js';

/** Holder is a node that keeps routes that were withdrawn from it. */
export type Holder = {
  readonly nodeId: string;
  readonly name: string;
  readonly held: HeldRoutes;
  /** By the node's clock, milliseconds since 1970; 0: not known. */
  readonly sinceMs: number;
};

/** holdersOf returns the nodes that hold routes, as they last reported, by name. */
export function holdersOf(view: ReadonlyView, statusOf: (nodeId: string) => NodeStatus | undefined): readonly Holder[] {
  const holders = [...view.nodes].flatMap(([nodeId, { record }]): Holder[] => {
    const status = statusOf(nodeId) ?? view.statuses.get(nodeId)?.record;
    if (status?.held === undefined) return [];
    const sinceMs = status.conditions.find(({ type, ok }) => type === 'Withdrawals' && !ok)?.sinceMs ?? 0;
    return [{ nodeId, name: record.name, held: status.held, sinceMs }];
  });
  return holders.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** holdingProblems returns the problem that nodes hold routes, as the status shows it. */
export function holdingProblems(
  holders: readonly Holder[],
): readonly { readonly text: string; readonly fix: string }[] {
  if (holders.length === 0) return [];
  const routes = holders.reduce((sum, { held }) => sum + held.count, 0);
  const who = counted(holders.length, 'node keeps', 'nodes keep');
  const why = holders.some(({ held }) => held.isUnexplained)
    ? 'the store has no record that these leases ended'
    : 'waiting for the store to confirm it';
  return [
    {
      text: `${who} ${counted(routes, 'route although it was', 'routes although they were')} withdrawn: ${why}`,
      fix: 'see: xctl routes held',
    },
  ];
}

type Point = Pick<Version, 'epoch' | 'revision'>;

function isUpTo(one: Point, limit: Point): boolean {
  return one.epoch < limit.epoch || (one.epoch === limit.epoch && one.revision <= limit.revision);
}

const mostNamed = 5;
const see = 'see: xctl routes held';

/**
 * decideApproval decides to approve the withdrawals up to a version.
 * @throws XnetError FailedPrecondition when the version is not in this store's past, when no node holds routes of it, and
 * while the nodes of a restored backup are adopted
 */
export function decideApproval(
  view: ReadonlyView,
  version: Version,
  { holders, nowMs }: { readonly holders: readonly Holder[]; readonly nowMs: number },
): Decision {
  const { clusterId, epoch, revision } = version;
  const cluster = view.cluster?.record;
  if (cluster?.id !== clusterId) {
    throw new XnetError('FailedPrecondition', `this is cluster ${cluster?.id ?? ''}, not ${clusterId}`, { hint: see });
  }
  if (!isUpTo(version, { epoch: cluster.epoch, revision: view.revision })) {
    const now = `revision ${view.revision} of epoch ${cluster.epoch}`;
    throw new XnetError(
      'FailedPrecondition',
      `revision ${revision} of epoch ${epoch} does not exist yet: the store is at ${now}`,
      {
        hint: see,
      },
    );
  }
  if (view.adoption !== undefined) {
    throw new XnetError('FailedPrecondition', 'the nodes of a restored backup are being adopted', {
      hint: 'see who is missing, and end the adoption: xctl backup adopt',
    });
  }
  const before = approvedVersion(view);
  if (before !== undefined && isUpTo(version, before)) return { subject: 'cluster' };
  const affected = holders.filter(({ held }) => isUpTo(held, version));
  if (affected.length === 0) {
    throw new XnetError('FailedPrecondition', `no node holds a withdrawal of revision ${revision} or earlier`, {
      hint: see,
    });
  }
  const count = affected.reduce((sum, { held }) => sum + held.count, 0);
  const names = affected.slice(0, mostNamed).map(({ name }) => name);
  const more = affected.length > mostNamed ? ` and ${affected.length - mostNamed} more nodes` : '';
  return {
    subject: 'cluster',
    change: {
      guards: [asSeen(view, keys.approval)],
      operations: [put(keys.approval, encode('approval', { epoch, revision, approvedMs: nowMs }))],
      event: {
        reason: 'WithdrawalsApproved',
        subject: 'cluster',
        message: `${counted(count, 'route', 'routes')} withdrawn up to revision ${revision} ${count === 1 ? 'is' : 'are'} no longer held by ${names.join(', ')}${more}`,
      },
    },
  };
}
