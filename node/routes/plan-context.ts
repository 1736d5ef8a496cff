// A plan in progress: its input, the facts for all destinations, and the result so far for one of them.
// Pure.
import { gatewayOf, type Prefix, prefixContains, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import type { KernelMirror } from '../kernel/mirror.js';
import {
  type Hop,
  type KernelRefusal,
  type KernelRoute,
  linkFlags,
  type RouteChange,
  routeTypes,
  scopes,
} from '../kernel/route-kernel.js';
import { covers } from '../kernel/route-table.js';
import { sameSubnets } from '../table/own-subnets.js';
import type { DesiredRoutes } from './desired.js';
import { type LocalNetwork, localNetworks } from './local-networks.js';
import type { Ownership } from './ownership.js';
import type { RouteProblem } from './problems.js';

/** Observed is the state of the kernel. */
export type Observed = Pick<
  KernelMirror,
  'routes' | 'nextHops' | 'links' | 'addresses' | 'hasAddress' | 'epoch' | 'mark' | 'touchedSince'
>;

/** PeerRefusal is a change for a peer that the kernel refused, and the circumstances. */
export type PeerRefusal = {
  readonly refusal: KernelRefusal;
  /** What was refused: "next hop 172753664". */
  readonly what: string;
  readonly nextHop: Route['nextHop'];
  readonly ifindex: number;
  /** Of the mirror. */
  readonly epoch: number;
};

/** RoutePlanInput is the input of a plan. */
export type RoutePlanInput = Ownership & {
  readonly desired: DesiredRoutes;
  readonly observed: Observed;
  /** Whether to use next-hop objects if the kernel supports them. */
  readonly useNextHops: boolean;
  /** The refusals of the kernel, by the prefixKey of the peer: not tried again until something changes. */
  readonly refusals: ReadonlyMap<number, PeerRefusal>;
  /** Peers, by prefixKey, that the kernel has found on-link since anything changed. */
  readonly confirmed: ReadonlySet<number>;
  /**
   * Peers, by prefixKey, whose hand-made routes have been taken over: routes that are made there again are left.
   * Undefined: hand-made routes are not taken over.
   */
  readonly takenOver?: ReadonlySet<number> | undefined;
};

/** PlannedChange is one change and its purpose. */
export type PlannedChange = {
  readonly change: RouteChange;
  /** Undefined for unreachable routes and stale objects. */
  readonly peer: Route | undefined;
  /** It changes nothing: it asks the kernel whether a gateway is still on-link. */
  readonly isProbe: boolean;
  /** It deletes a hand-made route that ours stands behind. */
  readonly isTakeOver?: true;
};

/** Scene is the facts that hold for all destinations. */
export type Scene = {
  readonly input: RoutePlanInput;
  /** Interface index of the underlay; undefined when nothing can be added there now. */
  readonly ifindex: number | undefined;
  /** On-link networks of the underlay interface by its routes. If its address is a /32, these are the only ones. */
  readonly routedOnLink: readonly Prefix[];
  /** All networks on that link: peers in them are on-link. */
  readonly onLink: readonly Prefix[];
  /** Destinations that overlap these are not routed. */
  readonly local: readonly LocalNetwork[];
  /** Preferred source of xnet's routes: the first desired one that an interface has. */
  readonly preferredSource: KernelRoute['preferredSource'];
  /** For each own subnet, the interface indexes of those that have its first address; of a block: any of its addresses. */
  readonly bridges: readonly (readonly number[])[];
  /** The pools by prefixKey. */
  readonly pools: ReadonlyMap<number, Prefix>;
};

/** PlanContext is the unfinished plan of one destination, and then that of the next one. */
export type PlanContext = {
  readonly scene: Scene;
  readonly additions: PlannedChange[];
  readonly deletions: PlannedChange[];
  /** Hand-made routes to delete: the route of ours behind them leads the same way. */
  readonly takeOvers: PlannedChange[];
  readonly problems: RouteProblem[];
  /** Ids of next-hop objects that present routes of xnet to the destination need; may contain duplicates. */
  readonly nextHopIds: number[];
  /** The next-hop object of the destination's peer is needed. */
  needsOwnNextHop: boolean;
  installed: number;
  conflicting: number;
  unreachable: number;
  /** The number of routes that were not added because the interface accepts none. */
  waiting: number;
  /** It depends on earlier answers of the kernel: it is replanned after any foreign change. */
  isProvisional: boolean;
};

/** planContextOf returns an empty context for the plans of destinations in a scene. */
export function planContextOf(scene: Scene): PlanContext {
  const lists = { additions: [], deletions: [], takeOvers: [], problems: [], nextHopIds: [] };
  const counts = { installed: 0, conflicting: 0, unreachable: 0, waiting: 0 };
  return { scene, ...lists, ...counts, needsOwnNextHop: false, isProvisional: false };
}

function routedOnLink({ routes, nextHops }: Observed, ifindex: number): readonly Prefix[] {
  const routed: Prefix[] = [];
  for (const { type, tos, scope, hops, nextHopId, destination } of routes.all()) {
    if (scope !== scopes.link || type !== routeTypes.unicast || tos !== 0) continue;
    const object = nextHops?.get(nextHopId)?.hop;
    const isThere = (hop: Hop) => hop.ifindex === ifindex && hop.gateway === undefined;
    if (hops.some(isThere) || (object !== undefined && isThere(object))) routed.push(destination);
  }
  return routed;
}

/**
 * sceneOf returns the facts that hold for all destinations.
 * @param before a scene of the same underlay since which no network of a link was added or removed
 */
export function sceneOf(input: RoutePlanInput, before?: Scene): Scene {
  const { desired, observed, useNextHops } = input;
  const { underlay, own, gateways } = desired;
  const link = underlay && observed.links.get(underlay.ifindex);
  // While the carrier is down, the kernel accepts plain routes but no next-hop objects.
  const needed = useNextHops && observed.nextHops !== undefined ? linkFlags.up | linkFlags.lowerUp : linkFlags.up;
  const usable = link !== undefined && (link.flags & needed) === needed;
  const isSame = before !== undefined && before.input.desired.underlay?.ifindex === underlay?.ifindex;
  const routed = isSame ? before.routedOnLink : underlay === undefined ? [] : routedOnLink(observed, underlay.ifindex);
  const connected = observed.addresses
    .filter(({ ifindex }) => ifindex === underlay?.ifindex)
    .map(({ prefix }) => prefix);
  return {
    input,
    ifindex: usable ? link.ifindex : undefined,
    routedOnLink: routed,
    onLink: [...connected, ...routed.filter((prefix) => !covers(connected, prefix.network, prefix.length))],
    local: localNetworks(desired, observed),
    preferredSource: gateways.find((gateway) => observed.hasAddress(gateway)),
    bridges: own.map(({ subnet, partLength }) =>
      observed.addresses
        .filter(({ address }) =>
          partLength === undefined ? address === gatewayOf(subnet) : prefixContains(subnet, address),
        )
        .map(({ ifindex }) => ifindex),
    ),
    pools: new Map(desired.pools.map((pool) => [prefixKey(pool), pool])),
  };
}

/** hasSameFacts reports whether two inputs on one state of the links and addresses have the same scene. */
export function hasSameFacts(before: RoutePlanInput, now: RoutePlanInput): boolean {
  const [a, b] = [before.desired, now.desired];
  return (
    before.observed === now.observed &&
    before.protocol === now.protocol &&
    before.useNextHops === now.useNextHops &&
    (before.takenOver === undefined) === (now.takenOver === undefined) &&
    a.underlay?.ifindex === b.underlay?.ifindex &&
    a.underlay?.ifname === b.underlay?.ifname &&
    a.pools === b.pools &&
    a.ranges === b.ranges &&
    a.gateways.length === b.gateways.length &&
    a.gateways.every((gateway, index) => gateway === b.gateways[index]) &&
    sameSubnets(a.own, b.own)
  );
}

/** fingerprintOf returns a text that differs if two scenes differ in any input of a destination's plan. */
export function fingerprintOf({ input, ifindex, onLink, local, preferredSource, bridges }: Scene): string {
  const { desired, observed, protocol, useNextHops } = input;
  const { underlay, own, pools } = desired;
  const hasNextHops = observed.nextHops !== undefined;
  const name = observed.links.get(underlay?.ifindex ?? 0)?.name;
  return JSON.stringify([
    ...[
      protocol,
      useNextHops,
      input.takenOver !== undefined,
      hasNextHops,
      underlay?.ifindex,
      underlay?.ifname,
      name,
      ifindex,
    ],
    ...[own, pools, preferredSource, bridges, onLink, local],
  ]);
}
