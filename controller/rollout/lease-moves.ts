// Decides which leases a step ends and grants. Pure.
// Invariant: the new lease is granted and the former one marked as ending in one transaction, so at most one lease of mode
// bip is not ending. No lease ends here: it ends when the host has stopped using it.
import { formatPrefix, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { Mode } from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { avoidedIn } from '../registry/add-node.js';
import { chooseSubnet, type Wish } from '../registry/allocate.js';
import { asSeen, put } from '../registry/guards.js';
import { grantGuards } from '../registry/lan.js';
import { poolState, requireNode } from '../registry/lookup.js';
import { keyOfLease, knowsOneLease, requireCompatible } from '../registry/node-leases.js';
import { hindering } from '../registry/node-networks.js';
import { keys } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { LeaseRecord, NodeRecord, PlaceRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import type { HeldLease } from '../view/held.js';
import { networkOf } from '../view/lease-network.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';

/** Target is where a node goes. */
export type Target = { readonly pool: string; readonly mode: Mode; readonly subnet?: PlaceRecord['subnet'] };

/** LeaseMoveInput holds everything that a move of a node depends on. */
export type LeaseMoveInput = {
  readonly view: ReadonlyView;
  readonly nodeId: string;
  /** The lease that ends; undefined: none. */
  readonly from: PlaceRecord | undefined;
  readonly target: Target;
  readonly nowMs: number;
  /** prefixKeys of the subnets that pending commits of this controller write. */
  readonly taken: ReadonlySet<number>;
  /** See chooseSubnet. */
  readonly spread: number;
};

/** LeaseMove is the result: the lease that the node goes to, and the writes. */
export type LeaseMove = {
  readonly granted: PlaceRecord;
  readonly guards: readonly Guard[];
  readonly operations: readonly Operation[];
};

/** heldAt returns a node's lease at a place; undefined: it has ended since. */
export function heldAt(view: ReadonlyView, nodeId: string, place: PlaceRecord): HeldLease | undefined {
  return leasesOf(view, nodeId).find(
    ({ subnet, record }) => record.generation === place.generation && prefixesEqual(subnet, place.subnet),
  );
}

/** placeOf returns a lease as a step records it; undefined: its pool is unknown. */
export function placeOf(view: ReadonlyView, nodeId: string, lease: HeldLease): PlaceRecord | undefined {
  const pool = view.pools.get(lease.pool)?.record;
  if (pool === undefined) return undefined;
  const { mode } = networkOf(lease.record, view.nodes.get(nodeId)?.record, pool);
  return { pool: lease.pool, subnet: lease.subnet, generation: lease.record.generation, mode };
}

function without(lease: LeaseRecord): LeaseRecord {
  const { endingMs: _ending, mode: _mode, ...rest } = lease;
  return rest;
}

// The record of a granted lease names its mode where the node or the pool have another; that of an ending one always does,
// since its pool may get another mode while it ends.
function modeFor(view: ReadonlyView, node: NodeRecord, { pool, mode }: Target): { readonly mode?: Mode } {
  return (node.mode ?? view.pools.get(pool)?.record.mode) === mode ? {} : { mode };
}

function choose({ view, nodeId, target, nowMs, taken, spread }: LeaseMoveInput): PlaceRecord['subnet'] {
  const node = requireNode(view, nodeId);
  const state = poolState(view, target.pool, taken);
  const networks = view.statuses.get(nodeId)?.record.hostNetworks ?? [];
  const wish: Wish = {
    nodeName: node.name,
    address: node.address,
    own: hindering(networks, networkOf({ mode: target.mode }, node, state.record)),
    avoid: avoidedIn(view, state.record),
  };
  if (target.subnet !== undefined) {
    try {
      return chooseSubnet(state, { ...wish, subnet: target.subnet }, nowMs) ?? target.subnet;
    } catch (error) {
      // Another node has the subnet by now: the node gets another subnet of the pool.
      if (!(error instanceof XnetError)) throw error;
    }
  }
  const subnet = chooseSubnet(state, wish, nowMs, spread);
  if (subnet !== undefined) return subnet;
  throw new XnetError('PoolExhausted', `pool ${target.pool} has no free subnet for ${node.name}`, {
    hint: `see: xctl pools show ${target.pool}`,
  });
}

function isAt(view: ReadonlyView, nodeId: string, lease: HeldLease, { pool, mode, subnet }: Target): boolean {
  if (lease.pool !== pool || placeOf(view, nodeId, lease)?.mode !== mode) return false;
  return subnet === undefined ? lease.record.endingMs === undefined : prefixesEqual(lease.subnet, subnet);
}

/** needsNewerDaemon says why a host can't move. */
export const needsNewerDaemon = 'its xnetd is too old: it supports only one lease; upgrade xnetd on the host first';

function endedLease({ pool, subnet, record }: HeldLease, from: PlaceRecord | undefined, nowMs: number) {
  return { pool, subnet, record: { ...record, mode: from?.mode, endingMs: record.endingMs ?? nowMs } };
}

/**
 * moveLease decides how a node goes from one lease to another: to one that it already holds, else to a new one.
 * @throws XnetError NotFound, PoolExhausted, FailedPrecondition, also where the host can't have its leases together
 */
export function moveLease(input: LeaseMoveInput): LeaseMove {
  const { view, nodeId, from, target, nowMs } = input;
  const node = requireNode(view, nodeId);
  const former = from === undefined ? undefined : heldAt(view, nodeId, from);
  const isFormer = ({ subnet }: HeldLease) => former !== undefined && prefixesEqual(subnet, former.subnet);
  const own = leasesOf(view, nodeId).find((lease) => !isFormer(lease) && isAt(view, nodeId, lease, target));
  const subnet = own?.subnet ?? choose(input);
  const key = keys.subnet(target.pool, subnet);
  const before = view.subnets.get(prefixKey(subnet))?.record;
  const generation = own?.record.generation ?? (before?.generation ?? 0) + 1;
  const lease: LeaseRecord =
    own === undefined
      ? {
          ...unknownFields('subnet', before),
          ...modeFor(view, node, target),
          state: 'leased',
          node: nodeId,
          generation,
          sinceMs: nowMs,
        }
      : { ...without(own.record), ...modeFor(view, node, target) };
  const ended = former === undefined ? [] : [endedLease(former, from, nowMs)];
  const others = leasesOf(view, nodeId).filter((other) => !isFormer(other) && !prefixesEqual(other.subnet, subnet));
  const all = [...others, ...ended, { pool: target.pool, subnet, record: lease }];
  if (knowsOneLease(view, nodeId)) throw new XnetError('FailedPrecondition', needsNewerDaemon);
  requireCompatible(view, node, all);
  return {
    granted: { pool: target.pool, subnet, generation, mode: target.mode },
    guards: [
      asSeen(view, key),
      asSeen(view, keys.pool(target.pool)),
      ...grantGuards(view, target.pool),
      asSeen(view, keys.node(nodeId)),
      ...(former === undefined ? [] : [asSeen(view, keys.subnet(former.pool, former.subnet))]),
    ],
    operations: [
      put(key, encode('subnet', lease)),
      ...ended.map((each) => put(keyOfLease(each), encode('subnet', each.record))),
    ],
  };
}

/** moveText describes a move for an event. */
export function moveText(from: PlaceRecord | undefined, granted: PlaceRecord): string {
  const to = `${formatPrefix(granted.subnet)} of pool ${granted.pool}, mode ${granted.mode}`;
  return from === undefined ? to : `${formatPrefix(from.subnet)} → ${to}`;
}

/** failureText is the text of a failed move. */
export function failureText(error: unknown): string {
  const hint = error instanceof XnetError && error.hint !== undefined ? `; ${error.hint}` : '';
  return `${messageOf(error)}${hint}`;
}
