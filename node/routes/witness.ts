// What the kernel knows better than the cache when a daemon starts. The cache is written after the routes, so a daemon
// that was killed may leave routes in the kernel that are newer than its cache. Pure.
// Invariant: until a controller has confirmed the table, no route of ours that was there is led elsewhere or deleted
// because of the table; one that the table lacks stays.
import { type Ipv4, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import type { KernelRoute } from '../kernel/route-kernel.js';
import type { DesiredRoutes } from './desired.js';
import { isGuard, isOurs, nextHopIdOf, type Ownership } from './ownership.js';
import type { Observed } from './planning.js';

/**
 * Witness has the destinations, by prefixKey, for which the kernel has routes of ours that are other than the table's,
 * with their gateways. Undefined: a route without one gateway, which only counts where the table has nothing.
 */
export type Witness = ReadonlyMap<number, Ipv4 | undefined>;

/** witnessOf looks for what the kernel has of ours and a table that is not confirmed does not have. */
export function witnessOf(
  { peers, own, pools }: Pick<DesiredRoutes, 'peers' | 'own' | 'pools'>,
  observed: Pick<Observed, 'routes' | 'nextHops' | 'hasAddress'>,
  ownership: Ownership,
): Witness {
  const { routes, nextHops } = observed;
  const gatewayOf = (gateway: Ipv4 | 'inet6' | undefined) =>
    // An address of this host leads to no peer, whoever had it before.
    typeof gateway !== 'number' || observed.hasAddress(gateway) ? undefined : gateway;
  const found = new Map<number, Ipv4 | undefined>();
  const guarded = new Set(pools.map(prefixKey));
  for (const route of routes.all()) {
    const { destination } = route;
    const key = prefixKey(destination);
    // What leads away from an own subnet contradicts the host itself.
    if (!isOurs(route, ownership) || own.some(({ subnet }) => prefixesOverlap(subnet, destination))) continue;
    if (isGuard(route)) {
      if (!guarded.has(key) && !found.has(key)) found.set(key, undefined);
      continue;
    }
    // Of several, the last is the newest: one that is to replace another is appended behind it.
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

/** asWitnessed is what is desired where the kernel is believed rather than the table. */
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
