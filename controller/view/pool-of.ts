// The pool that an address range belongs to. Pure.
import { type Prefix, prefixCovers } from '../../proto/domain/address.js';
import type { PoolRecord } from '../store/records.js';
import type { Held } from './held.js';
import type { ReadonlyView } from './view.js';

/** poolOf returns the pool whose CIDR contains a prefix, with its name. */
export function poolOf(view: ReadonlyView, subnet: Prefix): readonly [string, Held<PoolRecord>] | undefined {
  for (const entry of view.pools) if (prefixCovers(entry[1].record.cidr, subnet)) return entry;
  return undefined;
}
