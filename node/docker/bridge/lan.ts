// The Docker network of a lease of mode lan: over a bridge that has the host's own address and interface, with the LAN as
// its subnet, so that its containers are on the hosts' own network. Pure.
// Invariant: Docker makes, changes and removes nothing of that bridge: the network exists only beside it.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  ipv4FromNumber,
  lastAddress,
  type Prefix,
} from '../../../proto/domain/address.js';
import type { Lease } from '../../../proto/domain/network.js';
import type { LanMove } from '../../lan/journal.js';
import type { Finding } from '../../reconcile/effect.js';
import type { EngineInfo, EngineNetwork } from '../engine/engine.js';
import type { HostInterface } from '../engine/interfaces.js';
import { blocked, shown, waiting } from '../engine/settings.js';
import type { DesiredBridge, LanPart } from './desired.js';

/** seeStatus is the fix where the bridge is not as it has to be. */
export const seeStatus = 'see what keeps the interface from its bridge: xnetd status';

/** lanBridge returns the network of a lease of mode lan. @param host the node's address */
export function lanBridge(nodeId: string, host: Ipv4, lease: Lease): readonly DesiredBridge[] {
  const { lan, subnet, networkName, bridgeName, state } = lease;
  if (lan === undefined) return [];
  const names = { networkName, bridgeName };
  const parts = { subnet: lan.prefix, gateway: lan.gateway, range: subnet, lan: { lease: subnet, host } };
  return [{ nodeId, ...parts, ...names, ending: state === 'ending' }];
}

/**
 * suitedTo returns the desired networks as an engine needs them. In Docker's nftables backend, a network drops what is forwarded
 * to its bridge, except to published ports. On the bridge of mode lan, that is everything that other networks of the host send
 * to the LAN, and no other program can add a rule, so the network has to be unprotected. Its containers are reachable on
 * all ports from the whole LAN anyway.
 */
export function suitedTo(
  { firewallBackend }: Pick<EngineInfo, 'firewallBackend'>,
  desired: readonly DesiredBridge[],
): readonly DesiredBridge[] {
  const isUnprotected = firewallBackend?.startsWith('nftables') === true;
  return desired.map((each) => (each.lan === undefined ? each : { ...each, lan: { ...each.lan, isUnprotected } }));
}

/** fitsLan reports whether a network leaves the bridge, the addresses and the packets of the host alone, as mode lan requires. */
export function fitsLan({ keepsAddresses, masquerades, ...network }: EngineNetwork, lan: LanPart): boolean {
  return keepsAddresses && !masquerades && (lan.isUnprotected !== true || network.isUnprotected);
}

/** unverifiedMove is the finding about a bridge that may lose the host's address and interface again; none: it keeps them. */
export function unverifiedMove(
  { bridgeName, lan }: Pick<DesiredBridge, 'bridgeName' | 'lan'>,
  move: LanMove | undefined,
): readonly Finding[] {
  if (lan === undefined || move !== 'unverified') return [];
  const message = `the move of the host's interface to the bridge ${bridgeName} is not verified yet`;
  return [waiting('WaitingForLanBridge', message, seeStatus)];
}

/** isUndone reports whether a bridge does not have the host's address because the move to it was undone. */
export function isUndone(
  { bridgeName, lan }: Pick<DesiredBridge, 'bridgeName' | 'lan'>,
  { interfaces, lanMove }: { readonly interfaces: readonly HostInterface[]; readonly lanMove?: LanMove | undefined },
): boolean {
  const addresses = interfaces.find(({ name }) => name === bridgeName)?.addresses ?? [];
  return lan !== undefined && lanMove === 'undone' && !addresses.some(({ address }) => address === lan.host);
}

/** lanObstacles returns what keeps Docker from the network of mode lan. */
export function lanObstacles(
  { bridgeName, lan, subnet }: Pick<DesiredBridge, 'bridgeName' | 'lan' | 'subnet'>,
  interfaces: readonly HostInterface[],
): readonly Finding[] {
  if (lan === undefined) return [];
  const [host, where] = [formatIpv4(lan.host), formatPrefix(subnet)];
  const bridge = interfaces.find(({ name }) => name === bridgeName);
  const own = bridge?.addresses.find(({ address }) => address === lan.host);
  if (own === undefined) {
    const message = `the bridge ${bridgeName} does not have the host's address ${host} yet`;
    return [waiting('WaitingForLanBridge', message, seeStatus)];
  }
  if (own.length !== subnet.length) {
    const message = `the host's address ${host}/${own.length} is not of the LAN ${where} that its pool names`;
    return [
      blocked('LanDiffers', message, `give the host the address ${host}/${subnet.length}, or make a pool for its LAN`),
    ];
  }
  // An address that docker0 kept from a time when it was the bridge itself.
  const twice = interfaces.find(
    ({ name, addresses }) => name !== bridgeName && addresses.some(({ address }) => address === lan.host),
  );
  if (twice === undefined) return [];
  const message = `the interface ${shown(twice.name)} has the host's address ${host} as well as ${bridgeName}`;
  return [blocked('AddressTwice', message, `ip address delete ${host} dev ${twice.name}`)];
}

/** addressesIn returns all addresses of a range, in order. */
export function addressesIn(range: Prefix): readonly Ipv4[] {
  const count = lastAddress(range) - range.network + 1;
  return Array.from({ length: count }, (_, index) => ipv4FromNumber(range.network + index));
}

/** ownAmong returns the host's own addresses among others: the host's ARP requests for these get no answer. */
export function ownAmong(addresses: readonly Ipv4[], interfaces: readonly HostInterface[]): readonly Ipv4[] {
  const own = new Set(interfaces.flatMap((each) => each.addresses.map(({ address }) => address)));
  return addresses.filter((address) => own.has(address));
}

/** allTaken reports that no address of a lease is left for containers; undefined: some are. */
export function allTaken({ range, lan }: DesiredBridge, taken: readonly Ipv4[]): Finding | undefined {
  const part = range ?? lan?.lease;
  if (part === undefined || taken.length < addressesIn(part).length) return undefined;
  const message = `all addresses of ${formatPrefix(part)} are in use or answer ARP: other machines have them, or a router answers for all`;
  return blocked('AddressesTaken', message, 'lease this node another subnet; see who answers: ip neigh');
}

/** excludedNote names the addresses of a lease that Docker does not hand out because others had them; undefined: none. */
export function excludedNote(
  { networkName: name, lan }: DesiredBridge,
  networks: readonly EngineNetwork[],
): Finding | undefined {
  const excluded = networks.find((network) => network.name === name)?.excluded ?? [];
  const taken = excluded.filter((address) => address !== lan?.host).map(formatIpv4);
  if (lan === undefined || taken.length === 0) return undefined;
  const some = taken.slice(0, 5).join(', ');
  const more = taken.length > 5 ? ` and ${taken.length - 5} more` : '';
  const message = `other machines answered at ${some}${more}, or this host had them, when the network ${shown(name)} was made: no container gets these`;
  const fix = `reserve them, so that they are leased to nobody: xctl pools reserve POOL ${taken[0]}/32 --reason TEXT`;
  return { ...blocked('AddressesTaken', message, fix), isNote: true };
}
