// The file of a fleet as it is. Pure.
import { durationText, type FleetFile } from './file.js';
import type { FleetState } from './plan.js';

/** exportFleet returns the file of a fleet: applied, it changes nothing. */
export function exportFleet({ pools, nodes }: FleetState): FleetFile {
  const modes = new Map(pools.map(({ name, mode }) => [name, mode]));
  return {
    apiVersion: 'xnet/v1',
    pools: pools.map((pool) => ({
      name: pool.name,
      cidr: pool.cidr,
      subnetLength: pool.subnetLength,
      mode: pool.mode === 'bridge' ? 'bridge' : 'bip',
      networkName: pool.networkName,
      bridgeName: pool.bridgeName,
      quarantine: durationText(pool.quarantineSeconds),
      reclaimAfter: pool.reclaimAfterSeconds === null ? 'never' : durationText(pool.reclaimAfterSeconds),
      followAddress: pool.followAddress,
      reservations: pool.reservations.map(({ cidr, node, reason }) => ({
        cidr,
        ...(node === null ? {} : { node }),
        ...(reason === '' ? {} : { reason }),
      })),
    })),
    nodes: nodes.map((node) => ({
      name: node.name,
      address: node.address,
      ...(node.pool === null ? {} : { pool: node.pool }),
      ...(node.pool === null || modes.get(node.pool) === node.mode
        ? {}
        : { mode: node.mode === 'bridge' ? 'bridge' : 'bip' }),
      labels: node.labels,
      cordoned: node.availability !== 'active',
    })),
  };
}
