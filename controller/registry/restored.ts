// Decides how to treat hosts that a store restored from a backup does not know, and how to add their nodes back. Pure.
// Invariant: a host is told that it was removed only if the removal is on record. A host never gets a subnet that another
// record claims.
import { formatIpv4, formatPrefix, prefixCovers, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { Assignment } from '../../proto/domain/network.js';
import { type Fence, XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import { assignmentOf } from '../view/assignment.js';
import type { ReadonlyView } from '../view/view.js';
import { reservationOf } from './allocate.js';
import { absent, asSeen, put } from './guards.js';
import { poolState, requireFreeAddress, requireFreeName } from './lookup.js';
import type { Decision } from './mutation.js';

// Stored among the revocations, as a further reason to refuse a certificate.
const removedId = (nodeId: string) => `removed-${nodeId}`;

/**
 * removalOf returns the writes that record the removal of a node, so that its host is not taken for one that a restored
 * store lost. Every store records it, so each backup taken after the removal contains the record. It lasts as long as a
 * certificate of the node can; in a store that was accepted, for ever, since such a store may lack certificates.
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

/** fenceOf returns what tells a host that it is no longer its node; undefined before the first listing. */
export function fenceOf(view: ReadonlyView, reason: Fence['reason']): Fence | undefined {
  const { id: clusterId, epoch } = view.cluster?.record ?? {};
  if (clusterId === undefined || epoch === undefined) return undefined;
  return { reason, clusterId, epoch, revision: view.revision };
}

/**
 * decideAdopt decides how to add back a node that a restored store lost, with the subnet that its host holds.
 * @throws XnetError NotFound if it was removed; FailedPrecondition, AlreadyExists if another record conflicts with it
 */
export function decideAdopt(view: ReadonlyView, nodeId: string, held: Assignment, nowMs: number): Decision {
  if (view.nodes.has(nodeId)) return { subject: nodeId };
  if (!mayBeLost(view, nodeId) || view.modRevisionOf(keys.node(nodeId)) !== 0) throw absenceOf(view, nodeId);
  const { nodeName: name, address, subnet, pool, generation, mode } = held;
  const text = formatPrefix(subnet);
  const namesake = view.nodeOfName.get(name);
  if (namesake !== undefined) throw new XnetError('AlreadyExists', `there is another node ${name} (${namesake})`);
  requireFreeName(view, name);
  requireFreeAddress(view, address, undefined);
  const state = poolState(view, pool);
  const { cidr, subnetLength } = state.record;
  if (!prefixCovers(cidr, subnet) || subnet.length !== subnetLength) {
    throw new XnetError('FailedPrecondition', `${text} is no subnet of pool ${pool} (${formatPrefix(cidr)})`);
  }
  const reservation = reservationOf(state.record, subnet);
  if (reservation !== undefined && reservation.nodeName !== name) {
    const whom = reservation.nodeName === undefined ? 'reserved' : `reserved for ${reservation.nodeName}`;
    throw new XnetError('FailedPrecondition', `${text} is ${whom}`, {
      hint: `end that with: xctl pools unreserve ${pool} ${formatPrefix(reservation.cidr)}`,
    });
  }
  // The subnet may have been freed before the backup and leased to this host after it.
  const before = state.subnets.get(prefixKey(subnet));
  for (const other of view.recordsIn(subnet)) {
    if (prefixesEqual(other.subnet, subnet) && other.pool === pool && before?.state === 'quarantined') continue;
    const holder = other.record?.state === 'leased' ? other.record.node : other.key;
    throw new XnetError('FailedPrecondition', `${text} is held by ${view.nodes.get(holder)?.record.name ?? holder}`);
  }
  const record: NodeRecord = {
    name,
    address,
    labels: {},
    availability: 'active',
    ...(mode === state.record.mode ? {} : { mode }),
    createdMs: nowMs,
  };
  return {
    subject: nodeId,
    change: {
      guards: [
        ...[keys.node(nodeId), keys.name(name), keys.address(address), keys.revoked(nodeId)].map(absent),
        absent(keys.revoked(removedId(nodeId))),
        asSeen(view, keys.subnet(pool, subnet)),
        asSeen(view, keys.pool(pool)),
        { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
      ],
      operations: [
        put(keys.node(nodeId), encode('node', record)),
        put(keys.name(name), encode('name', { node: nodeId })),
        put(keys.address(address), encode('address', { node: nodeId })),
        put(
          keys.subnet(pool, subnet),
          encode('subnet', { state: 'leased', node: nodeId, generation: Math.max(1, generation), sinceMs: nowMs }),
        ),
      ],
      event: {
        reason: 'NodeAdopted',
        warning: true,
        subject: `node/${name}`,
        message:
          `the restored store did not know ${name}, which holds ${text} of pool ${pool} at ${formatIpv4(address)}: ` +
          'it is a node again; if it was removed since the backup, remove it',
      },
    },
  };
}

/** differencesFrom returns the differences between an assignment that a host reports and the store, one line each. */
export function differencesFrom(view: ReadonlyView, nodeId: string, held: Assignment): readonly string[] {
  const stored = assignmentOf(view, nodeId);
  if (stored === undefined) return [];
  const [own, received] = [formatPrefix(stored.subnet), formatPrefix(held.subnet)];
  const [at, was] = [formatIpv4(stored.address), formatIpv4(held.address)];
  return [
    own === received ? '' : `it holds ${received}, the store says ${own}`,
    at === was
      ? ''
      : `its address was ${was}, the store says ${at}: xctl nodes set ${stored.nodeName} --address ${was}`,
  ].filter((line) => line !== '');
}
