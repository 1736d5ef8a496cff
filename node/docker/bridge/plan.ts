// Decides the steps that create or remove the node's bridge networks in Docker.
// Invariant: only networks with our label are changed, and a container is detached only with the operator's consent.
// Pure.
import {
  formatIpv4,
  formatPrefix,
  gatewayOf,
  type Prefix,
  prefixCovers,
  prefixesEqual,
} from '../../../proto/domain/address.js';
import { usesDefaultNetwork } from '../../../proto/domain/default-network.js';
import { dockerRange } from '../../../proto/domain/docker-range.js';
import type { LanMove } from '../../lan/journal.js';
import type { Finding } from '../../reconcile/effect.js';
import { rangesEqual } from '../engine/bip-value.js';
import type { EngineContainer, EngineNetwork, EngineSeen } from '../engine/engine.js';
import type { HostInterface } from '../engine/interfaces.js';
import { overlapFinding, overlapping } from '../engine/preflight.js';
import { blocked, type DesiredDocker, type OnRunning, shown, waiting } from '../engine/settings.js';
import type { DesiredBridge } from './desired.js';
import { fitsLan, isUndone, lanBridge, lanObstacles, unverifiedMove } from './lan.js';

/** ownerLabel marks networks that xnet made; its value is the id of the node. */
export const ownerLabel = 'io.xnet.node';

/** desiredBridges returns the networks of a node's leases of modes bridge and lan. */
export function desiredBridges({ nodeId, address, leases }: DesiredDocker): readonly DesiredBridge[] {
  return leases.flatMap((lease) => {
    if (usesDefaultNetwork(lease)) return [];
    if (lease.mode === 'lan') return address === undefined ? [] : lanBridge(nodeId, address, lease);
    if (lease.mode !== 'bridge') return [];
    const { subnet, networkName, bridgeName, state, detach } = lease;
    const [gateway, range] = [gatewayOf(subnet), dockerRange(lease)];
    const ending = state === 'ending';
    const detached = ending && detach === true ? { detach } : {};
    return [{ nodeId, subnet, gateway, range, networkName, bridgeName, ending, ...detached }];
  });
}

/** Removal is a network of ours to remove, and the containers to detach from it first. */
export type Removal = { readonly network: EngineNetwork; readonly attached: readonly EngineContainer[] };

/** BridgePlan lists the steps in the order in which they are taken; `findings` are those that can't be. */
export type BridgePlan = {
  readonly removals: readonly Removal[];
  readonly create: boolean;
  /** The bridge exists but lost its address. */
  readonly addAddress: boolean;
  readonly findings: readonly Finding[];
};

/** isOurNetwork reports whether a network has our label. */
export function isOurNetwork(network: EngineNetwork): boolean {
  return network.labels.has(ownerLabel);
}

/** attachedTo lists the containers, running or stopped, that are attached to a network. */
export function attachedTo(network: EngineNetwork, containers: readonly EngineContainer[]): readonly EngineContainer[] {
  return containers.filter(({ networks }) =>
    // A container that has never run refers to its network by name.
    networks.some(({ id, name }) => (id === '' ? name === network.name : id === network.id)),
  );
}

/** isAsDesired reports whether a network is the desired one. */
export function isAsDesired(network: EngineNetwork, desired: DesiredBridge): boolean {
  const [subnet, ...more] = network.subnets;
  return (
    network.name === desired.networkName &&
    network.driver === 'bridge' &&
    network.bridgeName === desired.bridgeName &&
    more.length === 0 &&
    subnet !== undefined &&
    prefixesEqual(subnet.prefix, desired.subnet) &&
    subnet.gateway === desired.gateway &&
    (desired.lan === undefined || fitsLan(network, desired.lan)) &&
    // Docker's range does not matter if no address has to be excluded.
    (desired.range === undefined || rangesEqual(subnet.range, desired.range))
  );
}

/** BridgesSeen is the input of plans of bridges. */
export type BridgesSeen = Pick<EngineSeen, 'networks' | 'containers'> & {
  readonly interfaces: readonly HostInterface[];
  /** See DockerHost; undefined: settled. */
  readonly lanMove?: LanMove | undefined;
};

// Networks of ours that are not those of a lease that stays, with the network that takes the place of each: one of the
// same name or bridge, or else the only one that there is to be.
function strays(
  desired: readonly DesiredBridge[],
  { networks }: Pick<BridgesSeen, 'networks'>,
): readonly { readonly network: EngineNetwork; readonly successor: DesiredBridge | undefined }[] {
  const staying = desired.filter(({ ending }) => !ending);
  const [only, ...more] = staying;
  return networks
    .filter((network) => isOurNetwork(network) && !staying.some((each) => isAsDesired(network, each)))
    .map((network) => {
      const namesake = staying.find(
        ({ networkName, bridgeName }) => networkName === network.name || bridgeName === network.bridgeName,
      );
      const isLeased = desired.some((each) => isAsDesired(network, each));
      return { network, successor: namesake ?? (more.length === 0 && !isLeased ? only : undefined) };
    });
}

