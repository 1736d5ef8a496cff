// Chooses which lease Docker's default network is to have, or that docker0 gets its former address back.
// Invariant: docker0 moves from a lease that it has only with a permit that names the change. Its present lease needs
// no permit, so it is repaired without a controller. Where it has no lease of this node, an operator's request on the
// host does as well as a permit. Pure.
import { formatPrefix, gatewayOf, prefixesEqual } from '../../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../../proto/domain/default-network.js';
import { dockerRange } from '../../../proto/domain/docker-range.js';
import { docker0Length, type Lease, type Permit, usualNetworkLength } from '../../../proto/domain/network.js';
import type { Finding } from '../../reconcile/effect.js';
import { type Bip, bipsEqual, formatBip, getsText, partsEqual } from '../engine/bip-value.js';
import type { DesiredDocker } from '../engine/settings.js';

/** Docker0 is the state of docker0: the bip that xnet wrote, and its present address; undefined: none, or not known. */
export type Docker0 = { readonly ours: Bip | undefined; readonly present: Bip | undefined };

/**
 * BipChoice is the desired address of docker0: that of a lease, its former one, or its present one.
 * `rollout` is the id of the rollout that permits a change, if one is needed. `waiting` describes the change without a permit.
 */
export type BipChoice =
  | { readonly do: 'use'; readonly bip: Bip; readonly rollout: string; readonly waiting: Finding | undefined }
  | { readonly do: 'give-back'; readonly rollout: string }
  | { readonly do: 'hold'; readonly waiting: Finding };

/** BipLease is the part of a lease that a bip depends on. */
export type BipLease = Pick<Lease, 'subnet' | 'mode' | 'networkLength' | 'dockerLength' | 'lan'> &
  Partial<Pick<Lease, 'bridgeName'>>;

/**
 * bipOfLease returns the address that docker0 has with a lease, the part of its subnet that Docker hands out, and in mode block
 * the range of Docker's other networks. In mode lan it is the bridge of the LAN that the default network is on.
 */
export function bipOfLease(lease: BipLease): Bip {
  const { subnet, mode, networkLength, lan, bridgeName } = lease;
  if (mode === 'lan' && lan !== undefined && bridgeName !== undefined) {
    return { address: subnet.network, length: subnet.length, over: { bridge: bridgeName, gateway: lan.gateway } };
  }
  const address = gatewayOf(subnet);
  const fixedCidr = dockerRange(lease);
  const range = fixedCidr === undefined ? {} : { fixedCidr };
  if (mode !== 'block') return { address, length: subnet.length, ...range };
  const networks = { base: subnet, size: networkLength ?? usualNetworkLength };
  return { address, length: docker0Length, networks, ...range };
}

/**
 * chooseBip chooses.
 * @param byHand whether an operator requested it on the host, see BipSeen
 */
export function chooseBip({ leases, permit }: DesiredDocker, { ours, present }: Docker0, byHand: boolean): BipChoice {
  const bips = leases.filter(usesDefaultNetwork);
  const wanted = bips.find(({ state }) => state !== 'ending');
  // The bip in daemon.json counts: with live-restore, docker0 gets it later.
  const has = ours ?? present;
  const current = bips.find((lease) => isRealisedBy(has, bipOfLease(lease)));
  const use = (lease: Lease, rollout: string, waiting?: Finding): BipChoice => {
    return { do: 'use', bip: bipOfLease(lease), rollout, waiting };
  };
  // The implied permit of a node's first lease does not permit moving away from another lease.
  const counts = permit !== undefined && (permit.rollout !== '' || current === undefined);
  if (wanted !== undefined && wanted === current) return use(wanted, '');
  const isRequested = byHand && current === undefined;
  if (wanted !== undefined && counts && names(permit, wanted)) return use(wanted, permit.rollout);
  if (wanted !== undefined && isRequested) return use(wanted, '');
  // A controller that knows one lease per node permits a bridge where docker0 had a lease of ours.
  const givesBack = isRequested || (counts && (permit.subnet === undefined || permit.rollout === ''));
  if (wanted === undefined && (ours === undefined || givesBack)) {
    return { do: 'give-back', rollout: permit?.rollout ?? '' };
  }
  if (current !== undefined) return use(current, '', waitsForRollout(has, wanted));
  return { do: 'hold', waiting: waitsWithout(waitsForRollout(has, wanted), ours) };
}

// What xnet did not write itself names no networks and no range.
function isRealisedBy(has: Bip | undefined, bip: Bip): boolean {
  return bipsEqual(has, bip) && partsEqual(has, bip);
}

function names({ subnet, generation }: Permit, lease: Lease): boolean {
  return subnet !== undefined && prefixesEqual(subnet, lease.subnet) && generation === lease.generation;
}

function waitsForRollout(has: Bip | undefined, wanted: Lease | undefined): Finding {
  const what = wanted === undefined ? 'its former address back' : formatPrefix(wanted.subnet);
  const subject = wanted?.mode === 'lan' ? "Docker's default network gets" : 'docker0 gets';
  const keeps = has === undefined ? '' : `; until then it keeps ${formatBip(has)}`;
  return {
    type: 'Docker',
    transient: false,
    isNote: true,
    reason: 'WaitingForRollout',
    message: `${subject} ${what} when a rollout permits this host to restart Docker${keeps}`,
    fix: `xctl rollouts list; if none is under way: xctl nodes move NAME --pool ${wanted?.pool ?? 'POOL'}`,
  };
}

// docker0 has no lease of this node; an address that xnet wrote may be leased to another node later.
function waitsWithout(waiting: Finding, ours: Bip | undefined): Finding {
  const fix = `${waiting.fix}; to restart Docker at once: systemctl reload xnetd`;
  if (ours === undefined) return { ...waiting, fix };
  const message = `${getsText(ours, 'has')}, which is not leased to this node any more: ${waiting.message}`;
  return { type: 'Docker', transient: false, reason: 'AddressNotLeased', message, fix };
}
