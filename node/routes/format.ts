// Routes in iproute2's notation, so that people can find the route of a message, and the command that removes it. Pure.
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import { linkName } from '../kernel/link-name.js';
import { type Hop, type KernelRoute, type Link, type NextHop, routeTypes } from '../kernel/route-kernel.js';
import { protocolName } from './protocol.js';

/** Names translates the numbers of a route: interfaces, protocols. */
export type Names = {
  readonly links: ReadonlyMap<number, Link>;
  readonly nextHops: ReadonlyMap<number, NextHop> | undefined;
};

const RTPROT_BOOT = 3;
const typeNames = new Map<number, string>(Object.entries(routeTypes).map(([name, number]) => [number, name]));

function hopWords(names: Names, hop: Hop): string[] {
  const gateway = typeof hop.gateway === 'number' ? ['via', formatIpv4(hop.gateway)] : [];
  return [...gateway, 'dev', linkName(names.links, hop.ifindex)];
}

function destinationWords(route: KernelRoute): string[] {
  const type = route.type === routeTypes.unicast ? [] : [typeNames.get(route.type) ?? String(route.type)];
  const tos = route.tos === 0 ? [] : ['tos', `0x${route.tos.toString(16)}`];
  const { network, length } = route.destination;
  const destination = length === 0 ? 'default' : length === 32 ? formatIpv4(network) : formatPrefix(route.destination);
  return [...type, destination, ...tos];
}

/** formatRoute writes a route as `ip route` does: "10.76.5.0/24 via 192.168.83.99 dev eth0 proto static metric 100". */
export function formatRoute(route: KernelRoute, names: Names): string {
  const words = destinationWords(route);
  if (route.nextHopId !== 0) words.push('nhid', String(route.nextHopId));
  const objectHop = names.nextHops?.get(route.nextHopId)?.hop;
  const hops = objectHop === undefined ? route.hops : [objectHop];
  const [hop] = hops;
  if (hops.length === 1 && hop !== undefined) words.push(...hopWords(names, hop));
  if (route.protocol !== RTPROT_BOOT) words.push('proto', protocolName(route.protocol));
  if (hop !== undefined && hop.gateway === undefined) words.push('scope', 'link');
  if (route.preferredSource !== undefined) words.push('src', formatIpv4(route.preferredSource));
  if (route.metric !== 0) words.push('metric', String(route.metric));
  if (hops.length > 1) for (const each of hops) words.push('nexthop', ...hopWords(names, each));
  return words.join(' ');
}

/** removeCommand is the command that removes a route: "ip route del 10.76.5.0/24 via 192.168.83.99 dev eth0". */
export function removeCommand(route: KernelRoute, names: Names): string {
  const words = ['ip', 'route', 'del', ...destinationWords(route)];
  const [hop] = route.hops;
  if (route.nextHopId !== 0) words.push('nhid', String(route.nextHopId));
  else if (route.hops.length === 1 && hop !== undefined) words.push(...hopWords(names, hop));
  words.push('proto', protocolName(route.protocol));
  if (route.metric !== 0) words.push('metric', String(route.metric));
  return words.join(' ');
}
