// Decides what to do about each nic, and which of the host's ends of nics to delete. Pure.
// Invariant: an interface is xnet's only if it is a veth whose name is that of a nic's address and whose alias is
// xnet's, or empty because xnetd was killed in between. An unknown list removes nothing.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  ipv4FromNumber,
  type Prefix,
  prefixContains,
} from '../../proto/domain/address.js';
import { bridgeNetwork, nicProblem } from '../../proto/domain/docker-range.js';
import { checkInterfaceName, quoted } from '../../proto/domain/input.js';
import type { Lease } from '../../proto/domain/network.js';
import type { Nic } from '../../proto/domain/nic.js';
import type { EngineContainer, EngineNetwork } from '../docker/engine/engine.js';
import type { VethLink } from '../kernel/veth-messages.js';
import { bridgeNameOf } from '../table/own-subnets.js';

/** DesiredNics is the desired state of a host's nics. */
export type DesiredNics = {
  /** Undefined: not known. */
  readonly nics: readonly Nic[] | undefined;
  readonly leases: readonly Lease[];
  /** The leases whose bridge does not have their address, because another lease may still have the bridge. */
  readonly unplaced?: readonly Lease[];
  readonly pools: readonly Prefix[];
};

/** NicsSeen is the present state of the host. */
export type NicsSeen = {
  /** Undefined: Docker does not answer. */
  readonly containers: readonly EngineContainer[] | undefined;
  /** Docker's networks, with the range that Docker hands out of each. */
  readonly networks?: readonly Pick<EngineNetwork, 'name' | 'subnets'>[];
  readonly links: readonly VethLink[];
};

/** NicToMake is a nic whose container runs. */
export type NicToMake = {
  readonly nic: Nic;
  readonly container: EngineContainer;
  readonly bridge: VethLink;
  /** Prefix length of its network. */
  readonly network: Prefix;
  /** The host's end as it is; undefined: there is none. */
  readonly end: VethLink | undefined;
};

/** NicState is why a nic does not exist. `waits`: it will be made later, or the container does not exist. */
export type NicState = {
  readonly nic: Nic;
  readonly reason: string;
  readonly message: string;
  readonly fix?: string;
  readonly waits: boolean;
};

/** NicsPlan is what is to be done: ends to remove, nics to make or to verify, and those that can't be made. */
export type NicsPlan = {
  readonly remove: readonly VethLink[];
  readonly make: readonly NicToMake[];
  readonly states: readonly NicState[];
};

const endPattern = /^xn([0-9a-f]{8})$/;
const aliasPrefix = 'xnet nic ';

/** endName returns the name of the host's end of a nic: "xn0a4c03c8". */
export function endName(address: Ipv4): string {
  return `xn${address.toString(16).padStart(8, '0')}`;
}

/** aliasOf returns the alias of the host's end of a nic, which marks it as xnet's. */
export function aliasOf({ address, interfaceName }: Nic, containerId: string): string {
  return `${aliasPrefix}${formatIpv4(address)} ${interfaceName} ${containerId}`;
}

/** macOf returns the MAC address of a nic, which is the same after each start, so no neighbour table becomes stale. */
export function macOf(address: Ipv4): Buffer {
  const mac = Buffer.from([0x02, 0x78, 0, 0, 0, 0]);
  mac.writeUInt32BE(address, 2);
  return mac;
}

/** macText returns a MAC address as the kernel's messages are read: "02:78:0a:4c:03:c8". */
export function macText(mac: Buffer): string {
  return mac.toString('hex').replace(/..(?!$)/g, '$&:');
}

/**
 * containerOfEnd returns the id of the container that the host's end of a nic was made for; undefined: its alias has
 * none.
 */
export function containerOfEnd({ alias }: Pick<VethLink, 'alias'>): string | undefined {
  return alias.startsWith(aliasPrefix) ? alias.split(' ').at(-1) : undefined;
}

/** addressOfEnd returns the address of a nic by the name of the host's end. */
export function addressOfEnd({ name }: Pick<VethLink, 'name'>): Ipv4 | undefined {
  const [, digits] = endPattern.exec(name) ?? [];
  return digits === undefined ? undefined : ipv4FromNumber(Number.parseInt(digits, 16));
}

/** AttachedNic is a nic that a container has. */
export type AttachedNic = { readonly containerId: string; readonly address: Ipv4 };

/**
 * attachedBy returns the nics that containers have, from the host's ends of them: the kernel deletes an end with its
 * container.
 */
export function attachedBy(links: readonly VethLink[]): readonly AttachedNic[] {
  return links.filter(isOurEnd).flatMap((end) => {
    const [containerId, address] = [containerOfEnd(end), addressOfEnd(end)];
    return containerId === undefined || address === undefined ? [] : [{ containerId, address }];
  });
}

/** isOurEnd reports whether an interface is the host's end of a nic. */
export function isOurEnd(link: VethLink): boolean {
  return (
    link.kind === 'veth' && endPattern.test(link.name) && (link.alias === '' || link.alias.startsWith(aliasPrefix))
  );
}

/**
 * containerOf returns the container that a nic is for: the one of this name, else the only one whose id begins with it.
 * Compose recreates a container under the same name.
 */
export function containerOf(
  { container: text }: Pick<Nic, 'container'>,
  containers: readonly EngineContainer[],
): EngineContainer | undefined {
  const named = containers.find(({ name }) => name === text);
  if (named !== undefined || !/^[0-9a-f]{12,64}$/.test(text)) return named;
  const [only, second] = containers.filter(({ id }) => id.startsWith(text));
  return second === undefined ? only : undefined;
}

