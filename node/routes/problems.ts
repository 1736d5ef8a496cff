// The problems that a host's routes can have, and their messages. Pure.
import { formatIpv4, formatPrefix, type Prefix } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import type { KernelRefusal, KernelRoute, NextHop, RouteChange } from '../kernel/route-kernel.js';
import type { Finding } from '../reconcile/effect.js';
import { formatRoute, type Names, removeCommand } from './format.js';
import { isByHand } from './ownership.js';

/** RouteProblem is one deviation from the desired routes. */
export type RouteProblem =
  /** A foreign route for exactly the peer's subnet leads elsewhere; xnet's can't be added, or comes after it. */
  | { readonly reason: 'ForeignRoute'; readonly peer: Route; readonly route: KernelRoute }
  /** A foreign route for exactly the peer's subnet leads to the peer: xnet's is not needed. */
  | { readonly reason: 'ForeignRouteServes'; readonly peer: Route; readonly route: KernelRoute }
  /** A foreign route diverts a part of the peer's traffic: it is more specific, or for one type of service. */
  | { readonly reason: 'MoreSpecificRoute'; readonly peer: Route; readonly route: KernelRoute }
  /** A foreign route for the peer's subnet leads elsewhere, but xnet's comes first. */
  | { readonly reason: 'ShadowedRoute'; readonly peer: Route; readonly route: KernelRoute }
  /** A foreign route diverts traffic for this node's own subnet from its bridge. */
  | { readonly reason: 'OwnSubnetRouted'; readonly route: KernelRoute }
  /** A foreign route takes the place of the pool's unreachable route. */
  | { readonly reason: 'GuardBlocked'; readonly route: KernelRoute }
  | { readonly reason: 'NotOnLink'; readonly peer: Route; readonly interfaceName: string }
  /** The peer's subnet overlaps one of this host's own networks. */
  | { readonly reason: 'OverlapsHost'; readonly peer: Route; readonly what: string }
  /** The pool is a part of one of this host's own networks. */
  | { readonly reason: 'PoolOverlapsHost'; readonly pool: Prefix; readonly what: string }
  | { readonly reason: 'InterfaceDown'; readonly interfaceName: string; readonly waiting: number }
  | { readonly reason: 'InterfaceGone'; readonly interfaceName: string; readonly waiting: number }
  | { readonly reason: 'NoUnderlay'; readonly waiting: number }
  /** A foreign route or group uses a next-hop object of xnet that is no longer needed. */
  | { readonly reason: 'NextHopInUse'; readonly nextHop: NextHop }
  | { readonly reason: 'RouteRefused'; readonly what: string; readonly refusal: KernelRefusal }
  | { readonly reason: 'KernelUnavailable'; readonly message: string };

type Reason = RouteProblem['reason'];
type Of<R extends Reason> = RouteProblem & { readonly reason: R };
type Writer<R extends Reason> = {
  readonly transient: boolean;
  readonly isNote?: boolean;
  readonly write: (of: Group<R>, names: Names) => string;
  /** The remedy; absent if the problem passes by itself. */
  readonly fix?: (of: Group<R>, names: Names) => string;
};
type Group<R extends Reason> = readonly [Of<R>, ...Of<R>[]];

// More would make the line unreadable.
const examples = 3;

function list<T>(items: readonly T[], write: (item: T) => string, separator = '; '): string {
  const shown = items.slice(0, examples).map(write).join(separator);
  return items.length <= examples ? shown : `${shown} and ${items.length - examples} more`;
}

function peerName({ peer }: { readonly peer: Route }): string {
  return `${formatPrefix(peer.subnet)} of ${peer.nodeName}`;
}

const RTPROT_KERNEL = 2;

function howToRemove(route: KernelRoute, names: Names): string {
  if (route.protocol !== RTPROT_KERNEL) return removeCommand(route, names);
  return `remove the address that "${formatRoute(route, names)}" comes with, or the Docker network behind it`;
}

function foreign(of: { readonly peer: Route; readonly route: KernelRoute }, names: Names): string {
  return `${peerName(of)} by "${formatRoute(of.route, names)}"`;
}

function removal(of: readonly { readonly route: KernelRoute }[], names: Names): string {
  return list([...new Set(of.map(({ route }) => howToRemove(route, names)))], (one) => one);
}

function waiting(count: number): string {
  return count === 1 ? '1 route waits' : `${count} routes wait`;
}

