// Further leases, networks and nics in fleet files: what a file changes, what clashes, and that an exported one is complete.
import test from 'ava';
import fc from 'fast-check';
import { exportFleet } from '../../../../cli/fleet/export.js';
import { formatFleet, readFleet } from '../../../../cli/fleet/file.js';
import { type FleetState, type FleetStep, planFleet } from '../../../../cli/fleet/plan.js';
import { pathOf, rehearsable } from '../../../../cli/fleet/rehearsal.js';
import { stepText } from '../../../../cli/fleet/step-text.js';
import type { NetworkOutput } from '../../../../cli/output/network.js';
import type { NicOutput } from '../../../../cli/output/nic.js';
import type { NodeLeaseOutput } from '../../../../cli/output/node.js';
import { nodeOutput, poolOutput } from '../../../support/fleet.js';

const lease = (pool: string, subnet: string, more: Partial<NodeLeaseOutput> = {}): NodeLeaseOutput => ({
  ...{ pool, subnet, gateway: '', generation: 1, mode: 'bip', networkLength: null, dockerLength: null, lan: null },
  ...{ network: null, bridge: null, memberOf: null, state: 'in force', since: null, ...more },
});
const bridged = (subnet: string, name: string, more: Partial<NodeLeaseOutput> = {}) =>
  lease('b', subnet, { mode: 'bridge', network: name, bridge: `${name}0`, ...more });
const network = (name: string, more: Partial<NetworkOutput> = {}): NetworkOutput => ({
  ...{ name, pool: 'b', bridge: `br-${name}`, state: 'ready', except: [], members: 0, inForce: 0, refused: 0 },
  ...{ ending: 0, inUse: 0, createdAt: null, removingSince: null, disconnect: false },
  ...{ selector: { all: false, labels: {}, nodes: [] }, ...more },
});
const nic = (address: string, node: string, container: string, name: string): NicOutput => ({
  ...{ address, node, container, interface: name, pool: 'a', ready: null, reason: 'Pending' },
  ...{ message: null, addedAt: null },
});
const nodeWith = (name: string, index: number, leases: readonly NodeLeaseOutput[]) => ({
  ...nodeOutput(name, `192.168.83.${index}`, { subnet: `10.76.${index}.0/24` }),
  leases: [lease('a', `10.76.${index}.0/24`), ...leases],
});

const pools = [
  poolOutput('a', '10.76.0.0/16', { dockerLength: 25 }),
  poolOutput('b', '10.79.0.0/16', { mode: 'MODE_BRIDGE', networkName: 'side', bridgeName: 'side0' }),
];
const fleet: FleetState = {
  pools,
  nodes: [
    nodeWith('web-1', 1, [
      bridged('10.79.1.0/24', 'side'),
      bridged('10.79.2.0/24', 'old', { state: 'ending' }),
      bridged('10.79.3.0/24', 'blue', { memberOf: 'blue' }),
    ]),
    nodeWith('web-2', 2, []),
  ],
  routes: [],
  networks: [
    network('blue', { selector: { all: false, labels: { role: 'web' }, nodes: ['web-1'] }, except: ['web-2'] }),
    network('gone', { removingSince: '2026-01-01T00:00:00Z' }),
  ],
  nics: [nic('10.76.1.200', 'web-1', 'db', 'nic0'), nic('10.76.1.201', 'web-1', 'db', 'nic1')],
};

const head = 'apiVersion: xnet/v1\n';
const [one, two] = ['name: web-1, address: 192.168.83.1', 'name: web-2, address: 192.168.83.2'];
const planned = (text: string, { prune = false, state = fleet } = {}) => {
  const { file, textOf } = readFleet(head + text, 'f');
  const { steps, problems } = planFleet(file, state, { prune });
  return [...steps.flatMap(stepText), ...problems.map(textOf)];
};

