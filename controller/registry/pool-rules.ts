// Checks and defaults of pools, each considered alone. Pure.
import { formatPrefix, isPrivate, type Prefix, specialRange } from '../../proto/domain/address.js';
import { modeProblem } from '../../proto/domain/mode-problem.js';
import {
  docker0Length,
  type Lan,
  longestDockerLength,
  longestNetworkLength,
  type Mode,
  usualNetworkLength,
} from '../../proto/domain/network.js';
import type { ReservationRecord } from '../store/records.js';

/** NewPool describes a pool to create, with all its settings. */
export type NewPool = {
  readonly name: string;
  readonly cidr: Prefix;
  readonly subnetLength: number;
  readonly mode: Mode;
  /** Of mode block; absent: the usual one. */
  readonly networkLength?: number;
  /** Absent: Docker hands out all addresses of a subnet. */
  readonly dockerLength?: number;
  /** Of mode lan. */
  readonly lan?: Lan;
  readonly reservations?: readonly ReservationRecord[];
  readonly networkName: string;
  readonly bridgeName: string;
  readonly quarantineSeconds: number;
};

// A subnet needs its network and broadcast address, a gateway and at least one container.
const longestSubnet = 30;
const shortestPool = 8;
// The allocator walks a pool's subnets, so their number is limited.
const mostSubnetBits = 16;

/** longestQuarantineSeconds is the longest quarantine: a year. */
export const longestQuarantineSeconds = 365 * 24 * 3_600;

/**
 * shortestReclaimSeconds is the shortest time after which leases of a node that is down may end: longer than a host
 * takes to restart.
 */
export const shortestReclaimSeconds = 600;

/** longestReclaimSeconds is the longest such time: a year. */
export const longestReclaimSeconds = 365 * 24 * 3_600;

/** usualSubnetLength is the default prefix length of subnets. */
export const usualSubnetLength = 24;

/** hasRoomForSubnet reports whether a pool is at least as large as the smallest subnet. */
export function hasRoomForSubnet(cidr: Prefix): boolean {
  return cidr.length <= longestSubnet;
}

/**
 * fittingSubnetLength returns the subnet length to suggest for a pool: the default, or the pool's length plus two if the
 * pool has no room for four such subnets (flannel's rule).
 */
export function fittingSubnetLength(cidr: Prefix): number {
  return cidr.length <= 22 ? usualSubnetLength : Math.min(longestSubnet, cidr.length + 2);
}

/** modeProblems returns all problems of a pool's mode and of what belongs to it. */
export function modeProblems(pool: Pick<NewPool, 'name' | 'subnetLength' | 'mode' | 'networkLength'>): string[] {
  const { mode, networkLength = usualNetworkLength } = pool;
  const problem = modeProblem(mode, pool);
  const problems = problem === undefined ? [] : [`subnet length: ${problem}`];
  if (mode !== 'block') {
    return pool.networkLength === undefined
      ? problems
      : ['network length: only in mode block does Docker make networks within a subnet'];
  }
  if (networkLength >= docker0Length && networkLength <= longestNetworkLength) return problems;
  return [...problems, `network length: /${networkLength} is not one of /${docker0Length} to /${longestNetworkLength}`];
}

/** dockerLengthProblems returns what is wrong with the part of each subnet that Docker is to hand out addresses from. */
export function dockerLengthProblems(pool: Pick<NewPool, 'subnetLength' | 'mode' | 'dockerLength'>): string[] {
  const { subnetLength, mode, dockerLength } = pool;
  if (dockerLength === undefined) return [];
  if (mode === 'lan') return ['docker length: in mode lan, Docker hands out the whole subnet, a part of the LAN'];
  const shortest = (mode === 'block' ? docker0Length : subnetLength) + 1;
  if (shortest > longestDockerLength) return [`docker length: a subnet of /${subnetLength} is too small to be divided`];
  if (dockerLength >= shortest && dockerLength <= longestDockerLength) return [];
  return [`docker length: /${dockerLength} is not one of /${shortest} to /${longestDockerLength}`];
}

/** poolProblems returns all problems of a pool considered alone. */
export function poolProblems(pool: Pick<NewPool, 'cidr' | 'subnetLength'>): string[] {
  const { cidr, subnetLength } = pool;
  const text = formatPrefix(cidr);
  const problems: string[] = [];
  const special = specialRange(cidr);
  if (special !== undefined) problems.push(`cidr: ${text} overlaps a range that can't hold hosts: ${special}`);
  if (cidr.length < shortestPool) problems.push(`cidr: ${text} is larger than a /${shortestPool}`);
  if (!hasRoomForSubnet(cidr)) {
    problems.push(`cidr: ${text} is smaller than a /${longestSubnet}, the smallest subnet with room for a container`);
  } else if (subnetLength < cidr.length) {
    problems.push(
      `subnet length: a /${subnetLength} is larger than the pool ${text}: use ${cidr.length} to ${longestSubnet}`,
    );
  } else if (subnetLength > longestSubnet) {
    problems.push(`subnet length: a /${subnetLength} has no room for a container: use at most ${longestSubnet}`);
  } else if (subnetLength - cidr.length > mostSubnetBits) {
    problems.push(
      `subnet length: ${text} would have ${2 ** (subnetLength - cidr.length)} subnets: ` +
        `use at most ${cidr.length + mostSubnetBits}`,
    );
  }
  return problems;
}

/**
 * poolWarnings returns what an operator should know about a valid pool.
 * @param others the ranges of all other pools
 */
export function poolWarnings(cidr: Prefix, others: readonly Prefix[]): string[] {
  if (isPrivate(cidr)) return [];
  const all = [...others, cidr].map(formatPrefix).join(', ');
  return [
    `${formatPrefix(cidr)} is a public range: containers will not reach the hosts on the internet that have these addresses`,
    // See node/table/admission-rules.ts. Hosts that join later receive the pool when they join.
    `hosts that have already joined refuse ${formatPrefix(cidr)} until they allow it: put "allowed-pools: [${all}]" into ` +
      '/etc/xnet/xnetd.yaml of each, and run there: systemctl restart xnetd',
  ];
}
