// The routes in the kernel that are newer than the cache when a daemon starts: the cache is written after the routes, so
// a daemon that was killed may leave such routes. Pure.
// Invariant: until a controller has confirmed the table, no existing route of xnet is changed or deleted because of the
// table; a route that the table lacks stays.
import { type Ipv4, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import type { KernelRoute } from '../kernel/route-kernel.js';
import type { DesiredRoutes } from './desired.js';
import { isGuard, isOurs, nextHopIdOf, type Ownership } from './ownership.js';
import type { Observed } from './plan-context.js';

/**
 * Witness holds the destinations, by prefixKey, whose routes of xnet in the kernel differ from the table,
 * with their gateways. Undefined: a route without exactly one gateway, used only if the table has no route.
 */
export type Witness = ReadonlyMap<number, Ipv4 | undefined>;

/** witnessOf returns the routes of xnet in the kernel that an unconfirmed table does not have. */
export function witnessOf(
  { peers, own, pools }: Pick<DesiredRoutes, 'peers' | 'own' | 'pools'>,
  observed: Pick<Observed, 'routes' | 'nextHops' | 'hasAddress'>,
  ownership: Ownership,
): Witness {
  const { routes, nextHops } = observed;
  const gatewayOf = (gateway: Ipv4 | 'inet6' | undefined) =>
    // An address of this host leads to no peer, even if a peer had it before.
    typeof gateway !== 'number' || observed.hasAddress(gateway) ? undefined : gateway;
  const found = new Map<number, Ipv4 | undefined>();
  const guarded = new Set(pools.map(prefixKey));
  for (const route of routes.all()) {
    const { destination } = route;
    const key = prefixKey(destination);
    // A route for an own subnet contradicts the host itself.
    if (!isOurs(route, ownership) || own.some(({ subnet }) => prefixesOverlap(subnet, destination))) continue;
    if (isGuard(route)) {
      if (!guarded.has(key) && !found.has(key)) found.set(key, undefined);
      continue;
    }
    // Of several, the last is the newest: a replacement is appended behind the old route.
    found.set(key, gatewayOf(hopOf(route, nextHops)));
  }
  for (const [key, peer] of peers) {
    if (found.has(key)) continue;
    const object = nextHops?.get(nextHopIdOf(peer));
    if (object === undefined || !isOurs(object, ownership) || routes.using(object.id).length > 0) continue;
    const gateway = gatewayOf(object.hop?.gateway);
    if (gateway !== undefined) found.set(key, gateway);
  }
  return new Map([...found].filter(([key, gateway]) => gateway === undefined || peers.get(key)?.nextHop !== gateway));
}

function hopOf(route: KernelRoute, nextHops: Observed['nextHops']): Ipv4 | 'inet6' | undefined {
  if (route.nextHopId !== 0) return nextHops?.get(route.nextHopId)?.hop?.gateway;
  return route.hops.length === 1 ? route.hops[0]?.gateway : undefined;
}

/** asWitnessed returns the desired routes, with those of the kernel in place of the table's. */
export function asWitnessed(desired: DesiredRoutes, witness: Witness): DesiredRoutes {
  if (witness.size === 0) return desired;
  const { peers } = desired;
  const unresolved = new Set(desired.unresolved);
  const led = [...witness].flatMap(([key, gateway]) => {
    const peer = peers.get(key);
    if (peer === undefined) unresolved.add(key);
    return peer === undefined || gateway === undefined ? [] : [[key, { ...peer, nextHop: gateway }] as const];
  });
  return { ...desired, peers: peers.with(led), unresolved };
}
