// Chooses the subnet of a node. Pure: a function of the view, the wish and the clock.
// The order of preference: the subnet that the node holds by a static route or held before; one reserved for it; the lowest
// that was never leased; the one freed longest ago. Freed subnets are therefore reused last, and quarantined ones only by
// the host that held them. Subnets that overlap a network of another node's host come last, because that host will not
// route to them.
// Invariant: a subnet that overlaps a network of the host itself is never chosen.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  type Prefix,
  prefixCovers,
  prefixesOverlap,
  prefixFromKey,
  prefixKey,
  subnetAt,
  subnetCount,
  subnetKeyAt,
} from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { PoolRecord, ReservationRecord, SubnetRecord } from '../store/records.js';
import { type Barred, barredOf } from './lan.js';

/** PoolState holds one pool and its subnets. */
export type PoolState = {
  readonly name: string;
  readonly record: PoolRecord;
  /** Records by prefixKey: subnets that are leased, or were freed at some time. */
  readonly subnets: ReadonlyMap<number, SubnetRecord>;
  /** Those of `subnets` that are not leased; absent: `subnets` is searched for them. */
  readonly unleased?: ReadonlyMap<number, SubnetRecord>;
  /** Number of subnets at the beginning of the pool that all have a record; absent: not counted. */
  readonly leading?: number;
  /** prefixKeys of subnets that pending commits write; they are not chosen. */
  readonly excluded: ReadonlySet<number>;
  /** Ranges of records that are unreadable or do not fit this pool; nothing in them may be chosen. */
  readonly blocked: readonly Prefix[];
  readonly doubt?: Doubt;
  /** Of a pool of mode lan: see barredIn. */
  readonly barred?: readonly Barred[];
};

/**
 * Doubt follows the acceptance of a restored store: until `untilMs`, a subnet without a lease in the store may have been
 * leased after the backup and be in use. Subnets freed or released in the new epoch are not in doubt.
 */
export type Doubt = { readonly untilMs: number; readonly epoch: number };

/** isInDoubt reports whether a subnet may be in use although the store has no lease for it. */
export function isInDoubt(doubt: Doubt | undefined, record: SubnetRecord | undefined, nowMs: number): boolean {
  if (doubt === undefined || nowMs >= doubt.untilMs || (record !== undefined && record.state !== 'quarantined'))
    return false;
  return record?.epoch !== doubt.epoch;
}

/** Wish is a request for a subnet. */
export type Wish = {
  readonly nodeName: string;
  readonly address: Ipv4;
  /** Networks of the host itself: its subnet must not overlap them. */
  readonly own?: readonly HostNetwork[];
  /** Networks of other nodes' hosts: subnets that overlap none are preferred. */
  readonly avoid?: readonly Prefix[];
  /** The only subnet to choose. */
  readonly subnet?: Prefix;
};

/** reservationOf returns the reservation that a subnet lies in; in mode lan, also one that lies in the subnet. */
export function reservationOf(pool: PoolRecord, subnet: Prefix): ReservationRecord | undefined {
  return pool.reservations.find((reservation) => prefixesOverlap(reservation.cidr, subnet));
}

// A node of the same name and address is the host that held the subnet, so no other host can be using it. A static route
// names the host by its address alone, also in quarantine: it belonged to no node.
function heldBefore(record: SubnetRecord, wish: Wish): boolean {
  if (record.state === 'static') return record.nextHop === wish.address;
  if (record.state !== 'quarantined' || record.address !== wish.address) return false;
  return record.node === '' || record.nodeName === wish.nodeName;
}

function ownNetwork({ own = [] }: Wish, subnet: Prefix): HostNetwork | undefined {
  return own.find(({ prefix }) => prefixesOverlap(prefix, subnet));
}

// A range that is excluded from allocation may have static routes: the host of such a route uses the subnet.
function isReserved(state: PoolState, wish: Wish, subnet: Prefix): boolean {
  const reservation = reservationOf(state.record, subnet);
  if (reservation === undefined || reservation.nodeName === wish.nodeName) return false;
  const record = state.subnets.get(prefixKey(subnet));
  return reservation.nodeName !== undefined || record?.state !== 'static' || !heldBefore(record, wish);
}

function isFree(state: PoolState, wish: Wish, subnet: Prefix, nowMs: number): boolean {
  const id = prefixKey(subnet);
  const { cidr, subnetLength } = state.record;
  if (ownNetwork(wish, subnet) !== undefined) return false;
  if (state.excluded.has(id) || subnet.length !== subnetLength || !prefixCovers(cidr, subnet)) return false;
  if (state.blocked.some((range) => prefixesOverlap(range, subnet))) return false;
  if (barredOf(state.barred, subnet) !== undefined) return false;
  const record = state.subnets.get(id);
  if (isReserved(state, wish, subnet) || isInDoubt(state.doubt, record, nowMs)) return false;
  if (record === undefined || heldBefore(record, wish)) return true;
  return record.state === 'quarantined' && record.untilMs <= nowMs;
}

