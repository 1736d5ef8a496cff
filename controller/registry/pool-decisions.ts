// Decides how pools are created and removed. Pure.
// Invariant: no two pools overlap. No pool covers a node's address or a network that a host reports as its own, except that
// a pool of mode lan lies in the hosts' LAN.
import { formatPrefix, prefixesEqual, prefixesOverlap } from '../../proto/domain/address.js';
import { lansEqual, usualNetworkLength } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { PoolRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import { absent, asSeen, put } from './guards.js';
import { poolNames, poolState, requireReadable } from './lookup.js';
import type { Decision } from './mutation.js';
import { clashes } from './pool-clashes.js';
import type { NewPool } from './pool-rules.js';

function samePool(record: PoolRecord, pool: NewPool): boolean {
  return (
    prefixesEqual(record.cidr, pool.cidr) &&
    record.subnetLength === pool.subnetLength &&
    record.mode === pool.mode &&
    (record.networkLength ?? usualNetworkLength) === (pool.networkLength ?? usualNetworkLength) &&
    record.dockerLength === pool.dockerLength &&
    lansEqual(record.lan, pool.lan) &&
    record.networkName === pool.networkName &&
    record.bridgeName === pool.bridgeName &&
    record.quarantineSeconds === pool.quarantineSeconds
  );
}

/**
 * decideCreatePool decides how to create a pool. It decides on no change when the same pool exists already.
 * @throws XnetError AlreadyExists, FailedPrecondition
 */
export function decideCreatePool(view: ReadonlyView, pool: NewPool, nowMs: number): Decision {
  const existing = view.pools.get(pool.name)?.record;
  if (existing !== undefined) {
    if (samePool(existing, pool)) return { subject: pool.name };
    throw new XnetError(
      'AlreadyExists',
      `pool ${pool.name} already exists: ${formatPrefix(existing.cidr)}, subnets of /${existing.subnetLength}, mode ${existing.mode}`,
      { hint: 'choose another name, or see: xctl pools show' },
    );
  }
  // The range of an unreadable pool is unknown, and its subnets may be in use.
  for (const other of poolNames(view)) requireReadable(view, keys.pool(other), view.pools.has(other));
  const found = clashes(view, pool);
  if (found.length > 0) {
    throw new XnetError('FailedPrecondition', `pool ${pool.name} can't be ${formatPrefix(pool.cidr)}: ${found[0]}`, {
      problems: found.slice(1),
      hint: 'choose a range that nothing on your network uses',
    });
  }
  const { name, reservations = [], ...settings } = pool;
  const record: PoolRecord = { ...settings, reservations: [...reservations], createdMs: nowMs };
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
 * @param force remove the pool even if subnets of it are in quarantine
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
      `pool ${name} has ${counted(strays.length, 'subnet', 'subnets')} with unreadable or contradictory records: ${stray[0]}`,
      {
        hint: 'xctl status shows their problems',
      },
    );
  }
  if (leased.length > 0) {
    throw new XnetError(
      'FailedPrecondition',
      `pool ${name} has ${counted(leased.length, 'leased subnet', 'leased subnets')}`,
      {
        hint: 'remove their nodes first: xctl leases list',
      },
    );
  }
  const named = [...view.networks].filter(([, { record }]) => record.pool === name).map(([network]) => network);
  if (named.length > 0) {
    throw new XnetError('FailedPrecondition', `pool ${name} is that of network ${named.join(', ')}`, {
      hint: `remove it first: xctl networks remove ${named[0]}`,
    });
  }
  const routed = records.filter(([, record]) => record.state === 'static').length;
  if (routed > 0) {
    throw new XnetError('FailedPrecondition', `pool ${name} has ${counted(routed, 'static route', 'static routes')}`, {
      hint: 'remove them first: xctl routes list; xctl routes remove',
    });
  }
  const quarantined = records.filter(([, record]) => record.state === 'quarantined' && record.untilMs > nowMs);
  if (quarantined.length > 0 && !force) {
    throw new XnetError(
      'FailedPrecondition',
      `pool ${name} has ${counted(quarantined.length, 'subnet', 'subnets')} in quarantine`,
      {
        hint: 'wait, or use --force if nothing uses them any more',
      },
    );
  }
  return {
    subject: name,
    change: {
      guards: [
        asSeen(view, keys.pool(name)),
        { kind: 'unchanged', prefix: prefixes.subnetsOf(name), since: view.revision },
        { kind: 'unchanged', prefix: prefixes.networks, since: view.revision },
      ],
      operations: [
        { kind: 'delete', key: keys.pool(name) },
        { kind: 'deleteAll', prefix: prefixes.subnetsOf(name) },
      ],
      event: { reason: 'PoolRemoved', subject: `pool/${name}`, message: formatPrefix(state.record.cidr) },
    },
  };
}
