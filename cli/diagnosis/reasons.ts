// The reasons why a path fails, each with its text and fix. Pure.
// Invariant: every verdict has one of these reasons; test/support/path-fixtures.ts produces each of them, in namespaces and
// in a lab with Docker and daemons.
import type { TraceStep__Output } from '../../proto/gen/xnet/v1/TraceStep.js';
import { nameOf, type Side } from './examination.js';

/** ReasonText is the text of a reason, and its fix. */
export type ReasonText = { readonly message: string; readonly fix: string };

/** Blame is the place and direction that a reason applies to: `at` is the side at fault, `other` the opposite one. */
export type Blame = {
  readonly at: Side;
  readonly other: Side;
  /** The affected packets: "requests", "replies". */
  readonly what: 'requests' | 'replies';
};

type Dropped = Blame & { readonly step: TraceStep__Output };
/** NoRoute: where packets go instead, and types of routes to the subnet without a gateway: "unreachable", "link". */
type NoRoute = { readonly instead: string; readonly types: readonly string[] };

const onHost = ({ end }: Side, command: string) => `on ${end.node}: ${command}`;
const hostOf = ({ end }: Side) => end.node;
const expectedHop = ({ end }: Side) => end.nodeAddress;
const where = ({ family, table, chain, iptables }: TraceStep__Output) =>
  iptables ? `iptables' ${table} chain ${chain}` : `nftables' chain ${family} ${table} ${chain}`;
const accepting = ({ at, other }: Blame) => `iptables -I DOCKER-USER -s ${range(other)} -d ${range(at)} -j ACCEPT`;
const range = ({ subnet, address }: Side) => (subnet === '' ? address : subnet);
const toSubnet = (side: Side) => (side.subnet === '' ? side.address : side.subnet);

const untraced = (sides: readonly Side[]) =>
  sides
    .filter(({ traceProblem }) => traceProblem !== '')
    .map((side) => `; ${hostOf(side)} could not trace packets: ${side.traceProblem}`)
    .join('');

