// The foreign networks of a host: those that a pool must not overlap, and those that no route leads to.
// Invariant: networks that xnet makes or is about to replace are not included. Pure.
import {
  type Prefix,
  parsePrefix,
  prefixCovers,
  prefixesEqual,
  prefixKey,
  prefixOf,
} from '../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { type HostNetwork, type Lease, usesDocker0 } from '../../proto/domain/network.js';
import { attachedTo, isOurNetwork } from './bridge/plan.js';
import type { EngineContainer, EngineNetwork } from './engine/engine.js';
import type { HostInterface } from './engine/interfaces.js';
import { shown } from './engine/settings.js';

// Never routed between hosts; every host has them (RFC 1122, RFC 3927).
const local = ['127.0.0.0/8', '169.254.0.0/16'].flatMap((cidr): Prefix[] => {
  const prefix = parsePrefix(cidr);
  return prefix === undefined ? [] : [prefix];
});

/** LeaseModes are the modes of a node's leases, their bridges, subnets and states. */
export type LeaseModes = readonly (Pick<Lease, 'mode'> &
  Partial<Pick<Lease, 'bridgeName' | 'subnet' | 'state' | 'lan'>>)[];

const hasBip = (leases: LeaseModes) => leases.some(({ mode }) => usesDocker0(mode));
// Every network that lies in a block of the node is routed, also one that xnet did not make.
const isInBlock = (prefix: Prefix, leases: LeaseModes) =>
  leases.some(({ mode, subnet }) => mode === 'block' && subnet !== undefined && prefixCovers(subnet, prefix));
// A network that the host had before, and whose subnet is leased.
const isKept = ({ bridgeName, subnets }: EngineNetwork, leases: LeaseModes) =>
  leases.some(
    (lease) =>
      lease.mode === 'bridge' &&
      lease.bridgeName === bridgeName &&
      subnets.some(({ prefix }) => lease.subnet !== undefined && prefixesEqual(lease.subnet, prefix)),
  );
const hasBridge = (leases: LeaseModes) => leases.some(({ mode }) => mode === 'bridge' || mode === 'lan');
// The bridge of mode lan has the host's own address: its network is the host's.
const isOfHost = (bridge: string | undefined, leases: LeaseModes) =>
  leases.some(({ mode, bridgeName }) => mode === 'lan' && bridgeName === bridge);

/**
 * hostNetworks lists them: 172.18.0.0/16 of "docker network shop", 192.168.83.0/24 of "interface eth0".
 * @param leases with one of mode bip or block, docker0's subnet is or gets that lease's and does not count
 */
export function hostNetworks(
  networks: readonly EngineNetwork[],
  interfaces: readonly HostInterface[],
  leases: LeaseModes,
): readonly HostNetwork[] {
  const own = networks.filter(
    (network) =>
      isOurNetwork(network) || isKept(network, leases) || (leases.some(usesDefaultNetwork) && network.isDefault),
  );
  const ownBridges = new Set(own.map(({ bridgeName }) => bridgeName).filter((bridge) => !isOfHost(bridge, leases)));
  const found = new Map<number, HostNetwork>();
  const add = (prefix: Prefix, source: string) => {
    const key = prefixKey(prefix);
    if (!found.has(key) && !local.some((range) => prefixCovers(range, prefix))) found.set(key, { prefix, source });
  };
  for (const network of networks) {
    if (own.includes(network)) continue;
    for (const { prefix } of network.subnets)
      if (!isInBlock(prefix, leases)) add(prefix, `docker network ${shown(network.name)}`);
  }
  for (const { name, addresses } of interfaces) {
    // docker0 outlives dockerd for a moment, and is then recognised only by its name.
    if (ownBridges.has(name) || (hasBip(leases) && name === 'docker0')) continue;
    for (const { address, length } of addresses) {
      const prefix = prefixOf(address, length);
      if (!isInBlock(prefix, leases)) add(prefix, `interface ${name}`);
    }
  }
  return [...found.values()];
}

/**
 * unroutedNetworks returns the names of Docker's bridge networks whose running containers are on no leased network as
 * well: these containers can't reach leased containers of other hosts, nor be reached from there.
 */
export function unroutedNetworks(
  {
    networks,
    containers,
  }: { readonly networks: readonly EngineNetwork[]; readonly containers: readonly EngineContainer[] },
  leases: LeaseModes,
): readonly string[] {
  const isLeased = (network: EngineNetwork) =>
    isKept(network, leases) ||
    (hasBridge(leases) && isOurNetwork(network)) ||
    (leases.some(usesDefaultNetwork) && network.isDefault) ||
    (network.subnets.length > 0 && network.subnets.every(({ prefix }) => isInBlock(prefix, leases)));
  const running = (network: EngineNetwork) => attachedTo(network, containers).filter((container) => container.running);
  const reached = new Set(networks.filter(isLeased).flatMap(running));
  return networks
    .filter((network) => network.driver === 'bridge' && !isLeased(network))
    .filter((network) => running(network).some((container) => !reached.has(container)))
    .map(({ name }) => name)
    .sort();
}
