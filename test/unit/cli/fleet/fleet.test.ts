// Fleet files: what is refused and where, and what a file changes.
import test from 'ava';
import { exportFleet } from '../../../../cli/fleet/export.js';
import { formatFleet, readFleet } from '../../../../cli/fleet/file.js';
import { type FleetState, planFleet } from '../../../../cli/fleet/plan.js';
import { pathOf, rehearsable } from '../../../../cli/fleet/rehearsal.js';
import { stepText } from '../../../../cli/fleet/step-text.js';
import { XnetError } from '../../../../proto/errors.js';
import { nodeOutput as node, poolOutput as pool } from '../../../support/fleet.js';

const reserved = { cidr: '10.76.9.0/24', nodeName: 'web-9', reason: 'kept' };
const ofLan = { mode: 'MODE_LAN', lan: { prefix: '192.168.61.0/24', gateway: '192.168.61.254' } };
const fleet: FleetState = {
  pools: [pool('a', '10.76.0.0/16', { reservations: [reserved] }), pool('b', '10.79.0.0/16')],
  nodes: [
    node('web-1', '192.168.83.1'),
    node('web-2', '192.168.83.2', { subnet: '10.76.1.0/24', availability: 'AVAILABILITY_DRAINING' }),
  ],
  routes: [{ subnet: '10.76.8.0/24', nextHop: '192.168.83.8', node: 'by-hand' }],
  networks: [],
  nics: [],
};

const planned = (text: string, prune = false) => {
  const { file, textOf } = readFleet(text, 'f');
  const { steps, problems } = planFleet(file, fleet, { prune });
  return [...steps.flatMap(stepText), ...problems.map(textOf)];
};

test('an exported file is complete, and changes nothing when it is applied', (t) => {
  const withLan = { ...fleet, pools: [...fleet.pools, pool('lan', '192.168.61.64/26', ofLan)] };
  for (const prune of [false, true]) {
    const { file } = readFleet(formatFleet(exportFleet(withLan)), 'f');
    t.deepEqual(planFleet(file, withLan, { prune }), { steps: [], problems: [] });
  }
});

test('every problem of a file is named, at its line and column', (t) => {
  const text = [
    'apiVersion: xnet/v2',
    'pools:',
    '  - name: A_B',
    '    cidr: 10.76.0.1/16',
    '    color: red',
    '    quarantine: soon',
    '    reclaimAfter: 1s',
    'nodes:',
    '  - name: web-1',
    '    labels: {zone: 1, "a b": x}',
    '  - {name: web-1, address: 192.168.83.1, cordoned: 1}',
    '  - 7',
    'more: 1',
  ].join('\n');
  const error = t.throws(() => readFleet(text, 'fleet.yaml'), { instanceOf: XnetError });
  const at = (error?.problems ?? []).map((line) => line.split(' ')[0]).sort();
  t.deepEqual(at, [
    'fleet.yaml:10:20:',
    'fleet.yaml:10:30:',
    'fleet.yaml:11:12:',
    'fleet.yaml:11:52:',
    'fleet.yaml:12:5:',
    'fleet.yaml:13:1:',
    'fleet.yaml:1:13:',
    'fleet.yaml:3:11:',
    'fleet.yaml:4:11:',
    'fleet.yaml:5:5:',
    'fleet.yaml:6:17:',
    'fleet.yaml:7:19:',
    'fleet.yaml:9:5:',
  ]);
  t.is(error?.code, 'InvalidArgument');
  for (const word of ['color', 'more', 'address', 'quotes', 'host bits', 'duration']) {
    t.true(
      error?.problems.some((line) => line.includes(word)),
      word,
    );
  }
  t.throws(() => readFleet('pools: [', 'f'), { message: /f:1:9: / });
  const double = 'apiVersion: xnet/v1\npools: [{name: a, cidr: 10.1.0.0/16}, {name: a, cidr: 10.2.0.0/16}]';
  t.throws(() => readFleet(double, 'f'), { message: 'f:2:46: pools[1].name: pool a occurs twice' });
  for (const [given, message] of [
    ['', /^f is empty: it begins with apiVersion: xnet/],
    ['nodes:', /f has 2 problems/],
    ['---\napiVersion: xnet/v1\n---\nx: 1\n', /^f:3:1: a fleet file has one document/],
    ['apiVersion: xnet/v1\npools: [*a]', /^f: Unresolved alias/],
  ] as const) {
    t.throws(() => readFleet(given, 'f'), { instanceOf: XnetError, code: 'InvalidArgument', message }, given);
  }
  const merged =
    'apiVersion: xnet/v1\nnodes:\n  - &n {name: a, address: 192.168.83.5, labels: {zone: z}}\n  - {<<: *n, name: b, address: 192.168.83.6}';
  t.deepEqual(readFleet(merged, 'f').file.nodes[1]?.labels, { zone: 'z' });
});

