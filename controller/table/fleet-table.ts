// The route table that every node receives: one entry per leased subnet and static route, derived from the view, with a history that
// answers "what changed since revision R".
// Invariant: the history holds which subnets changed and when, not their former state. Answers contain the newest state, so
// any number of changes of one subnet add one entry.
import { type Prefix, prefixesEqual, prefixFromKey } from '../../proto/domain/address.js';
import type { PoolRange, Route, TableDelta, Version } from '../../proto/domain/network.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewChanges } from '../view/view-changes.js';

/** TableEntry is a route, or a subnet whose holder is unresolved: nodes keep their present route to it. */
export type TableEntry = { readonly kind: 'route'; readonly route: Route } | { readonly kind: 'unresolved' };

/**
 * entryOf returns the entry of one subnet; undefined if no node routes to it, as to one of mode lan. Nodes stop routing to a node that is leaving.
 */
export function entryOf(view: ReadonlyView, id: number): TableEntry | undefined {
  const held = view.subnets.get(id);
  // Hosts reach a subnet of their own LAN by ARP.
  if (held !== undefined && view.pools.get(held.pool)?.record.mode === 'lan') return undefined;
  if (held === undefined) return view.unresolvedSubnets.has(id) ? { kind: 'unresolved' } : undefined;
  if (held.record.state === 'quarantined') return undefined;
  if (held.record.state === 'static') {
    const { nextHop, name: nodeName } = held.record;
    return { kind: 'route', route: { subnet: held.subnet, nextHop, nodeName, isStatic: true } };
  }
  const node = view.nodes.get(held.record.node);
  // A lease ends in the commit that removes its node, so a lease without a node is a fault in the records.
  if (node === undefined) return { kind: 'unresolved' };
  if (node.record.availability === 'leaving') return undefined;
  // The node may have been removed after the backup that the store was restored from: no node adds a route to it.
  if (view.isAwaited(held.record.node)) return { kind: 'unresolved' };
  return {
    kind: 'route',
    route: { subnet: held.subnet, nextHop: node.record.address, nodeName: node.record.name },
  };
}

function sameEntry(a: TableEntry | undefined, b: TableEntry | undefined): boolean {
  if (a?.kind !== 'route' || b?.kind !== 'route') return a?.kind === b?.kind;
  const { nextHop, nodeName, isStatic } = a.route;
  return nextHop === b.route.nextHop && nodeName === b.route.nodeName && isStatic === b.route.isStatic;
}

type HistoryRow = { readonly revision: number; readonly subnet: number };

// As many changes as a large fleet makes in a busy hour. A row takes about 50 bytes.
const longestHistory = 65_536;

/** FleetTable is the route table at the view's revision. */
export class FleetTable {
  readonly #entries = new Map<number, TableEntry>();
  #history: HistoryRow[] = [];
  #pools: readonly PoolRange[] = [];
  #poolsRevision = 0;
  #revision = 0;
  #changedAt = 0;
  /** Changes after this revision are in the history. */
  #floor = 0;

  /** entries returns the entries by prefixKey. */
  get entries(): ReadonlyMap<number, TableEntry> {
    return this.#entries;
  }

  /** revision returns the revision of the view that the table reflects. */
  get revision(): number {
    return this.#revision;
  }

  /** changedAt returns the revision of the table's last change. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** pools returns the ranges of all pools that are routed, sorted by address: of all but those of mode lan. */
  get pools(): readonly PoolRange[] {
    return this.#pools;
  }

  /**
   * restart forgets the history, so nodes at revisions before `revision` need a snapshot. It is called for a new epoch and
   * for the first listing.
   */
  restart(revision: number): void {
    this.#history = [];
    this.#floor = revision;
  }

  /** update applies a batch of changes of the view, and reports whether the table changed. */
  update(view: ReadonlyView, touched: ViewChanges): boolean {
    let changed = false;
    for (const id of touched.subnets) {
      const entry = entryOf(view, id);
      if (sameEntry(this.#entries.get(id), entry)) continue;
      if (entry === undefined) this.#entries.delete(id);
      else this.#entries.set(id, entry);
      this.#history.push({ revision: view.revision, subnet: id });
      changed = true;
    }
    if (touched.pools && this.#takePools(view)) changed = true;
    this.#revision = view.revision;
    if (changed) this.#changedAt = view.revision;
    if (this.#history.length > longestHistory) this.#shorten();
    return changed;
  }

  /** routedSince returns the revision since which the table has the present entry of a subnet, by prefixKey, or a later one. */
  routedSince(id: number): number {
    return this.#history.findLast(({ subnet }) => subnet === id)?.revision ?? this.#floor;
  }

  /** hasSince reports whether the history has everything that changed after `revision`. */
  hasSince(revision: number): boolean {
    return revision >= this.#floor && revision <= this.#revision;
  }

  /** changesSince counts the subnets that changed after `revision`. Requires hasSince(revision). */
  changesSince(revision: number): number {
    return this.#changedSince(revision).size;
  }

  /** since returns the changes after `revision`, merged by subnet. Requires hasSince(revision). */
  since(revision: number, version: Version): TableDelta {
    const upserts: Route[] = [];
    const removals: Prefix[] = [];
    const unresolved: Prefix[] = [];
    for (const id of this.#changedSince(revision)) {
      const entry = this.#entries.get(id);
      if (entry === undefined) removals.push(prefixFromKey(id));
      else if (entry.kind === 'route') upserts.push(entry.route);
      else unresolved.push(prefixFromKey(id));
    }
    return {
      fromRevision: revision,
      to: version,
      upserts,
      removals,
      unresolved,
      pools: this.#poolsRevision > revision ? this.#pools : undefined,
    };
  }

  #changedSince(revision: number): Set<number> {
    const ids = new Set<number>();
    for (let index = this.#history.length - 1; index >= 0; index--) {
      const row = this.#history[index];
      if (row === undefined || row.revision <= revision) break;
      ids.add(row.subnet);
    }
    return ids;
  }

  #takePools(view: ReadonlyView): boolean {
    const pools = [...view.pools.values()]
      .filter(({ record }) => record.mode !== 'lan')
      .map(({ record }) => ({ ...record.cidr, subnetLength: record.subnetLength }))
      .sort((a, b) => a.network - b.network);
    const same =
      pools.length === this.#pools.length &&
      pools.every((pool, index) => {
        const before = this.#pools[index];
        return before !== undefined && prefixesEqual(before, pool) && before.subnetLength === pool.subnetLength;
      });
    if (same) return false;
    this.#pools = pools;
    this.#poolsRevision = view.revision;
    return true;
  }

  #shorten(): void {
    const cut = this.#history.length - longestHistory / 2;
    this.#floor = this.#history[cut - 1]?.revision ?? this.#floor;
    this.#history = this.#history.filter((row) => row.revision > this.#floor);
  }
}
