// What the rest of the daemon knows of the kernel's IPv4 routing, and what it can ask of it. The real one is
// linux-route-kernel.ts; tests have one in memory that passes the same suite.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';

/** mainTable is the one routing table that xnet looks at and writes to (RT_TABLE_MAIN). */
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

/** hopFlags are flags of a hop or a next-hop object that say how it was asked for (RTNH_F_*). */
export const hopFlags = { onLink: 4 } as const;

/** linkFlags are flags of an interface (IFF_* of linux/if.h). */
export const linkFlags = { up: 0x1, loopback: 0x8, lowerUp: 0x10000 } as const;

/** addressFlags are flags of an address (IFA_F_* of linux/if_addr.h). */
export const addressFlags = { secondary: 0x1, deprecated: 0x20 } as const;

/** scopes are how far an address or a route reaches (RT_SCOPE_* of linux/rtnetlink.h). */
export const scopes = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

/** Hop is one way that a route leads on. */
export type Hop = {
  /** "inet6": a gateway of the other family. Undefined: straight to the link. */
  readonly gateway: Ipv4 | 'inet6' | undefined;
  readonly ifindex: number;
  /** Of hopFlags. */
  readonly flags: number;
};

/** KernelRoute is one IPv4 route of the main table. */
export type KernelRoute = {
  readonly destination: Prefix;
  readonly tos: number;
  /** 0 is preferred to all others. */
  readonly metric: number;
  /** Who made it: 2 kernel, 4 static, 88 xnet. */
  readonly protocol: number;
  /** Of routeTypes. */
  readonly type: number;
  /** Of scopes. What a route of scope "link" leads to is on-link: it can be the gateway of others. */
  readonly scope: number;
  /** None with a next-hop object, and for types that lead nowhere. Several: multipath. */
  readonly hops: readonly Hop[];
  /** Id of its next-hop object; 0: it has none. */
  readonly nextHopId: number;
  readonly preferredSource: Ipv4 | undefined;
  /** It has an MTU or another metric of RTA_METRICS, or an encapsulation: xnet's never do. */
  readonly hasOptions: boolean;
};

/** NextHop is one next-hop object. */
export type NextHop = {
  readonly id: number;
  readonly protocol: number;
  /** IPv4 gateway on one interface: the only kind xnet makes. Undefined: a group, a blackhole or another kind. */
  readonly hop: Hop | undefined;
  /** Ids of a group's members. */
  readonly members: readonly number[];
};

/** Link is one network interface. */
export type Link = {
  readonly ifindex: number;
  /** "eth0" */
  readonly name: string;
  /** Of linkFlags. */
  readonly flags: number;
  /** Interface index of the bridge, bond or VRF it belongs to; 0: none. */
  readonly master: number;
  /** Longest packet that it sends, in bytes. */
  readonly mtu: number;
};

/** Address is one IPv4 address of an interface. */
export type Address = {
  readonly ifindex: number;
  readonly address: Ipv4;
  /** The network it puts on the link. */
  readonly prefix: Prefix;
  /** Of scopes. */
  readonly scope: number;
  /** Of addressFlags. */
  readonly flags: number;
};

/** RouteChange is one thing to do. None of them can alter a foreign route. */
export type RouteChange =
  /** Fails with EEXIST when there is a route with this destination, tos and metric, whoever made it. */
  | { readonly op: 'addRoute'; readonly route: KernelRoute }
  /** Adds it after those with this destination, tos and metric: it counts when they are gone. */
  | { readonly op: 'appendRoute'; readonly route: KernelRoute }
  /**
   * Deletes the first route that equals `route` in all but tos, metric, preferred source and hops, and in those that
   * `route` has (not 0, not undefined). Fails with ESRCH when there is none.
   */
  | { readonly op: 'deleteRoute'; readonly route: KernelRoute }
  /** Fails with EEXIST when the id is taken. */
  | { readonly op: 'addNextHop'; readonly nextHop: NextHop }
  /** Moves all routes that use it at once. Fails with ENOENT when there is none of the id. */
  | { readonly op: 'replaceNextHop'; readonly nextHop: NextHop }
  /** Takes the routes that use it along. Fails with ENOENT when there is none. */
  | { readonly op: 'deleteNextHop'; readonly nextHop: NextHop };

/** KernelRefusal is why one change was not made. */
export type KernelRefusal = {
  /** Errno name: "ENETUNREACH". */
  readonly errno: string;
  /** The kernel's explanation: "Nexthop has invalid gateway"; empty where it gives none. */
  readonly text: string;
};

/** Notification is one change of the kernel's state, by whomever. */
export type Notification = {
  /** It was asked for through this RouteKernel. */
  readonly own: boolean;
} & (
  | {
      readonly kind: 'route';
      readonly removed: boolean;
      readonly route: KernelRoute;
      /** It took the place of the first one with its destination, tos and metric. */
      readonly replaced: boolean;
      /** It came after those with its destination, tos and metric; otherwise before. */
      readonly appended: boolean;
    }
  | { readonly kind: 'nextHop'; readonly removed: boolean; readonly nextHop: NextHop }
  | { readonly kind: 'link'; readonly removed: boolean; readonly link: Link }
  | { readonly kind: 'address'; readonly removed: boolean; readonly address: Address }
  /** Forwarding was turned on or off, of the host or of an interface. */
  | { readonly kind: 'forwarding'; readonly on: boolean }
);

/** RouteFilter says which routes a dump is to list: it is asked before a route is read as a whole. */
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
  /** routes lists routes of the main table; of several with one destination, tos and metric, that which counts first. */
  routes(filter: RouteFilter): Promise<readonly KernelRoute[]>;
  /** nextHops lists all next-hop objects; undefined where the kernel has no such thing. */
  nextHops(): Promise<readonly NextHop[] | undefined>;
  links(): Promise<readonly Link[]>;
  addresses(): Promise<readonly Address[]>;
  /**
   * apply makes changes, in order, as far as each can be made. It lets other work go on now and then.
   * @returns one entry per change: undefined when it was made; ECANCELED for those after `signal` aborted
   */
  apply(changes: readonly RouteChange[], signal?: AbortSignal): Promise<readonly (KernelRefusal | undefined)[]>;
  /**
   * drain takes the notifications since the last drain, in the order in which things happened. All of our own changes
   * that apply() has returned from are among them. What the kernel removes along with something else (routes of an
   * interface that goes down, of an address, of a next-hop object) is not notified.
   * @returns false when some were lost
   */
  drain(visit: (notification: Notification) => void): boolean;
  /** onReadable calls `listener` when there is something to drain; it has to drain. */
  onReadable(listener: () => void): void;
  close(): void;
}
