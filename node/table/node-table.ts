// The node's copy of the route table, and its changes. Pure.
// Invariant: absence alone withdraws no route. A subnet whose record can't be read keeps its route, and a change that
// would withdraw more than max(3, 20 %) of the routes keeps all of them until a snapshot read from the store
// for this purpose confirms it.
import { type Prefix, prefixFromKey, prefixKey } from '../../proto/domain/address.js';
import type { PoolRange, Route, TableDelta, Version } from '../../proto/domain/network.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';

/** NodeTable is the route table that this node applies. It is immutable. */
export type NodeTable = {
  readonly version: Version;
  /** By prefixKey, including this node's own entries. */
  readonly routes: PrefixMap<Route>;
  /** prefixKeys of subnets whose record can't be read by the controller. */
  readonly unresolved: ReadonlySet<number>;
  readonly pools: readonly PoolRange[];
  /** prefixKeys of routes that the controller withdrew and this node keeps until that is confirmed. */
  readonly held: ReadonlySet<number>;
  /** The refused part of the controller's table, with reasons: "is not within a pool of this node". */
  readonly refused: Refused;
};

/** Refused is the refused part of the controller's table; routes by prefixKey. */
export type Refused = {
  readonly pools: readonly { readonly pool: PoolRange; readonly problem: string }[];
  readonly routes: PrefixMap<RefusedRoute>;
};

/** RefusedRoute is a refused route and the reason. */
export type RefusedRoute = { readonly route: Route; readonly problem: string };

const noRoutes = PrefixMap.from<Route>([]);
const nothingRefused: Refused = { pools: [], routes: PrefixMap.from([]) };

/** TableSnapshot is a whole table from a controller. */
export type TableSnapshot = {
  readonly version: Version;
  readonly routes: readonly Route[];
  readonly unresolved: readonly Prefix[];
  readonly pools: readonly PoolRange[];
  /** Read from the store for this snapshot: it confirms withdrawals. */
  readonly fresh: boolean;
};

/** mostWithdrawals returns how many of `routes` routes one change may withdraw without confirmation. */
export function mostWithdrawals(routes: number): number {
  return Math.max(3, Math.floor(routes * 0.2));
}

// Held routes are still among the routes.
type Next = { readonly table: Omit<NodeTable, 'held' | 'refused'>; readonly withdrawn: ReadonlySet<number> };

function hold(before: NodeTable | undefined, { table, withdrawn }: Next, confirmed: boolean): NodeTable {
  if (before !== undefined && !confirmed && withdrawn.size > mostWithdrawals(before.routes.size)) {
    return { ...table, held: withdrawn, refused: nothingRefused };
  }
  const routes = table.routes.with(Array.from(withdrawn, (id) => [id, undefined] as const));
  return { ...table, routes, held: new Set(), refused: nothingRefused };
}

function sameRoute(a: Route, b: Route): boolean {
  return a.nextHop === b.nextHop && a.nodeName === b.nodeName && a.isStatic === b.isStatic;
}

/** withSnapshot returns the table after a snapshot that was accepted as a whole (admission-rules.ts). */
export function withSnapshot(before: NodeTable | undefined, snapshot: TableSnapshot): NodeTable {
  const routes = new Map(snapshot.routes.map((route) => [prefixKey(route.subnet), route]));
  const unresolved = new Set(snapshot.unresolved.map(prefixKey));
  const withdrawn = new Set<number>();
  for (const [id, route] of before?.routes ?? []) {
    const told = routes.get(id);
    if (told === undefined && !unresolved.has(id)) withdrawn.add(id);
    // Unchanged parts keep their identity: values derived from the table are recomputed only for the differences.
    if (told === undefined || sameRoute(told, route)) routes.set(id, route);
  }
  const { version, pools } = snapshot;
  const table = { version, routes: (before?.routes ?? noRoutes).with(routes), unresolved, pools };
  return hold(before, { table, withdrawn }, snapshot.fresh);
}

/** withDelta returns the table after a delta that was accepted as a whole. Its cost is proportional to the delta. */
export function withDelta(before: NodeTable, delta: TableDelta): NodeTable {
  const changes = new Map<number, Route | undefined>();
  const unresolved = new Set(before.unresolved);
  const withdrawn = new Set(before.held);
  for (const route of delta.upserts) {
    const id = prefixKey(route.subnet);
    changes.set(id, route);
    unresolved.delete(id);
    withdrawn.delete(id);
  }
  for (const subnet of delta.removals) {
    const id = prefixKey(subnet);
    unresolved.delete(id);
    if (before.routes.has(id)) withdrawn.add(id);
    changes.delete(id);
  }
  for (const subnet of delta.unresolved) unresolved.add(prefixKey(subnet));
  const pools = delta.pools ?? before.pools;
  const routes = before.routes.with(changes);
  return hold(before, { table: { version: delta.to, routes, unresolved, pools }, withdrawn }, false);
}

/** withBookmark returns the table at a later version without a change. */
export function withBookmark(before: NodeTable, version: Version): NodeTable {
  return { ...before, version };
}

/** heldSubnets returns the subnets whose withdrawal is not confirmed yet. */
export function heldSubnets(table: NodeTable): readonly Prefix[] {
  return [...table.held].map(prefixFromKey);
}

/**
 * follows reports whether a delta continues a table: it may begin at or before the table's revision, in the same
 * epoch.
 */
export function follows(table: NodeTable | undefined, delta: TableDelta): table is NodeTable {
  return (
    table !== undefined &&
    table.version.clusterId === delta.to.clusterId &&
    table.version.epoch === delta.to.epoch &&
    delta.fromRevision <= table.version.revision
  );
}

/** isOlder reports whether a table at `version` is older than this node's. */
export function isOlder(version: Version, than: Version): boolean {
  return version.epoch < than.epoch || (version.epoch === than.epoch && version.revision < than.revision);
}