// A network that the host already had, exactly as desired, is used like one of ours. It still belongs to the operator: xnet
// neither repairs nor removes it.
function planKept(desired: DesiredBridge, { networks, interfaces }: BridgesSeen): BridgePlan | undefined {
  const network = networks.find((each) => !isOurNetwork(each) && isAsDesired(each, desired));
  if (network === undefined) return undefined;
  const nothing = { removals: [], create: false, addAddress: false, findings: [] };
  if (interfaces.some(({ name }) => name === desired.bridgeName)) return nothing;
  const message = `the interface ${desired.bridgeName} of the network ${shown(network.name)}, which xnet did not make, is gone`;
  return { ...nothing, findings: [blocked('BridgeGone', message, 'restart Docker, which makes it again')] };
}

/** planBridge decides how Docker gets the network of one lease that stays, of those in `all`. */
export function planBridge(
  desired: DesiredBridge,
  all: readonly DesiredBridge[],
  seen: BridgesSeen,
  onRunning: OnRunning,
): BridgePlan {
  const kept = planKept(desired, seen);
  if (kept !== undefined) return kept;
  const ours = seen.networks.filter(isOurNetwork);
  const present = ours.find((network) => isAsDesired(network, desired));
  // When Docker starts, it would make a bridge for this network, which would be in the way of the next move.
  if (present !== undefined && isUndone(desired, seen) && attachedTo(present, seen.containers).length === 0) {
    return { removals: [{ network: present, attached: [] }], create: false, addAddress: false, findings: [] };
  }
  const bridge = seen.interfaces.find(({ name }) => name === desired.bridgeName);
  // In mode lan, Docker has no part in the bridge.
  const broken = present !== undefined && bridge === undefined && desired.lan === undefined;
  const replaced = strays(all, seen).filter(({ successor }) => successor === desired);
  const removals = [...replaced.map(({ network }) => network), ...(broken ? [present] : [])].map((network) => ({
    network,
    attached: attachedTo(network, seen.containers),
  }));
  const findings = removals
    .filter(({ attached }) => attached.length > 0 && onRunning !== 'restart')
    .map((removal) => inUse(desired, removal, { onRunning, broken }));
  const going = new Set(removals.map(({ network }) => network.id));
  const staying = seen.networks.filter(({ id }) => !going.has(id));
  const create = present === undefined || broken;
  if (create) findings.push(...unverifiedMove(desired, seen.lanMove), ...lanObstacles(desired, seen.interfaces));
  if (create) findings.push(...obstacles(desired, { networks: staying, interfaces: seen.interfaces }, ours));
  if (findings.length > 0) return { removals: [], create: false, addAddress: false, findings };
  const addAddress =
    !create &&
    desired.lan === undefined &&
    bridge?.addresses.some(({ address }) => address === desired.gateway) === false;
  return { removals, create, addAddress, findings };
}

/**
 * planStrays decides which networks of ours are removed without a replacement: those of ending leases, and those
 * without a lease. A network with attached containers stays, unless they have to be detached; this is a note while its
 * lease lasts.
 */
export function planStrays(
  desired: readonly DesiredBridge[],
  seen: Pick<BridgesSeen, 'networks' | 'containers'>,
): BridgePlan {
  const left = strays(desired, seen)
    .filter(({ successor }) => successor === undefined)
    .map(({ network }) => ({ network, attached: attachedTo(network, seen.containers) }));
  const isToDetach = (network: EngineNetwork) =>
    desired.some((each) => each.ending && each.detach === true && isAsDesired(network, each));
  const kept = left.filter(({ network, attached }) => attached.length > 0 && !isToDetach(network));
  const findings = kept.map((removal): Finding => {
    const finding = stillAttached(removal);
    const isLeased = desired.some((each) => isAsDesired(removal.network, each));
    return isLeased ? { ...finding, reason: 'LeaseEnding', isNote: true } : finding;
  });
  return { removals: left.filter((each) => !kept.includes(each)), create: false, addAddress: false, findings };
}

function inUse(
  desired: DesiredBridge,
  { network, attached }: Removal,
  { onRunning, broken }: { readonly onRunning: OnRunning; readonly broken: boolean },
): Finding {
  const names = listed(attached.map(({ name }) => name));
  const what = broken
    ? `the interface ${desired.bridgeName} of the network ${shown(network.name)} is gone`
    : `the network ${shown(network.name)} (${subnetsOf(network)}) has to become ${formatPrefix(desired.subnet)}`;
  const reason = broken ? 'BridgeGone' : 'ContainersAttached';
  const fix =
    `disconnect them (docker network disconnect ${network.name} CONTAINER), or let xnetd reattach them ` +
    '(--on-running restart)';
  if (onRunning === 'wait') return waiting(reason, `${what}; waiting until nothing is attached to it (${names})`, fix);
  return blocked(reason, `${what}, and these containers are attached to it: ${names}`, fix);
}