test('a file changes the objects that it names; others are left alone, unless they are pruned', (t) => {
  const head = 'apiVersion: xnet/v1\n';
  t.deepEqual(planned(head), []);
  t.deepEqual(planned(`${head}nodes: [{name: web-1, address: 192.168.83.1}]`), []);
  t.deepEqual(
    planned(
      `${head}pools: [{name: c, cidr: 10.78.0.0/16, quarantine: 2h, reclaimAfter: 1d}, {name: a, cidr: 10.76.0.0/15, mode: bridge, quarantine: 2h, reclaimAfter: 7d, followAddress: true}]\n` +
        'nodes: [{name: web-1, address: 192.168.83.7, pool: b, labels: {zone: z2, rack: r1}}, ' +
        '{name: web-3, address: 192.168.83.3, pool: c, cordoned: true}]',
    ),
    [
      '+ pool c: 10.78.0.0/16, bip',
      '~ pool c: reclaim after: never → 1d',
      '~ pool a: range: 10.76.0.0/16 → 10.76.0.0/15',
      '~ pool a: quarantine: 1h → 2h, reclaim after: never → 7d, follow addresses: off → on',
      '~ node web-1: address: 192.168.83.1 → 192.168.83.7, label zone: z1 → z2, label rack: (none) → r1',
      '+ node web-3: 192.168.83.3, pool c',
      '~ node web-3: availability: active → cordoned',
      '! node web-1: pool a, mode bip → pool b, mode bip (restarts Docker, by a rollout)',
      '! pool a: mode: bip → bridge (restarts Docker on its nodes, by a rollout)',
    ],
  );
  t.deepEqual(
    planned(`${head}nodes: [{name: web-1, address: 192.168.83.1}]\npools: [{name: a, cidr: 10.76.0.0/16}]`, true),
    [
      '- reservation of 10.76.9.0/24 in pool a',
      '- static route to 10.76.8.0/24',
      '~ node web-1: label zone: z1 → (none)',
      '- node web-2',
      '- pool b',
    ],
  );
  t.deepEqual(
    planned(
      `${head}pools: [{name: a, cidr: 10.76.0.0/16, subnetLength: 26}]\nnodes: [{name: web-1, address: 192.168.83.1, pool: x}]`,
    ),
    [
      "f:2:53: pools[0].subnetLength: it is 24 and can't become 26: create another pool and move its nodes",
      'f:3:52: nodes[0].pool: there is no pool x',
    ],
  );
});

