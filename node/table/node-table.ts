// The node's own copy of the route table, and what it takes to change it. Pure.
// Invariant: absence alone withdraws nothing. A subnet whose record can't be read keeps its route; and a change that
// would withdraw more than max(3, 20 %) of the routes keeps all of them until a snapshot that was read from the store
// for that purpose says the same.
import { type Prefix, prefixFromKey, prefixKey } from '../../proto/domain/address.js';
import type { PoolRange, Route, TableDelta, Version } from '../../proto/domain/network.js';

/** NodeTable is the route table as this node acts on it. */
export type NodeTable = {
  readonly version: Version;
  /** By prefixKey. This node's own entry is among them. */
  readonly routes: ReadonlyMap<number, Route>;
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
  readonly routes: ReadonlyMap<number, { readonly route: Route; readonly problem: string }>;
};

const nothingRefused: Refused = { pools: [], routes: new Map() };

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

type Next = { readonly table: Omit<NodeTable, 'held' | 'refused'>; readonly withdrawn: ReadonlySet<number> };

function hold(before: NodeTable | undefined, next: Next, confirmed: boolean): NodeTable {
  const { table, withdrawn } = next;
  if (before === undefined || confirmed || withdrawn.size <= mostWithdrawals(before.routes.size)) {
    return { ...table, held: new Set(), refused: nothingRefused };
  }
  const routes = new Map(table.routes);
  for (const id of withdrawn) {
    const route = before.routes.get(id);
    if (route !== undefined) routes.set(id, route);
  }
  return { ...table, routes, held: withdrawn, refused: nothingRefused };
}

/** withSnapshot is the table after a snapshot, all of which has been accepted (accept.ts). */
export function withSnapshot(before: NodeTable | undefined, snapshot: TableSnapshot): NodeTable {
  const routes = new Map(snapshot.routes.map((route) => [prefixKey(route.subnet), route]));
  const unresolved = new Set(snapshot.unresolved.map(prefixKey));
  const withdrawn = new Set<number>();
  for (const [id, route] of before?.routes ?? []) {
    if (routes.has(id)) continue;
    if (unresolved.has(id)) routes.set(id, route);
    else withdrawn.add(id);
  }
  const { version, pools } = snapshot;
  return hold(before, { table: { version, routes, unresolved, pools }, withdrawn }, snapshot.fresh);
}

/** withDelta is the table after a delta, all of which has been accepted. */
export function withDelta(before: NodeTable, delta: TableDelta): NodeTable {
  const routes = new Map(before.routes);
  const unresolved = new Set(before.unresolved);
  const withdrawn = new Set(before.held);
  for (const route of delta.upserts) {
    const id = prefixKey(route.subnet);
    routes.set(id, route);
    unresolved.delete(id);
    withdrawn.delete(id);
  }
  for (const subnet of delta.removals) {
    const id = prefixKey(subnet);
    unresolved.delete(id);
    if (routes.has(id)) withdrawn.add(id);
  }
  for (const subnet of delta.unresolved) unresolved.add(prefixKey(subnet));
  for (const id of withdrawn) routes.delete(id);
  const pools = delta.pools ?? before.pools;
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
