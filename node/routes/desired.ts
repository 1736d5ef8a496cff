// The routes that a host should have, from the route table and what is known of the host. Pure.
import { type Ipv4, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';
import { covers } from '../kernel/route-table.js';
import { type OwnSubnet, sameSubnets } from '../table/own-subnets.js';
import type { Underlay } from '../underlay/choose.js';

/** DesiredRoutes is all that the routes effect needs to know. */
export type DesiredRoutes = {
  /** Where peers are reached. Undefined: not known; then nothing is added. */
  readonly underlay: Underlay | undefined;
  /** This node's own subnets, which are never routed. What addresses their bridges have is no hindrance. */
  readonly own: readonly OwnSubnet[];
  /** Gateway addresses of the own subnets. The first that an interface has is the source of what the host sends to peers. */
  readonly gateways: readonly Ipv4[];
  /** The others' subnets, by prefixKey. */
  readonly peers: PrefixMap<Route>;
  /** prefixKeys of subnets whose record can't be read: a route of ours that leads there stays. */
  readonly unresolved: ReadonlySet<number>;
  /** Each gets an unreachable route, for the part of it that is not leased. */
  readonly pools: readonly Prefix[];
  /** All destinations above, and perhaps some that were: the pools, and what they do not cover. */
  readonly ranges: readonly Prefix[];
  /** False: no controller has confirmed the table yet, so that routes of ours in the kernel may be newer (Witness). */
  readonly isConfirmed: boolean;
};

/**
 * noRoutes is what a host should have that has left. All destinations are looked at: a route of somebody else's, wherever
 * it leads, may use a next-hop object of ours.
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

/** DesiredRoutesInput is what the host's routes follow from. */
export type DesiredRoutesInput = {
  /** The route table, by prefixKey; the node's own entries may be among it. */
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
 * desiredRoutes says what routes the host should have.
 * @param before what it said last: only what is different since then is looked at
 */
export function desiredRoutes(input: DesiredRoutesInput, before?: DesiredRoutes): DesiredRoutes {
  const { routes, unresolved, pools, own, gateways, underlay, isConfirmed = true } = input;
  const peers =
    own.length === 0 ? routes : routes.with(own.map(({ subnet }) => [prefixKey(subnet), undefined] as const));
  return {
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