const writers: { readonly [R in Reason]: Writer<R> } = {
  ForeignRoute: {
    transient: false,
    write: (of, names) => `routed elsewhere by routes that are not xnet's: ${list(of, (one) => foreign(one, names))}`,
    fix: removal,
  },
  ForeignRouteServes: {
    transient: false,
    isNote: true,
    write: (of, names) => `routed as desired by routes that are not xnet's: ${list(of, (one) => foreign(one, names))}`,
    fix: (of) =>
      of.some(({ route }) => isByHand(route))
        ? "to make the hand-made ones xnet's without a gap: take-over: true in /etc/xnet/xnetd.yaml, then systemctl restart xnetd"
        : 'if xnet is to have these routes, remove them where they come from',
  },
  MoreSpecificRoute: {
    transient: false,
    write: (of, names) => `partly routed elsewhere: ${list(of, (one) => foreign(one, names))}`,
    fix: removal,
  },
  ShadowedRoute: {
    transient: false,
    isNote: true,
    write: (of, names) =>
      `xnet's routes precede foreign routes that lead elsewhere: ${list(of, (one) => foreign(one, names))}`,
    fix: removal,
  },
  OwnSubnetRouted: {
    transient: false,
    write: (of, names) =>
      `this host's own subnet is routed away from its bridge: ${list(
        of,
        ({ route }) => `"${formatRoute(route, names)}"`,
      )}`,
    fix: removal,
  },
  GuardBlocked: {
    transient: false,
    write: (of, names) =>
      `packets to unleased subnets may leave the host, because a foreign route takes the place of xnet's: ${list(
        of,
        ({ route }) => `"${formatRoute(route, names)}"`,
      )}`,
    fix: removal,
  },
  NotOnLink: {
    transient: false,
    write: (of) =>
      `not on the network of ${of[0].interfaceName}: ${list(
        of,
        ({ peer }) => `${peer.nodeName} (${formatIpv4(peer.nextHop)})`,
        ', ',
      )}; peers have to share a layer 2 network`,
    fix: () => 'name the right interface with --interface, or: xctl nodes set NAME --address ADDRESS',
  },
  OverlapsHost: {
    transient: false,
    write: (of) =>
      `not routed: this host has overlapping networks: ${list(of, (one) => `${peerName(one)} overlaps ${one.what}`)}`,
    fix: () => "renumber this host's network (see ip address and docker network ls), or lease the peer another subnet",
  },
  PoolOverlapsHost: {
    transient: false,
    write: (of) =>
      `packets to unleased subnets may leave the host, because the pool is part of one of its own networks: ${list(
        of,
        ({ pool, what }) => `pool ${formatPrefix(pool)} is within ${what}`,
      )}`,
    fix: () => 'renumber that network, or use another pool',
  },
  InterfaceDown: {
    transient: true,
    write: ([one]) => `${one.interfaceName} is down or has no carrier: ${waiting(one.waiting)} for it`,
    fix: ([one]) => `ip link set ${one.interfaceName} up, or check its cable`,
  },
  InterfaceGone: {
    transient: true,
    write: ([one]) => `${one.interfaceName} is gone: ${waiting(one.waiting)} for it`,
  },
  NoUnderlay: {
    transient: true,
    write: ([one]) => `${waiting(one.waiting)} until it is known which interface leads to the peers`,
  },
  NextHopInUse: {
    transient: false,
    write: (of) =>
      `foreign routes or groups use next-hop objects of xnet, which were left: ${list(
        of,
        ({ nextHop }) => `id ${nextHop.id}`,
        ', ',
      )}`,
    fix: ([{ nextHop }]) =>
      `remove what uses them; to find it: ip route show nhid ${nextHop.id}; ip nexthop show groups`,
  },
  RouteRefused: {
    transient: true,
    write: (of) =>
      `refused by the kernel: ${list(of, ({ what, refusal }) => `${what}: ${refusal.text || refusal.errno}`)}`,
  },
  KernelUnavailable: { transient: true, write: ([one]) => `the kernel's routes can't be read: ${one.message}` },
};

function findingOf<R extends Reason>(group: Group<R>, names: Names): Finding {
  const { reason } = group[0];
  const writer: Writer<R> = writers[reason as R];
  const { transient, isNote = false } = writer;
  const finding = { type: 'Routes', transient, isNote, reason, message: writer.write(group, names) } as const;
  return writer.fix === undefined ? finding : { ...finding, fix: writer.fix(group, names) };
}

/** findingsOf returns the findings of problems, one per reason. */
export function findingsOf(problems: readonly RouteProblem[], names: Names): readonly Finding[] {
  const groups = new Map<Reason, [RouteProblem, ...RouteProblem[]]>();
  for (const problem of problems) {
    const group = groups.get(problem.reason);
    if (group === undefined) groups.set(problem.reason, [problem]);
    else group.push(problem);
  }
  return [...groups.values()].map((group) => findingOf(group, names));
}

/** describeChange names a change for a message: "route to 10.76.5.0/24". */
export function describeChange(change: RouteChange): string {
  if ('route' in change)
    return `${change.op === 'deleteRoute' ? 'deleting ' : ''}route to ${formatPrefix(change.route.destination)}`;
  return `${change.op === 'deleteNextHop' ? 'deleting ' : ''}next hop ${change.nextHop.id}`;
}

const verbs = {
  addRoute: 'add',
  appendRoute: 'add',
  deleteRoute: 'delete',
  addNextHop: 'add',
  replaceNextHop: 'replace',
  deleteNextHop: 'delete',
} as const satisfies Record<RouteChange['op'], string>;

/** nameChange names a change that was made, for logs: "add route to 10.76.5.0/24". */
export function nameChange(change: RouteChange): string {
  const what =
    'route' in change
      ? `route to ${formatPrefix(change.route.destination)}`
      : `next hop ${gatewayText(change.nextHop)}`;
  return `${verbs[change.op]} ${what}`;
}

function gatewayText({ id, hop }: NextHop): string {
  return typeof hop?.gateway === 'number' ? formatIpv4(hop.gateway) : String(id);
}
