// Decides how to treat hosts that a store restored from a backup does not know. Pure.
// Invariant: a host is told that it was removed only if the removal is on record.
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import type { Assignment, Lease } from '../../proto/domain/network.js';
import { type Fence, XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { Operation } from '../store/store.js';
import { assignmentOf } from '../view/assignment.js';
import type { ReadonlyView } from '../view/view.js';
import { put } from './guards.js';

/** removedId returns the id of the record of a removal, among the revocations: a further reason to refuse a certificate. */
export const removedId = (nodeId: string) => `removed-${nodeId}`;

/**
 * removalOf returns the writes that record the removal of a node, so that its host is not taken for one that a restored
 * store lost. It is recorded in every store, so each backup taken after the removal contains it. The record lasts as long
 * as a certificate of the node can; in a store that was accepted, for ever, because such a store may lack certificates.
 */
export function removalOf(view: ReadonlyView, nodeId: string, nowMs: number): readonly Operation[] {
  const isComplete = view.cluster?.record.acceptedMs === undefined;
  const untilMs = certifiedUntilMs(view, nodeId, nowMs);
  // Without a certificate, no host can claim to be this node.
  if (isComplete && untilMs === undefined) return [];
  const record = { role: 'node' as const, id: nodeId, atMs: nowMs, ...(isComplete ? { untilMs } : {}) };
  return [put(keys.revoked(removedId(nodeId)), encode('revoked', record))];
}

// Returns when the last certificate of a node ends, including one issued right now, which lives as long as those before it.
function certifiedUntilMs(view: ReadonlyView, nodeId: string, nowMs: number): number | undefined {
  const ends = [...(view.certificatesOfNode.get(nodeId) ?? [])].flatMap((serial) => {
    const record = view.certificates.get(serial)?.record;
    if (record === undefined) return [];
    const { notBeforeMs, notAfterMs, replaced = [] } = record;
    return [notAfterMs, nowMs + notAfterMs - notBeforeMs, ...replaced.map((before) => before.notAfterMs)];
  });
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** wasRemoved reports whether a removal of the node is on record. */
export function wasRemoved(view: ReadonlyView, nodeId: string): boolean {
  if (view.revoked.has(removedId(nodeId))) return true;
  for (const { record } of view.subnets.values()) {
    if (record.state === 'quarantined' && record.node === nodeId) return true;
  }
  return false;
}

/** mayBeLost reports whether an unknown node may have been added after the backup that the store was restored from. */
export function mayBeLost(view: ReadonlyView, nodeId: string): boolean {
  return view.cluster?.record.acceptedMs !== undefined && !wasRemoved(view, nodeId);
}

/** absenceOf returns the error for a host whose node can't be served. */
export function absenceOf(view: ReadonlyView, nodeId: string): XnetError {
  if (view.modRevisionOf(keys.node(nodeId)) !== 0) {
    return new XnetError('Unavailable', `the record of node ${nodeId} can't be relied on`, {
      hint: 'xctl status shows what is wrong with it',
    });
  }
  if (mayBeLost(view, nodeId)) {
    return new XnetError('Unavailable', `the store was restored from a backup and does not know node ${nodeId}`, {
      hint: 'the host keeps its subnet and routes; if it does not come back by itself, add it again: xctl nodes add, xnetd join',
    });
  }
  const hint = 'add this host again, with xctl nodes add, and join again';
  const removed = wasRemoved(view, nodeId) ? ': it was removed' : '';
  // A quarantine can also follow a lease that ended alone: only the record of the removal makes a host give up.
  const fence = view.revoked.has(removedId(nodeId)) ? fenceOf(view, 'removed') : undefined;
  return new XnetError('NotFound', `there is no node ${nodeId}${removed}`, {
    hint,
    ...(fence === undefined ? {} : { fence }),
  });
}

/** fenceOf returns the fence of a host that is no longer its node; undefined before the first listing. */
export function fenceOf(view: ReadonlyView, reason: Fence['reason']): Fence | undefined {
  const { id: clusterId, epoch } = view.cluster?.record ?? {};
  if (clusterId === undefined || epoch === undefined) return undefined;
  return { reason, clusterId, epoch, revision: view.revision };
}

/** differencesFrom returns the differences between an assignment that a host reports and the store, one line each. */
export function differencesFrom(view: ReadonlyView, nodeId: string, held: Assignment): string[] {
  const stored = assignmentOf(view, nodeId);
  if (stored === undefined) return [];
  // A lease that is ending on either side does not contradict: its host reports when it has stopped using it.
  const texts = (leases: readonly Lease[]) =>
    leases.flatMap(({ subnet, state }) => (state === 'ending' ? [] : formatPrefix(subnet))).join(', ');
  const [own, received] = [texts(stored.leases), texts(held.leases)];
  const [at, was] = [formatIpv4(stored.address), formatIpv4(held.address)];
  return [
    own === received ? '' : `it holds ${received}, the store says ${own}`,
    at === was
      ? ''
      : `its address was ${was}, the store says ${at}: xctl nodes set ${stored.nodeName} --address ${was}`,
  ].filter((line) => line !== '');
}
