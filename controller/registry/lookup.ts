// Finding pools and nodes in the view, with errors that say what there is instead.
import { formatIpv4, type Ipv4, prefixCovers, prefixesOverlap } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import type { NodeRecord, PoolRecord } from '../store/records.js';
import type { Doubt, PoolState } from '../table/allocate.js';
import type { ReadonlyView } from '../view/view.js';

/**
 * poolState is what allocation needs to know of a pool.
 * @throws XnetError NotFound; FailedPrecondition when its record can't be relied on
 */
export function poolState(view: ReadonlyView, name: string, inFlight: ReadonlySet<number> = new Set()): PoolState {
  const held = view.pools.get(name);
  requireReadable(view, keys.pool(name), held !== undefined);
  if (held === undefined) throw noSuchPool(view, name);
  return {
    name,
    record: held.record,
    subnets: view.subnetsOfPool.get(name) ?? new Map(),
    excluded: inFlight,
    ...doubtOf(view, held.record),
    blocked: [...view.strays.values()].filter((stray) => prefixesOverlap(stray, held.record.cidr)),
  };
}

/** doubtOf is what is not known of a pool since a restored store was accepted. */
export function doubtOf(view: ReadonlyView, { quarantineSeconds }: PoolRecord): { readonly doubt?: Doubt } {
  const { acceptedMs, epoch = 0 } = view.cluster?.record ?? {};
  return acceptedMs === undefined ? {} : { doubt: { untilMs: acceptedMs + quarantineSeconds * 1000, epoch } };
}

/**
 * requireReadable makes sure that a record is as it is believed to be, so that nothing is decided on, or written over,
 * what can't be read.
 * @param believed something is believed of it
 * @throws XnetError FailedPrecondition
 */
export function requireReadable(view: ReadonlyView, key: string, believed: boolean): void {
  const problem = view.contradictions.get(key) ?? (believed && view.modRevisionOf(key) === 0 ? 'it was deleted' : '');
  if (problem !== '') throw unreliable(key, problem);
  requireDecodable(view, key);
}

/**
 * requireDecodable makes sure that nothing is written over a record that can't be read.
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
 * requireFreeName makes sure that no record of another node holds a name.
 * @throws XnetError FailedPrecondition
 */
export function requireFreeName(view: ReadonlyView, name: string): void {
  requireAbsent(view, keys.name(name), `the name ${name}`);
}

function requireAbsent(view: ReadonlyView, key: string, what: string): void {
  if (view.modRevisionOf(key) === 0) return;
  throw new XnetError('FailedPrecondition', `${what} is held by the record ${key}, which belongs to no node we know`, {
    hint: 'see: xctl status',
  });
}

/** poolNames are all pools, those whose record can't be read included. */
export function poolNames(view: ReadonlyView): readonly string[] {
  const unreadable = [...view.undecodable.keys()].filter((key) => key.startsWith(prefixes.pools));
  return [...new Set([...view.pools.keys(), ...unreadable.map((key) => key.slice(prefixes.pools.length))])].sort();
}

/** noSuchPool is the error for a pool that is not there. */
export function noSuchPool(view: ReadonlyView, name: string): XnetError {
  const names = poolNames(view).join(', ');
  return new XnetError('NotFound', `there is no pool ${name}`, {
    hint: names === '' ? 'create one with: xctl pools create default 10.76.0.0/16' : `pools: ${names}`,
  });
}

/**
 * choosePool is the pool that was asked for, the one named default, or the only one there is.
 * @throws XnetError NotFound, InvalidArgument
 */
export function choosePool(view: ReadonlyView, wanted: string | undefined): string {
  if (wanted !== undefined) return wanted;
  const names = poolNames(view);
  if (names.includes('default')) return 'default';
  const [only] = names;
  if (only === undefined) throw noSuchPool(view, 'default');
  if (names.length === 1) return only;
  throw new XnetError('InvalidArgument', `there are several pools: say which with --pool`, {
    hint: `pools: ${names.join(', ')}`,
  });
}

/** requireNode is the node of an id. Throws XnetError NotFound. */
export function requireNode(view: ReadonlyView, id: string): NodeRecord {
  const held = view.nodes.get(id);
  if (held === undefined) throw new XnetError('NotFound', `there is no node ${id}`, { hint: 'see: xctl nodes list' });
  return held.record;
}

function poolCovering(view: ReadonlyView, address: Ipv4): string | undefined {
  for (const [name, held] of view.pools) {
    if (prefixCovers(held.record.cidr, { network: address, length: 32 })) return name;
  }
  return undefined;
}

/**
 * requireFreeAddress makes sure that an address can become that of node `id`, or of a new node.
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
}

/** sameLabels compares two sets of labels. */
export function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
