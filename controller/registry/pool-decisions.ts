// Deciding how pools are created, removed, reserved in and released from. Pure.
// Invariant: no two pools overlap, and no pool covers a node's address or a network that a host reports as its own.
import {
  formatIpv4,
  formatPrefix,
  ipv4FromNumber,
  isPrivate,
  type Prefix,
  prefixCovers,
  prefixesEqual,
  prefixesOverlap,
  prefixKey,
  specialRange,
} from '../../proto/domain/address.js';
import type { Mode } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode, type PoolRecord, type SubnetRecord, unknownFields } from '../store/records.js';
import { checkReservable, isInDoubt } from '../table/allocate.js';
import type { HeldSubnet } from '../view/held.js';
import { poolOf, type ReadonlyView } from '../view/view.js';
import { absent, asSeen, put, writtenIn } from './guards.js';
import { doubtOf, poolNames, poolState, requireReadable } from './lookup.js';
import type { Decision } from './mutation.js';

/** NewPool is a pool to create, complete. */
export type NewPool = {
  readonly name: string;
  readonly cidr: Prefix;
  readonly subnetLength: number;
  readonly mode: Mode;
  readonly networkName: string;
  readonly bridgeName: string;
  readonly quarantineSeconds: number;
};

// A subnet needs its network and broadcast address, a gateway and at least one container.
const longestSubnet = 30;
const shortestPool = 8;
// The allocator walks a pool's subnets; a million of them is where that would begin to be felt.
const mostSubnetBits = 16;

/** usualSubnetLength is how long subnets are where nobody says otherwise. */
export const usualSubnetLength = 24;

/**
 * fittingSubnetLength is what to suggest for a pool: the usual length, or two more than the pool's where it has no room
 * for four of these (flannel's rule).
 */
export function fittingSubnetLength(cidr: Prefix): number {
  return cidr.length <= 22 ? usualSubnetLength : Math.min(longestSubnet, cidr.length + 2);
}

/** poolProblems says what is wrong with a pool by itself, all of it. */
export function poolProblems(pool: Pick<NewPool, 'cidr' | 'subnetLength'>): string[] {
  const { cidr, subnetLength } = pool;
  const text = formatPrefix(cidr);
  const problems: string[] = [];
  const special = specialRange(cidr);
  if (special !== undefined) problems.push(`cidr: ${text} overlaps a range that can't hold hosts: ${special}`);
  if (cidr.length < shortestPool) problems.push(`cidr: ${text} is larger than a /${shortestPool}`);
  if (subnetLength < cidr.length) {
    problems.push(
      `subnet length: a /${subnetLength} is larger than the pool ${text}: use ${cidr.length} to ${longestSubnet}`,
    );
  } else if (subnetLength > longestSubnet) {
    problems.push(`subnet length: a /${subnetLength} has no room for a container: use at most ${longestSubnet}`);
  } else if (subnetLength - cidr.length > mostSubnetBits) {
    problems.push(
      `subnet length: ${text} would have ${2 ** (subnetLength - cidr.length)} subnets: ` +
        `use at most ${cidr.length + mostSubnetBits}`,
    );
  }
  return problems;
}

/**
 * poolWarnings says what an operator should know about a pool that is allowed all the same.
 * @param others the ranges of all other pools
 */
export function poolWarnings(cidr: Prefix, others: readonly Prefix[]): string[] {
  if (isPrivate(cidr)) return [];
  const all = [...others, cidr].map(formatPrefix).join(', ');
  return [
    `${formatPrefix(cidr)} is a public range: containers will not reach the hosts on the internet that have these addresses`,
    // node/table/admission-rules.ts: who joins from now on is told of the pool, and trusts whom it joined.
    `hosts that have joined by now refuse ${formatPrefix(cidr)} until they allow it: put "allowed-pools: [${all}]" into ` +
      '/etc/xnet/xnetd.yaml of each, and run there: systemctl restart xnetd',
  ];
}

