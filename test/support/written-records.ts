// Records that another party writes into a store key by key, and the view and the table that follow them.
import { encode } from '../../controller/store/record-codec.js';
import type { LeaseRecord } from '../../controller/store/records.js';
import type { Change, Entry } from '../../controller/store/store.js';
import { FleetTable } from '../../controller/table/fleet-table.js';
import { View } from '../../controller/view/view.js';
import { leased, nodeRecord, poolRecord, prefix } from './pools.js';

/** Rig is a store of keys, with a view that follows it as a controller's does. */
export class Rig {
  readonly view = new View();
  readonly table = new FleetTable();
  readonly #entries = new Map<string, Entry>();
  #revision = 1;

  /** Puts keys in one transaction; undefined deletes one. */
  write(values: Readonly<Record<string, string | undefined>>): this {
    this.#revision += 1;
    const modRevision = this.#revision;
    const changes = Object.entries(values).flatMap(([key, value]): Change[] => {
      const before = this.#entries.get(key);
      if (value === undefined) {
        this.#entries.delete(key);
        return before === undefined ? [] : [{ kind: 'delete', key, modRevision }];
      }
      const entry = { key, value, modRevision, createRevision: before?.createRevision ?? modRevision };
      this.#entries.set(key, entry);
      return [{ kind: 'put', entry }];
    });
    this.table.update(this.view, this.view.apply(changes, modRevision));
    return this;
  }

  /** A controller that starts at this moment. */
  restarted(former?: View): { readonly view: View; readonly table: FleetTable } {
    const view = new View(former);
    const table = new FleetTable();
    table.update(view, view.replace({ revision: this.#revision, storeId: 's', entries: [...this.#entries.values()] }));
    return { view, table };
  }

  join(index: number, pool = 'default'): this {
    const [name, at] = [`web-${index}`, `192.168.83.${index}`];
    return this.write({
      [`nodes/n-${index}`]: encode('node', nodeRecord(name, at)),
      [`names/${name}`]: encode('name', { node: `n-${index}` }),
      [`addresses/${at}`]: encode('address', { node: `n-${index}` }),
      [`subnets/${pool}/10.76.${index}.0-24`]: lease(`n-${index}`),
    });
  }
}

/** LeaseFields are the optional fields of a lease's record. */
export type LeaseFields = Partial<Pick<LeaseRecord, 'endingMs' | 'mode' | 'networkName' | 'bridgeName'>>;

/** lease returns the stored record of a subnet leased to a node. */
export const lease = (node: string, more: LeaseFields = {}) => encode('subnet', { ...leased(node), ...more });
/** pool returns the stored record of a pool with this range. */
export const pool = (cidr: string, length = 24) => encode('pool', poolRecord(prefix(cidr), length));
/** freed is the stored record of a subnet in quarantine that n-0 held. */
export const freed = JSON.stringify({
  state: 'quarantined',
  node: 'n-0',
  nodeName: 'old',
  address: '192.168.83.9',
  generation: 1,
  sinceMs: 0,
  untilMs: 1,
});
