// The interface between the daemon and the kernel's IPv4 routing. linux-route-kernel.ts implements it; tests have an
// implementation in memory that passes the same suite.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';

/** mainTable is the only routing table that xnet reads and writes (RT_TABLE_MAIN). */
export const mainTable = 254;

/** routeTypes are kinds of routes (RTN_* of linux/rtnetlink.h). */
export const routeTypes = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
} as const;

/** hopFlags are requested flags of a hop or a next-hop object (RTNH_F_*). */
export const hopFlags = { onLink: 4 } as const;

/** linkFlags are flags of an interface (IFF_* of linux/if.h). */
export const linkFlags = { up: 0x1, loopback: 0x8, lowerUp: 0x10000 } as const;

/** addressFlags are flags of an address (IFA_F_* of linux/if_addr.h). */
export const addressFlags = { secondary: 0x1, deprecated: 0x20 } as const;

/** scopes are the scopes of addresses and routes (RT_SCOPE_* of linux/rtnetlink.h). */
export const scopes = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

/** Hop is one way to a destination. */
export type Hop = {
  /** "inet6": a gateway of the other address family. Undefined: directly to the link. */
  readonly gateway: Ipv4 | 'inet6' | undefined;
  readonly ifindex: number;
  /** Bits of hopFlags. */
  readonly flags: number;
};

/** KernelRoute is one IPv4 route of the main table. */
export type KernelRoute = {
  readonly destination: Prefix;
  readonly tos: number;
  /** 0 takes precedence over all others. */
  readonly metric: number;
  /** Origin of the route: 2 kernel, 4 static, 88 xnet. */
  readonly protocol: number;
  /** One of routeTypes. */
  readonly type: number;
  /** One of scopes. The destination of a route with scope "link" is on-link: it can contain gateways of other routes. */
  readonly scope: number;
  /** Empty with a next-hop object, and for types without a destination. Several: multipath. */
  readonly hops: readonly Hop[];
  /** Id of its next-hop object; 0 if it has none. */
  readonly nextHopId: number;
  readonly preferredSource: Ipv4 | undefined;
  /** Whether it has an MTU or another metric of RTA_METRICS, or an encapsulation. xnet's routes never do. */
  readonly hasOptions: boolean;
};

/** NextHop is one next-hop object. */
export type NextHop = {
  readonly id: number;
  readonly protocol: number;
  /** IPv4 gateway on one interface, the only kind that xnet makes. Undefined: a group, a blackhole or another kind. */
  readonly hop: Hop | undefined;
  /** Ids of a group's members. */
  readonly members: readonly number[];
};

/** Link is one network interface. */
export type Link = {
  readonly ifindex: number;
  /** "eth0" */
  readonly name: string;
  /** Bits of linkFlags. */
  readonly flags: number;
  /** Interface index of the bridge, bond or VRF it belongs to; 0 if none. */
  readonly master: number;
  /** MTU in bytes. */
  readonly mtu: number;
};

/** Address is one IPv4 address of an interface. */
export type Address = {
  readonly ifindex: number;
  readonly address: Ipv4;
  /** The on-link network of the address. */
  readonly prefix: Prefix;
  /** One of scopes. */
  readonly scope: number;
  /** Bits of addressFlags. */
  readonly flags: number;
};

/** RouteChange is one change. None of them can alter a foreign route. */
export type RouteChange =
  /** Fails with EEXIST if there is a route with this destination, tos and metric, of whatever origin. */
  | { readonly op: 'addRoute'; readonly route: KernelRoute }
  /** Adds the route after those with this destination, tos and metric; it takes effect when they are gone. */
  | { readonly op: 'appendRoute'; readonly route: KernelRoute }
  /**
   * Deletes the first route that equals `route` in everything but tos, metric, preferred source and hops, and in those
   * of these that `route` sets (not 0, not undefined). Fails with ESRCH if there is none.
   */
  | { readonly op: 'deleteRoute'; readonly route: KernelRoute }
  /** Fails with EEXIST if the id is in use. */
  | { readonly op: 'addNextHop'; readonly nextHop: NextHop }
  /** Moves all routes that use it at once. Fails with ENOENT if there is no object with the id. */
  | { readonly op: 'replaceNextHop'; readonly nextHop: NextHop }
  /** Also deletes the routes that use it. Fails with ENOENT if there is no such object. */
  | { readonly op: 'deleteNextHop'; readonly nextHop: NextHop };

/** KernelRefusal is the reason why one change was refused. */
export type KernelRefusal = {
  /** Errno name: "ENETUNREACH". */
  readonly errno: string;
  /** The kernel's explanation: "Nexthop has invalid gateway"; empty if it gives none. */
  readonly text: string;
};

/** Notification is one change of the kernel's state, by any program. */
export type Notification = {
  /** Whether it was requested through this RouteKernel. */
  readonly own: boolean;
} & (
  | {
      readonly kind: 'route';
      readonly removed: boolean;
      readonly route: KernelRoute;
      /** Whether it replaced the first route with its destination, tos and metric. */
      readonly replaced: boolean;
      /** Whether it follows those with its destination, tos and metric; otherwise it precedes them. */
      readonly appended: boolean;
    }
  | { readonly kind: 'nextHop'; readonly removed: boolean; readonly nextHop: NextHop }
  | { readonly kind: 'link'; readonly removed: boolean; readonly link: Link }
  | { readonly kind: 'address'; readonly removed: boolean; readonly address: Address }
  /** Forwarding was turned on or off for the host or an interface. */
  | { readonly kind: 'forwarding'; readonly on: boolean }
);

/** RouteFilter selects the routes that a dump lists; it is called before a route is decoded completely. */
export type RouteFilter = (route: {
  readonly network: Ipv4;
  readonly length: number;
  readonly protocol: number;
  readonly scope: number;
  readonly nextHopId: number;
}) => boolean;

/**
 * RouteKernel is the IPv4 routing of one network namespace. Dumps throw SyscallError, with an errno name as its code;
 * at most one dump may run at a time.
 */
export interface RouteKernel {
  /** routes lists routes of the main table; of several with one destination, tos and metric, only the one in effect. */
  routes(filter: RouteFilter): Promise<readonly KernelRoute[]>;
  /**
   * routesNow is routes without a filter and without yielding: it blocks, for about 20 ms with 10,000 routes. It may be called
   * during a dump.
   */
  routesNow(): readonly KernelRoute[];
  /** nextHops lists all next-hop objects; undefined if the kernel does not support them. */
  nextHops(): Promise<readonly NextHop[] | undefined>;
  links(): Promise<readonly Link[]>;
  addresses(): Promise<readonly Address[]>;
  /**
   * fingerprint returns a text that differs if any of these lists has changed, at a small part of the cost of reading them;
   * undefined if they changed meanwhile.
   */
  fingerprint(): Promise<string | undefined>;
  /**
   * apply makes as many of the changes as possible, in order. It yields to the event loop now and then.
   * @returns one entry per change: undefined if it was made; ECANCELED for those after `signal` aborted
   */
  apply(changes: readonly RouteChange[], signal?: AbortSignal): Promise<readonly (KernelRefusal | undefined)[]>;
  /**
   * drain reads the notifications since the last drain, in the order of the changes. They include all own changes that
   * apply() has returned from. Objects that the kernel removes as a consequence (routes of an interface that goes down,
   * of an address, of a next-hop object) are not notified.
   * @returns false if some were lost
   */
  drain(visit: (notification: Notification) => void): boolean;
  /** onReadable calls `listener` when there are notifications; the listener must drain. */
  onReadable(listener: () => void): void;
  close(): void;
}
