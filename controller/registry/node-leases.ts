// The leases of a node, for decisions that change them. Pure.
// Invariant: a change of a node's leases guards all of them, so it is never based on a part of them.

import { formatPrefix, type Ipv4 } from '../../proto/domain/address.js';
import type { Feature } from '../../proto/domain/feature.js';
import { modeProblem } from '../../proto/domain/mode-problem.js';
import { type Mode, mostLeases, usesDocker0 } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { LeaseRecord, NodeRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import type { HeldLease } from '../view/held.js';
import { clashOf, networkOf } from '../view/lease-network.js';
import { leasesOf, useOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, put } from './guards.js';
import { requireOnLan } from './lan.js';
import { poolState, requireFreeAddress, requireReadable } from './lookup.js';

/**
 * requireLeases returns a node's leases, sorted by subnet.
 * @throws XnetError FailedPrecondition when a record of one is unreadable, contradicts others or was deleted
 */
export function requireLeases(view: ReadonlyView, nodeId: string): readonly HeldLease[] {
  for (const { key } of view.leaseClaimsOf(nodeId)) requireReadable(view, key, false);
  const leases = leasesOf(view, nodeId);
  for (const lease of leases) requireReadable(view, keyOfLease(lease), true);
  return leases;
}

/**
 * knowsOneLease reports whether the version of a node's daemon knows only one lease: it would use a second one at once, and
 * restart Docker without a permit.
 */
export function knowsOneLease(view: ReadonlyView, nodeId: string): boolean {
  return view.statuses.get(nodeId)?.record.leases.length === 0;
}

const featureNames: Readonly<Record<Feature, string>> = {
  lan: 'mode lan',
  nics: 'nics',
  networks: 'named networks',
  'default-network': "Docker's default network in mode lan",
};

/** FeatureProblem is why a node can't use a feature, and what to do first: "upgrade xnetd on the host". */
export type FeatureProblem = { readonly message: string; readonly fix: string };

/** featureProblem returns why a node can't use a feature; undefined: its daemon supports it, or has never reported. */
export function featureProblem(view: ReadonlyView, nodeId: string, feature: Feature): FeatureProblem | undefined {
  const status = view.statuses.get(nodeId)?.record;
  if (status === undefined || status.features?.includes(feature) === true) return undefined;
  const name = view.nodes.get(nodeId)?.record.name ?? nodeId;
  const older = status.features === undefined ? olderController(view, nodeId) : undefined;
  if (older !== undefined) {
    const message =
      `${name} is connected to controller ${older.id} (${older.version}), which does not record what xnetd supports: ` +
      `no use of ${featureNames[feature]}`;
    return { message, fix: `upgrade controller ${older.id}` };
  }
  const said = status.features === undefined ? 'has not reported that it supports' : 'does not support';
  return {
    message: `xnetd ${status.daemonVersion} on ${name} ${said} ${featureNames[feature]}`,
    fix: 'upgrade xnetd on the host',
  };
}

// The controller of a node's connection, if it drops what it does not know of reports. Those that record the features of
// daemons also know adoptions.
function olderController(
  view: ReadonlyView,
  nodeId: string,
): { readonly id: string; readonly version: string } | undefined {
  const id = view.sessions.get(nodeId)?.record.controller;
  const record = id === undefined ? undefined : view.controllers.get(id)?.record;
  if (id === undefined || record === undefined || record.knowsAdoption === true) return undefined;
  return { id, version: record.version };
}

/**
 * requireFeature checks that a node's daemon supports a feature.
 * @throws XnetError FailedPrecondition
 */
export function requireFeature(view: ReadonlyView, nodeId: string, feature: Feature): void {
  const problem = featureProblem(view, nodeId, feature);
  if (problem === undefined) return;
  throw new XnetError('FailedPrecondition', problem.message, {
    hint: `${problem.fix} (routes stay), then rerun the command`,
  });
}

/** keyOfLease returns the key of a lease's record. */
export function keyOfLease({ pool, subnet }: Pick<HeldLease, 'pool' | 'subnet'>): string {
  return keys.subnet(pool, subnet);
}

/** leaseGuards guards that leases have not changed since the view. */
export function leaseGuards(view: ReadonlyView, leases: readonly HeldLease[]): readonly Guard[] {
  return leases.map((lease) => asSeen(view, keyOfLease(lease)));
}

// The pools of leases determine how a host realises them.
function poolGuards(view: ReadonlyView, leases: readonly HeldLease[]): readonly Guard[] {
  return [...new Set(leases.map(({ pool }) => pool))].map((pool) => asSeen(view, keys.pool(pool)));
}

/** nodeGuards guards that a node, its leases and their pools have not changed since the view. */
export function nodeGuards(view: ReadonlyView, nodeId: string, leases: readonly HeldLease[]): readonly Guard[] {
  return [asSeen(view, keys.node(nodeId)), ...leaseGuards(view, leases), ...poolGuards(view, leases)];
}

/** ended returns the write that marks a lease as ending. `detach`: its host detaches containers from its Docker network. */
export function ended(lease: HeldLease, nowMs: number, detach = false): Operation {
  const endingMs = lease.record.endingMs ?? nowMs;
  return put(keyOfLease(lease), encode('subnet', { ...lease.record, endingMs, ...(detach ? { detach } : {}) }));
}

/** kept returns the write that removes the mark of an ending lease. */
export function kept(lease: HeldLease): Operation {
  const { endingMs: _ending, detach: _detach, ...record } = lease.record;
  return put(keyOfLease(lease), encode('subnet', record));
}

/**
 * requireMode checks that a host can realise a lease of a pool with a mode.
 * @throws XnetError FailedPrecondition
 */
export function requireMode(view: ReadonlyView, { mode, pool }: { readonly mode: Mode; readonly pool: string }): void {
  const problem = modeProblem(mode, { ...poolState(view, pool).record, name: pool });
  if (problem !== undefined) throw new XnetError('FailedPrecondition', problem);
}

/**
 * requireNewAddress checks that a node can have another address.
 * @param holder id of the node that has it at present and gives it up
 * @throws XnetError AlreadyExists, FailedPrecondition
 */
export function requireNewAddress(view: ReadonlyView, address: Ipv4, nodeId: string, holder = nodeId): void {
  requireFreeAddress(view, address, holder);
  for (const { pool } of leasesOf(view, nodeId)) {
    const record = view.pools.get(pool)?.record;
    if (record !== undefined) requireOnLan(pool, record, address);
  }
}

/**
 * requireCompatible checks that one host can have all of these leases.
 * @param leases as they will be
 * @throws XnetError FailedPrecondition
 */
export function requireCompatible(
  view: ReadonlyView,
  node: Pick<NodeRecord, 'name' | 'mode'>,
  leases: readonly (Pick<HeldLease, 'pool' | 'subnet'> & { readonly record: LeaseRecord })[],
): void {
  if (leases.length > mostLeases) {
    throw new XnetError(
      'FailedPrecondition',
      `${node.name} has ${leases.length - 1} leases, the most that a node can have`,
      {
        hint: `end one first: xctl leases list; xctl leases end ${node.name} SUBNET`,
      },
    );
  }
  const all = leases.map(({ pool, subnet, record }) => ({
    ...networkOf(record, node, poolState(view, pool).record),
    ending: record.endingMs !== undefined,
    subnet,
    pool,
  }));
  all.forEach((lease, index) => {
    requireMode(view, lease);
    for (const other of all.slice(0, index)) {
      const shared = clashOf(other, lease);
      if (shared === undefined) continue;
      const ending = other.ending ? ', which is ending' : '';
      throw new XnetError(
        'FailedPrecondition',
        `${node.name} has ${formatPrefix(other.subnet)} with ${shared}${ending}: one host can't have ` +
          `${formatPrefix(lease.subnet)} with ${shared} as well`,
        {
          hint:
            usesDocker0(lease.mode) && usesDocker0(other.mode)
              ? `move the host to the new subnet with --replace ${formatPrefix(other.subnet)}, or use --mode bridge`
              : 'choose another Docker network and bridge: --network NAME --bridge NAME',
        },
      );
    }
  });
}

/**
 * requireModeUnused checks that the host uses none of the leases whose mode changes with that of its node: it would restart
 * Docker without a rollout.
 * @param mode the node's new mode
 * @throws XnetError FailedPrecondition
 */
export function requireModeUnused(
  view: ReadonlyView,
  nodeId: string,
  { name, mode: before }: Pick<NodeRecord, 'name' | 'mode'>,
  mode: Mode,
): void {
  const uses = view.statuses.get(nodeId)?.record.leases;
  for (const lease of leasesOf(view, nodeId)) {
    const pool = poolState(view, lease.pool).record;
    const isChanged = networkOf(lease.record, before === undefined ? {} : { mode: before }, pool).mode !== mode;
    // A daemon that knows one lease does not say what it uses.
    const isUsed = uses !== undefined && (uses.length === 0 || useOf(uses, lease)?.inForce === true);
    if (lease.record.mode !== undefined || !isChanged || !isUsed) continue;
    const subnet = formatPrefix(lease.subnet);
    throw new XnetError('FailedPrecondition', `${name} uses ${subnet}: another mode restarts Docker on its host`, {
      hint: `let a rollout do it: xctl nodes move ${name} --pool ${lease.pool} --mode ${mode}`,
    });
  }
}