test('further leases are added, and end if the file is pruned; those of networks and ending ones are not touched', (t) => {
  t.deepEqual(planned(`nodes: [{${one}, leases: [{pool: b}]}]`), []);
  t.deepEqual(planned(`nodes: [{${one}, leases: [{pool: b, subnet: 10.79.1.0/24, mode: bridge, network: side}]}]`), []);
  t.deepEqual(planned(`nodes: [{${one}, subnet: 10.76.1.0/24}]`), []);
  t.deepEqual(
    planned(
      `nodes: [{${one}, leases: [{pool: b}, {pool: b, network: two, bridge: two0, subnet: 10.79.9.0/24}]}, {${two}, leases: [{pool: b}]}]`,
    ),
    ['+ lease of 10.79.9.0/24 of pool b to web-1, network two', '+ lease of a subnet of pool b to web-2'],
  );
  const both = `pools: [{name: a, cidr: 10.76.0.0/16}, {name: b, cidr: 10.79.0.0/16}]\nnodes: [{${one}, labels: {zone: z1}}, {${two}, labels: {zone: z1}}]`;
  t.deepEqual(planned(both, { prune: true }), [
    '- nic 10.76.1.200: nic0 of container db on web-1',
    '- nic 10.76.1.201: nic1 of container db on web-1',
    '- lease of 10.79.1.0/24 to web-1',
    '- network blue',
  ]);
  t.deepEqual(
    planned(`nodes: [{${one}, subnet: 10.76.9.0/24, leases: [{pool: b, subnet: 10.79.1.0/24, mode: bip, bridge: x}]}]`),
    [
      "f:2:115: nodes[0].leases[0].mode: it is bridge and can't become bip: end the lease first: xctl leases end web-1 10.79.1.0/24",
      "f:2:128: nodes[0].leases[0].bridge: it is side0 and can't become x: end the lease first: xctl leases end web-1 10.79.1.0/24",
      "f:2:54: nodes[0].subnet: it is 10.76.1.0/24 and can't become 10.76.9.0/24: xctl leases add web-1 --subnet 10.76.9.0/24 --replace 10.76.1.0/24",
    ],
  );
});

test('networks are made, changed and kept as the file says, and what it does not say of them stays', (t) => {
  t.deepEqual(planned('networks: [{name: blue}, {name: blue2, nodes: []}]'), ['+ network blue2: for none']);
  t.deepEqual(
    planned('networks: [{name: blue, labels: {role: web}, nodes: [web-1], except: [web-2], bridge: br-blue}]'),
    [],
  );
  t.deepEqual(planned('networks: [{name: blue, all: true}, {name: red, pool: b, labels: {role: db}}]'), [
    '~ network blue: for role=web, web-1, not web-2 → all, not web-2',
    '+ network red: pool b, for role=db',
  ]);
  t.deepEqual(planned('networks: [{name: gone, except: [web-1]}]'), [
    '~ network gone: being removed → kept',
    '~ network gone: for none → not web-1',
  ]);
  t.deepEqual(planned('networks: [{name: blue, pool: a}]'), [
    "f:2:31: networks[0].pool: it is b and can't become a: create another network and move its containers",
  ]);
});

test('nics are known by their address, or by container and interface', (t) => {
  const nics = (text: string) => planned(`nics: [${text}]`);
  t.deepEqual(nics('{node: web-1, container: db}, {node: web-1, container: db}'), []);
  t.deepEqual(nics('{node: web-1, container: db, address: 10.76.1.201}, {node: web-1, container: db}'), []);
  t.deepEqual(nics('{node: web-1, container: db, interface: nic2}, {node: web-2, container: db}'), [
    '+ nic: nic2 of container db on web-1',
    '+ nic: container db on web-2',
  ]);
  t.deepEqual(nics('{node: web-1, container: web, address: 10.76.1.200}'), [
    '- nic 10.76.1.200: nic0 of container db on web-1',
    '+ nic 10.76.1.200: container web on web-1',
  ]);
  t.deepEqual(nics('{node: web-1, container: db, interface: nic0, address: 10.76.1.210}'), [
    '- nic 10.76.1.200: nic0 of container db on web-1',
    '+ nic 10.76.1.210: nic0 of container db on web-1',
  ]);
});

