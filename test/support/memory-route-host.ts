// RouteHost in memory: routes, next-hop objects, interfaces and addresses under the rules of the kernel that xnet depends
// on. test/contract/route-kernel.test.ts compares it with the real kernel.
import type { NextHop, Notification, RouteChange } from '../../node/kernel/route-kernel.js';
import {
  type Address,
  type Hop,
  type KernelRefusal,
  type KernelRoute,
  type Link,
  linkFlags,
  routeTypes,
  scopes,
} from '../../node/kernel/route-kernel.js';
import { KernelRouteTable, sameHop, sameRoute, sameSlot } from '../../node/kernel/route-table.js';
import {
  type Ipv4,
  type Prefix,
  parseIpv4,
  prefixContains,
  prefixesEqual,
  prefixKey,
  prefixOf,
} from '../../proto/domain/address.js';
import { MemoryRouteKernel, refuse } from './memory-route-kernel.js';
import type { RouteHost } from './route-host.js';

export const up = linkFlags.up | linkFlags.lowerUp;
export const kernelProtocol = 2;

export type WithoutOwner<N> = N extends Notification ? Omit<N, 'own'> : never;
export type Event = WithoutOwner<Notification>;

/** MemoryRouteHostOptions configure the kind of kernel. */
export type MemoryRouteHostOptions = { readonly nextHops?: boolean };

/** MemoryRouteHost holds the state; its kernels are views of it. */
export class MemoryRouteHost implements RouteHost {
  routes = new KernelRouteTable();
  readonly nextHops: Map<number, NextHop> | undefined;
  readonly links = new Map<number, Link>();
  addresses: Address[] = [];
  readonly kernel: MemoryRouteKernel;
  readonly other: MemoryRouteKernel;
  /** Called after each change by either party. */
  afterChange: () => void = () => undefined;
  #lastIfindex = 1;

  constructor({ nextHops = true }: MemoryRouteHostOptions = {}) {
    this.nextHops = nextHops ? new Map() : undefined;
    this.links.set(1, { ifindex: 1, name: 'lo', flags: up | linkFlags.loopback, master: 0, mtu: 65536 });
    this.kernel = new MemoryRouteKernel(this);
    this.other = new MemoryRouteKernel(this);
  }

  notify(event: Event, by?: MemoryRouteKernel): void {
    for (const kernel of [this.kernel, this.other]) kernel.queue({ ...event, own: kernel === by } as Notification);
  }

  addLink(name: string): number {
    this.#lastIfindex += 1;
    const link = { ifindex: this.#lastIfindex, name, flags: up, master: 0, mtu: 1500 };
    this.links.set(link.ifindex, link);
    this.notify({ kind: 'link', removed: false, link });
    return link.ifindex;
  }

  #link(name: string): Link {
    const link = [...this.links.values()].find((other) => other.name === name);
    if (link === undefined) throw new Error(`no interface ${name}`);
    return link;
  }

  setLink(name: string, state: 'up' | 'down'): void {
    const link = { ...this.#link(name), flags: state === 'up' ? up : 0 };
    this.links.set(link.ifindex, link);
    if (state === 'down') this.#flushLink(link.ifindex);
    this.notify({ kind: 'link', removed: false, link });
    if (state === 'down') return;
    for (const address of this.addresses) if (address.ifindex === link.ifindex) this.#addConnected(address);
  }

  renameLink(name: string, to: string): void {
    const link = { ...this.#link(name), name: to };
    this.links.set(link.ifindex, link);
    this.notify({ kind: 'link', removed: false, link });
  }

  removeLink(name: string): void {
    const link = this.#link(name);
    this.#flushLink(link.ifindex);
    for (const address of this.addresses.filter(({ ifindex }) => ifindex === link.ifindex)) {
      this.addresses = this.addresses.filter((other) => other !== address);
      this.notify({ kind: 'address', removed: true, address });
    }
    this.links.delete(link.ifindex);
    this.notify({ kind: 'link', removed: true, link });
  }

  // Without notifications, like the kernel (net/ipv4/fib_frontend.c, fib_disable_ip(); nexthop.c, nexthop_flush_dev()).
  #flushLink(ifindex: number): void {
    for (const { id, hop } of [...(this.nextHops?.values() ?? [])]) {
      if (hop?.ifindex !== ifindex) continue;
      this.nextHops?.delete(id);
      this.routes.removeUsing(id);
    }
    this.#flushRoutes(ifindex);
  }

  #flushRoutes(ifindex: number): void {
    for (const route of [...this.routes.all()]) {
      if (route.hops.some((hop) => hop.ifindex === ifindex)) this.routes.remove(route);
    }
  }

