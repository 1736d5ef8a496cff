// What a controller may tell a node. A bad controller can break the overlay, not the host: a node routes nothing but
// single subnets of its pools, and its pools are those that it joined, those of its first contact, and what can't be in the
// host's own way. Pure.
// Invariant: what is refused changes nothing. A route, a pool or a lease that was there before stays as it was, and what
// was refused is kept aside and looked at again when the host has changed.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  isPrivate,
  lastAddress,
  type Prefix,
  prefixContains,
  prefixCovers,
  prefixesOverlap,
  prefixKey,
  specialRange,
} from '../../proto/domain/address.js';
import { checkAddress, checkName, quoted } from '../../proto/domain/input.js';
import type { Assignment, PoolRange, Route, TableDelta } from '../../proto/domain/network.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';
import { leasesProblem } from './lease-rules.js';
import { type NodeTable, type RefusedRoute, type TableSnapshot, withDelta, withSnapshot } from './node-table.js';

/** UsedRange is a range of addresses that this host uses by itself: "192.168.83.0/24", "the network of eth0". */
export type UsedRange = {
  readonly prefix: Prefix;
  readonly what: string;
  /** The host's way to its peers, controllers and everything else: no pool may overlap it, not even the first. */
  readonly vital: boolean;
};

/** HostRules are what a host knows by itself and measures a controller by. */
export type HostRules = {
  readonly nodeName: string;
  /** The id in the host's certificate: the node can be renamed then. Undefined: it has none. */
  readonly nodeId?: string | undefined;
  /** The subnets that the node has, and those that it is offered: never routed, whatever their next hop is. */
  readonly own: readonly Prefix[];
  /** The host's addresses and their networks. */
  readonly addresses: ReadonlyMap<Ipv4, Prefix>;
  /** Looked up only when a pool is new. */
  readonly taken: () => readonly UsedRange[];
  /** --allowed-pools; undefined: pools follow the rules of poolProblem. */
  readonly allowed: readonly Prefix[] | undefined;
  /** The pools that the controllers named when this host joined. */
  readonly joined: readonly Prefix[];
};

// As of a controller (controller/registry/pool-rules.ts): a larger pool, or longer subnets, it never makes.
const shortestPool = 8;
const longestSubnet = 30;
const mostPools = 256;

type PoolContext = {
  readonly rules: HostRules;
  /** The pools that are in force. None: this is the first contact. */
  readonly before: readonly PoolRange[];
  /** Those of the same message that have been accepted. */
  readonly accepted: readonly PoolRange[];
};

/**
 * poolProblem says why a pool is not accepted; undefined: it is. The pools that were named at joining, and those of the
 * first contact, are the operator's who joined the host. What comes later, so that a fleet can grow, has to be of addresses that nobody on the internet has
 * (RFC 1918, 6598, 2544) and must not overlap anything that this host routes, is reached by or resolves names with.
 * With --allowed-pools, the host's own administrator has said what may be a pool; what is in force already stays.
 */
export function poolProblem(pool: PoolRange, { rules, before, accepted }: PoolContext): string | undefined {
  if (accepted.length >= mostPools) return `is one of more than ${mostPools}`;
  if (pool.length < shortestPool) return `is larger than a /${shortestPool}`;
  const special = specialRange(pool);
  if (special !== undefined) return `overlaps ${special}`;
  if (pool.subnetLength < pool.length || pool.subnetLength > longestSubnet) {
    return `has subnets of impossible length, /${pool.subnetLength}`;
  }
  const other = accepted.find((one) => prefixesOverlap(one, pool));
  if (other !== undefined) return `overlaps the pool ${formatPrefix(other)}`;
  if (before.some((one) => prefixCovers(one, pool))) return undefined;
  if (!isAllowed(pool, rules)) return 'is not within --allowed-pools';
  const isFirst = before.length === 0 || rules.joined.some((one) => prefixCovers(one, pool));
  const clash = rules.taken().find(({ prefix, vital }) => {
    if (isFirst && !vital) return false;
    if ([...before, ...rules.own].some((one) => prefixCovers(one, prefix))) return false;
    return prefixesOverlap(prefix, pool);
  });
  if (clash !== undefined) return `overlaps ${clash.what}`;
  if (isFirst || rules.allowed !== undefined || isPrivate(pool)) return undefined;
  return 'is a public range: an administrator of this host can allow it with --allowed-pools';
}

