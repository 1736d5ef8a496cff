// The routes of a kernel table in the kernel's order, with the kernel's rules for changes of that order
// (net/ipv4/fib_trie.c, fib_table_insert()). Pure state, no input or output.
import { type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { Hop, KernelRoute } from './route-kernel.js';

/** sameHop reports whether two hops are the same. */
export function sameHop(a: Hop, b: Hop): boolean {
  return a.gateway === b.gateway && a.ifindex === b.ifindex && a.flags === b.flags;
}

/** sameRoute reports whether two routes agree in everything that xnet knows of routes. */
export function sameRoute(a: KernelRoute, b: KernelRoute): boolean {
  return (
    a.destination.network === b.destination.network &&
    a.destination.length === b.destination.length &&
    a.metric === b.metric &&
    a.protocol === b.protocol &&
    a.nextHopId === b.nextHopId &&
    a.preferredSource === b.preferredSource &&
    a.tos === b.tos &&
    a.type === b.type &&
    a.scope === b.scope &&
    a.hasOptions === b.hasOptions &&
    a.hops.length === b.hops.length &&
    a.hops.every((hop, index) => sameHop(hop, b.hops[index] ?? hop))
  );
}

/** sameSlot reports whether two routes to one destination exclude each other: only the first one takes effect. */
export function sameSlot(a: KernelRoute, b: KernelRoute): boolean {
  return a.tos === b.tos && a.metric === b.metric;
}

const none: readonly KernelRoute[] = [];

/** KernelRouteTable is an ordered set of routes. */
export class KernelRouteTable {
  readonly #routes = new Map<number, KernelRoute[]>();
  // Keys of destinations by id of next-hop object.
  readonly #byNextHop = new Map<number, number[]>();
  #size = 0;

  /** size is the number of routes. */
  get size(): number {
    return this.#size;
  }

  /** at lists the routes to exactly this destination, by its prefixKey. Within one slot the first one takes effect. */
  at(key: number): readonly KernelRoute[] {
    return this.#routes.get(key) ?? none;
  }

  /** keys lists the prefixKeys of all destinations. */
  keys(): IterableIterator<number> {
    return this.#routes.keys();
  }

  /** all lists all routes, grouped by destination. */
  *all(): IterableIterator<KernelRoute> {
    for (const list of this.#routes.values()) yield* list;
  }

  /** using lists the routes that use a next-hop object. */
  using(nextHopId: number): readonly KernelRoute[] {
    const keys = this.#byNextHop.get(nextHopId);
    if (keys === undefined) return none;
    return keys.flatMap((key) => this.at(key).filter((route) => route.nextHopId === nextHopId));
  }

  /** insert adds a route before those of its slot, or after them. The route must not be in the table yet. */
  insert(route: KernelRoute, where: 'before' | 'after'): void {
    const key = prefixKey(route.destination);
    const list = this.#routes.get(key);
    this.#size += 1;
    if (route.nextHopId !== 0) {
      const keys = this.#byNextHop.get(route.nextHopId);
      if (keys === undefined) this.#byNextHop.set(route.nextHopId, [key]);
      else if (!keys.includes(key)) keys.push(key);
    }
    if (list === undefined) this.#routes.set(key, [route]);
    else if (where === 'after') list.push(route);
    else list.unshift(route);
  }

  /** remove removes an equal route; false if there is none. */
  remove(route: KernelRoute): boolean {
    const list = this.#routes.get(prefixKey(route.destination));
    const index = list?.findIndex((other) => sameRoute(other, route)) ?? -1;
    if (list === undefined || index < 0) return false;
    this.#removeAt(list, index);
    return true;
  }

  /** replace replaces the first route of the slot; false if there is none. */
  replace(route: KernelRoute): boolean {
    const list = this.#routes.get(prefixKey(route.destination));
    const index = list?.findIndex((other) => sameSlot(other, route)) ?? -1;
    if (list === undefined || index < 0) return false;
    this.#removeAt(list, index);
    // The order matters only within a slot, so "before all" is "before those of its slot".
    this.insert(route, 'before');
    return true;
  }

  /** removeUsing removes all routes that use a next-hop object. */
  removeUsing(nextHopId: number): void {
    for (const route of this.using(nextHopId)) this.remove(route);
  }

  #removeAt(list: KernelRoute[], index: number): void {
    const [removed] = list.splice(index, 1);
    if (removed === undefined) return;
    const key = prefixKey(removed.destination);
    this.#size -= 1;
    if (list.length === 0) this.#routes.delete(key);
    if (removed.nextHopId === 0 || list.some((route) => route.nextHopId === removed.nextHopId)) return;
    const keys = (this.#byNextHop.get(removed.nextHopId) ?? []).filter((other) => other !== key);
    if (keys.length === 0) this.#byNextHop.delete(removed.nextHopId);
    else this.#byNextHop.set(removed.nextHopId, keys);
  }
}

/** covers reports whether one of `ranges` covers a prefix. */
export function covers(ranges: readonly Prefix[], network: number, length: number): boolean {
  for (const range of ranges) {
    // Shifts out the bits beyond the range's length; a shift by 32 would be a shift by 0.
    const shift = 32 - range.length;
    if (length >= range.length && (shift === 32 || network >>> shift === range.network >>> shift)) return true;
  }
  return false;
}