/** planNics decides. */
export function planNics(
  { nics, leases, unplaced = [] }: DesiredNics,
  { containers, networks = [], links }: NicsSeen,
): NicsPlan {
  if (nics === undefined) return { remove: [], make: [], states: [] };
  const ends = links.filter(isOurEnd);
  const leased = nics.filter(({ address }) => leases.some((lease) => nicProblem(lease, address) === undefined));
  const wanted = new Set(leased.map(({ address }) => endName(address)));
  const isMisplaced = (end: VethLink) => containers !== undefined && isOfAnother(end, leased, containers);
  const remove = ends.filter((end) => !wanted.has(end.name) || isMisplaced(end));
  const staying = links.filter((link) => !remove.includes(link));
  const make: NicToMake[] = [];
  const states: NicState[] = [];
  for (const nic of nics) {
    const planned = planNic(nic, { leases, unplaced, containers, networks, links: staying });
    if ('reason' in planned) states.push({ nic, ...planned });
    else make.push(planned);
  }
  return { remove, make, states };
}

// Whether an end was made for a container that its nic is not for any more: the nic was given to another container, or
// the container was renamed. The end of a stopped container is deleted by the kernel.
function isOfAnother(end: VethLink, nics: readonly Nic[], containers: readonly EngineContainer[]): boolean {
  const nic = nics.find(({ address }) => endName(address) === end.name);
  if (nic === undefined || end.alias === '') return false;
  const container = containerOf(nic, containers);
  return container === undefined || end.alias !== aliasOf(nic, container.id);
}

type Why = Omit<NicState, 'nic'>;

function planNic(
  nic: Nic,
  {
    leases,
    unplaced,
    containers,
    networks,
    links,
  }: Required<NicsSeen> & Required<Pick<DesiredNics, 'leases' | 'unplaced'>>,
): NicToMake | Why {
  const { address, interfaceName } = nic;
  const text = formatIpv4(address);
  if (/^(lo|eth0)$/.test(interfaceName) || 'problem' in checkInterfaceName(interfaceName)) {
    return refused('NameRefused', `${quoted(interfaceName)} can't be the name of a nic`, `xctl nics remove ${text}`);
  }
  const lease = leases.find((each) => nicProblem(each, address) === undefined);
  if (lease === undefined) return waits('NotLeased', `${text} is in no lease that this node uses`);
  if (containers === undefined) return waits('DockerNotAnswering', `Docker does not answer, so ${text} waits`);
  const container = containerOf(nic, containers);
  if (container === undefined) {
    return waits('ContainerNotFound', `there is no container ${nic.container}, which ${text} is for`);
  }
  if (!container.running)
    return waits('ContainerNotRunning', `the container ${container.name}, which ${text} is for, does not run`);
  const holder = containers.find(({ networks }) => networks.some((network) => network.address === address));
  if (holder !== undefined) {
    // Docker gave it away later: the nic that is there stays, since somebody may be using it.
    const isMade = links.some((link) => link.name === endName(address) && isOurEnd(link));
    return refused(
      'AddressInUse',
      isMade
        ? `Docker has given ${text} to the container ${holder.name}, and ${interfaceName} of ${container.name} has it already: one of them does not get its packets`
        : `Docker has given ${text} to the container ${holder.name}, so ${interfaceName} of ${container.name} can't have it`,
      `choose another: xctl nics remove ${text}, or start ${holder.name} with another --ip`,
    );
  }
  const bridgeName = bridgeNameOf(lease);
  const bridge = links.find(({ name }) => name === bridgeName);
  if (bridge === undefined) return waits('BridgeGone', `the bridge ${bridgeName} is not there, so ${text} waits`);
  if (unplaced.includes(lease)) {
    return waits('LeaseNotInForce', `${bridgeName} does not have ${formatPrefix(lease.subnet)}, so ${text} waits`);
  }
  const end = links.find(({ name }) => name === endName(address));
  if (end !== undefined && !isOurEnd(end)) {
    return refused(
      'InterfaceTaken',
      `there is an interface ${end.name} on this host that xnet did not make, and ${text} needs the name`,
      `ip link delete ${end.name}, or rename it`,
    );
  }
  // An older xnetd did not divide the subnet, or the part was removed from daemon.json. An existing nic stays.
  const giver = networks.find(({ subnets }) =>
    subnets.some(({ prefix, range = prefix }) => prefixContains(range, address)),
  );
  if (end === undefined && giver !== undefined) {
    return waits('DockerHandsOut', `Docker's network ${giver.name} hands out ${text} as well, so it waits`);
  }
  return { nic, container, bridge, network: bridgeNetwork(lease), end };
}

function waits(reason: string, message: string): Why {
  return { reason, message, waits: true };
}

function refused(reason: string, message: string, fix: string): Why {
  return { reason, message, fix, waits: false };
}

/** isWhole reports whether the host's end of a nic is as desired and was made for this container. */
export function isWhole({ nic, container, bridge, end }: NicToMake): boolean {
  return end?.alias === aliasOf(nic, container.id) && end.master === bridge.ifindex && end.isUp;
}

/**
 * leadsToPools reports whether the container sends to the pools by this nic: Docker gave it no address of a pool, and
 * this is its first nic.
 */
export function leadsToPools(
  { nic, container }: Pick<NicToMake, 'nic' | 'container'>,
  all: readonly Pick<NicToMake, 'nic' | 'container'>[],
  pools: readonly Prefix[],
): boolean {
  const hasOne = container.networks.some(
    ({ address }) => address !== undefined && pools.some((pool) => prefixContains(pool, address)),
  );
  const own = all.filter((each) => each.container.id === container.id).map((each) => each.nic.address);
  return !hasOne && nic.address === Math.min(...own);
}
