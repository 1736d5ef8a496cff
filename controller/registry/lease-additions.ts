// Decides how a node gets another lease. Pure.
// Invariant: the commit writes the node's record, so two additions never succeed at once. A lease that ends because of
// the new one is marked in the same commit.
import { formatPrefix, type Prefix, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import { type HostNetwork, type Mode, usesDocker0 } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { LeaseRecord, NodeRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import type { HeldLease } from '../view/held.js';
import { networkOf } from '../view/lease-network.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { chooseFor } from './add-node.js';
import { asSeen, put } from './guards.js';
import { grantGuards, requireOnLan } from './lan.js';
import { choosePool, poolState, requireDecodable, requireNode } from './lookup.js';
import type { Decision } from './mutation.js';
import {
  ended,
  kept,
  knowsOneLease,
  nodeGuards,
  requireCompatible,
  requireFeature,
  requireLeases,
  requireMode,
} from './node-leases.js';
import { hindering } from './node-networks.js';

/** NewLease describes a lease to add to a node. Absent fields are chosen for it. */
export type NewLease = {
  readonly pool?: string;
  readonly subnet?: Prefix;
  readonly mode?: Mode;
  readonly networkName?: string;
  readonly bridgeName?: string;
  /** Name of the network that the lease is for; absent: it belongs to none. */
  readonly network?: string;
  /** The lease of the node that ends because of this one. */
  readonly replace?: Prefix;
};

/** LeaseInput holds everything that the decision to add a lease depends on. */
export type LeaseInput = {
  readonly view: ReadonlyView;
  readonly nodeId: string;
  readonly wanted: NewLease;
  readonly nowMs: number;
  /** prefixKeys of the subnets that pending commits of this controller write. */
  readonly taken: ReadonlySet<number>;
  /** See chooseSubnet. */
  readonly spread: number;
};

/**
 * decideAddLease decides how to lease a node another subnet. A lease of the node from the same pool with the same network
 * is the wanted one: it is kept if it is ending.
 * @throws XnetError NotFound, AlreadyExists, InvalidArgument, FailedPrecondition, PoolExhausted
 */
export function decideAddLease(input: LeaseInput): Decision {
  const { view, nodeId, wanted } = input;
  const node = requireNode(view, nodeId);
  requireDecodable(view, keys.node(nodeId));
  requirePresent(view, nodeId, node);
  const leases = requireLeases(view, nodeId);
  const replaced = replacedOf(leases, node, wanted.replace);
  const pool = choosePool(view, wanted.pool);
  const existing = leases.find((lease) => lease !== replaced && isWanted(view, node, { ...wanted, pool }, lease));
  return existing === undefined
    ? additionOf(input, { node, leases, replaced, pool })
    : retentionOf(input, { node, leases, replaced, existing });
}

// A host that leaves, or whose daemon knows one lease, can't take another.
function requirePresent(view: ReadonlyView, nodeId: string, { name, availability }: NodeRecord): void {
  if (availability === 'leaving') throw new XnetError('FailedPrecondition', `${name} is leaving`);
  if (!knowsOneLease(view, nodeId)) return;
  throw new XnetError('FailedPrecondition', `xnetd on ${name} is too old: it supports only one lease`, {
    hint: 'upgrade xnetd on the host, then rerun the command',
  });
}

function replacedOf(
  leases: readonly HeldLease[],
  { name }: NodeRecord,
  replace: Prefix | undefined,
): HeldLease | undefined {
  if (replace === undefined) return undefined;
  const found = leases.find(({ subnet }) => prefixesEqual(subnet, replace));
  if (found !== undefined) return found;
  const own = leases.map(({ subnet }) => formatPrefix(subnet)).join(', ');
  throw new XnetError('NotFound', `${name} has no lease of ${formatPrefix(replace)}`, { hint: `its leases: ${own}` });
}

/** wantedLease returns the lease of a node that a request asks for, once it is there. */
export function wantedLease(view: ReadonlyView, nodeId: string, wanted: NewLease): HeldLease | undefined {
  const node = view.nodes.get(nodeId)?.record;
  const pool = choosePool(view, wanted.pool);
  const found = leasesOf(view, nodeId).filter(
    (lease) => node !== undefined && isWanted(view, node, { ...wanted, pool }, lease),
  );
  return found.find(({ record }) => record.endingMs === undefined) ?? found[0];
}

function isWanted(
  view: ReadonlyView,
  node: NodeRecord,
  wanted: NewLease & { readonly pool: string },
  lease: HeldLease,
): boolean {
  if (lease.pool !== wanted.pool || lease.record.network !== wanted.network) return false;
  if (wanted.network !== undefined) return true;
  if (wanted.subnet !== undefined) return prefixesEqual(lease.subnet, wanted.subnet);
  const { record } = poolState(view, wanted.pool);
  const [is, should] = [networkOf(lease.record, node, record), networkOf(wanted, node, record)];
  if (is.mode !== should.mode) return false;
  return usesDocker0(is.mode) || (is.networkName === should.networkName && is.bridgeName === should.bridgeName);
}

type Found = {
  readonly node: NodeRecord;
  readonly leases: readonly HeldLease[];
  readonly replaced: HeldLease | undefined;
};

// The node's other leases after the change.
function others({ leases, replaced }: Found, existing: HeldLease | undefined, nowMs: number): readonly HeldLease[] {
  return leases
    .filter((lease) => lease !== existing)
    .map((lease) => (lease === replaced ? { ...lease, record: { ...lease.record, endingMs: nowMs } } : lease));
}

function additionOf(input: LeaseInput, found: Found & { readonly pool: string }): Decision {
  const { view, nodeId, wanted, nowMs, taken, spread } = input;
  const { node, pool } = found;
  const state = poolState(view, pool);
  if (wanted.mode !== undefined) requireMode(view, { mode: wanted.mode, pool });
  if (state.record.mode === 'lan') requireFeature(view, nodeId, 'lan');
  if (state.record.lan?.defaultNetwork) requireFeature(view, nodeId, 'default-network');
  if (wanted.network !== undefined) requireFeature(view, nodeId, 'networks');
  requireOnLan(pool, state.record, node.address);
  const network = networkOf(wanted, node, state.record);
  // A Docker network that the host already has, with this name and subnet, is used unchanged.
  const own = hindering(networksOf(view, nodeId), network).filter(
    ({ prefix, source }) =>
      source !== `docker network ${network.networkName}` ||
      wanted.subnet === undefined ||
      !prefixesEqual(prefix, wanted.subnet),
  );
  const subnet = chooseFor(view, {
    name: node.name,
    address: node.address,
    pool,
    own,
    nowMs,
    taken,
    spread,
    ...subnetOf(wanted),
  });
  const before = view.subnets.get(prefixKey(subnet))?.record;
  const lease: LeaseRecord = {
    ...unknownFields('subnet', before),
    state: 'leased',
    node: nodeId,
    generation: (before?.generation ?? 0) + 1,
    sinceMs: nowMs,
    ...(wanted.mode === undefined ? {} : { mode: wanted.mode }),
    ...(wanted.networkName === undefined ? {} : { networkName: wanted.networkName }),
    ...(wanted.bridgeName === undefined ? {} : { bridgeName: wanted.bridgeName }),
    ...(wanted.network === undefined ? {} : { network: wanted.network }),
  };
  requireCompatible(view, node, [...others(found, undefined, nowMs), { pool, subnet, record: lease }]);
  const key = keys.subnet(pool, subnet);
  const use = wanted.network === undefined ? 'as well' : `for network ${wanted.network}`;
  const what = `leased ${formatPrefix(subnet)} of pool ${pool} to ${node.name} ${use}`;
  return changeOf(input, found, {
    what,
    guards: [asSeen(view, key), asSeen(view, keys.pool(pool)), ...grantGuards(view, pool)],
    operations: [put(key, encode('subnet', lease))],
  });
}

function subnetOf({ subnet }: NewLease): { readonly subnet?: Prefix } {
  return subnet === undefined ? {} : { subnet };
}

function networksOf(view: ReadonlyView, nodeId: string): readonly HostNetwork[] {
  return view.statuses.get(nodeId)?.record.hostNetworks ?? [];
}

function retentionOf(input: LeaseInput, found: Found & { readonly existing: HeldLease }): Decision {
  const { view, wanted, nowMs } = input;
  const { node, existing, replaced } = found;
  const { endingMs: _ending, detach: _detach, ...record } = existing.record;
  const text = formatPrefix(existing.subnet);
  requireSame(view, node, existing, wanted);
  requireCompatible(view, node, [...others(found, existing, nowMs), { ...existing, record }]);
  const isEnding = existing.record.endingMs !== undefined;
  if (!isEnding && (replaced === undefined || replaced.record.endingMs !== undefined)) return { subject: input.nodeId };
  const what = isEnding ? `${node.name} keeps ${text} of pool ${existing.pool}` : `${node.name} has ${text}`;
  return changeOf(input, found, { what, guards: [], operations: isEnding ? [kept(existing)] : [] });
}

function requireSame(view: ReadonlyView, node: NodeRecord, existing: HeldLease, wanted: NewLease): void {
  const is = networkOf(existing.record, node, poolState(view, existing.pool).record);
  const differences = [
    wanted.mode === undefined || wanted.mode === is.mode ? '' : `its mode is ${is.mode}`,
    wanted.networkName === undefined || wanted.networkName === is.networkName ? '' : `its network is ${is.networkName}`,
    wanted.bridgeName === undefined || wanted.bridgeName === is.bridgeName ? '' : `its bridge is ${is.bridgeName}`,
  ].filter((difference) => difference !== '');
  if (differences.length === 0) return;
  throw new XnetError(
    'AlreadyExists',
    `${node.name} already has ${formatPrefix(existing.subnet)}: ${differences.join(', ')}`,
    {
      hint: `add another subnet, or end this lease first: xctl leases end ${node.name} ${formatPrefix(existing.subnet)}`,
    },
  );
}

function changeOf(
  { view, nodeId, nowMs }: LeaseInput,
  { node, leases, replaced }: Found,
  addition: { readonly what: string } & Pick<NonNullable<Decision['change']>, 'guards' | 'operations'>,
): Decision {
  const isEnding = replaced !== undefined && replaced.record.endingMs === undefined;
  const ending: readonly Operation[] = isEnding ? [ended(replaced, nowMs)] : [];
  const instead = isEnding ? `; ${formatPrefix(replaced.subnet)} of pool ${replaced.pool} is ending` : '';
  return {
    subject: nodeId,
    change: {
      guards: [...nodeGuards(view, nodeId, leases), ...addition.guards],
      operations: [put(keys.node(nodeId), encode('node', node)), ...addition.operations, ...ending],
      event: { reason: 'LeaseAdded', subject: `node/${node.name}`, message: `${addition.what}${instead}` },
    },
  };
}
