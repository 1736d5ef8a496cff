// The file of a fleet as it is. Pure.
import { type Mode, modes } from '../../proto/domain/network.js';
import type { NetworkOutput } from '../output/network.js';
import type { NodeLeaseOutput } from '../output/node.js';
import type { PoolOutput } from '../output/pool.js';
import { durationText } from './file.js';
import { type FileLease, firstLease, furtherLeases } from './leases.js';
import type { FleetState } from './plan.js';
import type { FleetFile } from './shape.js';

// The mode of a newer controller is unknown; the most usual one replaces it.
function modeOf(text: string): Mode {
  return modes.find((mode) => mode === text) ?? 'bip';
}

// In mode lan, all of it is the pool's.
function leaseOf({ pool, subnet, mode, network, bridge }: NodeLeaseOutput): FileLease {
  if (mode === 'lan') return { pool, subnet };
  const made = network === null || bridge === null ? {} : { network, bridge };
  return { pool, subnet, mode: modeOf(mode), ...made };
}

function networkOf({ name, pool, bridge, selector, except }: NetworkOutput): FleetFile['networks'][number] {
  const { all, labels, nodes } = selector;
  const isNarrowed = Object.keys(labels).length > 0;
  return {
    name,
    pool,
    bridge,
    ...(all ? { all } : {}),
    ...(isNarrowed ? { labels } : {}),
    ...(nodes.length > 0 || !(all || isNarrowed) ? { nodes: [...nodes] } : {}),
    ...(except.length === 0 ? {} : { except: [...except] }),
  };
}

const defaultOf = ({ defaultNetwork }: NonNullable<PoolOutput['lan']>) => (defaultNetwork ? { defaultNetwork } : {});

/** exportFleet returns the file of a fleet: applied, it changes nothing. */
export function exportFleet({ pools, nodes, routes, networks, nics }: FleetState): FleetFile {
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
      ...(pool.lan === null ? {} : { gateway: pool.lan.gateway, lan: pool.lan.prefix, ...defaultOf(pool.lan) }),
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
    nodes: nodes.map((node) => {
      const { pool, subnet, mode } = firstLease(node);
      const further = furtherLeases(node, { pool, subnet, mode });
      return {
        name: node.name,
        address: node.address,
        ...(pool === null ? {} : { pool }),
        ...(subnet === null ? {} : { subnet }),
        ...(pool === null || modeOfPool.get(pool) === mode ? {} : { mode: modeOf(mode) }),
        ...(further.length === 0 ? {} : { leases: further.map(leaseOf) }),
        labels: node.labels,
        cordoned: node.availability !== 'active',
      };
    }),
    routes: routes.map(({ subnet, nextHop, node }) => ({ subnet, nextHop, name: node })),
    networks: networks.filter(({ removingSince }) => removingSince === null).map(networkOf),
    nics: nics.map((nic) => ({
      node: nic.node,
      container: nic.container,
      address: nic.address,
      interface: nic.interface,
    })),
  };
}