/**
 * chooseSubnet chooses the subnet for a wish. It returns undefined if the pool has none left.
 * @param spread 0 takes the lowest subnet that was never leased, n the n-th after it if there are that many. Callers that
 * lost a race raise it, so that they do not all choose the same subnet again
 * @throws XnetError InvalidArgument, FailedPrecondition if the requested subnet is not available
 */
export function chooseSubnet(state: PoolState, wish: Wish, nowMs: number, spread = 0): Prefix | undefined {
  if (wish.subnet !== undefined) {
    requireSubnet(state, wish, wish.subnet, nowMs);
    return wish.subnet;
  }
  const reserved = () => reservedSubnet(state, wish, nowMs);
  const { avoid = [] } = wish;
  const inNobodysWay = (subnet: Prefix) => !avoid.some((network) => prefixesOverlap(network, subnet));
  const look: Look = { state, wish, nowMs, spread, suits: inNobodysWay };
  const any: Look = { ...look, suits: () => true };
  const clear = previousSubnet(look) ?? reserved() ?? freshSubnet(look) ?? longestFreed(look);
  if (clear !== undefined || avoid.length === 0) return clear;
  return previousSubnet(any) ?? freshSubnet(any) ?? longestFreed(any);
}

type Look = {
  readonly state: PoolState;
  readonly wish: Wish;
  readonly nowMs: number;
  readonly spread: number;
  /** suits reports whether a free subnet is acceptable. */
  readonly suits: (subnet: Prefix) => boolean;
};

function* subnetsOf(range: Prefix, subnetLength: number): Generator<Prefix> {
  const count = subnetCount(range, subnetLength);
  for (let index = 0; index < count; index++) yield subnetAt(range, subnetLength, index);
}

function previousSubnet({ state, wish, nowMs, suits }: Look): Prefix | undefined {
  let newest: { readonly subnet: Prefix; readonly sinceMs: number } | undefined;
  for (const [id, record] of state.unleased ?? state.subnets) {
    const sinceMs = record.state === 'static' ? Number.POSITIVE_INFINITY : record.sinceMs;
    if (!heldBefore(record, wish) || (newest !== undefined && sinceMs <= newest.sinceMs)) continue;
    const subnet = prefixFromKey(id);
    if (isFree(state, wish, subnet, nowMs) && suits(subnet)) newest = { subnet, sinceMs };
  }
  return newest?.subnet;
}

function reservedSubnet(state: PoolState, wish: Wish, nowMs: number): Prefix | undefined {
  for (const reservation of state.record.reservations) {
    if (reservation.nodeName !== wish.nodeName) continue;
    for (const subnet of subnetsOf(reservation.cidr, state.record.subnetLength)) {
      if (isFree(state, wish, subnet, nowMs)) return subnet;
    }
  }
  return undefined;
}

function freshSubnet({ state, wish, nowMs, spread, suits }: Look): Prefix | undefined {
  const { cidr, subnetLength } = state.record;
  const count = subnetCount(cidr, subnetLength);
  const candidates: Prefix[] = [];
  for (let index = state.leading ?? 0; index < count; index++) {
    if (state.subnets.has(subnetKeyAt(cidr, subnetLength, index))) continue;
    const subnet = subnetAt(cidr, subnetLength, index);
    if (!isFree(state, wish, subnet, nowMs) || !suits(subnet)) continue;
    if (candidates.length === spread) return subnet;
    candidates.push(subnet);
  }
  return candidates.at(-1);
}

function longestFreed({ state, wish, nowMs, suits }: Look): Prefix | undefined {
  let oldest: { readonly id: number; readonly sinceMs: number } | undefined;
  for (const [id, record] of state.unleased ?? state.subnets) {
    if (record.state !== 'quarantined' || (oldest !== undefined && record.sinceMs >= oldest.sinceMs)) continue;
    const subnet = prefixFromKey(id);
    if (isFree(state, wish, subnet, nowMs) && suits(subnet)) oldest = { id, sinceMs: record.sinceMs };
  }
  return oldest === undefined ? undefined : prefixFromKey(oldest.id);
}

/** overlapsOwn says why a host can't have a subnet that overlaps a network of its own. */
export function overlapsOwn(subnet: Prefix, nodeName: string, { prefix, source }: HostNetwork): string {
  return `subnet ${formatPrefix(subnet)} overlaps ${formatPrefix(prefix)} of ${source}, which ${nodeName} has itself`;
}

/** howToEndOverlap is the hint for an overlap with the host's own network. */
export const howToEndOverlap =
  'renumber or remove that network on the host, or lease it another subnet: xctl nodes remove NAME, then ' +
  'xctl nodes add NAME --address ADDRESS --subnet SUBNET';

