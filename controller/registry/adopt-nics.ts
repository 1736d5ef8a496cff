// Decides which nics a store that was restored from a backup gets back from the host that has them. Pure.
// Invariant: nics in the store stay as they are; a returning host loses no nic because the backup is older.
import type { Assignment } from '../../proto/domain/network.js';
import { mostNics } from '../../proto/domain/nic.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { Guard, Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, put } from './guards.js';
import { type NicRecord, nicRecords } from './nics.js';

/** NicsBack is the change that gives a node the nics that its host holds; empty where the store knows them all. */
export type NicsBack = { readonly guards: readonly Guard[]; readonly operations: readonly Operation[] };

/** nicsBack decides which nics a node gets back. */
export function nicsBack(view: ReadonlyView, nodeId: string, { nics }: Assignment, nowMs: number): NicsBack {
  const key = keys.nics(nodeId);
  const present = nicRecords(view, nodeId);
  const lost = (nics?.nics ?? []).filter(
    ({ address, container, interfaceName }) =>
      !present.some(
        (nic) => nic.address === address || (nic.container === container && nic.interfaceName === interfaceName),
      ),
  );
  if (lost.length === 0 || view.undecodable.has(key)) return { guards: [], operations: [] };
  const all: readonly NicRecord[] = [...present, ...lost.map((nic) => ({ ...nic, addedMs: nowMs }))];
  const record = { ...view.nics.get(nodeId)?.record, nics: all.slice(0, mostNics) };
  return { guards: [asSeen(view, key)], operations: [put(key, encode('nics', record))] };
}
