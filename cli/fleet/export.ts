// The file of a fleet as it is. Pure.
import { type Mode, modes } from '../../proto/domain/network.js';
import { durationText, type FleetFile } from './file.js';
import type { FleetState } from './plan.js';

// The mode of a newer controller is unknown; the most usual one replaces it.
function modeOf(text: string): Mode {
  return modes.find((mode) => mode === text) ?? 'bip';
}

/** exportFleet returns the file of a fleet: applied, it changes nothing. */
export function exportFleet({ pools, nodes, routes }: FleetState): FleetFile {
  const modeOfPool = new Map(pools.map(({ name, mode }) => [name, mode]));
  return {
    apiVersion: 'xnet/v1',
    pools: pools.map((pool) => ({
      name: pool.name,
      cidr: pool.cidr,
      subnetLength: pool.subnetLength,
      mode: modeOf(pool.mode),
      ...(pool.networkLength === null ? {} : { networkLength: pool.networkLength }),
      ...(pool.dockerLength === null ? {} : { dockerLength: pool.dockerLength }),
      ...(pool.lan === null ? {} : { gateway: pool.lan.gateway, lan: pool.lan.prefix }),
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
      ...(node.pool === null || modeOfPool.get(node.pool) === node.mode ? {} : { mode: modeOf(node.mode) }),
      labels: node.labels,
      cordoned: node.availability !== 'active',
    })),
    routes: routes.map(({ subnet, nextHop, node }) => ({ subnet, nextHop, name: node })),
  };
}
