// Contradictions in the fleet that a file describes: ranges that overlap, addresses that occur twice. Pure.
// Invariant: a clash that the fleet already has does not prevent a file that does not change it.
import {
  formatIpv4,
  type Prefix,
  parseIpv4,
  parsePrefix,
  prefixCovers,
  prefixesOverlap,
} from '../../proto/domain/address.js';
import type { Issue, Path } from './file.js';
import { hostedClashes, type LeaseClashState } from './lease-clashes.js';
import { type PlannedPool, plannedPools } from './pools.js';
import { routeClashes } from './routes.js';
import type { FleetFile } from './shape.js';

/** ClashState is the part of a fleet that can clash. */
export type ClashState = LeaseClashState;

type Part<T> = {
  readonly name: string;
  readonly value: T;
  /** The place in the file; absent: the file does not change it. */
  readonly path?: Path;
};

function partsOf<T>(
  wanted: readonly { readonly name: string; readonly text: string; readonly path?: Path }[],
  held: readonly { readonly name: string; readonly text: string; readonly path?: Path }[],
  parse: (text: string) => T | undefined,
): Part<T>[] {
  const before = new Map(held.map(({ name, text }) => [name, text]));
  const named = new Set(wanted.map(({ name }) => name));
  const kept = held.filter(({ name }) => !named.has(name));
  return [...kept, ...wanted].flatMap((each): Part<T>[] => {
    const value = parse(each.text);
    if (value === undefined) return [];
    const { name } = each;
    return [{ name, value, ...(each.path === undefined || before.get(name) === each.text ? {} : { path: each.path }) }];
  });
}

/** clashesIn returns the clashes of a file with itself and with the rest of the fleet. */
export function clashesIn(file: FleetFile, state: ClashState, { prune }: { readonly prune: boolean }): Issue[] {
  const poolNames = new Set(file.pools.map(({ name }) => name));
  const nodeNames = new Set(file.nodes.map(({ name }) => name));
  const staying = <T extends { readonly name: string }>(all: readonly T[], named: ReadonlySet<string>) =>
    prune ? all.filter(({ name }) => named.has(name)) : all;
  const pools = partsOf<Prefix>(
    file.pools.map(({ name, cidr }, index) => ({ name, text: cidr, path: ['pools', index, 'cidr'] })),
    staying(state.pools, poolNames).map(({ name, cidr }) => ({ name, text: cidr })),
    parsePrefix,
  );
  const nodes = partsOf<Prefix>(
    file.nodes.map(({ name, address }, index) => ({ name, text: address, path: ['nodes', index, 'address'] })),
    staying(state.nodes, nodeNames).map(({ name, address }) => ({ name, text: address })),
    (text) => {
      const network = parseIpv4(text);
      return network === undefined ? undefined : { network, length: 32 };
    },
  );
  return [
    ...overlaps(pools),
    ...covered(pools, nodes, plannedPools(file.pools, state.pools)),
    ...sameAddresses(nodes, nodeNames),
    ...outside(file),
    ...routeClashes(file, state),
    ...hostedClashes(file, state, { prune }),
  ];
}

function overlaps(pools: readonly Part<Prefix>[]): Issue[] {
  return pools.flatMap((pool, index) =>
    pools.slice(0, index).flatMap((other): Issue[] => {
      const path = pool.path ?? other.path;
      if (path === undefined || !prefixesOverlap(pool.value, other.value)) return [];
      const [own, name] = pool.path === undefined ? [other, pool.name] : [pool, other.name];
      return [{ path, message: `the range of pool ${own.name} overlaps that of pool ${name}` }];
    }),
  );
}

// Addresses of nodes are in the range of a pool of mode lan, as in every LAN: only subnets with them are not leased.
function covered(
  pools: readonly Part<Prefix>[],
  nodes: readonly Part<Prefix>[],
  planned: ReadonlyMap<string, PlannedPool>,
): Issue[] {
  const routed = pools.filter(({ name }) => planned.get(name)?.mode !== 'lan');
  return routed.flatMap((pool) =>
    nodes.flatMap((node): Issue[] => {
      const path = node.path ?? pool.path;
      if (path === undefined || !prefixCovers(pool.value, node.value)) return [];
      const address = formatIpv4(node.value.network);
      return [{ path, message: `pool ${pool.name} covers ${address}, the address of node ${node.name}` }];
    }),
  );
}

// readFleet has refused a file with an address that occurs twice.
function sameAddresses(nodes: readonly Part<Prefix>[], inFile: ReadonlySet<string>): Issue[] {
  const others = new Map(
    nodes.filter(({ name }) => !inFile.has(name)).map(({ name, value }) => [value.network, name] as const),
  );
  return nodes.flatMap(({ path, value }): Issue[] => {
    const other = path === undefined ? undefined : others.get(value.network);
    if (path === undefined || other === undefined) return [];
    return [{ path, message: `${formatIpv4(value.network)} is the address of node ${other}` }];
  });
}

function outside({ pools }: FleetFile): Issue[] {
  return pools.flatMap(({ name, cidr, reservations = [] }, index) =>
    reservations.flatMap((reservation, at): Issue[] => {
      const [range, inner] = [parsePrefix(cidr), parsePrefix(reservation.cidr)];
      if (range === undefined || inner === undefined || prefixCovers(range, inner)) return [];
      const path = ['pools', index, 'reservations', at, 'cidr'];
      return [{ path, message: `${reservation.cidr} lies outside of pool ${name}, which is ${cidr}` }];
    }),
  );
}
