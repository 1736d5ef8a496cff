// Decides how to end quarantines early, and how to release leases of nodes that do not exist. Pure.
import { formatPrefix, ipv4FromNumber, type Prefix, prefixKey } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { LeaseRecord } from '../store/records.js';
import type { HeldSubnet } from '../view/held.js';
import { poolOf } from '../view/pool-of.js';
import type { ReadonlyView } from '../view/view.js';
import { isInDoubt } from './allocate.js';
import { absent, asSeen, put, writtenIn } from './guards.js';
import { doubtOf, poolState } from './lookup.js';
import type { Decision } from './mutation.js';
import { quarantineOf } from './quarantine.js';

/**
 * decideRelease decides how to end a quarantine early.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideRelease(view: ReadonlyView, subnet: Prefix, nowMs: number): Decision {
  const text = formatPrefix(subnet);
  const held = view.subnets.get(prefixKey(subnet));
  if (held === undefined) {
    const pool = poolOf(view, subnet);
    const state = pool === undefined ? undefined : poolState(view, pool[0]);
    if (
      state !== undefined &&
      subnet.length === state.record.subnetLength &&
      isInDoubt(state.doubt, undefined, nowMs)
    ) {
      return released(view, state.name, subnet, nowMs);
    }
    const where = pool === undefined ? 'it is in no pool' : `pool ${pool[0]} never leased it`;
    throw new XnetError('NotFound', `${text} is not in quarantine: ${where}`, { hint: 'see: xctl leases list' });
  }
  const { record } = held;
  if (record.state === 'leased' && isOfNobody(view, record.node)) return releaseOfNobody(view, held, record, nowMs);
  if (record.state === 'leased') {
    const holder = view.nodes.get(record.node)?.record.name ?? record.node;
    throw new XnetError('FailedPrecondition', `${text} is leased to ${holder}`, {
      hint: `end the lease with: xctl leases end ${holder} ${text}, or with its node: xctl nodes remove ${holder}`,
    });
  }
  if (record.state === 'static') {
    throw new XnetError('FailedPrecondition', `${text} has a static route to ${record.name}`, {
      hint: `end it with: xctl routes remove ${text}`,
    });
  }
  const { doubt } = doubtOf(view, poolState(view, held.pool).record);
  if (record.untilMs <= nowMs && !isInDoubt(doubt, record, nowMs)) return { subject: text };
  const key = keys.subnet(held.pool, subnet);
  return {
    subject: text,
    change: {
      guards: [asSeen(view, key)],
      operations: [put(key, encode('subnet', { ...record, untilMs: nowMs, quarantineMs: 0, ...writtenIn(view) }))],
      event: { reason: 'QuarantineEnded', subject: `pool/${held.pool}`, message: text },
    },
  };
}

// A subnet without a record: the operator states that no host uses it.
function released(view: ReadonlyView, pool: string, subnet: Prefix, nowMs: number): Decision {
  const key = keys.subnet(pool, subnet);
  const record = {
    state: 'quarantined' as const,
    node: '',
    nodeName: '',
    address: ipv4FromNumber(0),
    generation: 0,
    sinceMs: nowMs,
    untilMs: nowMs,
    quarantineMs: 0,
    ...writtenIn(view),
  };
  return {
    subject: formatPrefix(subnet),
    change: {
      guards: [absent(key), asSeen(view, keys.pool(pool))],
      operations: [put(key, encode('subnet', record))],
      event: { reason: 'QuarantineEnded', subject: `pool/${pool}`, message: formatPrefix(subnet) },
    },
  };
}

function isOfNobody(view: ReadonlyView, node: string): boolean {
  return !view.nodes.has(node) && view.modRevisionOf(keys.node(node)) === 0;
}

// Ends a lease of a node that does not exist: there is no node to remove.
function releaseOfNobody(
  view: ReadonlyView,
  { pool, subnet }: HeldSubnet,
  before: LeaseRecord,
  nowMs: number,
): Decision {
  const { node } = before;
  const key = keys.subnet(pool, subnet);
  const holder = { nodeId: node, nodeName: node, address: ipv4FromNumber(0), nowMs };
  const { operation, untilMs } = quarantineOf(view, { pool, subnet, before }, holder);
  return {
    subject: formatPrefix(subnet),
    change: {
      guards: [asSeen(view, key), absent(keys.node(node))],
      operations: [operation],
      event: {
        reason: 'LeaseEnded',
        subject: `pool/${pool}`,
        message: `${formatPrefix(subnet)} was leased to ${node}, which does not exist: in quarantine until ${new Date(untilMs).toISOString()}`,
      },
    },
  };
}
