// The static routes of a fleet file. Pure.
// Invariant: a subnet whose host is a node by now needs no static route: its lease replaced it.
import { parseIpv4, parsePrefix, prefixCovers } from '../../proto/domain/address.js';
import type { Issue } from './file.js';
import type { FleetFile } from './shape.js';

/** RouteStep is one change of a static route. */
export type RouteStep =
  | {
      readonly kind: 'set route';
      readonly subnet: string;
      readonly nextHop: string;
      readonly name: string;
      /** "via 192.168.83.9 (old)"; undefined: there is none yet. */
      readonly before?: string;
    }
  | { readonly kind: 'remove route'; readonly subnet: string };

/** PresentRoute is a static route as it is; `node` is its name. */
export type PresentRoute = { readonly subnet: string; readonly nextHop: string; readonly node: string };

// The name that `xctl routes add` gives a route without one.
const usualName = 'static';

/** routeSteps returns the steps that make the static routes match the file, removals first. */
export function routeSteps(
  { routes }: Pick<FleetFile, 'routes'>,
  state: { readonly routes: readonly PresentRoute[] },
  { prune }: { readonly prune: boolean },
): RouteStep[] {
  const held = new Map(state.routes.map((route) => [route.subnet, route]));
  const named = new Set(routes.map(({ subnet }) => subnet));
  const gone = prune ? state.routes.filter(({ subnet }) => !named.has(subnet)) : [];
  return [
    ...gone.map(({ subnet }): RouteStep => ({ kind: 'remove route', subnet })),
    ...routes.flatMap(({ subnet, nextHop, name }): RouteStep[] => {
      const is = held.get(subnet);
      const wanted = name ?? is?.node ?? usualName;
      if (is === undefined) return [{ kind: 'set route', subnet, nextHop, name: wanted }];
      if (is.nextHop === nextHop && is.node === wanted) return [];
      return [{ kind: 'set route', subnet, nextHop, name: wanted, before: `via ${is.nextHop} (${is.node})` }];
    }),
  ];
}

/** RouteClashState is the part of a fleet that static routes can clash with. */
export type RouteClashState = {
  readonly pools: readonly { readonly name: string; readonly cidr: string }[];
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
};

/** routeClashes returns the static routes of a file that lie in no pool, or whose host is a node of the file or the fleet. */
export function routeClashes(file: FleetFile, state: RouteClashState): Issue[] {
  const ranges = [...latest(state.pools, file.pools)].flatMap(({ cidr }) => parsePrefix(cidr) ?? []);
  const nodeAt = new Map([...latest(state.nodes, file.nodes)].map(({ name, address }) => [parseIpv4(address), name]));
  return file.routes.flatMap(({ subnet, nextHop }, index): Issue[] => {
    const [prefix, address] = [parsePrefix(subnet), parseIpv4(nextHop)];
    const node = address === undefined ? undefined : nodeAt.get(address);
    const isInside = prefix === undefined || ranges.some((range) => prefixCovers(range, prefix));
    return [
      ...(isInside ? [] : [{ path: ['routes', index, 'subnet'], message: `${subnet} lies in no pool` }]),
      ...(node === undefined
        ? []
        : [
            {
              path: ['routes', index, 'nextHop'],
              message: `${nextHop} is the address of node ${node}, which has leases`,
            },
          ]),
    ];
  });
}

// The future state: routes in the file replace the present ones.
function latest<T extends { readonly name: string }>(held: readonly T[], wanted: readonly T[]): Iterable<T> {
  return new Map([...held, ...wanted].map((each) => [each.name, each])).values();
}
