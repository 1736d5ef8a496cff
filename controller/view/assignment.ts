// The assignment of one node, derived from the view. Pure.
import type { Assignment } from '../../proto/domain/network.js';
import type { ReadonlyView } from './view.js';

/** assignmentOf returns a node's assignment; undefined when its node, subnet or pool record is missing or unreadable. */
export function assignmentOf(view: ReadonlyView, nodeId: string): Assignment | undefined {
  const node = view.nodes.get(nodeId)?.record;
  const subnetId = view.subnetOfNode.get(nodeId);
  const held = subnetId === undefined ? undefined : view.subnets.get(subnetId);
  const pool = held === undefined ? undefined : view.pools.get(held.pool)?.record;
  if (node === undefined || held === undefined || pool === undefined) return undefined;
  const lease = {
    pool: held.pool,
    subnet: held.subnet,
    generation: held.record.generation,
    mode: node.mode ?? pool.mode,
    networkName: pool.networkName,
    bridgeName: pool.bridgeName,
  };
  return {
    nodeId,
    nodeName: node.name,
    address: node.address,
    availability: node.availability,
    ...lease,
    leases: [{ ...lease, state: 'wanted' }],
    permit: { rollout: '', subnet: held.subnet, generation: held.record.generation },
    leave: false,
  };
}