function clashes(view: ReadonlyView, pool: NewPool): string[] {
  const found: string[] = [];
  for (const [name, held] of view.pools) {
    if (prefixesOverlap(held.record.cidr, pool.cidr)) {
      found.push(`it overlaps pool ${name} (${formatPrefix(held.record.cidr)})`);
    }
  }
  const records = view.recordsIn(pool.cidr).map(({ key }) => key);
  // Those of a pool that is named already go without saying.
  if (records.length > 0 && found.length === 0) {
    const some = records.slice(0, 3).join(', ');
    const more = records.length > 3 ? `, and ${records.length - 3} more` : '';
    found.push(`it overlaps subnets that stand in the store: ${some}${more}`);
  }
  for (const held of view.nodes.values()) {
    if (prefixCovers(pool.cidr, { network: held.record.address, length: 32 })) {
      found.push(`it covers the address of node ${held.record.name} (${formatIpv4(held.record.address)})`);
    }
  }
  for (const [id, held] of view.statuses) {
    const name = view.nodes.get(id)?.record.name;
    if (name === undefined) continue;
    for (const { prefix, source } of held.record.hostNetworks) {
      if (prefixesOverlap(prefix, pool.cidr)) {
        found.push(`it overlaps ${formatPrefix(prefix)} of ${source} on node ${name}`);
      }
    }
  }
  return found;
}

function samePool(record: PoolRecord, pool: NewPool): boolean {
  return (
    prefixesEqual(record.cidr, pool.cidr) &&
    record.subnetLength === pool.subnetLength &&
    record.mode === pool.mode &&
    record.networkName === pool.networkName &&
    record.bridgeName === pool.bridgeName &&
    record.quarantineSeconds === pool.quarantineSeconds
  );
}

/**
 * decideCreatePool decides how to create a pool, or finds that it is there already, exactly so.
 * @throws XnetError AlreadyExists, FailedPrecondition
 */
