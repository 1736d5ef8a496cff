// Compares the mirror with what the second reader lists. Pure.
// Invariant: compares only what both readers report: names of links, and the routes of one protocol.
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import type { Hop, KernelRoute, Link } from './route-kernel.js';
import type { SecondReading, SecondRoute } from './second-reader.js';

/** FirstReading is the part of a mirror that is compared. */
export type FirstReading = {
  readonly links: ReadonlyMap<number, Link>;
  readonly routes: { all(): Iterable<KernelRoute> };
};

/**
 * differences lists what only one of the readings contains, one line each; empty if they agree.
 * @param protocol rtm_protocol of the routes to compare: 88
 */
export function differences(mirror: FirstReading, second: SecondReading, protocol: number): readonly string[] {
  const ours = [...mirror.routes.all()].filter((route) => route.protocol === protocol).map(textOfFirst);
  const theirs = second.routes.filter((route) => route.protocol === protocol).map(textOfSecond);
  const links = [...mirror.links.values()].map(({ ifindex, name }) => `interface ${ifindex} ${name}`);
  const otherLinks = [...second.links].map(([ifindex, name]) => `interface ${ifindex} ${name}`);
  return [...onlyIn(links, otherLinks), ...onlyIn(ours, theirs)];
}

// Lists may contain a line twice: two routes that differ only in attributes that are not compared.
function onlyIn(mirror: readonly string[], second: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of mirror) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of second) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([line, count]) => `${line}: ${count > 0 ? 'in the mirror only' : 'listed by node-netlink only'}`)
    .sort();
}

function textOfFirst(route: KernelRoute): string {
  const [hop] = route.hops;
  const single = route.hops.length === 1 ? hop : undefined;
  return text({
    ...route,
    destination: formatPrefix(route.destination),
    gateway: gatewayOf(single),
    ifindex: single?.ifindex ?? 0,
  });
}

function gatewayOf(hop: Hop | undefined): string | undefined {
  return typeof hop?.gateway === 'number' ? formatIpv4(hop.gateway) : undefined;
}

function textOfSecond(route: SecondRoute): string {
  // Depending on net.ipv4.nexthop_compat_mode, the kernel also lists the hop of a route's next-hop object.
  return text(route.nextHopId === 0 ? route : { ...route, gateway: undefined, ifindex: 0 });
}

function text(route: SecondRoute): string {
  const { destination, metric, protocol, type, nextHopId, gateway, ifindex } = route;
  const hop = nextHopId === 0 ? `via ${gateway ?? 'link'} dev ${ifindex}` : `nhid ${nextHopId}`;
  return `${destination} ${hop} proto ${protocol} type ${type} metric ${metric}`;
}
