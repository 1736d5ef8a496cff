// The leases of one node, from the view. Pure.
import { prefixesEqual } from '../../proto/domain/address.js';
import type { Lease, LeaseUse } from '../../proto/domain/network.js';
import type { LeaseRecord } from '../store/records.js';
import type { HeldLease } from './held.js';
import { networkOf } from './lease-network.js';
import type { ReadonlyView } from './view.js';

/** leasesOf returns a node's leases, sorted by subnet. */
export function leasesOf(view: ReadonlyView, nodeId: string): readonly HeldLease[] {
  return (view.leasesOfNode.get(nodeId) ?? []).flatMap((id) => {
    const held = view.subnets.get(id);
    return held?.record.state === 'leased' ? [{ ...held, record: held.record }] : [];
  });
}

/** oldestLease returns the lease that was granted first. */
export function oldestLease(leases: readonly HeldLease[]): HeldLease | undefined {
  return leases.reduce<HeldLease | undefined>(
    (oldest, lease) => (oldest === undefined || lease.record.sinceMs < oldest.record.sinceMs ? lease : oldest),
    undefined,
  );
}

/** useOf returns what a report says about a lease; undefined: nothing. */
export function useOf(
  uses: readonly LeaseUse[],
  { subnet, record }: Pick<HeldLease, 'subnet'> & { readonly record: Pick<LeaseRecord, 'generation'> },
): LeaseUse | undefined {
  return uses.find((use) => use.generation === record.generation && prefixesEqual(use.subnet, subnet));
}

/**
 * statedLeases returns a node's leases with their states, sorted by subnet; those whose pool's record is unreadable are
 * missing.
 * @param uses what its newest report says; undefined: there is none. A daemon that knows one lease says nothing: it uses
 * the oldest
 */
export function statedLeases(
  view: ReadonlyView,
  nodeId: string,
  uses: readonly LeaseUse[] | undefined,
): readonly Lease[] {
  const node = view.nodes.get(nodeId)?.record;
  const all = leasesOf(view, nodeId);
  const only = uses?.length === 0 ? oldestLease(all) : undefined;
  return all.flatMap((lease) => {
    const { pool, subnet, record } = lease;
    const poolRecord = view.pools.get(pool)?.record;
    if (poolRecord === undefined) return [];
    const isInForce = lease === only || useOf(uses ?? [], lease)?.inForce === true;
    const state = record.endingMs !== undefined ? 'ending' : isInForce ? 'in force' : 'wanted';
    const { generation, network, detach } = record;
    const named = network === undefined ? {} : { network };
    const its = { ...networkOf(record, node, poolRecord), ...named };
    const detached = state === 'ending' && detach === true ? { detach } : {};
    return [{ pool, subnet, generation, ...its, state, ...detached } as const];
  });
}
