// Contradictions in the leases, networks and nics of a fleet file. Pure.
// Invariant: a contradiction that the fleet already has does not prevent a file that does not change it.
import { formatPrefix, parseIpv4, parsePrefix, prefixCovers, prefixOf } from '../../proto/domain/address.js';
import { nicProblem } from '../../proto/domain/docker-range.js';
import { modeProblem } from '../../proto/domain/mode-problem.js';
import { modes } from '../../proto/domain/network.js';
import type { NetworkOutput } from '../output/network.js';
import type { NodeOutput } from '../output/node.js';
import type { Issue, Path } from './file.js';
import { firstLease, fitsLease, furtherLeases } from './leases.js';
import { isSelecting } from './networks.js';
import { type PlannedPool, plannedPools } from './pools.js';
import type { FleetFile } from './shape.js';

/** LeaseClashState is the part of a fleet that leases, networks and nics can clash with. */
export type LeaseClashState = {
  readonly pools: readonly PlannedPool[];
  readonly nodes: readonly NodeOutput[];
  readonly networks: readonly NetworkOutput[];
};

type Planned = {
  readonly pools: ReadonlyMap<string, PlannedPool>;
  readonly held: ReadonlyMap<string, NodeOutput>;
  /** Names of the nodes that the fleet has with the file. */
  readonly nodes: ReadonlySet<string>;
  readonly prune: boolean;
};

/** hostedClashes returns the clashes of a file's leases, networks and nics with each other and with the rest of the fleet. */
export function hostedClashes(
  file: FleetFile,
  state: LeaseClashState,
  { prune }: { readonly prune: boolean },
): Issue[] {
  const held = new Map(state.nodes.map((node) => [node.name, node]));
  const nodes = new Set([...(prune ? [] : held.keys()), ...file.nodes.map(({ name }) => name)]);
  const planned = { pools: plannedPools(file.pools, state.pools), held, nodes, prune };
  return [
    ...subnetClashes(file, planned),
    ...hostClashes(file, planned),
    ...networkClashes(file, state, planned),
    ...nicClashes(file, planned),
    ...(prune ? prunedPools(file, state, held) : []),
  ];
}

// Pools that --prune would remove although the file's own nodes and networks use them.
function prunedPools(
  { pools, nodes, networks }: FleetFile,
  state: LeaseClashState,
  held: ReadonlyMap<string, NodeOutput>,
): Issue[] {
  const kept = new Set(pools.map(({ name }) => name));
  const going = new Set(state.pools.flatMap(({ name }) => (kept.has(name) ? [] : [name])));
  const poolOfNetwork = new Map(state.networks.map(({ name, pool }) => [name, pool]));
  const issue = (path: Path, pool: string | null | undefined): Issue[] =>
    pool != null && going.has(pool)
      ? [{ path, message: `--prune would remove its pool ${pool}: name the pool in the file` }]
      : [];
  return [
    ...nodes.flatMap((wanted, index) => {
      const node = held.get(wanted.name);
      const pool = wanted.pool ?? (node === undefined ? undefined : firstLease(node, wanted).pool);
      const leases = wanted.leases ?? [];
      return [
        ...issue(['nodes', index], pool),
        ...leases.flatMap((lease, at) => issue(['nodes', index, 'leases', at], lease.pool)),
      ];
    }),
    ...networks.flatMap(({ name, pool = poolOfNetwork.get(name) }, index) => issue(['networks', index], pool)),
  ];
}

function missingPool(path: Path, name: string): Issue {
  return { path, message: `there is no pool ${name}` };
}

function missingNode(path: Path, name: string): Issue {
  return { path, message: `there is no node ${name}` };
}