function isAllowed(pool: Prefix, { allowed }: Pick<HostRules, 'allowed'>): boolean {
  return allowed === undefined || allowed.some((range) => prefixCovers(range, pool));
}

/** notAllowed are the pools in force that --allowed-pools does not have: it was narrowed since they came. */
export function notAllowed(pools: readonly PoolRange[], rules: Pick<HostRules, 'allowed'>): readonly PoolRange[] {
  return pools.filter((pool) => !isAllowed(pool, rules));
}

/** nextHopProblem says why an address can't be a peer's; undefined: it can. That it is on-link, the kernel checks. */
export function nextHopProblem(
  nextHop: Ipv4,
  { addresses }: Pick<HostRules, 'addresses'>,
  pools: readonly Prefix[],
): string | undefined {
  const text = formatIpv4(nextHop);
  if ('problem' in checkAddress(text)) return `${text} can't be the address of a host`;
  if (addresses.has(nextHop)) return `${text} is an address of this host itself`;
  for (const network of addresses.values()) {
    // RFC 3021: both addresses of a /31 are hosts.
    if (network.length >= 31 || !prefixContains(network, nextHop)) continue;
    if (nextHop === network.network || nextHop === lastAddress(network)) return `${text} is the broadcast address`;
  }
  if (pools.some((pool) => prefixContains(pool, nextHop))) return `${text} is in a pool`;
  return undefined;
}

