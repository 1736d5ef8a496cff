// The records of one pool's subnets, with the indexes that allocation uses.
// Invariant: an index gives the same answer as a walk over all records, at a cost that does not grow with the number of leases.
import { subnetCount, subnetKeyAt } from '../../proto/domain/address.js';
import type { PoolRecord, SubnetRecord } from '../store/records.js';

/** ReadonlyPoolSubnets is PoolSubnets for all but the view itself. */
export type ReadonlyPoolSubnets = ReadonlyMap<number, SubnetRecord> & Pick<PoolSubnets, 'unleased' | 'leading'>;

/** PoolSubnets maps prefixKeys to records. */
export class PoolSubnets extends Map<number, SubnetRecord> {
  readonly #unleased = new Map<number, SubnetRecord>();
  /** The range that `#leading` was counted for. */
  #range: Pick<PoolRecord, 'cidr' | 'subnetLength'> | undefined;
  #leading = 0;

  /** unleased holds the records that are not leases: in quarantine, or static routes. */
  get unleased(): ReadonlyMap<number, SubnetRecord> {
    return this.#unleased;
  }

  /** leading counts the subnets at the beginning of the pool that all have a record. */
  leading({ cidr, subnetLength }: Pick<PoolRecord, 'cidr' | 'subnetLength'>): number {
    const before = this.#range;
    if (
      before?.cidr.network !== cidr.network ||
      before.cidr.length !== cidr.length ||
      before.subnetLength !== subnetLength
    ) {
      this.#range = { cidr, subnetLength };
      this.#leading = 0;
    }
    const count = subnetCount(cidr, subnetLength);
    while (this.#leading < count && this.has(subnetKeyAt(cidr, subnetLength, this.#leading))) this.#leading += 1;
    return this.#leading;
  }

  override set(id: number, record: SubnetRecord): this {
    if (record.state === 'leased') this.#unleased.delete(id);
    else this.#unleased.set(id, record);
    return super.set(id, record);
  }

  override delete(id: number): boolean {
    this.#unleased.delete(id);
    if (this.#range !== undefined) {
      const { cidr, subnetLength } = this.#range;
      // Those before it still have their records.
      while (this.#leading > 0 && subnetKeyAt(cidr, subnetLength, this.#leading - 1) >= id) this.#leading -= 1;
    }
    return super.delete(id);
  }

  override clear(): void {
    this.#unleased.clear();
    this.#leading = 0;
    super.clear();
  }
}