// Subnets that are not their pool's, or that the file has twice.
function subnetClashes({ nodes, routes }: FleetFile, { pools }: Planned): Issue[] {
  const all = nodes.flatMap(({ pool, subnet, leases = [] }, index) => [
    { path: ['nodes', index, 'subnet'], subnet, pool },
    ...leases.map((lease, at) => ({ path: ['nodes', index, 'leases', at, 'subnet'], ...lease })),
  ]);
  const seen = new Set(routes.map(({ subnet }) => subnet));
  return all.flatMap(({ path, subnet, pool }): Issue[] => {
    if (subnet === undefined) return [];
    const issues = seen.has(subnet) ? [{ path, message: `subnet ${subnet} occurs twice` }] : [];
    seen.add(subnet);
    const record = pool === undefined ? undefined : pools.get(pool);
    const [range, prefix] = [record && parsePrefix(record.cidr), parsePrefix(subnet)];
    if (record === undefined || range === undefined || prefix === undefined) return issues;
    if (!prefixCovers(range, prefix)) {
      const message = `${subnet} lies outside of pool ${record.name}, which is ${record.cidr}: leave it out to have one chosen`;
      return [...issues, { path, message }];
    }
    if (prefix.length === record.subnetLength) return issues;
    const message = `the subnets of pool ${record.name} are /${record.subnetLength}`;
    return [...issues, { path, message }];
  });
}

type OnHost = { readonly what: string; readonly mode: string; readonly network: string; readonly bridge: string };

// What one host can't have together with another lease: one docker0, and each Docker network and bridge once.
function sharedBy(a: OnHost, b: OnHost): string | undefined {
  const ofDocker0 = ({ mode }: OnHost) => mode === 'bip' || mode === 'block';
  if (ofDocker0(a) !== ofDocker0(b)) return undefined;
  if (ofDocker0(a)) return 'docker0';
  if (a.network === b.network) return `the Docker network ${a.network}`;
  return a.bridge === b.bridge ? `the bridge ${a.bridge}` : undefined;
}

// Checked here because controllers can't be asked in advance about a pool that the file creates.
function modeIssues(path: Path, mode: string | undefined, pool: PlannedPool): Issue[] {
  const [wanted, ofPool] = [mode, pool.mode].map((text) => modes.find((each) => each === text));
  const problem = wanted && ofPool && modeProblem(wanted, { ...pool, mode: ofPool });
  return problem === undefined ? [] : [{ path: [...path, 'mode'], message: problem }];
}

function hostClashes(file: FleetFile, { pools, held, prune }: Planned): Issue[] {
  return file.nodes.flatMap((wanted, index) => {
    const { name, leases = [] } = wanted;
    const node = held.get(name);
    const first = node === undefined ? undefined : firstLease(node, wanted);
    const has = node === undefined || first === undefined ? [] : furtherLeases(node, first);
    const pool = pools.get(wanted.pool ?? first?.pool ?? '');
    const present: OnHost[] = [];
    if (pool !== undefined) {
      const mode = pool.mode === 'lan' ? 'lan' : (wanted.mode ?? first?.mode ?? pool.mode);
      const of = node?.leases.find(({ subnet }) => subnet === first?.subnet);
      const [network, bridge] = [of?.network ?? pool.networkName, of?.bridge ?? pool.bridgeName];
      present.push({ what: `its lease of pool ${pool.name}`, mode, network, bridge });
    }
    const isAsWanted = first?.pool === pool?.name && first?.mode === wanted.mode;
    const ofFirst = pool === undefined || isAsWanted ? [] : modeIssues(['nodes', index], wanted.mode, pool);
    const named = (subnet: string) => leases.some((lease) => lease.subnet === subnet);
    for (const { subnet, mode, network, bridge } of has) {
      if (network === null || bridge === null || (prune && !named(subnet))) continue;
      present.push({ what: `its lease of ${subnet}`, mode, network, bridge });
    }
    const further = leases.flatMap((lease, at): Issue[] => {
      const path = ['nodes', index, 'leases', at];
      const its = pools.get(lease.pool);
      if (its === undefined) return [missingPool([...path, 'pool'], lease.pool)];
      const isThere = has.some((held) =>
        lease.subnet === undefined ? fitsLease(lease, held) : lease.subnet === held.subnet,
      );
      if (isThere) return [];
      const mode = its.mode === 'lan' ? 'lan' : (lease.mode ?? wanted.mode ?? its.mode);
      const [network, bridge] = [lease.network ?? its.networkName, lease.bridge ?? its.bridgeName];
      const own = { what: `its lease of ${lease.subnet ?? `pool ${lease.pool}`}`, mode, network, bridge };
      const clashes = present.flatMap((other): Issue[] => {
        const shared = sharedBy(own, other);
        return shared === undefined
          ? []
          : [{ path, message: `${name} can't have ${shared} twice: ${other.what} has it` }];
      });
      present.push(own);
      const unfit = modeIssues(path, lease.mode, its);
      return unfit.length > 0 ? unfit : clashes.slice(0, 1);
    });
    return [...ofFirst, ...further];
  });
}