export function decideCreatePool(view: ReadonlyView, pool: NewPool, nowMs: number): Decision {
  const existing = view.pools.get(pool.name)?.record;
  if (existing !== undefined) {
    if (samePool(existing, pool)) return { subject: pool.name };
    throw new XnetError(
      'AlreadyExists',
      `there is a pool ${pool.name} already: ${formatPrefix(existing.cidr)}, subnets of /${existing.subnetLength}, mode ${existing.mode}`,
      { hint: 'choose another name, or see: xctl pools show' },
    );
  }
  // What such a pool covers is not known, and its subnets may be in use.
  for (const other of poolNames(view)) requireReadable(view, keys.pool(other), view.pools.has(other));
  const found = clashes(view, pool);
  if (found.length > 0) {
    throw new XnetError('FailedPrecondition', `pool ${pool.name} can't be ${formatPrefix(pool.cidr)}: ${found[0]}`, {
      problems: found.slice(1),
      hint: 'choose a range that nothing on your network uses',
    });
  }
  const { name, ...settings } = pool;
  const record: PoolRecord = { ...settings, reservations: [], createdMs: nowMs };
  return {
    subject: name,
    change: {
      guards: [
        absent(keys.pool(name)),
        { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
        { kind: 'unchanged', prefix: prefixes.addresses, since: view.revision },
        { kind: 'unchanged', prefix: prefixes.subnets, since: view.revision },
      ],
      operations: [put(keys.pool(name), encode('pool', record))],
      event: { reason: 'PoolCreated', subject: `pool/${name}`, message: formatPrefix(pool.cidr) },
    },
  };
}

/**
 * decideRemovePool decides how to remove a pool.
 * @param force also when freed subnets of it are still in quarantine
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideRemovePool(view: ReadonlyView, name: string, force: boolean, nowMs: number): Decision {
  const state = poolState(view, name);
  const records = [...state.subnets.entries()];
  const leased = records.filter(([, record]) => record.state === 'leased');
  const strays = [...view.strays].filter(
    ([key, subnet]) => key.startsWith(prefixes.subnetsOf(name)) || prefixesOverlap(state.record.cidr, subnet),
  );
  const [stray] = strays;
  if (stray !== undefined) {
    throw new XnetError(
      'FailedPrecondition',
      `pool ${name} has ${strays.length} subnets that can't be judged: ${stray[0]}`,
      {
        hint: 'xctl status says what is wrong with them',
      },
    );
  }
  if (leased.length > 0) {
    throw new XnetError('FailedPrecondition', `pool ${name} has ${leased.length} leased subnets`, {
      hint: 'remove their nodes first: xctl leases list',
    });
  }
  const quarantined = records.filter(([, record]) => record.state === 'quarantined' && record.untilMs > nowMs);
  if (quarantined.length > 0 && !force) {
    throw new XnetError('FailedPrecondition', `pool ${name} has ${quarantined.length} subnets in quarantine`, {
      hint: 'wait, or use --force if nothing uses them any more',
    });
  }
  return {
    subject: name,
    change: {
      guards: [
        asSeen(view, keys.pool(name)),
        { kind: 'unchanged', prefix: prefixes.subnetsOf(name), since: view.revision },
      ],
      operations: [
        { kind: 'delete', key: keys.pool(name) },
        { kind: 'deleteAll', prefix: prefixes.subnetsOf(name) },
      ],
      event: { reason: 'PoolRemoved', subject: `pool/${name}`, message: formatPrefix(state.record.cidr) },
    },
  };
}

/** NewReservation is a part of a pool, for a reservation. */
export type NewReservation = {
  readonly pool: string;
  readonly cidr: Prefix;
  readonly nodeName?: string;
  readonly reason: string;
};

/**
 * decideReserve decides how to reserve a range, or finds that it is reserved already, exactly so.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideReserve(view: ReadonlyView, range: NewReservation): Decision {
  const state = poolState(view, range.pool);
  const existing = state.record.reservations.find(({ cidr }) => prefixesEqual(cidr, range.cidr));
  if (existing !== undefined && existing.nodeName === range.nodeName && existing.reason === range.reason) {
    return { subject: range.pool };
  }
  const problem = checkReservable(state, range.cidr, range.nodeName, (record) =>
    record.state === 'leased' ? (view.nodes.get(record.node)?.record.name ?? record.node) : '',
  );
  if (problem !== undefined) throw new XnetError('FailedPrecondition', problem, { hint: 'see: xctl pools show' });
  const reservation = {
    cidr: range.cidr,
    ...(range.nodeName === undefined ? {} : { nodeName: range.nodeName }),
    reason: range.reason,
  };
  const record: PoolRecord = { ...state.record, reservations: [...state.record.reservations, reservation] };
  const whom = range.nodeName === undefined ? '' : ` for ${range.nodeName}`;
  return {
    subject: range.pool,
    change: {
      guards: [
        asSeen(view, keys.pool(range.pool)),
        // No node may have been leased one of them meanwhile.
        { kind: 'unchanged', prefix: prefixes.subnetsOf(range.pool), since: view.revision },
      ],
      operations: [put(keys.pool(range.pool), encode('pool', record))],
      event: {
        reason: 'SubnetReserved',
        subject: `pool/${range.pool}`,
        message: `${formatPrefix(range.cidr)}${whom}${range.reason === '' ? '' : `: ${range.reason}`}`,
      },
    },
  };
}

/** decideUnreserve decides how to end a reservation. Throws XnetError NotFound. */
export function decideUnreserve(view: ReadonlyView, pool: string, cidr: Prefix): Decision {
  const { record } = poolState(view, pool);
  const reservations = record.reservations.filter((reservation) => !prefixesEqual(reservation.cidr, cidr));
  if (reservations.length === record.reservations.length) {
    const there = record.reservations.map((reservation) => formatPrefix(reservation.cidr)).join(', ');
    throw new XnetError('NotFound', `pool ${pool} has no reservation of just ${formatPrefix(cidr)}`, {
      hint: there === '' ? 'it has no reservations' : `reserved: ${there}`,
    });
  }
  return {
    subject: pool,
    change: {
      guards: [asSeen(view, keys.pool(pool))],
      operations: [put(keys.pool(pool), encode('pool', { ...record, reservations }))],
      event: { reason: 'SubnetUnreserved', subject: `pool/${pool}`, message: formatPrefix(cidr) },
    },
  };
}

/**
 * decideRelease decides how to end a quarantine early.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideRelease(view: ReadonlyView, subnet: Prefix, nowMs: number): Decision {
  const text = formatPrefix(subnet);
  const held = view.subnets.get(prefixKey(subnet));
  if (held === undefined) {
    const pool = poolOf(view, subnet);
    const state = pool === undefined ? undefined : poolState(view, pool[0]);
    if (
      state !== undefined &&
      subnet.length === state.record.subnetLength &&
      isInDoubt(state.doubt, undefined, nowMs)
    ) {
      return released(view, state.name, subnet, nowMs);
    }
    const where = pool === undefined ? 'it is in no pool' : `it is a part of pool ${pool[0]} that nobody ever had`;
    throw new XnetError('NotFound', `${text} is not in quarantine: ${where}`, { hint: 'see: xctl leases list' });
  }
  const { record } = held;
  if (record.state === 'leased' && isOfNobody(view, record.node)) return releaseOfNobody(view, held, record, nowMs);
  if (record.state === 'leased') {
    const holder = view.nodes.get(record.node)?.record.name ?? record.node;
    throw new XnetError('FailedPrecondition', `${text} is leased to ${holder}`, {
      hint: `a lease ends with its node: xctl nodes remove ${holder}`,
    });
  }
  const { doubt } = doubtOf(view, poolState(view, held.pool).record);
  if (record.untilMs <= nowMs && !isInDoubt(doubt, record, nowMs)) return { subject: text };
  const key = keys.subnet(held.pool, subnet);
  return {
    subject: text,
    change: {
      guards: [asSeen(view, key)],
      operations: [put(key, encode('subnet', { ...record, untilMs: nowMs, quarantineMs: 0, ...writtenIn(view) }))],
      event: { reason: 'QuarantineEnded', subject: `pool/${held.pool}`, message: text },
    },
  };
}

// Nobody is known to have had it: the operator says that nobody has it.
function released(view: ReadonlyView, pool: string, subnet: Prefix, nowMs: number): Decision {
  const key = keys.subnet(pool, subnet);
  const record = {
    state: 'quarantined' as const,
    node: '',
    nodeName: '',
    address: ipv4FromNumber(0),
    generation: 0,
    sinceMs: nowMs,
    untilMs: nowMs,
    quarantineMs: 0,
    ...writtenIn(view),
  };
  return {
    subject: formatPrefix(subnet),
    change: {
      guards: [absent(key), asSeen(view, keys.pool(pool))],
      operations: [put(key, encode('subnet', record))],
      event: { reason: 'QuarantineEnded', subject: `pool/${pool}`, message: formatPrefix(subnet) },
    },
  };
}

function isOfNobody(view: ReadonlyView, node: string): boolean {
  return !view.nodes.has(node) && view.modRevisionOf(keys.node(node)) === 0;
}

// A lease of a node that does not exist ends here: there is no node that could be removed.
function releaseOfNobody(
  view: ReadonlyView,
  { pool, subnet }: HeldSubnet,
  before: SubnetRecord,
  nowMs: number,
): Decision {
  const { node, generation } = before;
  const key = keys.subnet(pool, subnet);
  const quarantineMs = (view.pools.get(pool)?.record.quarantineSeconds ?? 0) * 1000;
  const untilMs = nowMs + quarantineMs;
  const record = {
    state: 'quarantined' as const,
    node,
    nodeName: node,
    address: ipv4FromNumber(0),
    generation,
    sinceMs: nowMs,
    untilMs,
    quarantineMs,
    ...writtenIn(view),
  };
  return {
    subject: formatPrefix(subnet),
    change: {
      guards: [asSeen(view, key), absent(keys.node(node))],
      operations: [put(key, encode('subnet', { ...unknownFields('subnet', before), ...record }))],
      event: {
        reason: 'LeaseEnded',
        subject: `pool/${pool}`,
        message: `${formatPrefix(subnet)} was leased to ${node}, which does not exist: in quarantine until ${new Date(untilMs).toISOString()}`,
      },
    },
  };
}
