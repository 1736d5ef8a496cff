// Checks what a pool's range must not overlap: other pools, their subnets, addresses of nodes and of the hosts of
// static routes, networks of hosts. Pure.
// Invariant: an overlap that a pool already has does not prevent a change of the pool.
import { formatIpv4, formatPrefix, type Prefix, prefixCovers, prefixesOverlap } from '../../proto/domain/address.js';
import type { Lan } from '../../proto/domain/network.js';
import { prefixes } from '../store/keys.js';
import type { ReadonlyView } from '../view/view.js';
import { isOfLan } from './lan.js';

/** Range is the new range of a pool, and its present one; absent: the pool is new. */
export type Range = {
  readonly name: string;
  readonly cidr: Prefix;
  readonly present?: Prefix;
  /** Of a pool of mode lan, which may have addresses of hosts. */
  readonly lan?: Lan | undefined;
};

/** clashes returns why a pool can't have a range, one line each; empty: it can. */
export function clashes(view: ReadonlyView, { name: own, cidr, present, lan }: Range): string[] {
  const found: string[] = [];
  const isNew = (prefix: Prefix) => present === undefined || !prefixesOverlap(prefix, present);
  for (const [name, held] of view.pools) {
    if (name === own && present !== undefined) continue;
    if (prefixesOverlap(held.record.cidr, cidr)) {
      found.push(`it overlaps pool ${name} (${formatPrefix(held.record.cidr)})`);
    }
  }
  const isOwn = (key: string) => present !== undefined && key.startsWith(prefixes.subnetsOf(own));
  const records = view.recordsIn(cidr).filter(({ key, subnet }) => !isOwn(key) || isNew(subnet));
  // The subnets of an overlapping pool are not listed as well.
  if (records.length > 0 && found.length === 0) {
    const some = records.slice(0, 3).map(({ key }) => key);
    const more = records.length > 3 ? `, and ${records.length - 3} more` : '';
    found.push(`it overlaps subnets in the store: ${some.join(', ')}${more}`);
  }
  for (const held of lan === undefined ? view.nodes.values() : []) {
    const address = { network: held.record.address, length: 32 };
    if (prefixCovers(cidr, address) && isNew(address)) {
      found.push(`it covers the address of node ${held.record.name} (${formatIpv4(held.record.address)})`);
    }
  }
  for (const { subnet, record } of view.subnets.values()) {
    if (record.state !== 'static' || lan !== undefined) continue;
    const nextHop = { network: record.nextHop, length: 32 };
    if (!prefixCovers(cidr, nextHop) || !isNew(nextHop)) continue;
    found.push(`it covers ${formatIpv4(record.nextHop)}, the next hop of the static route to ${formatPrefix(subnet)}`);
  }
  for (const [id, held] of view.statuses) {
    const name = view.nodes.get(id)?.record.name;
    if (name === undefined) continue;
    for (const { prefix, source } of held.record.hostNetworks) {
      if (prefixesOverlap(prefix, cidr) && isNew(prefix) && !isOfLan(lan, prefix)) {
        found.push(`it overlaps ${formatPrefix(prefix)} of ${source} on node ${name}`);
      }
    }
  }
  return found;
}
