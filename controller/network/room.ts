// Whether a pool has subnets left for the nodes of a network. Pure.

import { XnetError } from '../../proto/errors.js';
import { doubtOf, poolState } from '../registry/lookup.js';
import { usageOf } from '../registry/usage.js';
import type { NodeRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';

/** Room describes the free subnets of a pool. */
export type Room = {
  /** Number of subnets that any node can get. */
  readonly free: number;
  /**
   * Reports whether a node may get a subnet that other nodes can't get: one that is reserved for it, or its own former
   * one in quarantine.
   */
  readonly hasOwn: (node: Pick<NodeRecord, 'name' | 'address'>) => boolean;
};

/** roomIn returns the room of a pool. @throws XnetError as poolState does */
export function roomIn(view: ReadonlyView, pool: string, nowMs: number): Room {
  const state = poolState(view, pool);
  const { free } = usageOf({ ...state, ...doubtOf(view, state.record) }, nowMs);
  const names = new Set(state.record.reservations.flatMap(({ nodeName }) => nodeName ?? []));
  const addresses = new Set<number>();
  for (const record of state.subnets.values()) {
    if (record.state === 'quarantined') addresses.add(record.address);
    else if (record.state === 'static') addresses.add(record.nextHop);
  }
  return { free, hasOwn: ({ name, address }) => names.has(name) || addresses.has(address) };
}

/** roomIfKnown returns the room of a pool; undefined if its record is gone or unreliable. */
export function roomIfKnown(view: ReadonlyView, pool: string, nowMs: number): Room | undefined {
  try {
    return roomIn(view, pool, nowMs);
  } catch (error) {
    if (error instanceof XnetError) return undefined;
    throw error;
  }
}
