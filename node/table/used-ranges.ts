// Determines the address ranges that this host uses besides xnet, from the kernel's mirror and the resolver's configuration:
// a pool that a controller announces later must not overlap them. The mirror does not keep routes by gateways outside of the
// pools, so it is asked for all routes here.
// Invariant: only reads; what can't be read is left out, so that nothing is refused because of it: of the routes, those that
// the mirror does not keep.
import { readFileSync } from 'node:fs';
import {
  formatPrefix,
  type Ipv4,
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
import { type Hop, type KernelRoute, linkFlags, type NextHop, routeTypes } from '../kernel/route-kernel.js';
import type { UsedRange } from './admission-rules.js';
import type { OwnSubnet } from './own-subnets.js';

/** MainRoute is one route of the kernel's main table by one of its hops; one without hops counts once. */
export type MainRoute = {
  readonly destination: Prefix;
  /** As of Hop; undefined: the destination is on-link, or has no hop. */
  readonly gateway: Hop['gateway'];
  /** "*": a route without an interface, such as a blackhole. */
  readonly ifname: string;
};

const noInterface = '*';

/** MirroredRoutes is the part of the mirror that networks are read from. */
export type MirroredRoutes = Pick<KernelMirror, 'links' | 'nextHops'> & {
  readonly routes: Pick<KernelMirror['routes'], 'all'>;
};

function hopsOf(
  { hops, nextHopId }: KernelRoute,
  nextHops: ReadonlyMap<number, NextHop> | undefined,
): readonly (Hop | undefined)[] {
  if (hops.length > 0) return hops;
  const object = nextHops?.get(nextHopId);
  const members = object?.members ?? [];
  return members.length > 0 ? members.map((id) => nextHops?.get(id)?.hop) : [object?.hop];
}

/** mainRoutesFrom reduces routes of the kernel to what is asked of them here, in their order. Pure. */
export function mainRoutesFrom(
  routes: Iterable<KernelRoute>,
  { links, nextHops }: Pick<KernelMirror, 'links' | 'nextHops'>,
): readonly MainRoute[] {
  return Array.from(routes)
    .filter(({ type }) => type !== routeTypes.broadcast && type !== routeTypes.multicast)
    .flatMap((route) =>
      hopsOf(route, nextHops).map((hop) => {
        const ifname = links.get(hop?.ifindex ?? 0)?.name ?? noInterface;
        return { destination: route.destination, gateway: hop?.gateway, ifname };
      }),
    );
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
      // A route without an interface, such as a blackhole for all private ranges, leads nowhere.
      vital:
        gateway === undefined &&
        ifname !== noInterface &&
        (outward.has(ifname) || own.some((each) => prefixOf(each, destination.length).network === destination.network)),
    }));
  const gateways = new Set(routes.flatMap(({ gateway }) => (typeof gateway === 'number' ? [gateway] : [])));
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
  const connected = routes.filter(
    ({ destination, gateway, ifname }) =>
      gateway === undefined && destination.length > 0 && ifname !== noInterface && ifname !== 'lo',
  );
  const found = new Map(connected.map(({ destination, ifname }) => [prefixKey(destination), ifname]));
  return Array.from(found, ([key, ifname]) => ({ prefix: prefixFromKey(key), source: `interface ${ifname}` }));
}

/** foreignNetworks is connectedNetworks of the host that a mirror shows, without those of the node's own subnets. */
export function foreignNetworks(mirror: MirroredRoutes, own: readonly OwnSubnet[]): readonly HostNetwork[] {
  const isOwn = ({ prefix, source }: HostNetwork) =>
    own.some(
      ({ subnet, bridge, partLength }) =>
        source === `interface ${bridge}` || (partLength !== undefined && prefixCovers(subnet, prefix)),
    );
  return connectedNetworks(mainRoutesFrom(mirror.routes.all(), mirror)).filter((network) => !isOwn(network));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return '';
  }
}

function allRoutes(mirror: MirroredRoutes & Pick<KernelMirror, 'allRoutes'>): Iterable<KernelRoute> {
  try {
    return mirror.allRoutes();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return mirror.routes.all();
  }
}

/** readUsedRanges is usedRangesFrom of this host now. It blocks briefly; it is called only when a pool is new. */
export function readUsedRanges(
  mirror: MirroredRoutes & Pick<KernelMirror, 'allRoutes'>,
  sources: Pick<UsedRangeSources, 'controllers' | 'own'>,
): readonly UsedRange[] {
  const routes = mainRoutesFrom(allRoutes(mirror), mirror);
  return usedRangesFrom({ ...sources, routes, nameServers: parseNameServers(readOr('/etc/resolv.conf')) });
}
