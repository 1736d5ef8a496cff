// The node's copy of the route table, and its changes. Pure.
// Invariant: absence alone withdraws no route. A subnet whose record can't be read keeps its route, and a change that
// would withdraw more than max(3, 20 %) of the routes keeps all of them until a snapshot read from the store
// for this purpose shows that these leases ended, or an operator has approved it. What the store does not explain waits,
// however little of it is left; so does a static route that a restored store does not have.
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
  /** Routes that the controller withdrew and this node keeps until that is confirmed or approved; by prefixKey. */
  readonly held: ReadonlyMap<number, HeldRoute>;
  /** The refused part of the controller's table, with reasons: "is not within a pool of this node". */
  readonly refused: Refused;
};

/** HeldRoute is a withdrawal that waits. */
export type HeldRoute = {
  /** The newest version at which a controller said that there is no such route. */
  readonly version: Version;
  /** The store was asked, and has no record that the lease ended: an operator has to approve. */
  readonly isUnexplained: boolean;
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
  /** Read from the store for this snapshot: it confirms the withdrawals that were asked about (toExplain). */
  readonly fresh: boolean;
  /** Those of them that the store does not explain. */
  readonly unexplained?: readonly Prefix[];
};

// About 9 bytes each in a request, which may have 256 KiB.
const mostAsked = 16_384;

/** toExplain returns the held routes that the store is to be asked about. */
export function toExplain({ held }: Pick<NodeTable, 'held'>): readonly Prefix[] {
  const asked: Prefix[] = [];
  for (const [id, { isUnexplained }] of held) {
    if (!isUnexplained && asked.length < mostAsked) asked.push(prefixFromKey(id));
  }
  return asked;
}

/** mostWithdrawals returns how many of `routes` routes one change may withdraw without confirmation. */
export function mostWithdrawals(routes: number): number {
  return Math.max(3, Math.floor(routes * 0.2));
}

// Held routes are still among the routes.
type Next = {
  readonly table: Omit<NodeTable, 'held' | 'refused'>;
  readonly withdrawn: ReadonlyMap<number, HeldRoute>;
  /** The part of it that the store has confirmed. */
  readonly confirmed: ReadonlySet<number>;
};

const nothingConfirmed: ReadonlySet<number> = new Set();

function hold(before: NodeTable | undefined, { table, withdrawn, confirmed }: Next): NodeTable {
  const waiting = new Map([...withdrawn].filter(([id]) => !confirmed.has(id)));
  // Hosts of a store that lost records come back one by one: the routes to the last of them wait like those to the first.
  // The host of a static route never comes back by itself, so a restored store without it has to be explained.
  const isRestored = before !== undefined && before.version.epoch !== table.version.epoch;
  const isKept = ([id, { isUnexplained }]: readonly [number, HeldRoute]) => {
    const was = before?.held.get(id);
    if (before?.routes.get(id)?.isStatic) return was !== undefined || isRestored;
    return was !== undefined && (isUnexplained || was.isUnexplained);
  };
  const isMany = waiting.size > mostWithdrawals(before?.routes.size ?? 0);
  const held = isMany ? waiting : new Map([...waiting].filter(isKept));
  const gone = [...withdrawn.keys()].filter((id) => !held.has(id));
  const routes = table.routes.with(gone.map((id) => [id, undefined] as const));
  return { ...table, routes, held, refused: nothingRefused };
}

function sameRoute(a: Route, b: Route): boolean {
  return a.nextHop === b.nextHop && a.nodeName === b.nodeName && a.isStatic === b.isStatic;
}

/** withSnapshot returns the table after a snapshot that was accepted as a whole (admission-rules.ts). */
export function withSnapshot(before: NodeTable | undefined, snapshot: TableSnapshot): NodeTable {
  const routes = new Map(snapshot.routes.map((route) => [prefixKey(route.subnet), route]));
  const unresolved = new Set(snapshot.unresolved.map(prefixKey));
  const { version, pools, fresh } = snapshot;
  const unexplained = new Set(snapshot.unexplained?.map(prefixKey));
  const asked = fresh && before !== undefined ? toExplain(before).map(prefixKey) : [];
  const withdrawn = new Map<number, HeldRoute>();
  for (const [id, route] of before?.routes ?? []) {
    const received = routes.get(id);
    if (received === undefined && !unresolved.has(id)) {
      const wasUnexplained = fresh && before?.held.get(id)?.isUnexplained === true;
      withdrawn.set(id, { version, isUnexplained: unexplained.has(id) || wasUnexplained });
    }
    // Unchanged parts keep their identity: values derived from the table are recomputed only for the differences.
    if (received === undefined || sameRoute(received, route)) routes.set(id, route);
  }
  const confirmed = new Set(asked.filter((id) => !unexplained.has(id)));
  const table = { version, routes: (before?.routes ?? noRoutes).with(routes), unresolved, pools };
  return hold(before, { table, withdrawn, confirmed });
}

/** withDelta returns the table after a delta that was accepted as a whole. Its cost is proportional to the delta. */
export function withDelta(before: NodeTable, delta: TableDelta): NodeTable {
  const changes = new Map<number, Route | undefined>();
  const unresolved = new Set(before.unresolved);
  const withdrawn = new Map(before.held);
  for (const route of delta.upserts) {
    const id = prefixKey(route.subnet);
    changes.set(id, route);
    unresolved.delete(id);
    withdrawn.delete(id);
  }
  for (const subnet of delta.removals) {
    const id = prefixKey(subnet);
    unresolved.delete(id);
    if (before.routes.has(id)) withdrawn.set(id, { version: delta.to, isUnexplained: false });
    changes.delete(id);
  }
  for (const subnet of delta.unresolved) unresolved.add(prefixKey(subnet));
  const pools = delta.pools ?? before.pools;
  const routes = before.routes.with(changes);
  const table = { version: delta.to, routes, unresolved, pools };
  return hold(before, { table, withdrawn, confirmed: nothingConfirmed });
}

/** withBookmark returns the table at a later version without a change. */
export function withBookmark(before: NodeTable, version: Version): NodeTable {
  return { ...before, version };
}

/**
 * withApproval returns the table without the routes that are held and whose withdrawal was approved by an operator.
 * Routes that were withdrawn at a later version stay held; the same table if nothing is approved.
 */
export function withApproval(table: NodeTable, approved: Version): NodeTable {
  if (approved.clusterId !== table.version.clusterId) return table;
  const gone = [...table.held].flatMap(([id, { version }]) => (isOlder(approved, version) ? [] : [id]));
  if (gone.length === 0) return table;
  const held = new Map(table.held);
  for (const id of gone) held.delete(id);
  return { ...table, held, routes: table.routes.with(gone.map((id) => [id, undefined] as const)) };
}

/** heldSubnets returns the subnets whose withdrawal waits. */
export function heldSubnets(table: NodeTable): readonly Prefix[] {
  return [...table.held.keys()].map(prefixFromKey);
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
