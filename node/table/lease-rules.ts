// Checks the leases that a controller assigns: each one, and all together. Pure.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  lastAddress,
  prefixContains,
  prefixCovers,
  prefixesEqual,
  prefixesOverlap,
} from '../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { checkDockerName, checkInterfaceName, checkName, quoted } from '../../proto/domain/input.js';
import {
  type Assignment,
  docker0Length,
  type Lease,
  longestDockerLength,
  longestNetworkLength,
  mostLeases,
  type PoolRange,
  usesDocker0,
} from '../../proto/domain/network.js';
import { isNonEmpty } from '../../proto/domain/non-empty.js';
import type { NodeTable } from './node-table.js';

// Names of Docker's own networks (libnetwork, predefined networks), and reserved interfaces.
const dockersOwn: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'default', 'docker_gwbridge', 'ingress']);
const reservedInterfaces: ReadonlySet<string> = new Set(['lo', 'docker0', 'docker_gwbridge']);

/** leasesProblem returns why the leases of an assignment are refused; undefined: they are accepted. */
export function leasesProblem(
  { address, leases }: Pick<Assignment, 'address' | 'leases'>,
  pools: readonly PoolRange[],
): string | undefined {
  if (leases.length > mostLeases) return `it has more than ${mostLeases} leases`;
  for (const [index, lease] of leases.entries()) {
    const problem = leaseProblem(lease, address, pools) ?? clashProblem(lease, leases.slice(0, index));
    if (problem !== undefined) return problem;
  }
  const [bip, other] = leases.filter((lease) => usesDefaultNetwork(lease) && lease.state !== 'ending');
  if (bip === undefined || other === undefined) return undefined;
  const network = [bip, other].every(({ mode }) => usesDocker0(mode)) ? 'docker0' : "Docker's default network";
  return `${network} can't have ${formatPrefix(bip.subnet)} and ${formatPrefix(other.subnet)}`;
}

/** Part is an assignment without the leases of pools that this host refuses, and those leases. */
export type Part = { readonly assignment: Assignment; readonly refused: readonly Lease[] };

/**
 * acceptablePart returns the part of an assignment that does not depend on refused pools. Leases that the host holds are never
 * left out. It returns the whole assignment if nothing else is left, or if a lease is ending, which a refused one may replace.
 * @param held the assignment in force; undefined: there is none
 */
export function acceptablePart(
  assignment: Assignment,
  { pools, refused }: Pick<NodeTable, 'pools' | 'refused'>,
  held: Assignment | undefined,
): Part {
  const isHeld = ({ subnet }: Lease) => held?.leases.some((lease) => prefixesEqual(lease.subnet, subnet)) === true;
  const isRefused = (lease: Lease) =>
    !isHeld(lease) &&
    !pools.some((pool) => prefixCovers(pool, lease.subnet)) &&
    refused.pools.some(({ pool }) => prefixCovers(pool, lease.subnet));
  const without = assignment.leases.filter(isRefused);
  const leases = assignment.leases.filter((lease) => !isRefused(lease));
  const isEnding = leases.some(({ state }) => state === 'ending');
  if (without.length === 0 || isEnding || !isNonEmpty(leases)) return { assignment, refused: [] };
  const { permit } = assignment;
  const isFor = ({ subnet }: Lease) => permit?.subnet !== undefined && prefixesEqual(permit.subnet, subnet);
  return {
    assignment: { ...assignment, leases, permit: without.some(isFor) ? undefined : permit },
    refused: without,
  };
}

/**
 * withNewestNics returns an assignment with the newer list of nics: its own, or the one that the host has. A controller may
 * lag behind another, or be of a version that knows no nics.
 */
export function withNewestNics(assignment: Assignment, held: Assignment | undefined): Assignment {
  const [own, other] = [assignment.nics, held?.nodeId === assignment.nodeId ? held.nics : undefined];
  if (other === undefined) return assignment;
  const isNewer = own && (own.epoch === other.epoch ? own.revision >= other.revision : own.epoch > other.epoch);
  return isNewer === true ? assignment : { ...assignment, nics: other };
}

