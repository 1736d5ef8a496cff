// Finding pools and nodes in the view, with errors that say what there is instead.
import { formatIpv4, type Ipv4, prefixCovers } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import type { NodeRecord } from '../store/records.js';
import type { PoolState } from '../table/allocate.js';
import type { ReadonlyView } from '../view/view.js';

/** poolState is what allocation needs to know of a pool. */
export function poolState(view: ReadonlyView, name: string, inFlight: ReadonlySet<number> = new Set()): PoolState {
  const held = view.pools.get(name);
  if (held === undefined) throw noSuchPool(view, name);
  return {
    name,
    record: held.record,
    subnets: view.subnetsOfPool.get(name) ?? new Map(),
    excluded: new Set([...inFlight, ...view.unreadableSubnets.keys()]),
  };
}

/** noSuchPool is the error for a pool that is not there. */
export function noSuchPool(view: ReadonlyView, name: string): XnetError {
  const names = [...view.pools.keys()].sort().join(', ');
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
  const names = [...view.pools.keys()];
  if (names.includes('default')) return 'default';
  const [only] = names;
  if (only === undefined) throw noSuchPool(view, 'default');
  if (names.length === 1) return only;
  throw new XnetError('InvalidArgument', `there are several pools: say which with --pool`, {
    hint: `pools: ${names.sort().join(', ')}`,
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
