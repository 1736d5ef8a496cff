// Decides how to give a node back the leases that a store restored from a backup does not know, but its host holds. Pure.
// Invariant: a host gets all that it holds or nothing, and never a subnet that another record claims.
import { formatIpv4, formatPrefix, prefixCovers, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { Assignment, Lease } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { LeaseRecord, NodeRecord } from '../store/records.js';
import type { Guard } from '../store/store.js';
import type { HeldLease } from '../view/held.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { nicsBack } from './adopt-nics.js';
import { reservationOf } from './allocate.js';
import { absent, asSeen, put } from './guards.js';
import { poolState, requireFreeAddress, requireFreeName, requireNode } from './lookup.js';
import type { Decision } from './mutation.js';
import { ended, kept, keyOfLease, nodeGuards, requireCompatible, requireLeases } from './node-leases.js';
import { absenceOf, mayBeLost, removedId } from './restored.js';

type AdoptedLease = Pick<HeldLease, 'pool' | 'subnet'> & { readonly record: LeaseRecord };

/**
 * decideAdopt decides how to add back a node that a restored store lost, or those of its leases that the store lost, as
 * its host holds them. A node that has been seen since the restore is not changed.
 * @throws XnetError NotFound if it was removed; FailedPrecondition, AlreadyExists if another record conflicts with it
 */
export function decideAdopt(view: ReadonlyView, nodeId: string, held: Assignment, nowMs: number): Decision {
  if (view.nodes.has(nodeId)) {
    return view.isAwaited(nodeId) ? decideReturn(view, nodeId, held, nowMs) : { subject: nodeId };
  }
  if (!mayBeLost(view, nodeId) || view.modRevisionOf(keys.node(nodeId)) !== 0) throw absenceOf(view, nodeId);
  const { nodeName: name, address } = held;
  const namesake = view.nodeOfName.get(name);
  if (namesake !== undefined) throw new XnetError('AlreadyExists', `there is another node ${name} (${namesake})`);
  requireFreeName(view, name);
  requireFreeAddress(view, address, undefined);
  const leases = adoptable(view, nodeId, { name, address }, held.leases, nowMs);
  const nics = nicsBack(view, nodeId, held, nowMs);
  const record: NodeRecord = { name, address, labels: {}, availability: 'active', createdMs: nowMs };
  const texts = leases.map(({ pool, subnet }) => `${formatPrefix(subnet)} of pool ${pool}`).join(', ');
  return {
    subject: nodeId,
    change: {
      guards: [
        ...[keys.node(nodeId), keys.name(name), keys.address(address), keys.revoked(nodeId)].map(absent),
        absent(keys.revoked(removedId(nodeId))),
        ...adoptionGuards(view, leases),
        ...nics.guards,
      ],
      operations: [
        put(keys.node(nodeId), encode('node', record)),
        put(keys.name(name), encode('name', { node: nodeId })),
        put(keys.address(address), encode('address', { node: nodeId })),
        ...leases.map((lease) => put(keyOfLease(lease), encode('subnet', lease.record))),
        ...nics.operations,
      ],
      event: {
        reason: 'NodeAdopted',
        warning: true,
        subject: `node/${name}`,
        message:
          `the restored store did not know ${name}, which holds ${texts} at ${formatIpv4(address)}: ` +
          'it is a node again; if it was removed since the backup, remove it',
      },
    },
  };
}

// The node of the backup had other leases later. Leases that its host does not hold end, because another node may have
// got the subnets after the backup. Leases that the host holds stay, unless they are ending.
function decideReturn(view: ReadonlyView, nodeId: string, held: Assignment, nowMs: number): Decision {
  const node = requireNode(view, nodeId);
  const own = leasesOf(view, nodeId);
  const lost = held.leases.filter(({ subnet }) => !own.some((lease) => prefixesEqual(lease.subnet, subnet)));
  const stays = ({ subnet }: HeldLease) =>
    held.leases.some((lease) => lease.state !== 'ending' && prefixesEqual(lease.subnet, subnet));
  const ending = own.filter((lease) => lease.record.endingMs === undefined && !stays(lease));
  const staying = own.filter((lease) => lease.record.endingMs !== undefined && stays(lease));
  const nics = nicsBack(view, nodeId, held, nowMs);
  const hasNics = nics.operations.length > 0;
  if (lost.length + ending.length + staying.length === 0 && !hasNics) return { subject: nodeId };
  requireLeases(view, nodeId);
  const adopted = adoptable(view, nodeId, node, lost, nowMs);
  const all: readonly AdoptedLease[] = [
    ...own.map((lease) => {
      const { endingMs, ...record } = lease.record;
      if (staying.includes(lease)) return { ...lease, record };
      return ending.includes(lease) ? { ...lease, record: { ...record, endingMs: endingMs ?? nowMs } } : lease;
    }),
    ...adopted,
  ];
  if (all.every(({ record }) => record.endingMs !== undefined)) {
    throw new XnetError('FailedPrecondition', `all leases that ${node.name} holds are ending`);
  }
  requireCompatible(view, node, all);
  const texts = (leases: readonly Pick<HeldLease, 'pool' | 'subnet'>[], what: string) =>
    leases.length === 0
      ? []
      : [`${leases.map(({ pool, subnet }) => `${formatPrefix(subnet)} of pool ${pool}`).join(', ')} ${what}`];
  return {
    subject: nodeId,
    change: {
      guards: [...nodeGuards(view, nodeId, own), ...adoptionGuards(view, adopted), ...nics.guards],
      operations: [
        put(keys.node(nodeId), encode('node', node)),
        ...adopted.map((lease) => put(keyOfLease(lease), encode('subnet', lease.record))),
        ...ending.map((lease) => ended(lease, nowMs)),
        ...staying.map(kept),
        ...nics.operations,
      ],
      event: {
        reason: 'LeaseAdopted',
        warning: true,
        subject: `node/${node.name}`,
        message: `as the host of ${node.name} held its leases when the store was restored: ${[
          ...texts(adopted, 'leased to it again'),
          ...texts(staying, 'kept'),
          ...texts(ending, 'ending'),
          ...(hasNics ? ['nics added again'] : []),
        ].join('; ')}`,
      },
    },
  };
}

function adoptionGuards(view: ReadonlyView, leases: readonly AdoptedLease[]): readonly Guard[] {
  return [
    ...leases.map((lease) => asSeen(view, keyOfLease(lease))),
    ...[...new Set(leases.map(({ pool }) => pool))].map((pool) => asSeen(view, keys.pool(pool))),
    ...leases.flatMap(({ record: { network } }) =>
      network === undefined ? [] : [asSeen(view, keys.network(network))],
    ),
    { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
  ];
}

// Returns the records of leases that a host holds. Throws FailedPrecondition with all obstacles.
function adoptable(
  view: ReadonlyView,
  nodeId: string,
  { name, address }: Pick<NodeRecord, 'name' | 'address'>,
  leases: readonly Lease[],
  nowMs: number,
): readonly AdoptedLease[] {
  const problems: string[] = [];
  const adopted = leases.flatMap((lease): AdoptedLease[] => {
    const problem = hindrance(view, { name, address }, lease);
    if (problem !== undefined) problems.push(problem);
    return problem === undefined ? [adoptedLease(view, nodeId, lease, nowMs)] : [];
  });
  const [only] = problems;
  if (problems.length === 1 && only !== undefined) throw new XnetError('FailedPrecondition', only);
  if (problems.length > 1) throw new XnetError('FailedPrecondition', problems.join('; '));
  return adopted;
}

function adoptedLease(view: ReadonlyView, nodeId: string, lease: Lease, nowMs: number): AdoptedLease {
  const { pool, subnet, generation, mode, networkName, bridgeName, state } = lease;
  const own = poolState(view, pool).record;
  const record: LeaseRecord = {
    ...unknownFields('subnet', view.subnets.get(prefixKey(subnet))?.record),
    state: 'leased',
    node: nodeId,
    generation: Math.max(1, generation),
    sinceMs: nowMs,
    ...(state === 'ending' ? { endingMs: nowMs } : {}),
    ...(mode === own.mode ? {} : { mode }),
    ...(networkName === own.networkName ? {} : { networkName }),
    ...(bridgeName === own.bridgeName ? {} : { bridgeName }),
    ...networkOfLease(view, lease),
  };
  return { pool, subnet, record };
}

// A host does not know that its lease is for a named network. A lease made by hand with the same network can't exist
// beside it.
function networkOfLease(
  view: ReadonlyView,
  { pool, mode, networkName, bridgeName }: Lease,
): Pick<LeaseRecord, 'network'> {
  const record = view.networks.get(networkName)?.record;
  const isIts = mode === 'bridge' && record?.pool === pool && record.bridgeName === bridgeName;
  return isIts ? { network: networkName } : {};
}

// Says why a host can't have a lease that it holds; undefined: it can.
function hindrance(
  view: ReadonlyView,
  { name, address }: Pick<NodeRecord, 'name' | 'address'>,
  { pool, subnet }: Lease,
): string | undefined {
  const text = formatPrefix(subnet);
  const state = poolState(view, pool);
  const { cidr, subnetLength } = state.record;
  if (!prefixCovers(cidr, subnet) || subnet.length !== subnetLength) {
    return `${text} is no subnet of pool ${pool} (${formatPrefix(cidr)})`;
  }
  const before = state.subnets.get(prefixKey(subnet));
  // The host was not a node at the time of the backup, and its lease took the place of this route after it.
  const isItsRoute = before?.state === 'static' && before.nextHop === address;
  const reservation = reservationOf(state.record, subnet);
  const isForRoutes = isItsRoute && reservation?.nodeName === undefined;
  if (reservation !== undefined && reservation.nodeName !== name && !isForRoutes) {
    const whom = reservation.nodeName === undefined ? 'reserved' : `reserved for ${reservation.nodeName}`;
    return `${text} is ${whom}: xctl pools unreserve ${pool} ${formatPrefix(reservation.cidr)}`;
  }
  // The subnet may have been freed before the backup and leased to this host after it.
  const isFree = before?.state === 'quarantined' || isItsRoute;
  for (const other of view.recordsIn(subnet)) {
    if (prefixesEqual(other.subnet, subnet) && other.pool === pool && isFree) continue;
    if (other.record?.state === 'static') return `${text} has a static route: xctl routes remove ${text}`;
    const holder = other.record?.state === 'leased' ? other.record.node : other.key;
    return `${text} is held by ${view.nodes.get(holder)?.record.name ?? holder}`;
  }
  return undefined;
}
