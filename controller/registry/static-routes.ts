// Decides how static routes are added, changed and removed. Pure.
// Invariant: a static route is the record of the subnet itself, so no subnet has one and a lease at the same time, and a
// lease takes its place in one write.
import { formatIpv4, formatPrefix, type Ipv4, type Prefix, prefixKey } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { StaticRouteRecord } from '../store/records.js';
import type { HeldSubnet } from '../view/held.js';
import { poolOf } from '../view/pool-of.js';
import type { ReadonlyView } from '../view/view.js';
import { chooseSubnet, type PoolState } from './allocate.js';
import { asSeen, type MutationId, put } from './guards.js';
import { hostGuards } from './lan.js';
import { poolState, requireDecodable, requireFreeAddress } from './lookup.js';
import { type Context, type Decision, type MutationResult, mutate } from './mutation.js';
import { quarantineOf } from './quarantine.js';

/** NewStaticRoute describes a static route to add. */
export type NewStaticRoute = { readonly subnet: Prefix; readonly nextHop: Ipv4; readonly name: string };

/** HeldStaticRoute is a static route of the view. */
export type HeldStaticRoute = HeldSubnet & { readonly record: StaticRouteRecord };

/** staticRouteOf returns the static route to exactly this subnet; undefined: there is none. */
export function staticRouteOf(view: ReadonlyView, subnet: Prefix): HeldStaticRoute | undefined {
  const held = view.subnets.get(prefixKey(subnet));
  return held?.record.state === 'static' ? { ...held, record: held.record } : undefined;
}

/** staticRoutes yields all static routes of the view. */
export function* staticRoutes(view: ReadonlyView): Generator<HeldStaticRoute> {
  for (const held of view.subnets.values()) {
    if (held.record.state === 'static') yield { ...held, record: held.record };
  }
}

/**
 * decideAddStaticRoute decides how to add a static route, or to give one another next hop or name. It decides on no change
 * when the same one exists already.
 * @throws XnetError InvalidArgument, AlreadyExists, FailedPrecondition
 */
export function decideAddStaticRoute(view: ReadonlyView, wanted: NewStaticRoute, nowMs: number): Decision {
  const { subnet, nextHop, name } = wanted;
  const text = formatPrefix(subnet);
  const pool = poolOf(view, subnet)?.[0];
  if (pool === undefined) {
    throw new XnetError('FailedPrecondition', `${text} is not within a pool, and nodes route only subnets of pools`, {
      hint: `create a pool of that range: xctl pools create NAME ${text} --subnet-length ${subnet.length}`,
    });
  }
  if (view.pools.get(pool)?.record.mode === 'lan') {
    throw new XnetError('FailedPrecondition', `${text} lies in pool ${pool} of mode lan: no route leads there`, {
      hint: `keep it from being leased: xctl pools reserve ${pool} ${text}`,
    });
  }
  requireNoNode(view, nextHop, text);
  const key = keys.subnet(pool, subnet);
  requireDecodable(view, key);
  const state = poolState(view, pool);
  const before = state.subnets.get(prefixKey(subnet));
  if (before?.state === 'static' && before.nextHop === nextHop && before.name === name) return { subject: text };
  if (before?.state !== 'static') requireAvailable(state, wanted, nowMs);
  const record: StaticRouteRecord = {
    ...unknownFields('subnet', before),
    state: 'static',
    nextHop,
    name,
    generation: before?.generation ?? 0,
    sinceMs: before?.state === 'static' ? before.sinceMs : nowMs,
  };
  const from = before?.state === 'static' ? `, before to ${before.name} at ${formatIpv4(before.nextHop)}` : '';
  return {
    subject: text,
    change: {
      guards: [
        asSeen(view, key),
        asSeen(view, keys.pool(pool)),
        asSeen(view, keys.address(nextHop)),
        // No new pool may cover the next hop.
        { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
        ...hostGuards(view, nextHop),
      ],
      operations: [put(key, encode('subnet', record))],
      event: {
        reason: before?.state === 'static' ? 'StaticRouteChanged' : 'StaticRouteAdded',
        subject: `pool/${pool}`,
        message: `${text} via ${formatIpv4(nextHop)} (${name})${from}`,
      },
    },
  };
}

// A node has leases instead. Peers could not decide whether to admit packets from other subnets of its host.
function requireNoNode(view: ReadonlyView, nextHop: Ipv4, subnet: string): void {
  const holder = view.nodeOfAddress.get(nextHop);
  const name = holder === undefined ? undefined : (view.nodes.get(holder)?.record.name ?? holder);
  if (name !== undefined) {
    throw new XnetError('FailedPrecondition', `${formatIpv4(nextHop)} is the address of node ${name}`, {
      hint: `lease it the subnet: xctl leases add ${name} --pool POOL --subnet ${subnet}`,
    });
  }
  requireFreeAddress(view, nextHop, undefined);
}

// The same rules as for a lease, with two exceptions: a host may keep a subnet that it had as a node, and ranges that are
// reserved for no node are for such hosts.
function requireAvailable(state: PoolState, { subnet, nextHop, name }: NewStaticRoute, nowMs: number): void {
  const reservations = state.record.reservations.filter(({ nodeName }) => nodeName !== undefined);
  const before = state.subnets.get(prefixKey(subnet));
  const isFormer = before?.state === 'quarantined' && before.address === nextHop;
  const wish = { nodeName: isFormer ? before.nodeName : name, address: nextHop, subnet };
  chooseSubnet({ ...state, record: { ...state.record, reservations } }, wish, nowMs);
}

/**
 * decideRemoveStaticRoute decides how to end a static route. Its host may still use the subnet, so the subnet goes into
 * quarantine like a leased one.
 * @throws XnetError NotFound
 */
export function decideRemoveStaticRoute(view: ReadonlyView, subnet: Prefix, nowMs: number): Decision {
  const text = formatPrefix(subnet);
  const held = staticRouteOf(view, subnet);
  if (held === undefined) {
    const all = [...staticRoutes(view)].slice(0, 10).map((each) => formatPrefix(each.subnet));
    throw new XnetError('NotFound', `there is no static route to ${text}`, {
      hint: all.length === 0 ? 'there are none' : `static routes: ${all.join(', ')}`,
    });
  }
  const { pool, record } = held;
  const holder = { nodeId: '', nodeName: record.name, address: record.nextHop, nowMs };
  const { operation, untilMs } = quarantineOf(view, { pool, subnet, before: record }, holder);
  const until = new Date(untilMs).toISOString();
  return {
    subject: text,
    change: {
      guards: [asSeen(view, keys.subnet(pool, subnet))],
      operations: [operation],
      event: {
        reason: 'StaticRouteRemoved',
        subject: `pool/${pool}`,
        message: `${text} via ${formatIpv4(record.nextHop)} (${record.name}): in quarantine until ${until}`,
      },
    },
  };
}

/** StaticRouteRegistry changes static routes. The errors of each call are those of its decision. */
export class StaticRouteRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  add(id: MutationId, wanted: NewStaticRoute): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideAddStaticRoute(view, wanted, this.#context.now());
    return mutate(this.#context, { ...id, call: 'AddStaticRoute', decide });
  }

  remove(id: MutationId, subnet: Prefix): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideRemoveStaticRoute(view, subnet, this.#context.now());
    return mutate(this.#context, { ...id, call: 'RemoveStaticRoute', decide });
  }
}