test('clashes of leases, networks and nics are all said at once', (t) => {
  const problems = planned(
    [
      'nodes:',
      `  - {${one}, leases: [{pool: a, subnet: 10.76.7.0/24}, {pool: b, network: n2, bridge: side0}, {pool: x}]}`,
      '  - {name: web-3, address: 192.168.83.3, pool: a, subnet: 10.79.5.0/24, leases: [{pool: a}]}',
      '  - {name: web-4, address: 192.168.83.4, pool: b, subnet: 10.76.7.0/24}',
      'networks:',
      '  - {name: side, all: true, nodes: [web-1], pool: b}',
      '  - {name: n, except: [web-9]}',
      '  - {name: m, nodes: [web-8], pool: x, bridge: br-blue}',
      'nics:',
      '  - {node: web-1, container: db, address: 10.76.1.5, interface: nic0}',
      '  - {node: web-9, container: db, address: 10.76.1.255}',
      '  - {node: web-1, container: db, address: 10.79.1.200, interface: nic0}',
      '  - {node: web-1, container: db, address: 10.99.1.200}',
    ].join('\n'),
  ).filter((line) => line.startsWith('f:'));
  t.deepEqual(
    problems.map((line) => line.replace(/^f:\d+:\d+: /, '')).sort(),
    [
      "nodes[0].leases[0]: web-1 can't have docker0 twice: its lease of pool a has it",
      "nodes[0].leases[1]: web-1 can't have the bridge side0 twice: its lease of 10.79.1.0/24 has it",
      'nodes[0].leases[2].pool: there is no pool x',
      'nodes[1].subnet: 10.79.5.0/24 lies outside of pool a, which is 10.76.0.0/16: leave it out to have one chosen',
      "nodes[1].leases[0]: web-3 can't have docker0 twice: its lease of pool a has it",
      'nodes[2].subnet: subnet 10.76.7.0/24 occurs twice',
      'nodes[2].subnet: 10.76.7.0/24 lies outside of pool b, which is 10.79.0.0/16: leave it out to have one chosen',
      'networks[0].all: leave out labels and nodes, or all',
      'networks[0].name: side is the Docker network of pool b',
      'networks[1]: say which nodes have it: all: true, labels, or nodes',
      'networks[1].except[0]: there is no node web-9',
      'networks[2].bridge: br-blue is the bridge of network blue',
      'networks[2].nodes[0]: there is no node web-8',
      'networks[2].pool: there is no pool x',
      'nics[0].address: Docker hands out 10.76.1.5: nics have the addresses after the first /25 of 10.76.1.0/24',
      'nics[1].address: 10.76.1.255 is the broadcast address of 10.76.1.0/24',
      'nics[1].node: there is no node web-9',
      'nics[2].address: Docker hands out all addresses of pool b: nics need one with a dockerLength',
      'nics[2].interface: container db of web-1 has nic0 twice',
      'nics[3].address: 10.99.1.200 lies in no pool',
    ].sort(),
  );
});

test('leases, networks and nics are tried beforehand, but for those that others prepare', (t) => {
  const text = `nodes: [{${one}, leases: [{pool: b, network: n, bridge: n0}]}, {name: web-3, address: 192.168.83.3, leases: [{pool: b}]}]\nnics: [{node: web-1, container: x}, {node: web-2, container: x}]\n`;
  const tried = (file: string, prune = false) => {
    const read = readFleet(head + file, 'f').file;
    const { steps } = planFleet(read, fleet, { prune });
    for (const step of prune ? [] : steps) t.true(pathOf(step, read).length > 0, step.kind);
    return rehearsable(steps).flatMap(stepText);
  };
  t.deepEqual(tried(text), [
    '+ node web-3: 192.168.83.3',
    '+ lease of a subnet of pool b to web-1, network n',
    '+ nic: container x on web-2',
  ]);
  t.deepEqual(tried('networks: [{name: red, all: true}]\nnics: [{node: web-2, container: x}]'), [
    '+ network red: for all',
  ]);
  // What ends because of --prune ends last, and keeps its Docker network until then.
  const all = `pools: [{name: a, cidr: 10.76.0.0/16}, {name: b, cidr: 10.79.0.0/16}]\nnodes: [{${one}, labels: {zone: z1}, leases: [{pool: b, subnet: 10.79.7.0/24}]}, {${two}, labels: {zone: z1}}]`;
  t.true(tried(all, true).includes('+ lease of 10.79.7.0/24 of pool b to web-1'));
});