test('static routes are made, changed, and removed if the file is pruned', (t) => {
  const of = (routes: string, prune = false) =>
    planned(formatFleet({ ...exportFleet(fleet), routes: [] }).replace('routes: []', `routes: [${routes}]`), prune);
  const held = '{subnet: 10.76.8.0/24, nextHop: 192.168.83.8}';
  t.deepEqual([of(held), of(''), of(held, true)], [[], [], []]);
  t.deepEqual(of('', true), ['- static route to 10.76.8.0/24']);
  t.deepEqual(
    of('{subnet: 10.76.8.0/24, nextHop: 192.168.83.9, name: new}, {subnet: 10.79.1.0/24, nextHop: 192.168.83.9}'),
    [
      '~ static route to 10.76.8.0/24: via 192.168.83.8 (by-hand) → via 192.168.83.9 (new)',
      '+ static route to 10.79.1.0/24: via 192.168.83.9 (static)',
    ],
  );
  t.deepEqual(
    of('{subnet: 10.99.1.0/24, nextHop: 192.168.83.1}').map((line) => line.replace(/^f:\d+:\d+: /, '')),
    [
      '+ static route to 10.99.1.0/24: via 192.168.83.1 (static)',
      'routes[0].subnet: 10.99.1.0/24 lies in no pool',
      'routes[0].nextHop: 192.168.83.1 is the address of node web-1, which has leases',
    ],
  );
  const twice = `apiVersion: xnet/v1\nroutes: [${held}, ${held}]`;
  t.throws(() => readFleet(twice, 'f'), { message: 'f:2:66: routes[1].subnet: subnet 10.76.8.0/24 occurs twice' });
});

test('clashes of a file with itself and with the fleet are all found before anything is changed', (t) => {
  const clashes = (text: string, prune = false) => {
    const { file, textOf } = readFleet(`apiVersion: xnet/v1\n${text}`, 'f');
    return planFleet(file, fleet, { prune }).problems.map(textOf);
  };
  t.deepEqual(
    clashes(
      [
        'pools:',
        '  - {name: c, cidr: 10.76.4.0/22}',
        '  - {name: d, cidr: 10.84.0.0/16, reservations: [{cidr: 10.99.0.0/24}]}',
        '  - {name: e, cidr: 192.168.83.0/30}',
        'nodes:',
        '  - {name: web-3, address: 10.84.0.5, pool: d}',
        '  - {name: web-4, address: 192.168.83.2}',
      ].join('\n'),
    ),
    [
      'f:3:21: pools[0].cidr: the range of pool c overlaps that of pool a',
      'f:7:28: nodes[0].address: pool d covers 10.84.0.5, the address of node web-3',
      'f:5:21: pools[2].cidr: pool e covers 192.168.83.1, the address of node web-1',
      'f:5:21: pools[2].cidr: pool e covers 192.168.83.2, the address of node web-2',
      'f:8:28: nodes[1].address: pool e covers 192.168.83.2, the address of node web-4',
      'f:8:28: nodes[1].address: 192.168.83.2 is the address of node web-2',
      'f:4:57: pools[1].reservations[0].cidr: 10.99.0.0/24 lies outside of pool d, which is 10.84.0.0/16',
    ],
  );
  const swapped =
    'nodes: [{name: web-1, address: 192.168.83.9}, {name: web-5, address: 192.168.83.1}]\npools: [{name: a, cidr: 10.76.0.0/16}]';
  t.deepEqual(clashes(swapped), []);
});

test('steps are dry-run beforehand, except those that depend on others', (t) => {
  const { file } = readFleet(
    [
      'apiVersion: xnet/v1',
      'pools: [{name: a, cidr: 10.76.0.0/17, reservations: []}, {name: c, cidr: 10.85.0.0/16}]',
      'nodes: [{name: web-1, address: 192.168.83.1, labels: {zone: z9}}, {name: web-3, address: 192.168.83.3, pool: c}]',
    ].join('\n'),
    'f',
  );
  const { steps } = planFleet(file, fleet, { prune: false });
  t.deepEqual(steps.flatMap(stepText), [
    '- reservation of 10.76.9.0/24 in pool a',
    '~ pool a: range: 10.76.0.0/16 → 10.76.0.0/17',
    '+ pool c: 10.85.0.0/16, bip',
    '~ node web-1: label zone: z1 → z9',
    '+ node web-3: 192.168.83.3, pool c',
  ]);
  const tried = rehearsable(steps);
  t.deepEqual(tried.flatMap(stepText), [
    '- reservation of 10.76.9.0/24 in pool a',
    '~ node web-1: label zone: z1 → z9',
  ]);
  t.deepEqual(
    steps.map((step) => pathOf(step, file)),
    [
      ['pools', 0],
      ['pools', 0],
      ['pools', 1],
      ['nodes', 0],
      ['nodes', 1],
    ],
  );
});