function obstacles(
  desired: DesiredBridge,
  seen: { readonly networks: readonly EngineNetwork[]; readonly interfaces: readonly HostInterface[] },
  ours: readonly EngineNetwork[],
): readonly Finding[] {
  const { networkName, bridgeName, subnet, gateway } = desired;
  if (seen.networks.some(({ name }) => name === networkName)) {
    const message = `there is a Docker network ${networkName} that xnet did not make`;
    const fix = `docker network rm ${networkName}, or choose another name for the pool's network`;
    return [blocked('NetworkNameTaken', message, fix)];
  }
  const namesake = seen.networks.find((network) => network.bridgeName === bridgeName);
  if (namesake !== undefined) {
    const name = shown(namesake.name);
    const message = `the bridge ${bridgeName} belongs to the Docker network ${name}, which xnet did not make`;
    return [blocked('BridgeNameTaken', message, `docker network rm ${name}, or choose another bridge for the pool`)];
  }
  const bridge = seen.interfaces.find(({ name }) => name === bridgeName);
  const wasOurs = ours.some((network) => network.bridgeName === bridgeName);
  const goingBridges = [bridgeName, ...ours.flatMap((network) => network.bridgeName ?? [])];
  // A bridge without a foreign address was left by a killed dockerd; Docker adopts it.
  if (!wasOurs && desired.lan === undefined && bridge?.addresses.some(({ address }) => address !== gateway)) {
    const message = `there is an interface ${bridgeName} on this host that xnet did not make`;
    return [blocked('BridgeNameTaken', message, `ip link delete ${bridgeName}, or choose another bridge for the pool`)];
  }
  // Before the host's address is on the bridge, its own interface has the LAN.
  if (lanObstacles(desired, seen.interfaces).length > 0) return [];
  const taken = overlapFinding(subnet, overlapping(subnet, seen, new Set(goingBridges)));
  return taken === undefined ? [] : [taken];
}

/**
 * planBridgeRemoval decides how all networks of ours are removed.
 * @param force detach containers
 */
export function planBridgeRemoval(seen: Pick<EngineSeen, 'networks' | 'containers'>, force: boolean): BridgePlan {
  const all = seen.networks
    .filter(isOurNetwork)
    .map((network) => ({ network, attached: attachedTo(network, seen.containers) }));
  const kept = all.filter(({ attached }) => attached.length > 0 && !force);
  const findings = kept.map(stillAttached);
  return { removals: all.filter((removal) => !kept.includes(removal)), create: false, addAddress: false, findings };
}

function stillAttached({ network, attached }: Removal): Finding {
  const names = listed(attached.map(({ name, running }) => (running ? name : `${name} (stopped)`)));
  const name = shown(network.name);
  const message = `these containers are attached to the network ${name} (${subnetsOf(network)}), which has to be removed: ${names}`;
  return blocked('ContainersAttached', message, `remove them, or: ${detaching(network, name, attached).join('; ')}`);
}

// Docker does not know nics, so it can't disconnect them.
function detaching({ id }: EngineNetwork, name: string, attached: readonly EngineContainer[]): readonly string[] {
  const ends = attached.flatMap(({ networks }) => networks.filter((each) => each.id === id || each.name === name));
  const nics = ends.flatMap(({ isNic, address }) => (isNic && address !== undefined ? [formatIpv4(address)] : []));
  return [
    ...(nics.length < ends.length ? [`docker network disconnect ${name} CONTAINER`] : []),
    ...(nics.length > 0 ? [`xctl nics remove ${nics.slice(0, 5).join(' ')}`] : []),
  ];
}

/**
 * DualHomed is a container on our network and on others. Its default route is by another network, so it can't begin
 * flows to peers.
 */
export type DualHomed = { readonly container: string; readonly networks: readonly string[] };

/**
 * dualHomed lists running containers on our network and on one whose subnet is not leased: Docker gives such a container its
 * default route by the network whose name is the first in the alphabet, unless GwPriority (28.0) says otherwise.
 */
export function dualHomed(
  { networks, containers }: Pick<EngineSeen, 'networks' | 'containers'>,
  leases: readonly { readonly subnet?: Prefix }[],
): readonly DualHomed[] {
  const isRouted = (network: EngineNetwork) =>
    isOurNetwork(network) ||
    network.subnets.some(({ prefix }) =>
      leases.some(({ subnet }) => subnet !== undefined && prefixCovers(subnet, prefix)),
    );
  const attached = networks.filter(isOurNetwork).flatMap((network) => attachedTo(network, containers));
  const others = networks.filter((network) => !isRouted(network));
  return [...new Set(attached)]
    .filter((each) => each.running && others.some((network) => attachedTo(network, [each]).length > 0))
    .map((container) => ({ container: container.name, networks: container.networks.map(({ name }) => name) }));
}

function subnetsOf(network: EngineNetwork): string {
  const subnets = network.subnets.map(({ prefix, gateway }) =>
    gateway === undefined ? formatPrefix(prefix) : `${formatPrefix(prefix)}, gateway ${formatIpv4(gateway)}`,
  );
  return subnets.join('; ');
}

function listed(names: readonly string[]): string {
  const more = names.length - 5;
  return more > 0 ? `${names.slice(0, 5).join(', ')} and ${more} more` : names.join(', ');
}
