// Mirrors the kernel's IPv4 routing, kept current by notifications, including those of our own changes. Notifications
// arrive in one queue, in the order of the changes, so that after a refresh() the mirror equals the kernel at that moment.
// Kernel changes without a notification, and those that can't be followed exactly, mark it stale: refresh() dumps then.
// Invariant: the mirror holds only what the kernel reported, never what we requested.
import { type Ipv4, type Prefix, prefixKey } from '../../proto/domain/address.js';
import type { Address, KernelRoute, Link, NextHop, Notification, RouteFilter, RouteKernel } from './route-kernel.js';
import { linkFlags, scopes } from './route-kernel.js';
import { covers, KernelRouteTable, sameRoute, sameSlot } from './route-table.js';
import { SameLists } from './same-lists.js';
import { TouchedLog, type TouchedRoutes } from './touched-routes.js';

/** KernelChange is the kind of object that another program changed; "lost": notifications were lost. */
export type KernelChange = Notification['kind'] | 'lost';

/** MirrorOptions are the options of a KernelMirror. */
export type MirrorOptions = {
  readonly kernel: RouteKernel;
  /** rtm_protocol of our routes, which are mirrored whatever their destination. */
  readonly protocol: number;
  /** A monotonic clock in milliseconds; default performance.now. */
  readonly now?: () => number;
};

// If the tables keep changing during this many dumps, the last dump is used and the mirror stays stale.
const dumpsPerRefresh = 3;