function requireSubnet(state: PoolState, wish: Wish, subnet: Prefix, nowMs: number): void {
  const { cidr, subnetLength } = state.record;
  const text = formatPrefix(subnet);
  const pool = `pool ${state.name} (${formatPrefix(cidr)}, subnets of /${subnetLength})`;
  if (subnet.length !== subnetLength) {
    throw new XnetError('InvalidArgument', `${text} is not a subnet of ${pool}: it has to be a /${subnetLength}`);
  }
  if (!prefixCovers(cidr, subnet)) throw new XnetError('InvalidArgument', `${text} is outside ${pool}`);
  const barred = barredOf(state.barred, subnet);
  if (barred !== undefined) {
    throw new XnetError(
      'FailedPrecondition',
      `subnet ${text} contains ${formatIpv4(barred.address)}, ${barred.what}, so it can't be leased`,
      { hint: `see which are free: xctl pools show ${state.name}` },
    );
  }
  const own = ownNetwork(wish, subnet);
  if (own !== undefined) {
    throw new XnetError('FailedPrecondition', overlapsOwn(subnet, wish.nodeName, own), { hint: howToEndOverlap });
  }
  const record = state.subnets.get(prefixKey(subnet));
  const reservation = reservationOf(state.record, subnet);
  if (record?.state === 'leased') {
    throw new XnetError('FailedPrecondition', `subnet ${text} is already leased`, {
      hint: `see its node with: xctl nodes show ${text}`,
    });
  }
  if (record?.state === 'static' && !heldBefore(record, wish)) {
    throw new XnetError(
      'FailedPrecondition',
      `subnet ${text} has a static route to ${record.name} at ${formatIpv4(record.nextHop)}`,
      { hint: `a node with that address can have it; if nobody uses it: xctl routes remove ${text}` },
    );
  }
  if (reservation !== undefined && isReserved(state, wish, subnet)) {
    const why = reservation.reason === '' ? '' : ` (${reservation.reason})`;
    const whom = reservation.nodeName === undefined ? 'reserved' : `reserved for ${reservation.nodeName}`;
    throw new XnetError('FailedPrecondition', `subnet ${text} is ${whom}${why}`, {
      hint: `end that with: xctl pools unreserve ${state.name} ${formatPrefix(reservation.cidr)}`,
    });
  }
  if (record?.state === 'quarantined' && record.untilMs > nowMs && !heldBefore(record, wish)) {
    const until = new Date(record.untilMs).toISOString();
    throw new XnetError(
      'FailedPrecondition',
      `subnet ${text} is in quarantine until ${until}: ${record.nodeName} had it and may still be using it`,
      { hint: `end that with: xctl leases release ${text}` },
    );
  }
  if (state.doubt !== undefined && isInDoubt(state.doubt, record, nowMs)) {
    const until = new Date(state.doubt.untilMs).toISOString();
    throw new XnetError(
      'FailedPrecondition',
      `subnet ${text} is in quarantine until ${until}: it may have been leased after the backup that the store was ` +
        'restored from',
      { hint: `if no host uses it, end that with: xctl leases release ${text}` },
    );
  }
  if (!isFree(state, wish, subnet, nowMs)) {
    throw new XnetError(
      'FailedPrecondition',
      `subnet ${text} can't be leased: an unreadable or contradictory record covers it`,
      {
        hint: 'xctl status shows what is wrong with it',
      },
    );
  }
}

/** checkReservable says why a range of a pool can't be reserved; undefined: it can. */
export function checkReservable(
  state: Pick<PoolState, 'name' | 'record' | 'subnets'>,
  range: Prefix,
  nodeName: string | undefined,
  holderName: (record: SubnetRecord) => string,
): string | undefined {
  const { cidr, subnetLength, reservations, mode } = state.record;
  const text = formatPrefix(range);
  if (!prefixCovers(cidr, range)) return `${text} is outside pool ${state.name} (${formatPrefix(cidr)})`;
  if (range.length > subnetLength && (mode !== 'lan' || nodeName !== undefined)) {
    return `${text} is smaller than a subnet of pool ${state.name}: reserve a /${subnetLength} or larger`;
  }
  const overlapping = reservations.find((reservation) => prefixesOverlap(reservation.cidr, range));
  if (overlapping !== undefined) return `${text} overlaps the reservation of ${formatPrefix(overlapping.cidr)}`;
  for (const [id, record] of state.subnets) {
    const subnet = prefixFromKey(id);
    if (!prefixesOverlap(range, subnet)) continue;
    if (record.state === 'static' && nodeName !== undefined) {
      return `${formatPrefix(subnet)} has a static route to ${record.name} at ${formatIpv4(record.nextHop)}`;
    }
    if (record.state !== 'leased') continue;
    const holder = holderName(record);
    if (holder !== nodeName) return `${formatPrefix(subnet)} is leased to ${holder}`;
  }
  return undefined;
}
