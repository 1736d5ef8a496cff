// The node's own copy of the route table, and what it takes to change it. Pure.
// Invariant: absence alone withdraws nothing. A subnet whose record can't be read keeps its route; and a change that
// would withdraw more than max(3, 20 %) of the routes keeps all of them until a snapshot that was read from the store
// for that purpose says the same.
import { type Prefix, prefixFromKey, prefixKey } from '../../proto/domain/address.js';
import type { PoolRange, Route, TableDelta, Version } from '../../proto/domain/network.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';

/** NodeTable is the route table as this node acts on it. It never changes: whoever has one may keep it. */
export type NodeTable = {
  readonly version: Version;
  /** By prefixKey. This node's own entry is among them. */
  readonly routes: PrefixMap<Route>;
  /** prefixKeys of subnets whose record can't be read by the controller. */
  readonly unresolved: ReadonlySet<number>;
  readonly pools: readonly PoolRange[];
  /** prefixKeys of routes that the controller withdrew and this node keeps until that is confirmed. */
  readonly held: ReadonlySet<number>;
  /** What a controller told and this node does not act on, with why: "is not within a pool of this node". */
  readonly refused: Refused;
};

/** Refused is what was told last and is not acted on; routes by prefixKey. */
export type Refused = {
  readonly pools: readonly { readonly pool: PoolRange; readonly problem: string }[];
  readonly routes: PrefixMap<RefusedRoute>;
};

/** RefusedRoute is a route that is not acted on, and why. */
export type RefusedRoute = { readonly route: Route; readonly problem: string };

const noRoutes = PrefixMap.from<Route>([]);
const nothingRefused: Refused = { pools: [], routes: PrefixMap.from([]) };

/** TableSnapshot is a whole table from a controller. */
export type TableSnapshot = {
  readonly version: Version;
  readonly routes: readonly Route[];
  readonly unresolved: readonly Prefix[];
  readonly pools: readonly PoolRange[];
  /** Read from the store for this snapshot: confirms what it withdraws. */
  readonly fresh: boolean;
};

/** mostWithdrawals is how many of `routes` routes one change may withdraw without being confirmed. */
export function mostWithdrawals(routes: number): number {
  return Math.max(3, Math.floor(routes * 0.2));
}

// What is withdrawn is among the routes still.
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

/** withSnapshot is the table after a snapshot, all of which has been accepted (accept.ts). */
export function withSnapshot(before: NodeTable | undefined, snapshot: TableSnapshot): NodeTable {
  const routes = new Map(snapshot.routes.map((route) => [prefixKey(route.subnet), route]));
  const unresolved = new Set(snapshot.unresolved.map(prefixKey));
  const withdrawn = new Set<number>();
  for (const [id, route] of before?.routes ?? []) {
    const told = routes.get(id);
    if (told === undefined && !unresolved.has(id)) withdrawn.add(id);
    // The same value where nothing has changed: what follows from the table is made anew only for what differs.
    if (told === undefined || sameRoute(told, route)) routes.set(id, route);
  }
  const { version, pools } = snapshot;
  const table = { version, routes: (before?.routes ?? noRoutes).with(routes), unresolved, pools };
  return hold(before, { table, withdrawn }, snapshot.fresh);
}

/** withDelta is the table after a delta, all of which has been accepted. It costs what the delta changes. */
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

/** withBookmark is the table at a later version at which nothing in it changed. */
export function withBookmark(before: NodeTable, version: Version): NodeTable {
  return { ...before, version };
}

/** heldSubnets are the subnets whose withdrawal waits to be confirmed. */
export function heldSubnets(table: NodeTable): readonly Prefix[] {
  return [...table.held].map(prefixFromKey);
}

/**
 * follows says whether a delta continues a table: it may begin before where the table is, not after, and not in another
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

/** isOlder says whether a table at `version` would take this node back in time. */
export function isOlder(version: Version, than: Version): boolean {
  return version.epoch < than.epoch || (version.epoch === than.epoch && version.revision < than.revision);
}