/** KernelMirror mirrors the state of one RouteKernel. */
export class KernelMirror {
  /** protocol is the rtm_protocol of our routes and next-hop objects. */
  readonly protocol: number;
  /** allRoutes reads all main routes, also those that are not mirrored. It blocks and throws as routesNow of RouteKernel. */
  readonly allRoutes = (): readonly KernelRoute[] => this.#kernel.routesNow();
  readonly #kernel: RouteKernel;
  readonly #now: () => number;
  readonly #listeners = new Set<(changes: ReadonlySet<KernelChange>) => void>();
  #changes = new Set<KernelChange>();
  readonly #touched = new TouchedLog();
  readonly #lists: SameLists;
  #ranges: readonly Prefix[] = [];
  #routes = new KernelRouteTable();
  #nextHops: Map<number, NextHop> | undefined;
  #links = new Map<number, Link>();
  #addresses: readonly Address[] = [];
  #stale = true;
  #dumpedAt = Number.NEGATIVE_INFINITY;
  #epoch = 0;
  // Notifications that arrived during a dump.
  #pending: Notification[] | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: MirrorOptions) {
    this.#kernel = options.kernel;
    this.#lists = new SameLists(options.kernel, () => this.#drain());
    this.protocol = options.protocol;
    this.#now = options.now ?? (() => performance.now());
    this.#kernel.onReadable(() => this.#drain());
  }

  /** routes are our routes, default routes, routes directly to a link, and all within the ranges of interest. */
  get routes(): Omit<KernelRouteTable, 'insert' | 'remove' | 'replace' | 'removeUsing'> {
    return this.#routes;
  }

  /** nextHops are all next-hop objects by id; undefined if the kernel does not support them. */
  get nextHops(): ReadonlyMap<number, NextHop> | undefined {
    return this.#nextHops;
  }

  /** links are the interfaces by interface index. */
  get links(): ReadonlyMap<number, Link> {
    return this.#links;
  }

  /** addresses are the IPv4 addresses of all interfaces. */
  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  /** epoch changes whenever another program changed anything: a change that was refused before may succeed now. */
  get epoch(): number {
    return this.#epoch;
  }

  /** mark identifies this moment for touchedSince. */
  get mark(): number {
    return this.#touched.mark;
  }

  /**
   * touchedSince returns which routes and next-hop objects have changed since a mark; undefined if anything may have
   * changed, or if a different network is on the link than before.
   */
  touchedSince(mark: number): TouchedRoutes | undefined {
    return this.#touched.since(mark);
  }

  /** hasAddress reports whether an interface has this address. */
  hasAddress(address: Ipv4): boolean {
    return this.#addresses.some((other) => other.address === address);
  }

  /** setRanges sets the destinations of interest, the pools: all routes within them are mirrored. */
  setRanges(ranges: readonly Prefix[]): void {
    if (ranges === this.#ranges) return;
    if (ranges.some((range) => !covers(this.#ranges, range.network, range.length))) this.#stale = true;
    this.#ranges = ranges;
  }

  /** invalidate makes the next refresh dump, because the mirror proved wrong. */
  invalidate(): void {
    this.#stale = true;
  }

  /**
   * refresh brings the mirror up to this moment.
   * @param maxAgeMs if the last dump is older than this, in milliseconds, also dump unless nothing has changed since
   * @throws SyscallError when the kernel does not answer
   */
  async refresh(maxAgeMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    this.#refreshing ??= this.#refresh(maxAgeMs).finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #refresh(maxAgeMs: number): Promise<void> {
    this.#drain();
    if (this.#now() - this.#dumpedAt >= maxAgeMs && !this.#stale) {
      await this.#lists.unlessSame(() => this.#dumpAgain());
      this.#dumpedAt = this.#now();
    }
    if (this.#stale) await this.#dumpAgain();
  }

  async #dumpAgain(): Promise<void> {
    this.#stale = true;
    for (let dumps = 0; this.#stale && dumps < dumpsPerRefresh; dumps += 1) await this.#dump();
  }

  /** onChange calls `listener` after another program changed something of interest. What it returns ends this. */
  onChange(listener: (changes: ReadonlySet<KernelChange>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #drain(): void {
    const complete = this.#kernel.drain((notification) => {
      this.#lists.noteReport();
      if (this.#pending === undefined) this.#take(notification, false);
      else this.#pending.push(notification);
    });
    if (!complete) {
      this.#lists.noteReport();
      this.#stale = true;
      this.#epoch += 1;
      this.#changes.add('lost');
    }
    if (this.#changes.size === 0) return;
    const changes = this.#changes;
    this.#changes = new Set();
    for (const listener of this.#listeners) listener(changes);
  }

  async #dump(): Promise<void> {
    const pending: Notification[] = [];
    this.#pending = pending;
    // Cleared before the dump: anything that marks the mirror stale during the dump must remain in effect.
    this.#stale = false;
    try {
      const links = await this.#kernel.links();
      const addresses = await this.#kernel.addresses();
      const nextHops = await this.#kernel.nextHops();
      const routes = await this.#kernel.routes((route) => this.#keeps(route));
      this.#links = new Map(links.map((link) => [link.ifindex, link]));
      this.#addresses = addresses;
      this.#nextHops = nextHops && new Map(nextHops.map((nextHop) => [nextHop.id, nextHop]));
      this.#routes = new KernelRouteTable();
      for (const route of routes) this.#routes.insert(route, 'after');
      this.#touched.forget();
      this.#lists.forget();
      this.#dumpedAt = this.#now();
      this.#epoch += 1;
    } catch (error) {
      this.#stale = true;
      throw error;
    } finally {
      this.#pending = undefined;
    }
    for (const notification of pending) this.#take(notification, true);
    this.#drain();
  }

  // `overlapping`: the change may have happened before the dump, which then contains it, and possibly its reversal.
  #take(notification: Notification, overlapping: boolean): void {
    const wasStale = this.#stale;
    const matters = this.#follow(notification, overlapping);
    if (notification.own) return;
    this.#epoch += 1;
    if (matters || wasStale) this.#changes.add(notification.kind);
  }

  #follow(notification: Notification, overlapping: boolean): boolean {
    switch (notification.kind) {
      case 'route':
        return this.#followRoute(notification, overlapping);
      case 'nextHop':
        return this.#followNextHop(notification.nextHop, notification.removed);
      case 'link':
        return this.#followLink(notification.link, notification.removed);
      case 'address':
        return this.#followAddress(notification.address, notification.removed);
      case 'forwarding':
        return true;
    }
  }

  #followRoute(notification: Notification & { readonly kind: 'route' }, overlapping: boolean): boolean {
    const { route, removed, replaced, appended } = notification;
    const { network, length } = route.destination;
    const { protocol, scope, nextHopId } = route;
    if (!this.#keeps({ network, length, protocol, scope, nextHopId })) return false;
    const there = this.#routes.at(prefixKey(route.destination)).filter((other) => sameSlot(other, route));
    this.#touched.noteRoute(route);
    for (const each of there) this.#touched.noteRoute(each);
    if (removed) {
      // A route that the mirror lacks was removed before the dump, or the mirror is wrong.
      if (!this.#routes.remove(route) && !overlapping) this.#stale = true;
      return true;
    }
    if (there.some((other) => sameRoute(other, route))) return true;
    if (!replaced) this.#routes.insert(route, appended ? 'after' : 'before');
    else if (there.length === 1 && !overlapping) this.#routes.replace(route);
    else this.#stale = true;
    return true;
  }

  #followNextHop(nextHop: NextHop, removed: boolean): boolean {
    const before = this.#nextHops?.get(nextHop.id);
    for (const each of before === undefined ? [nextHop] : [nextHop, before]) {
      this.#touched.noteNextHop(each, this.#routes.using(each.id));
    }
    if (removed) {
      this.#nextHops?.delete(nextHop.id);
      // The kernel removes the routes that use it, without notifications.
      this.#routes.removeUsing(nextHop.id);
    } else this.#nextHops?.set(nextHop.id, nextHop);
    const ours = nextHop.protocol === this.protocol || before?.protocol === this.protocol;
    return ours || covers(this.#ranges, nextHop.id, 32);
  }

  #followLink(link: Link, removed: boolean): boolean {
    const before = this.#links.get(link.ifindex);
    if (removed) this.#links.delete(link.ifindex);
    else this.#links.set(link.ifindex, link);
    if (before === undefined || !this.#inUse(link.ifindex)) return false;
    const state = linkFlags.up | linkFlags.lowerUp;
    // The kernel removes routes and next-hop objects of an interface that goes down, loses its carrier or joins a VRF,
    // without notifications.
    if (removed || ((before.flags ^ link.flags) & state) !== 0 || before.master !== link.master) {
      this.#stale = true;
      return true;
    }
    return before.name !== link.name;
  }

  #followAddress(address: Address, removed: boolean): boolean {
    const same = (other: Address) =>
      other.ifindex === address.ifindex &&
      other.address === address.address &&
      other.prefix.length === address.prefix.length;
    const before = this.#addresses.find(same);
    const rest = this.#addresses.filter((other) => other !== before);
    this.#addresses = removed ? rest : [...rest, address];
    // The kernel removes routes with this preferred source, and all of an interface that has no address left.
    if (removed) this.#stale = true;
    // A renewed DHCP lease is notified as a new address.
    return removed || before === undefined || before.flags !== address.flags;
  }

  #inUse(ifindex: number): boolean {
    if (this.#addresses.some((address) => address.ifindex === ifindex)) return true;
    for (const { hop } of this.#nextHops?.values() ?? []) if (hop?.ifindex === ifindex) return true;
    for (const { hops } of this.#routes.all()) if (hops.some((hop) => hop.ifindex === ifindex)) return true;
    return false;
  }

  #keeps(route: Parameters<RouteFilter>[0]): boolean {
    return (
      route.protocol === this.protocol ||
      route.length === 0 ||
      // Makes its destination on-link, possibly peers' addresses.
      route.scope === scopes.link ||
      covers(this.#ranges, route.network, route.length) ||
      // May use one of our next-hop objects, whose ids are addresses of the pools.
      (route.nextHopId !== 0 && covers(this.#ranges, route.nextHopId, 32))
    );
  }
}