function networkClashes({ networks }: FleetFile, state: LeaseClashState, { pools, nodes }: Planned): Issue[] {
  const held = new Map(state.networks.map((network) => [network.name, network]));
  const bridges = new Map([
    ...state.networks.map(({ name, bridge }) => [bridge, `network ${name}`] as const),
    ...[...pools.values()].map(({ name, bridgeName }) => [bridgeName, `pool ${name}`] as const),
  ]);
  return networks.flatMap((network, index): Issue[] => {
    const path = ['networks', index];
    const { name, pool, bridge, all = false, labels = {}, nodes: named = [], except = [] } = network;
    const is = held.get(name);
    const issues: Issue[] = [];
    const add = (key: string, message: string) => issues.push({ path: [...path, key], message });
    const its = pool === undefined ? undefined : pools.get(pool);
    if (pool !== undefined && its === undefined) issues.push(missingPool([...path, 'pool'], pool));
    if (its?.mode === 'lan') add('pool', `pool ${pool} is of mode lan: a network needs a range of its own`);
    if (all && (named.length > 0 || Object.keys(labels).length > 0)) add('all', 'leave out labels and nodes, or all');
    if (is === undefined && !isSelecting(network)) {
      issues.push({ path, message: 'say which nodes have it: all: true, labels, or nodes' });
    }
    for (const [key, list] of [
      ['nodes', named],
      ['except', except],
    ] as const) {
      for (const [at, node] of list.entries()) if (!nodes.has(node)) issues.push(missingNode([...path, key, at], node));
    }
    const owner = [...pools.values()].find(({ networkName }) => networkName === name);
    if (is === undefined && owner !== undefined) add('name', `${name} is the Docker network of pool ${owner.name}`);
    const holder = bridge === undefined ? undefined : bridges.get(bridge);
    if (holder !== undefined && holder !== `network ${name}`) add('bridge', `${bridge} is the bridge of ${holder}`);
    else if (bridge !== undefined) bridges.set(bridge, `network ${name}`);
    return issues;
  });
}

function nicClashes({ nics }: FleetFile, { pools, nodes }: Planned): Issue[] {
  const seen = new Set<string>();
  return nics.flatMap(({ node, container, address, interface: name }, index): Issue[] => {
    const path = ['nics', index];
    const issues = nodes.has(node) ? [] : [missingNode([...path, 'node'], node)];
    const key = `${node} ${container} ${name}`;
    if (name !== undefined && seen.has(key)) {
      issues.push({ path: [...path, 'interface'], message: `container ${container} of ${node} has ${name} twice` });
    }
    seen.add(key);
    const problem = address === undefined ? undefined : addressProblem(address, pools);
    return problem === undefined ? issues : [...issues, { path: [...path, 'address'], message: problem }];
  });
}

function addressProblem(text: string, pools: ReadonlyMap<string, PlannedPool>): string | undefined {
  const address = parseIpv4(text);
  if (address === undefined) return undefined;
  const one = { network: address, length: 32 };
  const pool = [...pools.values()].find(({ cidr }) => {
    const range = parsePrefix(cidr);
    return range !== undefined && prefixCovers(range, one);
  });
  if (pool === undefined) return `${text} lies in no pool`;
  const { name, subnetLength, dockerLength, mode: modeText } = pool;
  if (dockerLength === null) return `Docker hands out all addresses of pool ${name}: nics need one with a dockerLength`;
  const subnet = prefixOf(address, subnetLength);
  const mode = modes.find((each) => each === modeText) ?? 'bip';
  switch (nicProblem({ subnet, mode, dockerLength }, address)) {
    case 'handed out':
      return `Docker hands out ${text}: nics have the addresses after the first /${dockerLength} of ${formatPrefix(subnet)}`;
    case 'broadcast':
      return `${text} is the broadcast address of ${formatPrefix(subnet)}`;
    default:
      return undefined;
  }
}