  addAddress(name: string, cidr: string): void {
    const address = this.#address(name, cidr);
    this.addresses.push(address);
    this.notify({ kind: 'address', removed: false, address });
    this.#addConnected(address);
  }

  removeAddress(name: string, cidr: string): void {
    const { ifindex, address, prefix } = this.#address(name, cidr);
    const removed = this.addresses.find((other) => other.ifindex === ifindex && other.address === address);
    if (removed === undefined) throw new Error(`no address ${cidr}`);
    this.addresses = this.addresses.filter((other) => other !== removed);
    const connected = this.routes
      .at(prefixKey(prefix))
      .find((route) => route.protocol === kernelProtocol && route.hops[0]?.ifindex === ifindex);
    if (connected !== undefined && this.routes.remove(connected)) {
      this.notify({ kind: 'route', removed: true, route: connected, replaced: false, appended: false });
    }
    this.notify({ kind: 'address', removed: true, address: removed });
    for (const route of [...this.routes.all()]) if (route.preferredSource === address) this.routes.remove(route);
    // Next-hop objects stay.
    if (!this.addresses.some((other) => other.ifindex === ifindex)) this.#flushRoutes(ifindex);
  }

  #address(name: string, cidr: string): Address {
    const [text, length] = cidr.split('/');
    const address = parseIpv4(text ?? '');
    if (address === undefined) throw new Error(`not an address: ${cidr}`);
    return {
      ifindex: this.#link(name).ifindex,
      address,
      prefix: prefixOf(address, Number(length)),
      scope: 0,
      flags: 0,
    };
  }

  #addConnected({ ifindex, address, prefix }: Address): void {
    if (((this.links.get(ifindex)?.flags ?? 0) & linkFlags.up) === 0 || prefix.length === 32) return;
    const route: KernelRoute = {
      destination: prefix,
      tos: 0,
      metric: 0,
      protocol: kernelProtocol,
      type: routeTypes.unicast,
      scope: scopes.link,
      hops: [{ gateway: undefined, ifindex, flags: 0 }],
      nextHopId: 0,
      preferredSource: address,
      hasOptions: false,
    };
    if (this.routes.at(prefixKey(prefix)).some((other) => sameRoute(other, route))) return;
    this.routes.insert(route, 'after');
    this.notify({ kind: 'route', removed: false, route, replaced: false, appended: true });
  }

  flood(): void {
    for (const kernel of [this.kernel, this.other]) kernel.lose();
  }

  async close(): Promise<void> {
    this.kernel.close();
    this.other.close();
  }

  /** change applies one change, or returns the reason for its refusal. */
  change(change: RouteChange, by: MemoryRouteKernel): KernelRefusal | undefined {
    const refusal = this.#change(change, by);
    this.afterChange();
    return refusal;
  }

  #change(change: RouteChange, by: MemoryRouteKernel): KernelRefusal | undefined {
    switch (change.op) {
      case 'addRoute':
      case 'appendRoute':
        return this.#addRoute(change.route, change.op === 'appendRoute', by);
      case 'deleteRoute':
        return this.#deleteRoute(change.route, by);
      case 'addNextHop':
      case 'replaceNextHop':
        return this.#setNextHop(change.nextHop, change.op, by);
      case 'deleteNextHop':
        return this.#deleteNextHop(change.nextHop.id, by);
    }
  }

  #addRoute(route: KernelRoute, append: boolean, by: MemoryRouteKernel): KernelRefusal | undefined {
    const { preferredSource, nextHopId } = route;
    if (!prefixesEqual(prefixOf(route.destination.network, route.destination.length), route.destination)) {
      return refuse('EINVAL', 'Invalid prefix for given prefix length');
    }
    if (preferredSource !== undefined && !this.#isLocal(preferredSource)) {
      return refuse('EINVAL', 'Invalid prefsrc address');
    }
    if (nextHopId !== 0 && this.nextHops?.has(nextHopId) !== true) return refuse('EINVAL', 'Nexthop id does not exist');
    for (const hop of route.hops) {
      const refusal = this.#checkHop(hop, linkFlags.up);
      if (refusal !== undefined) return refusal;
    }
    const there = this.routes.at(prefixKey(route.destination)).filter((other) => sameSlot(other, route));
    if (append ? there.some((other) => sameRoute(other, route)) : there.length > 0) return refuse('EEXIST');
    this.routes.insert(route, append ? 'after' : 'before');
    const appended = append && there.length > 0;
    this.notify({ kind: 'route', removed: false, route, replaced: false, appended }, by);
    return undefined;
  }

  #deleteRoute(route: KernelRoute, by: MemoryRouteKernel): KernelRefusal | undefined {
    const [hop] = route.hops;
    // The kernel orders candidates by metric, and within one metric as in the table.
    const candidates = [...this.routes.at(prefixKey(route.destination))].sort((a, b) => a.metric - b.metric);
    const found = candidates.find(
      (other) =>
        other.tos === route.tos &&
        other.protocol === route.protocol &&
        other.type === route.type &&
        (route.metric === 0 || other.metric === route.metric) &&
        (route.preferredSource === undefined || other.preferredSource === route.preferredSource) &&
        (route.nextHopId === 0 || other.nextHopId === route.nextHopId) &&
        (hop === undefined || (other.hops.length === 1 && sameHop(hop, other.hops[0] ?? { ...hop, ifindex: -1 }))),
    );
    if (found === undefined) return refuse('ESRCH');
    this.routes.remove(found);
    this.notify({ kind: 'route', removed: true, route: found, replaced: false, appended: false }, by);
    return undefined;
  }

  #setNextHop(nextHop: NextHop, op: 'addNextHop' | 'replaceNextHop', by: MemoryRouteKernel): KernelRefusal | undefined {
    if (this.nextHops === undefined) return refuse('EOPNOTSUPP');
    const refusal = nextHop.hop && this.#checkHop(nextHop.hop, up);
    if (nextHop.hop !== undefined && !this.links.has(nextHop.hop.ifindex)) {
      return refuse('EINVAL', 'Invalid device index');
    }
    if (refusal !== undefined) return refusal;
    const exists = this.nextHops.has(nextHop.id);
    if (op === 'addNextHop' && exists) return refuse('EEXIST');
    if (op === 'replaceNextHop' && !exists) return refuse('ENOENT');
    this.nextHops.set(nextHop.id, nextHop);
    this.notify({ kind: 'nextHop', removed: false, nextHop }, by);
    return undefined;
  }

  #deleteNextHop(id: number, by: MemoryRouteKernel): KernelRefusal | undefined {
    const nextHop = this.nextHops?.get(id);
    if (this.nextHops === undefined || nextHop === undefined) return refuse('ENOENT');
    this.nextHops.delete(id);
    this.routes.removeUsing(id);
    this.notify({ kind: 'nextHop', removed: true, nextHop }, by);
    return undefined;
  }

  #isLocal(address: Ipv4): boolean {
    return this.addresses.some((other) => other.address === address);
  }

  #checkHop({ gateway, ifindex }: Hop, needed: number): KernelRefusal | undefined {
    const link = this.links.get(ifindex);
    if (link === undefined) return refuse('ENETUNREACH', 'Nexthop has invalid gateway');
    if ((link.flags & needed) !== needed) return refuse('ENETDOWN');
    if (typeof gateway !== 'number') return undefined;
    const onLink = (route: KernelRoute) =>
      route.type === routeTypes.unicast &&
      route.scope >= scopes.link &&
      route.hops.some((hop) => hop.ifindex === ifindex && hop.gateway === undefined) &&
      prefixContains(route.destination, gateway);
    for (const route of this.routes.all()) if (onLink(route)) return undefined;
    return refuse('ENETUNREACH', 'Nexthop has invalid gateway');
  }

  /** prefixes lists the destinations of all routes. */
  prefixes(): readonly Prefix[] {
    return [...this.routes.all()].map(({ destination }) => destination);
  }
}
