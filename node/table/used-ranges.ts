// Determines the address ranges that this host uses besides xnet, from the kernel and the resolver's configuration: a pool
// that a controller announces later must not overlap them. The kernel mirror leaves out routes by gateways outside of the
// pools, so the whole main table is read from /proc here.
// Invariant: only reads; what can't be read counts as empty, so that nothing is refused because of it.
import { readFileSync } from 'node:fs';
import {
  formatPrefix,
  type Ipv4,
  ipv4FromNumber,
  type Prefix,
  parseIpv4,
  prefixCovers,
  prefixFromKey,
  prefixKey,
  prefixOf,
} from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { errnoOf } from '../../proto/errors.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { KernelMirror } from '../kernel/mirror.js';
import { linkFlags } from '../kernel/route-kernel.js';
import type { UsedRange } from './admission-rules.js';
import type { OwnSubnet } from './own-subnets.js';

/** MainRoute is one route of the kernel's main table; with a gateway of 0 the destination is on-link. */
export type MainRoute = { readonly destination: Prefix; readonly gateway: Ipv4; readonly ifname: string };

// /proc/net/route has hexadecimal numbers in the machine's byte order: on all platforms of Node.js
// except s390x, the lowest byte of an address comes first.
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function fromHex(text: string): Ipv4 {
  const buffer = Buffer.alloc(4);
  if (isLittleEndian) buffer.writeUInt32LE(Number.parseInt(text, 16));
  else buffer.writeUInt32BE(Number.parseInt(text, 16));
  return ipv4FromNumber(buffer.readUInt32BE());
}

/** parseMainRoutes reads /proc/net/route (net/ipv4/fib_trie.c, fib_route_seq_show()). */
export function parseMainRoutes(text: string): readonly MainRoute[] {
  return text.split('\n').flatMap((line) => {
    const [ifname = '', destination = '', gateway = '', , , , , mask = ''] = line.split('\t');
    if (!/^[0-9A-F]{8}$/.test(destination) || !/^[0-9A-F]{8}$/.test(gateway) || !/^[0-9A-F]{8}$/.test(mask)) return [];
    const length = 32 - Math.log2(2 ** 32 - fromHex(mask));
    return [{ ifname, destination: prefixOf(fromHex(destination), length), gateway: fromHex(gateway) }];
  });
}

/** parseNameServers reads the IPv4 name servers of resolv.conf(5). */
export function parseNameServers(text: string): readonly Ipv4[] {
  return text.split('\n').flatMap((line) => {
    const [word, value = ''] = line.trim().split(/\s+/);
    const address = word === 'nameserver' ? parseIpv4(value) : undefined;
    return address === undefined ? [] : [address];
  });
}

/** activeAddresses returns the host's IPv4 addresses on interfaces that are up and have a carrier, with their networks. */
export function activeAddresses({
  addresses,
  links,
}: Pick<KernelMirror, 'addresses' | 'links'>): ReadonlyMap<Ipv4, Prefix> {
  const active = linkFlags.up | linkFlags.lowerUp;
  const isActive = (ifindex: number) => ((links.get(ifindex)?.flags ?? 0) & active) === active;
  return new Map(addresses.filter(({ ifindex }) => isActive(ifindex)).map(({ address, prefix }) => [address, prefix]));
}

/** UsedRangeSources are the input of usedRangesFrom. */
export type UsedRangeSources = {
  readonly routes: readonly MainRoute[];
  readonly nameServers: readonly Ipv4[];
  readonly controllers: readonly Endpoint[];
  /** Addresses of this host, including the node address. */
  readonly own: readonly Ipv4[];
};

/** usedRangesFrom lists what pools must not overlap. Pure. */
export function usedRangesFrom({ routes, nameServers, controllers, own }: UsedRangeSources): readonly UsedRange[] {
  const single = (address: Ipv4, what: string, vital: boolean): UsedRange => ({
    prefix: { network: address, length: 32 },
    what,
    vital,
  });
  const outward = new Set(routes.filter(({ destination }) => destination.length === 0).map(({ ifname }) => ifname));
  const ranges = routes
    .filter(({ destination }) => destination.length > 0)
    .map(({ destination, gateway, ifname }) => ({
      prefix: destination,
      what: `${formatPrefix(destination)}, which this host routes by ${ifname}`,
      vital:
        gateway === 0 &&
        (outward.has(ifname) || own.some((each) => prefixOf(each, destination.length).network === destination.network)),
    }));
  const gateways = new Set(routes.map(({ gateway }) => gateway).filter((gateway) => gateway !== 0));
  const hosts = controllers.flatMap((endpoint) => (endpoint.kind === 'tcp' ? [parseIpv4(endpoint.host)] : []));
  return [
    ...ranges,
    ...Array.from(gateways, (gateway) => single(gateway, 'a gateway of this host', true)),
    ...hosts.flatMap((address) =>
      address === undefined ? [] : [single(address, 'the address of a controller', true)],
    ),
    ...own.map((address) => single(address, 'the address of this node', true)),
    ...nameServers.map((address) => single(address, 'a name server of this host', false)),
  ];
}

/** connectedNetworks returns the networks on this host's interfaces: "10.76.4.0/22" of "interface br-shop". Pure. */
export function connectedNetworks(routes: readonly MainRoute[]): readonly HostNetwork[] {
  // "*" is a route without an interface, such as a blackhole.
  const connected = routes.filter(
    ({ destination, gateway, ifname }) => gateway === 0 && destination.length > 0 && ifname !== '*' && ifname !== 'lo',
  );
  const found = new Map(connected.map(({ destination, ifname }) => [prefixKey(destination), ifname]));
  return Array.from(found, ([key, ifname]) => ({ prefix: prefixFromKey(key), source: `interface ${ifname}` }));
}

function mirroredNetworks({ routes, links }: Pick<KernelMirror, 'routes' | 'links'>): readonly HostNetwork[] {
  const connected = [...routes.all()].flatMap(({ destination, hops }): readonly MainRoute[] => {
    const [hop] = hops;
    const link = hop?.gateway === undefined ? links.get(hop?.ifindex ?? 0) : undefined;
    return link === undefined ? [] : [{ destination, gateway: ipv4FromNumber(0), ifname: link.name }];
  });
  return connectedNetworks(connected);
}

/** foreignNetworks is connectedNetworks of the host that a mirror shows, without those of the node's own subnets. */
export function foreignNetworks(
  mirror: Parameters<typeof mirroredNetworks>[0],
  own: readonly OwnSubnet[],
): readonly HostNetwork[] {
  const isOwn = ({ prefix, source }: HostNetwork) =>
    own.some(
      ({ subnet, bridge, partLength }) =>
        source === `interface ${bridge}` || (partLength !== undefined && prefixCovers(subnet, prefix)),
    );
  return mirroredNetworks(mirror).filter((network) => !isOwn(network));
}

/** readNetworks is connectedNetworks of this host as it is now. */
export function readNetworks(): readonly HostNetwork[] {
  return connectedNetworks(parseMainRoutes(readOr('/proc/net/route')));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return '';
  }
}

/** readUsedRanges is usedRangesFrom of this host now. It blocks briefly; it is called only when a pool is new. */
export function readUsedRanges(sources: Pick<UsedRangeSources, 'controllers' | 'own'>): readonly UsedRange[] {
  const routes = parseMainRoutes(readOr('/proc/net/route'));
  return usedRangesFrom({ ...sources, routes, nameServers: parseNameServers(readOr('/etc/resolv.conf')) });
}
