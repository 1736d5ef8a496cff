// Counts the subnets of a pool, by what uses them. Pure.
import { prefixFromKey, subnetCount } from '../../proto/domain/address.js';
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

/** usageOf counts a pool's subnets. */
export function usageOf(state: Pick<PoolState, 'record' | 'subnets' | 'doubt'>, nowMs: number): Usage {
  const { cidr, subnetLength, reservations } = state.record;
  const total = subnetCount(cidr, subnetLength);
  const inDoubt = isInDoubt(state.doubt, undefined, nowMs);
  let leased = 0;
  let staticRoutes = 0;
  let quarantined = 0;
  let sure = 0;
  let reserved = reservations.reduce((sum, { cidr: range }) => sum + subnetCount(range, subnetLength), 0);
  for (const [id, record] of state.subnets) {
    const isReserved = reservationOf(state.record, prefixFromKey(id)) !== undefined;
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
