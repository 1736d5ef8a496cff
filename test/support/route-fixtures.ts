// Small builders for tests of routes: addresses as text, one pool, peers named by number.
import type { KernelRoute, NextHop } from '../../node/kernel/route-kernel.js';
import { routeTypes, scopes } from '../../node/kernel/route-kernel.js';
import { type DesiredRoutes, desiredRoutes } from '../../node/routes/desired.js';
import type { Underlay } from '../../node/underlay/choose.js';
import {
  gatewayOf,
  type Ipv4,
  ipv4FromNumber,
  type Prefix,
  parseIpv4,
  parsePrefix,
  prefixKey,
} from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';

/** ip parses an address. */
export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new TypeError(`not an address: ${text}`);
  return address;
}

/** prefix parses a prefix. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(`not a prefix: ${text}`);
  return parsed;
}

/** route returns a route of protocol 88 without a next hop, unless `details` override it. */
export function route(destination: string, details: Partial<KernelRoute> = {}): KernelRoute {
  return {
    destination: prefix(destination),
    tos: 0,
    metric: 0,
    protocol: 88,
    type: routeTypes.unicast,
    scope: scopes.universe,
    hops: [],
    nextHopId: 0,
    preferredSource: undefined,
    hasOptions: false,
    ...details,
  };
}

/** via returns the next hop of a route through a gateway on an interface. */
export function via(gateway: string, ifindex: number): Pick<KernelRoute, 'hops'> {
  return { hops: [{ gateway: ip(gateway), ifindex, flags: 0 }] };
}

/** straight returns the next hop of a route to an interface itself, whose destinations are on-link. */
export function straight(ifindex: number): Pick<KernelRoute, 'hops' | 'scope'> {
  return { scope: scopes.link, hops: [{ gateway: undefined, ifindex, flags: 0 }] };
}

/** nextHop returns a next-hop object of protocol 88. */
export function nextHop(id: number, gateway: string, ifindex: number): NextHop {
  return { id, protocol: 88, hop: { gateway: ip(gateway), ifindex, flags: 0 }, members: [] };
}

/** pool is the pool of all peers made by `peer`: 10.76.0.0/16. */
export const pool = prefix('10.76.0.0/16');

/** peer returns the `index`-th peer: 10.76.<index>.0/24 via 192.168.83.<10 + index>, or via another gateway. */
export function peer(index: number, gateway?: string): Route {
  const subnet = { network: ipv4FromNumber(pool.network + index * 256), length: 24 };
  return { subnet, nextHop: ip(gateway ?? `192.168.83.${10 + index}`), nodeName: `web-${index}` };
}

/** manyPeers returns `count` peers with subnets from 10.64.0.0 on and gateways in 192.168.80.0/20: up to 16,384. */
export function manyPeers(count: number): readonly Route[] {
  const first = ip('10.64.0.0');
  const gateway = ip('192.168.80.2');
  return Array.from({ length: count }, (_, index) => ({
    subnet: { network: ipv4FromNumber(first + index * 256), length: 24 },
    nextHop: ipv4FromNumber(gateway + (index % 4000)),
    nodeName: `node-${index}`,
  }));
}

/** peerId returns the id of the next-hop object of `peer(index)`. */
export function peerId(index: number): number {
  return pool.network + index * 256;
}

/** WantedRoutes holds the properties that tests vary. */
export type WantedRoutes = {
  readonly peers: readonly Route[];
  readonly ifindex: number | undefined;
  /** Default 10.76.0.0/24. Each is on docker0. */
  readonly own?: readonly Prefix[];
  readonly pools?: readonly Prefix[];
  readonly unresolved?: readonly Prefix[];
  readonly isConfirmed?: boolean;
};

/** wanted returns the desired routes of a host with its underlay on eth0, whose own subnets are on docker0. */
export function wanted({ peers, ifindex, own, pools, unresolved, isConfirmed }: WantedRoutes): DesiredRoutes {
  const ours = own ?? [prefix('10.76.0.0/24')];
  const underlay: Underlay | undefined =
    ifindex === undefined ? undefined : { ifname: 'eth0', ifindex, address: ip('192.168.83.1') };
  return desiredRoutes({
    routes: PrefixMap.from(peers.map((each) => [prefixKey(each.subnet), each])),
    unresolved: new Set((unresolved ?? []).map(prefixKey)),
    pools: pools ?? [pool],
    own: ours.map((subnet) => ({ subnet, bridge: 'docker0' })),
    gateways: ours.map(gatewayOf),
    underlay,
    isConfirmed: isConfirmed ?? true,
  });
}