/** reasons maps each reason to its text. */
export const reasons = {
  Fine: ({ at, other }: Blame & { readonly bytes: number }): ReasonText => ({
    message: `packets pass between ${nameOf(at)} and ${nameOf(other)}`,
    fix: '',
  }),
  ContainerNotFound: ({ at }: Blame): ReasonText => ({
    message: `${hostOf(at)} has no container ${at.path?.container?.name ?? at.end.container}`,
    fix: onHost(at, 'docker ps -a'),
  }),
  ContainerAmbiguous: ({ at }: Blame): ReasonText => ({
    message: `${at.path?.container?.name ?? ''} matches the ids of several containers of ${hostOf(at)}`,
    fix: onHost(at, 'docker ps'),
  }),
  ContainerStopped: ({ at }: Blame): ReasonText => ({
    message: `the container ${at.path?.container?.name ?? ''} of ${hostOf(at)} does not run`,
    fix: onHost(at, `docker start ${at.path?.container?.name ?? ''}`),
  }),
  ContainerOnHostNetwork: ({ at }: Blame): ReasonText => ({
    message: `the container ${at.path?.container?.name ?? ''} shares the network of ${hostOf(at)}: it has the host's addresses`,
    fix: `use the host instead: ${hostOf(at)}`,
  }),
  ContainerWithoutNetwork: ({ at }: Blame): ReasonText => ({
    message: `the container ${at.path?.container?.name ?? ''} of ${hostOf(at)} has no network`,
    fix: onHost(at, `docker network connect bridge ${at.path?.container?.name ?? ''}`),
  }),
  ContainerNotRouted: ({ at }: Blame): ReasonText => ({
    message:
      `the container ${at.path?.container?.name ?? ''} of ${hostOf(at)} is on no network of its leases: ` +
      `${(at.path?.container?.addresses ?? []).join(', ')}`,
    fix: `attach it to a network that is routed: xctl nodes show ${hostOf(at)}`,
  }),
  ContainerUnknown: ({ at }: Blame): ReasonText => ({
    message: `Docker on ${hostOf(at)} does not answer, so its containers are not known`,
    fix: onHost(at, 'systemctl status docker'),
  }),
  AddressUnused: ({ at }: Blame): ReasonText => ({
    message: `nothing on ${hostOf(at)} has the address ${at.address}`,
    fix: `name the container instead: ${hostOf(at)}/NAME`,
  }),
  DaemonAway: ({ at }: Blame): ReasonText => ({
    message: `the host ${hostOf(at)} can't be asked: ${at.away}. No reply came from there`,
    fix: onHost(at, 'xnetd status'),
  }),
  NotProbed: ({ at, problem }: Blame & { readonly problem: string }): ReasonText => ({
    message: `nothing could be sent from ${nameOf(at)}: ${problem}`,
    fix: onHost(at, 'xnetd status'),
  }),
  SubnetNotInUse: ({ at }: Blame): ReasonText => ({
    message: `no bridge of ${hostOf(at)} has the subnet ${at.subnet}: Docker does not use it`,
    fix: onHost(at, 'xnetd status'),
  }),
  NoRoute: ({ at, other, instead, types }: Blame & NoRoute): ReasonText => ({
    message:
      `${hostOf(at)} has no route to ${toSubnet(other)}` +
      (types.length === 0 ? '' : ` by a gateway, only of type ${types.join(', ')}`) +
      (instead === '' ? '' : `; packets go to ${instead} instead`),
    fix:
      types.length > 0
        ? onHost(at, `ip route show ${toSubnet(other)}; delete the one that xnetd status names: it is not xnet's`)
        : at.path?.desiredNextHop === ''
          ? `its daemon does not know the subnet: ${onHost(at, 'xnetd status')}`
          : onHost(at, 'xnetd status; systemctl status xnetd'),
  }),
  WrongNextHop: ({ at, other, instead }: Blame & { readonly instead: string }): ReasonText => ({
    message:
      `${hostOf(at)} sends packets to ${other.address} to ${instead}, not to ${expectedHop(other)}, ` +
      `the address of ${hostOf(other)}`,
    fix: onHost(at, `ip route get ${other.address}, then delete the route that is not xnet's (xnetd status names it)`),
  }),
  PolicyRule: ({ at, other, decision }: Blame & { readonly decision: string }): ReasonText => ({
    message: `a policy rule of ${hostOf(at)} takes packets between ${at.address} and ${other.address}: ${decision}`,
    fix: onHost(at, `ip rule show; to pass it: ip rule add pref 1 to ${toSubnet(other)} lookup main`),
  }),
  ForwardingOff: ({ at }: Blame): ReasonText => ({
    message: `${hostOf(at)} does not forward: net.ipv4.ip_forward, or that of ${at.path?.underlay} or ${at.path?.bridge}, is 0`,
    fix: onHost(at, 'sysctl -w net.ipv4.ip_forward=1'),
  }),
  ReversePath: ({ at, name }: Blame & { readonly name: string }): ReasonText => ({
    message: `rp_filter is strict on ${name} of ${hostOf(at)}, and answers do not leave by it: packets are dropped`,
    fix: onHost(at, `sysctl -w net/ipv4/conf/all/rp_filter=2 net/ipv4/conf/${name}/rp_filter=2`),
  }),
  NeighbourSilent: ({ at, other }: Blame): ReasonText => ({
    message:
      `${hostOf(other)} does not answer ARP: ${expectedHop(other)} is ` +
      `${at.path?.neighbourState || 'unknown'} in the neighbour table of ${hostOf(at)}`,
    fix: `see that ${hostOf(other)} is up and on the same network: ${onHost(at, `ip neigh show ${expectedHop(other)}`)}`,
  }),
  DroppedByDockerUser: (blame: Dropped): ReasonText => ({
    message: `DOCKER-USER on ${hostOf(blame.at)} drops the ${blame.what}: ${blame.step.rule}`,
    fix: onHost(blame.at, `iptables -D DOCKER-USER ${blame.step.rule}; or before it: ${accepting(blame)}`),
  }),
  DroppedByRule: ({ at, what, step }: Dropped): ReasonText => ({
    message: `a rule of ${where(step)} on ${hostOf(at)} drops the ${what}: ${step.rule}`,
    fix: onHost(
      at,
      step.iptables
        ? `iptables -t ${step.table} -D ${step.chain} ${step.rule}`
        : `nft -a list chain ${step.family} ${step.table} ${step.chain}, then nft delete rule with its handle`,
    ),
  }),
  DroppedByPolicy: ({ at, what, step }: Dropped): ReasonText => ({
    message: `the policy of ${where(step)} on ${hostOf(at)} drops the ${what}: no rule of it accepts them`,
    fix: onHost(
      at,
      step.family === 'ip' && step.table === 'filter'
        ? 'xnetd status; systemctl restart docker makes its rules again'
        : `nft add rule ${step.family} ${step.table} ${step.chain} ip saddr ${range(at)} accept, and the same for ip daddr`,
    ),
  }),
  DroppedUntraced: ({ at, what, hook }: Blame & { readonly hook: string }): ReasonText => ({
    message: `${hostOf(at)} drops the ${what} in its ${hook} chains, by a rule that leaves no trace (iptables-legacy)`,
    fix: onHost(at, `iptables-legacy -vnL ${hook.toUpperCase()}; iptables-legacy -t mangle -vnL`),
  }),
  SourceRewritten: ({ at, what, from, to, rule }: Blame & Rewriting): ReasonText => ({
    message:
      `the source of the ${what} is rewritten on ${hostOf(at)}, from ${from} to ${to}` +
      (rule === '' ? '' : `: ${rule}`),
    fix: onHost(at, 'iptables -t nat -S POSTROUTING; nft list ruleset: exclude the pools from that rule'),
  }),
  RouteRefuses: ({ at, other, what, errno }: Blame & { readonly errno: string }): ReasonText => ({
    message: `${hostOf(at)} has no way for the ${what} to ${at.address}: ${errno}`,
    fix: onHost(at, `ip route get ${at.address} from ${other.address} iif ${at.path?.underlay}`),
  }),
  LostInHost: ({ at, what }: Blame): ReasonText => ({
    message: `the ${what} come to ${hostOf(at)} and go no further: no rule, route or filter that xnet knows explains it`,
    fix: onHost(at, 'xnetd status; nstat -az | grep -i drop'),
  }),
  LostBetween: ({ at, other, what }: Blame): ReasonText => ({
    message: `the ${what} leave ${hostOf(other)} by ${other.path?.underlay} and do not come to ${hostOf(at)}`,
    fix: 'check what is between the hosts: a switch, a firewall or a security group that does not know the pools',
  }),
  TargetSilent: ({ at }: Blame): ReasonText => ({
    message: `the requests are delivered to ${nameOf(at)}, and it does not answer them`,
    fix: `within it: sysctl net.ipv4.icmp_echo_ignore_all, and its own firewall`,
  }),
  LargePacketsLost: ({
    at,
    other,
    sent,
    answered,
  }: Blame & { readonly sent: number; readonly answered: number }): ReasonText => ({
    message:
      `packets of ${sent} bytes are lost between ${hostOf(at)} (MTU ${at.path?.underlayMtu ?? '?'}) and ${hostOf(other)} ` +
      `(MTU ${other.path?.underlayMtu ?? '?'}); the longest that passed had ${answered}`,
    fix: `give all hosts one MTU: ip link set dev INTERFACE mtu ${answered}, and Docker's "mtu" no larger`,
  }),
  ReplyRefused: ({ at }: Blame): ReasonText => ({
    message: `the replies are delivered to ${nameOf(at)}, and do not come to a program there`,
    fix: 'check its own firewall',
  }),
  Unexplained: ({ at, other }: Blame): ReasonText => ({
    message:
      `no reply from ${nameOf(other)} came to ${nameOf(at)}, and nothing observed on the two hosts explains it` +
      untraced([at, other]),
    fix: `xctl trace shows what was seen; ${onHost(other, 'xnetd status')}`,
  }),
} as const;

/** Rewriting is a source address that was changed. */
export type Rewriting = { readonly from: string; readonly to: string; readonly rule: string };

/** Reason is the name of a reason. */
export type Reason = keyof typeof reasons;

/** PathVerdict is the reason that applies. */
export type PathVerdict = ReasonText & {
  readonly reason: Reason;
  /** Name of the node that it applies to; empty: Fine. */
  readonly node: string;
};

/** tell returns a verdict. */
export function tell<R extends Reason>(reason: R, blame: Parameters<(typeof reasons)[R]>[0]): PathVerdict {
  const words = reasons[reason] as (blame: Parameters<(typeof reasons)[R]>[0]) => ReasonText;
  return { reason, node: reason === 'Fine' ? '' : blame.at.end.node, ...words(blame) };
}