function leaseProblem(lease: Lease, address: Ipv4, pools: readonly PoolRange[]): string | undefined {
  const { pool: poolName, subnet, generation, mode } = lease;
  if ('problem' in checkName(poolName)) return `${quoted(poolName)} is not the name of a pool`;
  if (!Number.isSafeInteger(generation) || generation < 1) return `${generation} is not a generation`;
  // No route leads to a part of the LAN, so that its pool is none of the table's.
  if (mode === 'lan') return lanProblem(lease, address, pools) ?? bridgeProblem(lease);
  const pool = pools.find((one) => prefixCovers(one, subnet));
  const text = formatPrefix(subnet);
  if (pool === undefined) return `the subnet ${text} is not within a pool of this node`;
  if (subnet.length !== pool.subnetLength) return `${text} is not one subnet of ${formatPrefix(pool)}`;
  const { dockerLength = longestDockerLength } = lease;
  if (!Number.isInteger(dockerLength) || dockerLength < 1 || dockerLength > longestDockerLength) {
    return `Docker can't hand out a /${dockerLength} of ${text}`;
  }
  if (mode === 'block') return blockProblem(lease);
  return mode === 'bip' ? undefined : bridgeProblem(lease);
}

function blockProblem({ subnet, networkLength = 0 }: Lease): string | undefined {
  if (subnet.length >= docker0Length) return `${formatPrefix(subnet)} has no room for docker0 and other networks`;
  if (networkLength >= docker0Length && networkLength <= longestNetworkLength) return undefined;
  return `networks of /${networkLength} do not fit into ${formatPrefix(subnet)}`;
}

function lanProblem({ subnet, lan }: Lease, address: Ipv4, pools: readonly PoolRange[]): string | undefined {
  const text = formatPrefix(subnet);
  if (lan === undefined) return `the LAN of ${text} is missing`;
  const { prefix, gateway } = lan;
  const where = formatPrefix(prefix);
  if (!prefixCovers(prefix, subnet)) return `the subnet ${text} is not within the LAN ${where}`;
  if (!prefixContains(prefix, address)) return `the node address ${formatIpv4(address)} is not in the LAN ${where}`;
  if (!prefixContains(prefix, gateway)) return `the gateway ${formatIpv4(gateway)} is not in the LAN ${where}`;
  for (const [what, taken] of [
    ['the node address', address],
    ['the gateway', gateway],
    ["the LAN's own address", prefix.network],
    ["the LAN's broadcast address", lastAddress(prefix)],
  ] as const) {
    if (prefixContains(subnet, taken)) return `${text} has ${formatIpv4(taken)}, ${what}`;
  }
  const pool = pools.find((one) => prefixesOverlap(one, subnet));
  return pool === undefined ? undefined : `${text} overlaps the pool ${formatPrefix(pool)}`;
}

function bridgeProblem({ networkName, bridgeName }: Lease): string | undefined {
  const network = checkDockerName(networkName);
  if ('problem' in network) return network.problem;
  if (dockersOwn.has(networkName)) return `the network ${quoted(networkName)} is Docker's own`;
  const bridge = checkInterfaceName(bridgeName);
  if ('problem' in bridge) return bridge.problem;
  return reservedInterfaces.has(bridgeName) ? `the interface name ${bridgeName} is reserved` : undefined;
}

function clashProblem(lease: Lease, others: readonly Lease[]): string | undefined {
  for (const other of others) {
    const [one, two] = [formatPrefix(lease.subnet), formatPrefix(other.subnet)];
    if (prefixesOverlap(lease.subnet, other.subnet)) return `the subnets ${one} and ${two} overlap`;
    if (usesDocker0(lease.mode) || usesDocker0(other.mode)) continue;
    const both = `the same for ${one} and ${two}`;
    if (lease.networkName === other.networkName) return `the network ${lease.networkName} is ${both}`;
    if (lease.bridgeName === other.bridgeName) return `the interface ${lease.bridgeName} is ${both}`;
  }
  return undefined;
}
