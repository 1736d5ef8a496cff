// Checks controller input against local facts. A bad controller can break the overlay, not the host: a node routes only
// single subnets of its pools, and accepts as pools those of its join, those of its first contact, and ranges that do not
// conflict with the host's own. Pure.
// Invariant: refused input changes nothing. An existing route, pool or lease stays as it was, and refused
// input is kept and checked again when the host has changed.
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

/** UsedRange is an address range that this host uses besides xnet: "192.168.83.0/24", "the network of eth0". */
export type UsedRange = {
  readonly prefix: Prefix;
  readonly what: string;
  /** Part of the host's path to its peers, controllers or other networks: no pool may overlap it, not even the first. */
  readonly vital: boolean;
};

/** HostRules are the local facts and settings that controller input is checked against. */
export type HostRules = {
  readonly nodeName: string;
  /** The id in the host's certificate, so that the node can be renamed. Undefined: the host has no certificate. */
  readonly nodeId?: string | undefined;
  /** The subnets of the node's leases, present and offered: never routed, whatever their next hop is. */
  readonly own: readonly Prefix[];
  /** The host's addresses and their networks. */
  readonly addresses: ReadonlyMap<Ipv4, Prefix>;
  /** Called only when a pool is new. */
  readonly taken: () => readonly UsedRange[];
  /** --allowed-pools; undefined: pools follow the rules of poolProblem. */
  readonly allowed: readonly Prefix[] | undefined;
  /** The pools that the controllers named when this host joined. */
  readonly joined: readonly Prefix[];
};

// The limits of controllers (controller/registry/pool-rules.ts).
const shortestPool = 8;
const longestSubnet = 30;
const mostPools = 256;

type PoolContext = {
  readonly rules: HostRules;
  /** The pools in force. None: this is the first contact. */
  readonly before: readonly PoolRange[];
  /** The pools of the same message that were accepted before it. */
  readonly accepted: readonly PoolRange[];
};

/**
 * poolProblem returns why a pool is refused; undefined: it is accepted. The pools of the join and of the
 * first contact were chosen by the operator who joined the host. Later pools, which let a fleet grow, must be private
 * (RFC 1918, 6598, 2544) and must not overlap the host's routes, addresses, gateways and name servers.
 * With --allowed-pools, the host's administrator limits the pools; those in force stay.
 */
export function poolProblem(pool: PoolRange, { rules, before, accepted }: PoolContext): string | undefined {
  if (accepted.length >= mostPools) return `is one of more than ${mostPools}`;
  if (pool.length < shortestPool) return `is larger than a /${shortestPool}`;
  const special = specialRange(pool);
  if (special !== undefined) return `overlaps ${special}`;
  if (pool.subnetLength < pool.length || pool.subnetLength > longestSubnet) {
    return `has an invalid subnet length, /${pool.subnetLength}`;
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

/** notAllowed returns the pools in force outside of --allowed-pools, which was narrowed after they were accepted. */
export function notAllowed(pools: readonly PoolRange[], rules: Pick<HostRules, 'allowed'>): readonly PoolRange[] {
  return pools.filter((pool) => !isAllowed(pool, rules));
}

/** nextHopProblem returns why an address can't be a peer's; undefined: it can. The kernel checks that it is on-link. */
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

/** routeProblem returns why a route is refused; undefined: it is accepted. */
export function routeProblem(route: Route, pools: readonly PoolRange[], rules: HostRules): string | undefined {
  const { subnet, nextHop, nodeName } = route;
  const pool = pools.find((one) => prefixCovers(one, subnet));
  if (pool === undefined) return 'is not within a pool of this node';
  if (subnet.length !== pool.subnetLength) {
    return `is not one subnet of ${formatPrefix(pool)}, whose subnets are /${pool.subnetLength}`;
  }
  if ('problem' in checkName(nodeName)) return `is of ${quoted(nodeName)}, which is not a node name`;
  if (rules.own.some((own) => prefixKey(own) === prefixKey(subnet))) return undefined;
  const problem = nextHopProblem(nextHop, rules, pools);
  return problem === undefined ? undefined : `has an invalid next hop: ${problem}`;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** assignmentProblem returns why an assignment is refused; undefined: it is accepted. */
export function assignmentProblem(
  assignment: Assignment,
  pools: readonly PoolRange[],
  rules: HostRules,
): string | undefined {
  const { nodeId, nodeName, address } = assignment;
  if (!idPattern.test(nodeId)) return `${quoted(nodeId)} is not the id of a node`;
  if (rules.nodeId !== undefined) {
    if (nodeId !== rules.nodeId) return `it is for the node ${quoted(nodeId)}, this is ${rules.nodeId}`;
    if ('problem' in checkName(nodeName)) return `${quoted(nodeName)} is not the name of a node`;
  } else if (nodeName !== rules.nodeName) return `it is for the node ${quoted(nodeName)}, this is ${rules.nodeName}`;
  if ('problem' in checkAddress(formatIpv4(address))) return `${formatIpv4(address)} can't be the address of a host`;
  if (pools.some((one) => prefixContains(one, address))) return `the node address ${formatIpv4(address)} is in a pool`;
  return leasesProblem(assignment, pools);
}

type Sorted<T> = { readonly accepted: readonly T[]; readonly refused: readonly (readonly [T, string])[] };

function sortPools(received: readonly PoolRange[], before: readonly PoolRange[], rules: HostRules): Sorted<PoolRange> {
  const accepted: PoolRange[] = [];
  const refused: [PoolRange, string][] = [];
  const isKnown = (pool: PoolRange) => before.some((one) => prefixKey(one) === prefixKey(pool));
  // Pools in force precede new ones.
  for (const pool of [...received].sort((a, b) => Number(isKnown(b)) - Number(isKnown(a)))) {
    const problem = poolProblem(pool, { rules, before, accepted });
    if (problem === undefined) accepted.push(pool);
    else if (refused.length < mostPools) refused.push([pool, problem]);
  }
  // A pool whose larger range is refused on this host keeps its present range.
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

// As for a subnet whose record can't be read, an existing route to it stays.
function kept(before: NodeTable | undefined, { refused }: Sorted<Route>): readonly Prefix[] {
  return refused.map(([{ subnet }]) => subnet).filter((subnet) => before?.routes.has(prefixKey(subnet)));
}

function byKey({ refused }: Sorted<Route>): [number, RefusedRoute][] {
  return refused.map(([route, problem]) => [prefixKey(route.subnet), { route, problem }]);
}

function asRefused({ refused }: Sorted<PoolRange>): NodeTable['refused']['pools'] {
  return refused.map(([pool, problem]) => ({ pool, problem }));
}

/** admitSnapshot returns the table after the accepted part of a snapshot. */
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

/** admitDelta returns the table after the accepted part of a delta. */
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

/** reconsider returns the table with the refused entries that are acceptable now; the same table if there are none. */
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
