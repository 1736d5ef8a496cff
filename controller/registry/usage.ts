// Counts the subnets of a pool, by what uses them. Pure.
import { prefixFromKey, prefixKey, prefixOf, subnetAt, subnetCount } from '../../proto/domain/address.js';
import { isInDoubt, type PoolState, reservationOf } from './allocate.js';

/** Usage counts the subnets of a pool; total is the sum of the others. */
export type Usage = {
  readonly total: number;
  readonly leased: number;
  readonly staticRoutes: number;
  readonly reserved: number;
  readonly quarantined: number;
  readonly free: number;
};

type Counted = Pick<PoolState, 'record' | 'subnets' | 'doubt' | 'barred'>;

// The subnets that are not leased to any node, by prefixKey: reserved, and in mode lan those with a barred address.
function withheld({ record, barred = [] }: Counted): ReadonlySet<number> {
  const { subnetLength, reservations } = record;
  const found = new Set(barred.map(({ address }) => prefixKey(prefixOf(address, subnetLength))));
  for (const { cidr } of reservations) {
    const count = Math.ceil(subnetCount(cidr, subnetLength));
    const range = prefixOf(cidr.network, Math.min(cidr.length, subnetLength));
    for (let index = 0; index < count; index++) found.add(prefixKey(subnetAt(range, subnetLength, index)));
  }
  return found;
}

/** usageOf counts a pool's subnets. */
export function usageOf(state: Counted, nowMs: number): Usage {
  const { cidr, subnetLength, reservations, mode } = state.record;
  const total = subnetCount(cidr, subnetLength);
  const inDoubt = isInDoubt(state.doubt, undefined, nowMs);
  let leased = 0;
  let staticRoutes = 0;
  let quarantined = 0;
  let sure = 0;
  const barred = mode === 'lan' ? withheld(state) : undefined;
  let reserved =
    barred?.size ?? reservations.reduce((sum, { cidr: range }) => sum + subnetCount(range, subnetLength), 0);
  for (const [id, record] of state.subnets) {
    const isReserved = barred?.has(id) ?? reservationOf(state.record, prefixFromKey(id)) !== undefined;
    if (record.state !== 'quarantined') {
      if (record.state === 'leased') leased++;
      else staticRoutes++;
      if (isReserved) reserved--;
    } else if (!isReserved && record.untilMs > nowMs) quarantined++;
    else if (!isReserved && !isInDoubt(state.doubt, record, nowMs)) sure++;
  }
  const used = leased + staticRoutes + reserved;
  if (inDoubt) quarantined = total - used - sure;
  return { total, leased, staticRoutes, reserved, quarantined, free: total - used - quarantined };
}