/** routeProblem says why a route is not accepted; undefined: it is. */
export function routeProblem(route: Route, pools: readonly PoolRange[], rules: HostRules): string | undefined {
  const { subnet, nextHop, nodeName } = route;
  const pool = pools.find((one) => prefixCovers(one, subnet));
  if (pool === undefined) return 'is not within a pool of this node';
  if (subnet.length !== pool.subnetLength) {
    return `is not one subnet of ${formatPrefix(pool)}, whose subnets are /${pool.subnetLength}`;
  }
  if ('problem' in checkName(nodeName)) return `is of ${quoted(nodeName)}, which is not a name`;
  if (rules.own.some((own) => prefixKey(own) === prefixKey(subnet))) return undefined;
  const problem = nextHopProblem(nextHop, rules, pools);
  return problem === undefined ? undefined : `has a next hop that can't be: ${problem}`;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** assignmentProblem says why an assignment is not accepted; undefined: it is. */
export function assignmentProblem(
  assignment: Assignment,
  pools: readonly PoolRange[],
  rules: HostRules,
): string | undefined {
  const { nodeId, nodeName, address, leases } = assignment;
  if (!idPattern.test(nodeId)) return `${quoted(nodeId)} is not the id of a node`;
  if (rules.nodeId !== undefined) {
    if (nodeId !== rules.nodeId) return `it is for the node ${quoted(nodeId)}, this is ${rules.nodeId}`;
    if ('problem' in checkName(nodeName)) return `${quoted(nodeName)} is not the name of a node`;
  } else if (nodeName !== rules.nodeName) return `it is for the node ${quoted(nodeName)}, this is ${rules.nodeName}`;
  if ('problem' in checkAddress(formatIpv4(address))) return `${formatIpv4(address)} can't be the address of a host`;
  if (pools.some((one) => prefixContains(one, address))) return `the node address ${formatIpv4(address)} is in a pool`;
  return leasesProblem(leases, pools);
}

type Sorted<T> = { readonly accepted: readonly T[]; readonly refused: readonly (readonly [T, string])[] };

function sortPools(received: readonly PoolRange[], before: readonly PoolRange[], rules: HostRules): Sorted<PoolRange> {
  const accepted: PoolRange[] = [];
  const refused: [PoolRange, string][] = [];
  const isKnown = (pool: PoolRange) => before.some((one) => prefixKey(one) === prefixKey(pool));
  // A pool that is in force is never pushed aside by a new one.
  for (const pool of [...received].sort((a, b) => Number(isKnown(b)) - Number(isKnown(a)))) {
    const problem = poolProblem(pool, { rules, before, accepted });
    if (problem === undefined) accepted.push(pool);
    else if (refused.length < mostPools) refused.push([pool, problem]);
  }
  // A pool that grew, and can't on this host, stays as it is.
  for (const [pool] of refused) {
    const kept = before.filter(
      (one) => prefixCovers(pool, one) && !accepted.some((each) => prefixesOverlap(each, one)),
    );
    accepted.push(...kept);
  }
  return { accepted: accepted.sort((a, b) => a.network - b.network), refused };
}

function sortRoutes(received: Iterable<Route>, pools: readonly PoolRange[], rules: HostRules): Sorted<Route> {
  const accepted: Route[] = [];
  const refused: [Route, string][] = [];
  for (const route of received) {
    const problem = routeProblem(route, pools, rules);
    if (problem === undefined) accepted.push(route);
    else refused.push([route, problem]);
  }
  return { accepted, refused };
}

// Like a subnet whose record can't be read: whatever route there is to it stays.
function kept(before: NodeTable | undefined, { refused }: Sorted<Route>): readonly Prefix[] {
  return refused.map(([{ subnet }]) => subnet).filter((subnet) => before?.routes.has(prefixKey(subnet)));
}

function byKey({ refused }: Sorted<Route>): [number, RefusedRoute][] {
  return refused.map(([route, problem]) => [prefixKey(route.subnet), { route, problem }]);
}

function asRefused({ refused }: Sorted<PoolRange>): NodeTable['refused']['pools'] {
  return refused.map(([pool, problem]) => ({ pool, problem }));
}

/** admitSnapshot is the table after the part of a snapshot that is accepted. */
export function admitSnapshot(before: NodeTable | undefined, snapshot: TableSnapshot, rules: HostRules): NodeTable {
  const pools = sortPools(snapshot.pools, before?.pools ?? [], rules);
  const routes = sortRoutes(snapshot.routes, pools.accepted, rules);
  const table = withSnapshot(before, {
    ...snapshot,
    pools: pools.accepted,
    routes: routes.accepted,
    unresolved: [...snapshot.unresolved, ...kept(before, routes)],
  });
  return { ...table, refused: { pools: asRefused(pools), routes: PrefixMap.from(byKey(routes)) } };
}

/** admitDelta is the table after the part of a delta that is accepted. */
export function admitDelta(before: NodeTable, delta: TableDelta, rules: HostRules): NodeTable {
  const pools = delta.pools === undefined ? undefined : sortPools(delta.pools, before.pools, rules);
  const routes = sortRoutes(delta.upserts, pools?.accepted ?? before.pools, rules);
  const table = withDelta(before, {
    ...delta,
    pools: pools?.accepted,
    upserts: routes.accepted,
    unresolved: [...delta.unresolved, ...kept(before, routes)],
  });
  const refused = new Map<number, RefusedRoute | undefined>();
  for (const { subnet } of delta.upserts) refused.set(prefixKey(subnet), undefined);
  for (const subnet of [...delta.removals, ...delta.unresolved]) refused.set(prefixKey(subnet), undefined);
  for (const [id, each] of byKey(routes)) refused.set(id, each);
  const next = {
    ...table,
    refused: {
      pools: pools === undefined ? before.refused.pools : asRefused(pools),
      routes: before.refused.routes.with(refused),
    },
  };
  return pools === undefined ? next : reconsider(next, rules);
}

function samePools(a: readonly PoolRange[], b: readonly PoolRange[]): boolean {
  const known = new Set(b.map(prefixKey));
  return a.length === b.length && a.every((pool) => known.has(prefixKey(pool)));
}

/** reconsider is the table with what was refused and is acceptable on the host as it is; the same one if nothing is. */
export function reconsider(table: NodeTable, rules: HostRules): NodeTable {
  const { refused } = table;
  if (refused.pools.length === 0 && refused.routes.size === 0) return table;
  const wanted = refused.pools.map(({ pool }) => pool);
  const isReplaced = (pool: PoolRange) => wanted.some((one) => prefixCovers(one, pool));
  const received = [...table.pools.filter((pool) => !isReplaced(pool)), ...wanted];
  const pools = sortPools(received, table.pools, rules);
  const again = sortRoutes(
    Array.from(refused.routes.values(), ({ route }) => route),
    pools.accepted,
    rules,
  );
  if (again.accepted.length === 0 && samePools(pools.accepted, table.pools)) return table;
  const routes = table.routes.with(again.accepted.map((route) => [prefixKey(route.subnet), route] as const));
  const unresolved = new Set(table.unresolved);
  for (const route of again.accepted) unresolved.delete(prefixKey(route.subnet));
  return {
    ...table,
    routes,
    unresolved,
    pools: pools.accepted,
    refused: { pools: asRefused(pools), routes: PrefixMap.from(byKey(again)) },
  };
}
