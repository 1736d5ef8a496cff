// Hosts and a store that was restored from a backup: what the store says of those it does not know, and how what they
// hold comes back into it. Pure.
// Invariant: nobody is told that it was removed but whose removal is on record; nothing that another record stands for is
// given to a host because it says that it holds it.
import { formatIpv4, formatPrefix, prefixCovers, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { Assignment } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import { reservationOf } from '../table/allocate.js';
import { assignmentOf } from '../view/assignment.js';
import type { ReadonlyView } from '../view/view.js';
import { absent, asSeen, put } from './guards.js';
import { poolState, requireFreeAddress, requireFreeName } from './lookup.js';
import type { Decision } from './mutation.js';

// Beside the denials of certificates, as one more reason to refuse who shows one.
const removedId = (nodeId: string) => `removed-${nodeId}`;

/**
 * removalOf returns the writes that record the removal of a node, so that its host does not come back as one that a
 * restored store lost. Every store records it: the record is then in each backup taken after the removal. It lasts as long
 * as a certificate of the node can; in a store that was accepted for ever, since such a store may lack certificates.
 */
export function removalOf(view: ReadonlyView, nodeId: string, nowMs: number): readonly Operation[] {
  const isComplete = view.cluster?.record.acceptedMs === undefined;
  const untilMs = certifiedUntilMs(view, nodeId, nowMs);
  // No certificate: no host can claim to be this node.
  if (isComplete && untilMs === undefined) return [];
  const record = { role: 'node' as const, id: nodeId, atMs: nowMs, ...(isComplete ? { untilMs } : {}) };
  return [put(keys.revoked(removedId(nodeId)), encode('revoked', record))];
}

// When the last certificate of a node ends, also one that is issued at this moment: it lives as long as those before it.
function certifiedUntilMs(view: ReadonlyView, nodeId: string, nowMs: number): number | undefined {
  const ends = [...(view.certificatesOfNode.get(nodeId) ?? [])].flatMap((serial) => {
    const record = view.certificates.get(serial)?.record;
    if (record === undefined) return [];
    const { notBeforeMs, notAfterMs, replaced = [] } = record;
    return [notAfterMs, nowMs + notAfterMs - notBeforeMs, ...replaced.map((before) => before.notAfterMs)];
  });
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** wasRemoved says whether the store has the removal of a node on record. */
export function wasRemoved(view: ReadonlyView, nodeId: string): boolean {
  if (view.revoked.has(removedId(nodeId))) return true;
  for (const { record } of view.subnets.values()) {
    if (record.state === 'quarantined' && record.node === nodeId) return true;
  }
  return false;
}

/** mayBeLost says whether a node that is not there can have been lost with what was written since a backup. */
export function mayBeLost(view: ReadonlyView, nodeId: string): boolean {
  return view.cluster?.record.acceptedMs !== undefined && !wasRemoved(view, nodeId);
}

/** absenceOf is what a host is told whose node can't be served: why there is none. */
export function absenceOf(view: ReadonlyView, nodeId: string): XnetError {
  if (view.modRevisionOf(keys.node(nodeId)) !== 0) {
    return new XnetError('Unavailable', `the record of node ${nodeId} can't be relied on`, {
      hint: 'xctl status shows what is wrong with it',
    });
  }
  if (mayBeLost(view, nodeId)) {
    return new XnetError('Unavailable', `the store was restored from a backup and does not know node ${nodeId}`, {
      hint: 'the host keeps what it has; if it does not come back by itself, add it again: xctl nodes add, xnetd join',
    });
  }
  return new XnetError('NotFound', `there is no node ${nodeId}: it was removed`, {
    hint: 'add this host again, with xctl nodes add, and join again',
  });
}

/**
 * decideAdopt decides how a node that a restored store lost comes back, with what its host says that it holds.
 * @throws XnetError NotFound when it was removed; FailedPrecondition, AlreadyExists: what is in the way
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
  // One that was freed before the backup, and leased to this host after it.
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

/** differencesFrom are where what a host says that it holds is not what the store has, one line each. */
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