test('a pool that the nodes and networks of a file use is not pruned; a node without a readable lease is not moved', (t) => {
  const text = `pools: [{name: a, cidr: 10.76.0.0/16}]\nnodes: [{${one}, leases: [{pool: b, subnet: 10.79.1.0/24}]}]\nnetworks: [{name: blue}]`;
  t.deepEqual(
    planned(text, { prune: true }).filter((line) => line.startsWith('f:')),
    [
      'f:3:55: nodes[0].leases[0]: --prune would remove its pool b: name the pool in the file',
      'f:4:12: networks[0]: --prune would remove its pool b: name the pool in the file',
    ],
  );
  const state = { ...fleet, nodes: [{ ...nodeOutput('web-1', '192.168.83.1'), pool: null, subnet: null, leases: [] }] };
  t.deepEqual(planned(`nodes: [{${one}}]`, { state }), []);
});

// What controllers do for a step, as far as a file has it.
function made(state: FleetState, step: FleetStep): FleetState {
  switch (step.kind) {
    case 'create pool':
      return {
        ...state,
        pools: [...state.pools, pools.find(({ name }) => name === step.pool.name) ?? poolOutput('', '')],
      };
    case 'add node': {
      const { name, address, subnet = '', labels = {}, pool = 'a' } = step.node;
      const node = { ...nodeOutput(name, address, { subnet, labels }), leases: [lease(pool, subnet)] };
      return { ...state, nodes: [...state.nodes, node] };
    }
    case 'add lease': {
      const { pool, subnet = '', mode = 'bip', network: name = '', bridge = '' } = step.lease;
      const added = lease(pool, subnet, { mode, network: name, bridge, state: 'wanted' });
      const nodes = state.nodes.map((node) =>
        node.name === step.node ? { ...node, leases: [...node.leases, added] } : node,
      );
      return { ...state, nodes };
    }
    case 'create network': {
      const { name, pool = '', bridge = '', selection } = step;
      return { ...state, networks: [...state.networks, network(name, { pool, bridge, ...selection })] };
    }
    case 'add nic': {
      const { address = '', node, container, interface: name = '' } = step.nic;
      return { ...state, nics: [...state.nics, nic(address, node, container, name)] };
    }
    default:
      throw new Error(`${step.kind} in an empty fleet`);
  }
}

const names = ['web-1', 'web-2', 'web-3'];
const some = fc.subarray(names);
const fleets = fc.record({
  further: fc.array(fc.record({ node: fc.nat(2), isMember: fc.boolean() }), { maxLength: 6 }),
  networks: fc.array(
    fc.record({ all: fc.boolean(), labels: fc.constantFrom({}, { role: 'web' }), nodes: some, except: some }),
    { maxLength: 3 },
  ),
  nics: fc.array(fc.record({ node: fc.nat(2), container: fc.constantFrom('db', 'web') }), { maxLength: 6 }),
});

test('an exported file makes the same fleet of an empty one, also where it is interrupted', (t) => {
  fc.assert(
    fc.property(fleets, fc.nat(20), (given, interrupted) => {
      const nodes = names.map((name, node) =>
        nodeWith(
          name,
          node,
          given.further.flatMap((each, index) =>
            each.node === node
              ? [bridged(`10.79.${index}.0/24`, `n${index}`, { memberOf: each.isMember ? 'x' : null })]
              : [],
          ),
        ),
      );
      const state: FleetState = {
        ...{ pools, nodes, routes: [] },
        networks: given.networks.map(({ all, labels, ...who }, index) => {
          const selector = all ? { all, labels: {}, nodes: [] } : { all, labels, nodes: who.nodes };
          return network(`m${index}`, { selector, except: who.except });
        }),
        nics: given.nics.map(({ node, container }, index) =>
          nic(`10.76.${node}.${200 + index}`, names[node] ?? '', container, `nic${index}`),
        ),
      };
      const { file } = readFleet(formatFleet(exportFleet(state)), 'f');
      for (const prune of [false, true]) t.deepEqual(planFleet(file, state, { prune }), { steps: [], problems: [] });
      let copy: FleetState = { pools: [], nodes: [], routes: [], networks: [], nics: [] };
      const first = planFleet(file, copy, { prune: false });
      t.deepEqual(first.problems, []);
      for (const step of first.steps.slice(0, interrupted)) copy = made(copy, step);
      for (const step of planFleet(file, copy, { prune: false }).steps) copy = made(copy, step);
      t.deepEqual(exportFleet(copy), exportFleet(state));
    }),
    { numRuns: 200 },
  );
});
