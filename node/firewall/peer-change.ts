// A change of the peers alone, as elements of our sets: its cost is that of the change, however many peers there are. Pure.
// Invariant: where elements are returned, the table with them is what a turn with all peers would make of it.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import { prefixesOverlap } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import type { PrefixMap } from '../../proto/domain/prefix-map.js';
import type { OwnSubnet } from '../table/own-subnets.js';
import { type InstalledTable, type SetElements, setName } from './ruleset.js';

/** PeerChange lists the subnets of peers that came and of those that left. */
export type PeerChange = { readonly added: readonly Prefix[]; readonly removed: readonly Prefix[] };

type Routes = PrefixMap<Route>;

/** peerChange returns how the peers of one route table differ from those of another. */
export function peerChange(before: Routes, now: Routes, own: readonly OwnSubnet[]): PeerChange {
  const added: Prefix[] = [];
  const removed: Prefix[] = [];
  for (const key of now.changedSince(before)) {
    const [was, is] = [before.get(key)?.subnet, now.get(key)?.subnet];
    const subnet = is ?? was;
    // Of a peer that moved, only the next hop is another.
    if (subnet === undefined || (was !== undefined && is !== undefined)) continue;
    if (own.some((each) => prefixesOverlap(subnet, each.subnet))) continue;
    if (is === undefined) removed.push(subnet);
    else added.push(subnet);
  }
  return { added, removed };
}

type Elements = { readonly missing: Ipv4[]; readonly superfluous: Ipv4[] };

/** setElementsOf returns the elements to change; undefined if more has to change, or the table is not as before the change. */
export function setElementsOf(change: PeerChange, { sets }: InstalledTable): readonly SetElements[] | undefined {
  const changes = new Map<string, Elements>();
  const of = (name: string): Elements => {
    const known = changes.get(name) ?? { missing: [], superfluous: [] };
    changes.set(name, known);
    return known;
  };
  for (const { network, length } of change.added) {
    if (sets.get(setName(length))?.has(network) !== false) return undefined;
    of(setName(length)).missing.push(network);
  }
  for (const { network, length } of change.removed) {
    if (sets.get(setName(length))?.has(network) !== true) return undefined;
    of(setName(length)).superfluous.push(network);
  }
  const found = Array.from(changes, ([name, elements]) => ({ name, ...elements }));
  // A length that no peer has any more has no set and no rules.
  const isEmptied = ({ name, missing, superfluous }: SetElements) =>
    (sets.get(name)?.size ?? 0) + missing.length === superfluous.length;
  return found.some(isEmptied) ? undefined : found;
}
