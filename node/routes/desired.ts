// The routes that a host should have, derived from the route table and the facts of the host. Pure.
import { type Ipv4, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';
import { covers } from '../kernel/route-table.js';
import { type OwnSubnet, sameSubnets } from '../table/own-subnets.js';
import type { Underlay } from '../underlay/choose.js';

/** DesiredRoutes is the complete input of the routes effect. */
export type DesiredRoutes = {
  /** Where peers are reached. Undefined: not known; then nothing is added. */
  readonly underlay: Underlay | undefined;
  /** This node's own subnets, which are never routed. The addresses of their bridges do not conflict with routes. */
  readonly own: readonly OwnSubnet[];
  /** Gateway addresses of the own subnets. The first that an interface has is the source of what the host sends to peers. */
  readonly gateways: readonly Ipv4[];
  /** The others' subnets, by prefixKey. */
  readonly peers: PrefixMap<Route>;
  /** The route table that `peers` was derived from; absent: none. */
  readonly table?: PrefixMap<Route>;
  /** prefixKeys of subnets whose record can't be read: an existing route of xnet to them stays. */
  readonly unresolved: ReadonlySet<number>;
  /** Each gets an unreachable route, which catches packets to unleased subnets. */
  readonly pools: readonly Prefix[];
  /** Covers all destinations above and may cover former ones: the pools, and the destinations outside of them. */
  readonly ranges: readonly Prefix[];
  /** False: no controller has confirmed the table yet, so routes of xnet in the kernel may be newer (Witness). */
  readonly isConfirmed: boolean;
};

/**
 * noRoutes is the desired state of a host that has left. Its turn examines all destinations: a foreign route to any
 * destination may use a next-hop object of xnet.
 */
export const noRoutes: DesiredRoutes = {
  underlay: undefined,
  own: [],
  gateways: [],
  peers: PrefixMap.from([]),
  unresolved: new Set(),
  pools: [],
  ranges: [{ network: ipv4FromNumber(0), length: 0 }],
  isConfirmed: true,
};

/** DesiredRoutesInput is the input of desiredRoutes. */
export type DesiredRoutesInput = {
  /** The route table, by prefixKey; it may contain the node's own entries. */
  readonly routes: PrefixMap<Route>;
  /** prefixKeys. */
  readonly unresolved: ReadonlySet<number>;
  readonly pools: readonly Prefix[];
  /** The node's own subnets; none before the first assignment. */
  readonly own: readonly OwnSubnet[];
  /** See DesiredRoutes. */
  readonly gateways: readonly Ipv4[];
  readonly underlay: Underlay | undefined;
  /** See DesiredRoutes. Default true. */
  readonly isConfirmed?: boolean;
};

/**
 * desiredRoutes returns the routes that the host should have.
 * @param before its last result: only differences from it are computed
 */
export function desiredRoutes(input: DesiredRoutesInput, before?: DesiredRoutes): DesiredRoutes {
  const { routes, unresolved, pools, own, gateways, underlay, isConfirmed = true } = input;
  const peers = peersOf(routes, own, before);
  return {
    table: routes,
    underlay,
    own,
    gateways,
    peers,
    unresolved,
    pools,
    ranges: rangesOf(pools, own, peers, before),
    isConfirmed,
  };
}

function peersOf(
  routes: PrefixMap<Route>,
  own: readonly OwnSubnet[],
  before: DesiredRoutes | undefined,
): PrefixMap<Route> {
  const ours = new Set(own.map(({ subnet }) => prefixKey(subnet)));
  if (before?.table === undefined || !sameSubnets(before.own, own)) {
    return routes.with([...ours].map((key) => [key, undefined] as const));
  }
  const changed = routes.changedSince(before.table).filter((key) => !ours.has(key));
  return before.peers.with(changed.map((key) => [key, routes.get(key)] as const));
}

function rangesOf(
  pools: readonly Prefix[],
  own: readonly OwnSubnet[],
  peers: PrefixMap<Route>,
  before: DesiredRoutes | undefined,
): readonly Prefix[] {
  const isBuiltOn = before?.pools === pools && sameSubnets(before.own, own);
  const apart = own.map(({ subnet }) => subnet).filter((subnet) => !covers(pools, subnet.network, subnet.length));
  const ranges = isBuiltOn ? before.ranges : apart.length > 0 ? [...pools, ...apart] : pools;
  const added = isBuiltOn ? peers.changedSince(before.peers).map((key) => peers.get(key)) : peers.values();
  let all: Prefix[] | undefined;
  for (const peer of added) {
    if (peer === undefined || covers(all ?? ranges, peer.subnet.network, peer.subnet.length)) continue;
    all ??= [...ranges];
    all.push(peer.subnet);
  }
  return all ?? ranges;
}
