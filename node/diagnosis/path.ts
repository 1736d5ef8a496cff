// Answers how this host routes packets between one of its own ends and an address elsewhere.
// Invariant: read-only. The kernel is asked for its decisions; no rule or route is interpreted here.
import {
  formatIpv4,
  formatPrefix,
  gatewayOf,
  type Ipv4,
  type Prefix,
  parseIpv4,
  parsePrefix,
  prefixContains,
  prefixKey,
} from '../../proto/domain/address.js';
import type { Decision } from '../../proto/gen/xnet/v1/Decision.js';
import type { PathFindings } from '../../proto/gen/xnet/v1/PathFindings.js';
import type { PathQuestion__Output } from '../../proto/gen/xnet/v1/PathQuestion.js';
import { ipv4Sysctl } from '../firewall/proc.js';
import type { Way } from '../kernel/lookup.js';
import { type KernelRoute, type Link, linkFlags, routeTypes } from '../kernel/route-kernel.js';
import { isStrict } from '../path/path.js';
import { findContainer } from './container.js';
import { invalid, type LookedAt } from './looked-at.js';

// local, main, default
const rulesAtFirst = 3;

/**
 * answerPath answers a question about a path.
 * @throws XnetError InvalidArgument, SyscallError when the kernel does not answer
 */
export async function answerPath(place: LookedAt, question: PathQuestion__Output): Promise<PathFindings> {
  const { mirror, own } = place;
  await mirror.refresh();
  const asked = parseIpv4(question.address);
  if (asked === undefined && question.container === '') throw invalid('address');
  const isHosts = asked !== undefined && mirror.hasAddress(asked);
  const container = isHosts ? undefined : await findContainer(place, { name: question.container, address: asked });
  const address = asked ?? container?.address;
  const subnet = address === undefined ? undefined : own().find((each) => prefixContains(each.subnet, address))?.subnet;
  const findings: PathFindings = {
    container: container?.findings ?? null,
    address: address === undefined ? '' : formatIpv4(address),
    subnet: subnet === undefined ? '' : formatPrefix(subnet),
  };
  const remote = parseIpv4(question.remote);
  if (address === undefined || remote === undefined) return findings;
  const bridge = leadingTo(place, address);
  return {
    ...findings,
    ...(await interfaces(place, bridge)),
    ...decisions(place, { address, remote, bridge, isHosts }),
    ...routesTo(place, question),
    ...neighbourOf(place, question),
    hasRules: (await place.lookup.ruleCount()) > rulesAtFirst,
    subnetInUse: isHosts || (subnet !== undefined && isInUse(place, subnet, bridge)),
  };
}

// The interface that has the address, or leads to it without a gateway.
function leadingTo({ mirror, lookup, underlay }: LookedAt, address: Ipv4): Link | undefined {
  const holder = mirror.addresses.find((each) => each.address === address);
  if (holder !== undefined) return mirror.links.get(holder.ifindex);
  const way = lookup.wayOf({ destination: address });
  if ('errno' in way || way.gateway !== undefined || way.to === underlay()?.ifindex) return undefined;
  return mirror.links.get(way.to);
}

// In mode block, a bridge other than docker0 has a part of the subnet: any of its addresses on the bridge serves.
function isInUse({ mirror }: LookedAt, subnet: Prefix, bridge: Link | undefined): boolean {
  if (bridge === undefined) return mirror.hasAddress(gatewayOf(subnet));
  return mirror.addresses.some(({ ifindex, address }) => ifindex === bridge.ifindex && prefixContains(subnet, address));
}

async function interfaces(
  { mirror, proc, underlay }: LookedAt,
  bridge: Link | undefined,
): Promise<Partial<PathFindings>> {
  const link = mirror.links.get(underlay()?.ifindex ?? 0);
  const used = [link, bridge].flatMap((each) => each?.name ?? []);
  const strict: string[] = [];
  const isOn = async (...names: string[]) => (await proc.read(ipv4Sysctl(...names))) !== '0';
  let forwarding = await isOn('ip_forward');
  for (const name of new Set(used)) {
    if (await isStrict(proc, name)) strict.push(name);
    forwarding &&= await isOn('conf', name, 'forwarding');
  }
  return {
    underlay: link?.name ?? '',
    underlayMtu: mtuOf(link),
    bridge: bridge?.name ?? '',
    bridgeMtu: mtuOf(bridge),
    forwarding,
    strict,
  };
}

function mtuOf(link: Link | undefined): number {
  return link === undefined || (link.flags & linkFlags.up) === 0 ? 0 : link.mtu;
}

function decisions(
  { mirror, lookup, underlay, mark }: LookedAt,
  ends: {
    readonly address: Ipv4;
    readonly remote: Ipv4;
    readonly bridge: Link | undefined;
    readonly isHosts: boolean;
  },
): Partial<PathFindings> {
  const { address, remote, bridge, isHosts } = ends;
  const nameOf = (ifindex: number) => mirror.links.get(ifindex)?.name ?? `${ifindex}`;
  const out = isHosts
    ? lookup.wayOf({ source: address, destination: remote })
    : bridge && lookup.wayOf({ source: address, destination: remote, from: bridge.ifindex });
  const from = underlay()?.ifindex;
  const back = from === undefined ? undefined : lookup.wayOf({ source: remote, destination: address, from, mark });
  return {
    toRemote: out === undefined ? null : decision(out, nameOf),
    fromRemote: back === undefined ? null : decision(back, nameOf),
  };
}

function decision(way: Way, nameOf: (ifindex: number) => string): Decision {
  if ('errno' in way) return { errno: way.errno, table: 0, interface: '', gateway: '' };
  const { table, to, gateway } = way;
  return { errno: '', table, interface: nameOf(to), gateway: gateway === undefined ? '' : formatIpv4(gateway) };
}

function routesTo({ mirror, table }: LookedAt, { remoteSubnet }: PathQuestion__Output): Partial<PathFindings> {
  const subnet = parsePrefix(remoteSubnet);
  if (subnet === undefined) return {};
  const key = prefixKey(subnet);
  const desired = table()?.routes.get(key)?.nextHop;
  return {
    routes: mirror.routes.at(key).flatMap((route) => hopsOf(route, mirror.nextHops)),
    desiredNextHop: desired === undefined ? '' : formatIpv4(desired),
  };
}

const typeNames = new Map<number, string>(Object.entries(routeTypes).map(([name, type]) => [type, name]));

function hopsOf(route: KernelRoute, nextHops: LookedAt['mirror']['nextHops']): readonly string[] {
  if (route.type !== routeTypes.unicast) return [typeNames.get(route.type) ?? `type ${route.type}`];
  const object = nextHops?.get(route.nextHopId)?.hop;
  const hops = object === undefined ? route.hops : [object];
  return hops.map(({ gateway }) =>
    gateway === undefined ? 'link' : gateway === 'inet6' ? gateway : formatIpv4(gateway),
  );
}

function neighbourOf({ lookup, underlay }: LookedAt, { remoteHost }: PathQuestion__Output): Partial<PathFindings> {
  const [address, ifindex] = [parseIpv4(remoteHost), underlay()?.ifindex];
  if (address === undefined || ifindex === undefined) return {};
  const { state = '', address: mac = '' } = lookup.neighbour(ifindex, address) ?? {};
  return { neighbourState: state, neighbourMac: mac };
}
