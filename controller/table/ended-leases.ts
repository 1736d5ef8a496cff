// Determines which withdrawals the store explains: those with a record that the lease ended. Pure.
// Invariant: a missing record explains nothing, nor does one that is older than the acceptance of a restored store,
// because the subnet may have been leased after the backup.
import { type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { ReadonlyView } from '../view/view.js';

function isExplained(view: ReadonlyView, subnet: Prefix): boolean {
  const held = view.subnets.get(prefixKey(subnet));
  if (held === undefined) return false;
  const { record, modRevision } = held;
  const acceptedAt = view.cluster?.record.acceptedMs === undefined ? 0 : view.cluster.modRevision;
  if (record.state !== 'leased') return modRevision > acceptedAt;
  // It is routed, or its node is leaving.
  return Math.max(modRevision, view.nodes.get(record.node)?.modRevision ?? 0) > acceptedAt;
}

/**
 * unexplained returns those of the withdrawn subnets for which the store has no record that a lease ended.
 * @param view read from the store itself
 */
export function unexplained(view: ReadonlyView, withdrawn: readonly Prefix[]): readonly Prefix[] {
  return withdrawn.filter((subnet) => !isExplained(view, subnet));
}
