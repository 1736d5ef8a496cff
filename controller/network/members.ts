// Determines which nodes have a named network, and which leases are missing or superfluous. Pure.
// Invariant: a lease belongs to a network only if its record names the network. Leases made by hand are never counted,
// nor ended.
import { formatPrefix, prefixKey } from '../../proto/domain/address.js';
import { mostLeases } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { requireReadable } from '../registry/lookup.js';
import { featureProblem, knowsOneLease, requireLeases } from '../registry/node-leases.js';
import { keys } from '../store/keys.js';
import type { NetworkRecord, NodeRecord } from '../store/records.js';
import type { HeldLease } from '../view/held.js';
import { clashOf, networkOf } from '../view/lease-network.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';

/** Selection says which nodes have a network. */
export type Selection = Pick<NetworkRecord, 'all' | 'labels' | 'nodes' | 'except'>;

/** isSelectedByLabels reports whether a network's selector has a node without naming it. */
export function isSelectedByLabels({ all, labels }: Selection, node: Pick<NodeRecord, 'labels'>): boolean {
  const wanted = Object.entries(labels);
  return all || (wanted.length > 0 && wanted.every(([key, value]) => node.labels[key] === value));
}

/** isSelected reports whether a network is for a node. */
export function isSelected(selection: Selection, nodeId: string, node: Pick<NodeRecord, 'labels'>): boolean {
  if (selection.except.includes(nodeId)) return false;
  return selection.nodes.includes(nodeId) || isSelectedByLabels(selection, node);
}

/** leaseIn returns a node's lease for a network; undefined: it has none. */
export function leaseIn(view: ReadonlyView, network: string, nodeId: string): HeldLease | undefined {
  return leasesOf(view, nodeId).find(({ record }) => record.network === network);
}

/** holdersOfNetwork returns the ids of the nodes with a lease for a network. */
export function holdersOfNetwork(view: ReadonlyView, network: string): ReadonlySet<string> {
  const pool = view.networks.get(network)?.record.pool ?? '';
  const holders = new Set<string>();
  for (const record of view.subnetsOfPool.get(pool)?.values() ?? []) {
    if (record.state === 'leased' && record.network === network) holders.add(record.node);
  }
  return holders;
}

/** memberIds returns the ids of the nodes that a network is for, or that still have a lease for it, by name. */
export function memberIds(view: ReadonlyView, network: string, selection: Selection | undefined): readonly string[] {
  const ids = new Set(holdersOfNetwork(view, network));
  if (selection !== undefined) {
    for (const [id, { record }] of view.nodes) if (isSelected(selection, id, record)) ids.add(id);
  }
  const nameOf = (id: string) => view.nodes.get(id)?.record.name ?? id;
  return [...ids].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/**
 * onlyLeaseOf returns the names of the nodes whose only remaining lease is the one for a network. The last lease of a
 * node never ends.
 */
export function onlyLeaseOf(view: ReadonlyView, network: string, nodeIds: Iterable<string>): readonly string[] {
  const names = [...nodeIds].flatMap((id) => {
    const staying = leasesOf(view, id).filter(({ record }) => record.endingMs === undefined);
    const isOnly = staying.length > 0 && staying.every(({ record }) => record.network === network);
    return isOnly ? [view.nodes.get(id)?.record.name ?? id] : [];
  });
  return names.sort();
}

/** MemberStep is the next change for a network on a node: a new lease, or the end of its lease. */
export type MemberStep = 'lease' | 'end';

/** stepFor returns the next change for a network on a node; undefined: none. */
export function stepFor(view: ReadonlyView, network: string, nodeId: string): MemberStep | undefined {
  const record = view.networks.get(network)?.record;
  const node = view.nodes.get(nodeId)?.record;
  if (record === undefined || node === undefined || view.undecodable.has(keys.network(network))) return undefined;
  // A host may hold other leases than a restored store says.
  if (view.adoption !== undefined || view.isAwaited(nodeId)) return undefined;
  const lease = leaseIn(view, network, nodeId);
  const isStaying = lease !== undefined && lease.record.endingMs === undefined;
  if (record.removing === undefined && isSelected(record, nodeId, node)) {
    return isStaying || node.availability === 'leaving' ? undefined : 'lease';
  }
  if (isStaying) return 'end';
  const isToDetach = record.removing?.disconnect === true && lease?.record.detach !== true;
  return lease !== undefined && isToDetach ? 'end' : undefined;
}

/** MemberRefusal is why a node can't have a lease for a network, and the remedy. */
export type MemberRefusal = { readonly message: string; readonly fix: string };

/** memberRefusal returns why a node can't have a lease for a network, whatever subnets are free; undefined: it can. */
export function memberRefusal(
  view: ReadonlyView,
  network: string,
  { pool, bridgeName }: Pick<NetworkRecord, 'pool' | 'bridgeName'>,
  nodeId: string,
): MemberRefusal | undefined {
  const node = view.nodes.get(nodeId)?.record;
  const poolRecord = view.pools.get(pool)?.record;
  if (node === undefined) return { message: 'there is no such node', fix: 'xctl nodes list' };
  if (poolRecord === undefined) return { message: `there is no pool ${pool}`, fix: 'xctl pools list' };
  if (knowsOneLease(view, nodeId)) {
    return { message: 'its xnetd is too old: it supports only one lease', fix: 'upgrade xnetd on the host' };
  }
  const unknown = featureProblem(view, nodeId, 'networks');
  if (unknown !== undefined) return unknown;
  try {
    // A network record of a newer version is ignored by other networks.
    requireReadable(view, keys.pool(pool), true);
    const wanted = { mode: 'bridge', networkName: network, bridgeName, ending: false } as const;
    const others = requireLeases(view, nodeId).filter(({ record }) => record.network !== network);
    if (others.length >= mostLeases) {
      return { message: `it has ${others.length} leases, the most that a node can have`, fix: `xctl leases list` };
    }
    for (const lease of others) {
      const its = view.pools.get(lease.pool)?.record;
      const ending = lease.record.endingMs !== undefined;
      const shared = its && clashOf(wanted, { ...networkOf(lease.record, node, its), ending });
      if (shared === undefined) continue;
      const subnet = formatPrefix(lease.subnet);
      const message = `its lease of ${subnet} has ${shared} already${ending ? ', and is ending' : ''}`;
      return { message, fix: ending ? `xctl nodes show ${node.name}` : `xctl leases end ${node.name} ${subnet}` };
    }
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
    return { message: error.message, fix: error.hint ?? 'xctl status' };
  }
  return undefined;
}

/** foreignNetworkOn reports whether a node's host has reported a Docker network of this name that xnet did not make. */
export function foreignNetworkOn(view: ReadonlyView, network: string, nodeId: string): boolean {
  const own = leaseIn(view, network, nodeId);
  const networks = view.statuses.get(nodeId)?.record.hostNetworks ?? [];
  return networks.some(
    ({ source, prefix }) =>
      source === `docker network ${network}` && (own === undefined || prefixKey(own.subnet) !== prefixKey(prefix)),
  );
}
