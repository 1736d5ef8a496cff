// A plan in the making: what it follows from and what it has come to so far.
import type { Prefix } from '../../proto/domain/address.js';
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
import type { DesiredRoutes } from './desired.js';
import { type LocalNetwork, localNetworks } from './local-networks.js';
import type { Ownership } from './ownership.js';
import type { RouteProblem } from './problems.js';

/** Observed is what the kernel has. */
export type Observed = Pick<KernelMirror, 'routes' | 'nextHops' | 'links' | 'addresses' | 'hasAddress' | 'epoch'>;

/** PeerRefusal is what the kernel did not do for a peer, and under what circumstances. */
export type PeerRefusal = {
  readonly refusal: KernelRefusal;
  /** What was refused: "next hop 172753664". */
  readonly what: string;
  readonly nextHop: Route['nextHop'];
  readonly ifindex: number;
  /** Of the mirror. */
  readonly epoch: number;
};

/** RoutePlanInput is what a plan follows from. */
export type RoutePlanInput = Ownership & {
  readonly desired: DesiredRoutes;
  readonly observed: Observed;
  /** Whether next-hop objects may be used, where the kernel has them. */
  readonly useNextHops: boolean;
  /** What the kernel did not do for a peer, by prefixKey: not tried again until something changes. */
  readonly refusals: ReadonlyMap<number, PeerRefusal>;
  /** Peers, by prefixKey, that the kernel has found on-link since anything changed. */
  readonly confirmed: ReadonlySet<number>;
};

/** PlannedChange is one change, and what it is made for. */
export type PlannedChange = {
  readonly change: RouteChange;
  /** Undefined for guards and for what is stale. */
  readonly peer: Route | undefined;
  /** It changes nothing: it asks the kernel whether a gateway is still on-link. */
  readonly isProbe: boolean;
};

/** Planning is a plan in the making. */
export type Planning = {
  readonly input: RoutePlanInput;
  readonly additions: PlannedChange[];
  readonly deletions: PlannedChange[];
  readonly problems: RouteProblem[];
  readonly counts: { desired: number; installed: number; conflicting: number; unreachable: number };
  /** Interface index of the underlay; undefined when nothing can be added there now. */
  readonly ifindex: number | undefined;
  /** Networks on the link of the underlay interface: peers in them are reached straight. */
  readonly onLink: readonly Prefix[];
  /** Nothing is routed that overlaps these. */
  readonly local: readonly LocalNetwork[];
  /** prefixKeys of the peers that do. */
  readonly overlapping: Set<number>;
  /** Preferred source of our routes: as desired, if an interface has it. */
  readonly preferredSource: KernelRoute['preferredSource'];
  /** Ids of next-hop objects that routes of ours need. */
  readonly nextHopIds: Set<number>;
  /** Routes that could not be added because the interface can't take any. */
  waiting: number;
};

// Those of the interface's addresses, and those that a route leads straight to: where the address is a /32, there is
// nothing else that could make a peer on-link.
function onLinkNetworks({ addresses, routes, nextHops }: Observed, ifindex: number): readonly Prefix[] {
  const connected = addresses.filter((address) => address.ifindex === ifindex).map(({ prefix }) => prefix);
  const routed: Prefix[] = [];
  for (const { type, tos, scope, hops, nextHopId, destination } of routes.all()) {
    if (scope !== scopes.link || type !== routeTypes.unicast || tos !== 0) continue;
    const object = nextHops?.get(nextHopId)?.hop;
    const isThere = (hop: Hop) => hop.ifindex === ifindex && hop.gateway === undefined;
    if (hops.some(isThere) || (object !== undefined && isThere(object))) routed.push(destination);
  }
  return [...connected, ...routed.filter((prefix) => !covers(connected, prefix.network, prefix.length))];
}

/** beginPlan looks at what holds for all peers. */
export function beginPlan(input: RoutePlanInput): Planning {
  const { desired, observed, useNextHops } = input;
  const { underlay, preferredSource } = desired;
  const link = underlay && observed.links.get(underlay.ifindex);
  // The kernel takes plain routes also while the carrier is down, next-hop objects it does not.
  const needed = useNextHops && observed.nextHops !== undefined ? linkFlags.up | linkFlags.lowerUp : linkFlags.up;
  const usable = link !== undefined && (link.flags & needed) === needed;
  return {
    input,
    additions: [],
    deletions: [],
    problems: [],
    counts: { desired: desired.peers.size, installed: 0, conflicting: 0, unreachable: 0 },
    ifindex: usable ? link.ifindex : undefined,
    onLink: underlay === undefined ? [] : onLinkNetworks(observed, underlay.ifindex),
    local: localNetworks(desired, observed),
    overlapping: new Set(),
    preferredSource:
      preferredSource !== undefined && observed.hasAddress(preferredSource) ? preferredSource : undefined,
    nextHopIds: new Set(),
    waiting: 0,
  };
}
