// Finds pools and nodes in the view. Its errors list the existing ones.
import { formatIpv4, formatPrefix, type Ipv4, prefixContains, prefixesOverlap } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import type { NodeRecord, PoolRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import type { Doubt, PoolState } from './allocate.js';
import { barredIn, usedWith } from './lan.js';

/**
 * poolState returns the state of a pool that allocation needs.
 * @param taken prefixKeys of the subnets that pending commits write
 * @throws XnetError NotFound; FailedPrecondition if its record is unreadable or contradicts others
 */
export function poolState(view: ReadonlyView, name: string, taken: ReadonlySet<number> = new Set()): PoolState {
  const held = view.pools.get(name);
  requireReadable(view, keys.pool(name), held !== undefined);
  if (held === undefined) throw noSuchPool(view, name);
  const subnets = view.subnetsOfPool.get(name);
  return {
    name,
    record: held.record,
    subnets: subnets ?? new Map(),
    ...(subnets === undefined ? {} : { unleased: subnets.unleased, leading: subnets.leading(held.record) }),
    excluded: taken,
    ...doubtOf(view, held.record),
    blocked: [...view.strays.values()].filter((stray) => prefixesOverlap(stray, held.record.cidr)),
    barred: barredIn(view, held.record),
  };
}

/** doubtOf returns how long subnets of a pool are in doubt after a restored store was accepted. */
export function doubtOf(view: ReadonlyView, { quarantineSeconds }: PoolRecord): { readonly doubt?: Doubt } {
  const { acceptedMs, epoch = 0 } = view.cluster?.record ?? {};
  return acceptedMs === undefined ? {} : { doubt: { untilMs: acceptedMs + quarantineSeconds * 1000, epoch } };
}

/**
 * requireReadable checks that the view and the store agree on a record, so that no decision is based on, and no write
 * replaces, an unreadable record.
 * @param believed whether the view holds a record for the key
 * @throws XnetError FailedPrecondition
 */
export function requireReadable(view: ReadonlyView, key: string, believed: boolean): void {
  const problem = view.contradictions.get(key) ?? (believed && view.modRevisionOf(key) === 0 ? 'it was deleted' : '');
  if (problem !== '') throw unreliable(key, problem);
  requireDecodable(view, key);
}

/**
 * requireDecodable checks that a record is readable before it is replaced.
 * @throws XnetError FailedPrecondition
 */
export function requireDecodable(view: ReadonlyView, key: string): void {
  const problem = view.undecodable.get(key);
  if (problem !== undefined) throw unreliable(key, problem);
}

function unreliable(key: string, problem: string): XnetError {
  return new XnetError('FailedPrecondition', `the record ${key} can't be relied on: ${problem}`, {
    hint: 'it was written by hand, or by a newer version: correct it with etcdctl, or bring all controllers to one version',
  });
}

/**
 * requireFreeName checks that no record holds a name.
 * @throws XnetError FailedPrecondition
 */
export function requireFreeName(view: ReadonlyView, name: string): void {
  requireAbsent(view, keys.name(name), `the name ${name}`);
}

function requireAbsent(view: ReadonlyView, key: string, what: string): void {
  if (view.modRevisionOf(key) === 0) return;
  throw new XnetError('FailedPrecondition', `${what} is held by the record ${key}, which belongs to no known node`, {
    hint: 'see: xctl status',
  });
}

/** poolNames returns the names of all pools, including those whose record is unreadable. */
export function poolNames(view: ReadonlyView): readonly string[] {
  const unreadable = [...view.undecodable.keys()].filter((key) => key.startsWith(prefixes.pools));
  return [...new Set([...view.pools.keys(), ...unreadable.map((key) => key.slice(prefixes.pools.length))])].sort();
}

/** noSuchPool returns the error for a pool that does not exist. */
export function noSuchPool(view: ReadonlyView, name: string): XnetError {
  const names = poolNames(view).join(', ');
  return new XnetError('NotFound', `there is no pool ${name}`, {
    hint: names === '' ? 'create one with: xctl pools create default 10.76.0.0/16' : `pools: ${names}`,
  });
}

/**
 * choosePool returns the requested pool, or the one named default, or the only one.
 * @throws XnetError NotFound, InvalidArgument
 */
export function choosePool(view: ReadonlyView, wanted: string | undefined): string {
  if (wanted !== undefined) return wanted;
  const names = poolNames(view);
  if (names.includes('default')) return 'default';
  const [only] = names;
  if (only === undefined) throw noSuchPool(view, 'default');
  if (names.length === 1) return only;
  throw new XnetError('InvalidArgument', `there are several pools: select one with --pool`, {
    hint: `pools: ${names.join(', ')}`,
  });
}

/** requireNode returns the node with an id. Throws XnetError NotFound. */
export function requireNode(view: ReadonlyView, id: string): NodeRecord {
  const held = view.nodes.get(id);
  if (held === undefined) throw new XnetError('NotFound', `there is no node ${id}`, { hint: 'see: xctl nodes list' });
  return held.record;
}

function poolCovering(view: ReadonlyView, address: Ipv4): string | undefined {
  for (const [name, held] of view.pools) {
    const { cidr, mode } = held.record;
    if (mode !== 'lan' && prefixContains(cidr, address)) return name;
  }
  return undefined;
}

/**
 * requireFreeAddress checks that an address can become the address of node `id`; undefined: of a new node.
 * @throws XnetError AlreadyExists, FailedPrecondition
 */
export function requireFreeAddress(view: ReadonlyView, address: Ipv4, id: string | undefined): void {
  const holder = view.nodeOfAddress.get(address);
  if (holder !== undefined && holder !== id) {
    const name = view.nodes.get(holder)?.record.name ?? holder;
    throw new XnetError('AlreadyExists', `address ${formatIpv4(address)} is that of node ${name}`, {
      hint: `see: xctl nodes show ${name}`,
    });
  }
  if (holder === undefined) requireAbsent(view, keys.address(address), `address ${formatIpv4(address)}`);
  const pool = poolCovering(view, address);
  if (pool !== undefined) {
    throw new XnetError(
      'FailedPrecondition',
      `address ${formatIpv4(address)} lies inside pool ${pool}: a node address has to be on the network between the hosts`,
    );
  }
  const used = usedWith(view, address);
  if (used !== undefined) {
    throw new XnetError(
      'FailedPrecondition',
      `address ${formatIpv4(address)} lies inside ${formatPrefix(used)}, which containers may have addresses of`,
      { hint: 'choose an address outside of the subnets that are leased: xctl leases list' },
    );
  }
}

/** sameLabels reports whether two sets of labels are equal. */
export function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
