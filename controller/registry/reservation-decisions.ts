// Decides how to reserve ranges of pools, and how to end reservations. Pure.
// Invariant: a reservation covers no subnet that is leased to another node.
import { formatPrefix, type Prefix, prefixesEqual } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { PoolRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import { checkReservable } from './allocate.js';
import { asSeen, put } from './guards.js';
import { poolState } from './lookup.js';
import type { Decision } from './mutation.js';

/** NewReservation describes a range of a pool to reserve. */
export type NewReservation = {
  readonly pool: string;
  readonly cidr: Prefix;
  readonly nodeName?: string;
  readonly reason: string;
};

/**
 * decideReserve decides how to reserve a range. It decides on no change when the same reservation exists already.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideReserve(view: ReadonlyView, range: NewReservation): Decision {
  const state = poolState(view, range.pool);
  const existing = state.record.reservations.find(({ cidr }) => prefixesEqual(cidr, range.cidr));
  if (existing !== undefined && existing.nodeName === range.nodeName && existing.reason === range.reason) {
    return { subject: range.pool };
  }
  const problem = checkReservable(state, range.cidr, range.nodeName, (record) =>
    record.state === 'leased' ? (view.nodes.get(record.node)?.record.name ?? record.node) : '',
  );
  if (problem !== undefined) throw new XnetError('FailedPrecondition', problem, { hint: 'see: xctl pools show' });
  const reservation = {
    cidr: range.cidr,
    ...(range.nodeName === undefined ? {} : { nodeName: range.nodeName }),
    reason: range.reason,
  };
  const record: PoolRecord = { ...state.record, reservations: [...state.record.reservations, reservation] };
  const whom = range.nodeName === undefined ? '' : ` for ${range.nodeName}`;
  return {
    subject: range.pool,
    change: {
      guards: [
        asSeen(view, keys.pool(range.pool)),
        // No subnet in the range may have been leased in the meantime.
        { kind: 'unchanged', prefix: prefixes.subnetsOf(range.pool), since: view.revision },
      ],
      operations: [put(keys.pool(range.pool), encode('pool', record))],
      event: {
        reason: 'SubnetReserved',
        subject: `pool/${range.pool}`,
        message: `${formatPrefix(range.cidr)}${whom}${range.reason === '' ? '' : `: ${range.reason}`}`,
      },
    },
  };
}

/** decideUnreserve decides how to end a reservation. Throws XnetError NotFound. */
export function decideUnreserve(view: ReadonlyView, pool: string, cidr: Prefix): Decision {
  const { record } = poolState(view, pool);
  const reservations = record.reservations.filter((reservation) => !prefixesEqual(reservation.cidr, cidr));
  if (reservations.length === record.reservations.length) {
    const there = record.reservations.map((reservation) => formatPrefix(reservation.cidr)).join(', ');
    throw new XnetError('NotFound', `pool ${pool} has no reservation of exactly ${formatPrefix(cidr)}`, {
      hint: there === '' ? 'it has no reservations' : `reserved: ${there}`,
    });
  }
  return {
    subject: pool,
    change: {
      guards: [asSeen(view, keys.pool(pool))],
      operations: [put(keys.pool(pool), encode('pool', { ...record, reservations }))],
      event: { reason: 'SubnetUnreserved', subject: `pool/${pool}`, message: formatPrefix(cidr) },
    },
  };
}
