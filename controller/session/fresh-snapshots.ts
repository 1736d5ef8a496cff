// Snapshots of tables that were read from the store itself, for nodes that hold withdrawals.
// Invariant: nodes that ask at the same moment share one reading, one table, and mostly one encoded snapshot.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import type { Version } from '../../proto/domain/network.js';
import { unexplained } from '../table/ended-leases.js';
import { FleetTable } from '../table/fleet-table.js';
import type { ReadonlyView } from '../view/view.js';
import { noViewChanges } from '../view/view-changes.js';
import { encodeSnapshot, type Snapshot } from './encoding.js';

type Read = { readonly table: FleetTable; last?: { readonly key: string; readonly snapshot: Snapshot } };

/** FreshSnapshots encodes them. The snapshots of a view are freed with it. */
export class FreshSnapshots {
  readonly #read = new WeakMap<ReadonlyView, Read>();

  /**
   * of returns the snapshot of a view that was read from the store.
   * @param version of the view
   * @param held the node's held routes
   */
  of(view: ReadonlyView, version: Version, held: readonly Prefix[]): Snapshot {
    const read = this.#read.get(view) ?? { table: tableOf(view) };
    this.#read.set(view, read);
    const missing = unexplained(view, held);
    const key = missing.map(formatPrefix).join();
    if (read.last?.key !== key) read.last = { key, snapshot: encodeSnapshot(read.table, version, missing) };
    return read.last.snapshot;
  }
}

function tableOf(view: ReadonlyView): FleetTable {
  const table = new FleetTable();
  const subnets = new Set([...view.subnets.keys(), ...view.unresolvedSubnets.keys()]);
  table.update(view, { ...noViewChanges(), subnets, pools: true });
  return table;
}
