// Writes the record of a subnet whose lease ended. Pure.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import { keys } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { SubnetRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { put, writtenIn } from './guards.js';

/** Freed is a subnet whose lease ends. */
export type Freed = {
  readonly pool: string;
  readonly subnet: Prefix;
  /** Undefined: its record is unreadable. */
  readonly before: SubnetRecord | undefined;
};

/** FormerHolder is the node that a subnet was leased to, as the record of the quarantine names it. */
export type FormerHolder = {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly address: Ipv4;
  /** When the lease ended. */
  readonly nowMs: number;
};

/** Quarantine is the write that puts a subnet into quarantine, and when that ends. */
export type Quarantine = { readonly operation: Operation; readonly subnet: Prefix; readonly untilMs: number };

/** quarantineOf returns the write that puts a freed subnet into quarantine, for as long as its pool says. */
export function quarantineOf(
  view: ReadonlyView,
  { pool, subnet, before }: Freed,
  { nodeId, nodeName, address, nowMs }: FormerHolder,
): Quarantine {
  const quarantineMs = (view.pools.get(pool)?.record.quarantineSeconds ?? 0) * 1000;
  const untilMs = nowMs + quarantineMs;
  const record = {
    ...unknownFields('subnet', before),
    state: 'quarantined' as const,
    node: nodeId,
    nodeName,
    address,
    generation: before?.generation ?? 0,
    sinceMs: nowMs,
    untilMs,
    quarantineMs,
    ...writtenIn(view),
  };
  return { operation: put(keys.subnet(pool, subnet), encode('subnet', record)), subnet, untilMs };
}
