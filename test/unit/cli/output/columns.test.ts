// Nodes, pools and the cluster's status as xctl prints them.
import test from 'ava';
import fc from 'fast-check';
import { progressText, type WaitedOutput } from '../../../../cli/commands/wait.js';
import { hostCommand, shellText } from '../../../../cli/output/host-command.js';
import { nodeKind, stateText, whyNotReady } from '../../../../cli/output/node.js';
import { type LeaseOutput, type PoolOutput, poolFromWire } from '../../../../cli/output/pool.js';
import { formatPoolMap, poolCells } from '../../../../cli/output/pool-map.js';
import { clusterExitCode, formatStatus, isSettled, noTrust, statusFromWire } from '../../../../cli/output/status.js';
import { formatPrefix, subnetAt, subnetCount } from '../../../../proto/domain/address.js';
import type { GetStatusResponse__Output } from '../../../../proto/gen/xnet/v1/GetStatusResponse.js';
import type { Pool__Output } from '../../../../proto/gen/xnet/v1/Pool.js';
import { version } from '../../../../proto/process/version.js';
import { poolShape } from '../../../support/arbitrary.js';
import { failing, node, nowMs, outputFor, plain } from '../../../support/cli-values.js';

test('the node list as a table', async (t) => {
  const nodes = [
    node(),
    node({ name: 'web-2', routes: { desired: 49, installed: 48, conflicting: 1, unreachable: 0 } }),
    node({
      name: 'db-1',
      state: 'NODE_STATE_DEGRADED',
      availability: 'AVAILABILITY_CORDONED',
      conditions: [failing('Docker', 'RolledBack', 'dockerd did not start'), failing('Routes', 'RouteConflict', '')],
    }),
    node({ name: 'db-2', state: 'NODE_STATE_DOWN' }),
    node({ name: 'db-3', state: 'NODE_STATE_REVOKED' }),
    node({ name: 'new-7', state: 'NODE_STATE_PENDING', routes: null, dockerVersion: '', createdMs: nowMs - 8_000 }),
  ];
  const { output } = outputFor('table');
  t.deepEqual((await output.listText(nodeKind, nodes)).split('\n'), [
    'NAME   ADDRESS        SUBNET        STATE              ROUTES   DOCKER      AGE',
    'web-1  192.168.83.11  10.76.3.0/24  ready              49/49    ready       41d',
    'web-2  192.168.83.11  10.76.3.0/24  ready              48/49 !  ready       41d',
    'db-1   192.168.83.11  10.76.3.0/24  degraded,cordoned  49/49    RolledBack  41d',
    'db-2   192.168.83.11  10.76.3.0/24  down 3m            -        -           41d',
    'db-3   192.168.83.11  10.76.3.0/24  revoked            -        -           41d',
    'new-7  192.168.83.11  10.76.3.0/24  pending            -        -           8s',
    '! db-1: Docker: dockerd did not start (and 1 more: xctl nodes show db-1)',
    '! db-2: disconnected 3m ago (its lease and the routes to it stay); on the host: systemctl status xnetd',
    '! db-3: it was revoked: controllers refuse it; its lease and the routes to it stay until it is removed',
    '    fix: xctl nodes remove db-3 --force',
    '! new-7: its daemon has never connected: start it on the host',
  ]);
});

test('the reasons why a node is not ready are always shown, and shortened if there are many', async (t) => {
  const states = ['PENDING', 'PROGRESSING', 'READY', 'DEGRADED', 'DOWN', 'UNSPECIFIED'] as const;
  for (const state of states) {
    const one = node({ state: `NODE_STATE_${state}` });
    t.is(whyNotReady(one, nowMs).length > 0, state !== 'READY', state);
    t.not(stateText(one, nowMs), '');
  }
  t.is(node({ state: 'NODE_STATE_UNSPECIFIED' }).state, 'unknown');
  const many = Array.from({ length: 30 }, (_, index) => node({ name: `web-${index}`, state: 'NODE_STATE_DOWN' }));
  const { output } = outputFor('table');
  const lines = (await output.listText(nodeKind, many)).split('\n').slice(31);
  t.is(lines.length, 11);
  t.is(lines.at(-1), '! and 20 more that are not ready: xctl nodes list --state down');
});

test('the map of a pool shows or counts every subnet', (t) => {
  const states = fc.array(fc.constantFrom('leased', 'reserved', 'quarantined', 'free', 'free', 'free'), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(poolShape, states, fc.nat({ max: 12 }), ({ cidr, subnetLength: length }, wanted, extra) => {
      const subnetLength = Math.min(30, length + extra);
      const total = subnetCount(cidr, subnetLength);
      fc.pre(total <= 2 ** 16);
      const pool: PoolOutput = poolFromWire({
        ...emptyPool,
        name: 'p',
        cidr: formatPrefix(cidr),
        subnetLength,
      });
      const leases = wanted.slice(0, total).flatMap((state, index): readonly LeaseOutput[] => {
        const at = Math.floor((index * total) / wanted.length);
        return state === 'free' ? [] : [leaseOf(formatPrefix(subnetAt(cidr, subnetLength, at)), state)];
      });
      const distinct = new Map(leases.map((lease) => [lease.subnet, lease]));
      const cells = poolCells(pool, [...distinct.values()]);
      const count = (symbol: string) => cells.filter((cell) => cell === symbol).length;
      t.is(cells.length, total);
      for (const [state, symbol] of [
        ['leased', '#'],
        ['reserved', 'r'],
        ['quarantined', 'q'],
      ] as const) {
        t.is(count(symbol), [...distinct.values()].filter((lease) => lease.state === state).length);
      }
      const lines = formatPoolMap(pool, [...distinct.values()], plain);
      const legend = lines.indexOf('');
      const shown = lines.slice(0, legend).map((line) => {
        const counted = /: (\d+) (?:free|more)/.exec(line)?.[1];
        return counted === undefined ? (/ {2}([#rq.]+)$/.exec(line)?.[1]?.length ?? Number.NaN) : Number(counted);
      });
      t.is(
        shown.reduce((sum, one) => sum + one, 0),
        total,
      );
      t.true(lines.length <= 52);
    }),
  );
});

const emptyPool: Pool__Output = {
  name: '',
  cidr: '10.76.0.0/16',
  subnetLength: 24,
  lan: null,
  mode: 'MODE_BIP',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds: 3600,
  reclaimAfterSeconds: 0,
  followAddress: false,
  networkLength: 0,
  dockerLength: 0,
  reservations: [],
  createdMs: nowMs,
  usage: null,
};

function leaseOf(subnet: string, state: string): LeaseOutput {
  const empty = { node: null, nodeId: null, since: null, until: null, leaseState: null, mode: null, nextHop: null };
  return { subnet, pool: 'p', state, generation: 0, reason: '', ...empty };
}

test('the pool map draws a large reservation below its leases', (t) => {
  const pool = poolFromWire({ ...emptyPool, cidr: '10.76.0.0/21' });
  const leases = [leaseOf('10.76.5.0/24', 'leased'), leaseOf('10.76.4.0/22', 'reserved')];
  t.is(poolCells(pool, leases).join(''), '....r#rr');
  t.deepEqual(poolCells(pool, [leaseOf('garbage', 'leased'), leaseOf('10.77.0.0/24', 'leased')]), Array(8).fill('.'));
});

test('the join command names reachable controllers, or says that there are none', (t) => {
  const tcp = { kind: 'tcp', host: '192.168.83.2', port: 7400 } as const;
  const commandOf = (listening: readonly string[], connected?: typeof tcp) =>
    hostCommand({ listening, connected, tokenFile: '-', anyHost: false });
  const reach = (listening: readonly string[], connected?: typeof tcp) => {
    const { argv, note } = commandOf(listening, connected);
    return [argv[3], note === null];
  };
  t.deepEqual(commandOf(['192.168.83.2:7401']).argv, [
    ...['xnetd', 'join', '--controller', '192.168.83.2:7401', '--token-file', '-'],
  ]);
  t.deepEqual(reach(['127.0.0.1:7401', '192.168.83.2', 'ctl-2:7501', 'ctl-2:7501']), [
    '192.168.83.2:7401,ctl-2:7501',
    true,
  ]);
  t.deepEqual(reach(['0.0.0.0:7501'], tcp), ['192.168.83.2:7501', true], 'the port to join by, not that of the API');
  t.deepEqual(reach(['0.0.0.0:7501']), ['CONTROLLER:7501', false]);
  t.deepEqual(reach(['127.0.0.1:7501']), ['127.0.0.1:7501', false]);
  t.deepEqual(reach([]), ['CONTROLLER:7401', false]);
  t.is(shellText(['a', "b'c d", '$(x)']), `a 'b'\\''c d' '$(x)'`);
});

test('the line of progress', (t) => {
  const waited: WaitedOutput = {
    nodes: 41,
    routed: 41,
    elapsedMs: 84,
    pending: [],
    downCount: 0,
    down: [],
    ready: false,
    done: true,
  };
  t.is(progressText(waited, 'routed', ''), 'routed on 41/41 nodes, 84 ms');
  t.is(progressText({ ...waited, elapsedMs: null }, 'routed', ''), 'routed on 41/41 nodes');
  t.is(
    progressText({ ...waited, downCount: 3, down: ['db-1', 'db-2'] }, 'routed', ''),
    'routed on 41/41 nodes, 84 ms (3 down: db-1, db-2 and 1 more)',
  );
  t.is(
    progressText({ ...waited, nodes: 0, routed: 0 }, 'ready', 'Docker: x'),
    'no other node is connected; not ready: Docker: x',
  );
  t.is(progressText({ ...waited, ready: true }, 'ready', ''), 'routed on 41/41 nodes, 84 ms; ready');
});

const wireStatus: GetStatusResponse__Output = {
  clusterId: 'c-1',
  epoch: 1,
  revision: 12,
  controller: 'ctl-1',
  version: '0.1.0',
  controllers: [{ id: 'ctl-1', version: '0.1.0', startedMs: nowMs, sessions: 2, addresses: ['unix:/run/x.sock'] }],
  store: {
    endpoints: ['http://127.0.0.1:2379'],
    embedded: true,
    connected: true,
    refusal: '',
    resyncs: 0,
    warnings: [],
  },
  pools: [],
  nodes: {
    total: 2,
    ready: 2,
    progressing: 0,
    degraded: 0,
    down: 0,
    pending: 0,
    revoked: 0,
    cordoned: 0,
    draining: 0,
    leaving: 0,
  },
  undecodable: [],
  problems: [],
};

test('an exposed etcd is the first problem in the status', (t) => {
  const { store } = wireStatus;
  if (store === null) return t.fail();
  const status = statusFromWire(
    { ...wireStatus, store: { ...store, warnings: ['etcd at http://e:1 is open'] } },
    noTrust,
    nowMs,
  );
  t.is(formatStatus(status, { colors: plain, nowMs })[0], '! WARNING etcd at http://e:1 is open');
  t.is(clusterExitCode(status), 0);
});

test('a controller of another minor version than xctl is a warning in the status', (t) => {
  const [major = '', minor = ''] = version.split('.');
  const linesWith = (controller: string) =>
    formatStatus(statusFromWire({ ...wireStatus, version: controller }, noTrust, nowMs), { colors: plain, nowMs });
  for (const other of [`${major}.${Number(minor) + 1}.0`, `${Number(major) + 1}.${minor}.0`]) {
    t.is(
      linesWith(other)[0],
      `! WARNING xctl is of version ${version}, the controller of ${other}: use the same`,
      'warnings come first',
    );
  }
  for (const same of [version, `${major}.${minor}.99`]) t.notRegex(linesWith(same).join('\n'), /xctl is of version/);
});

test('the status counts nodes that are cordoned, draining or leaving beside their states', (t) => {
  const { nodes } = wireStatus;
  if (nodes === null) return t.fail();
  const linesOf = (counts: Partial<typeof nodes>) =>
    formatStatus(statusFromWire({ ...wireStatus, nodes: { ...nodes, ...counts } }, noTrust, nowMs), {
      colors: plain,
      nowMs,
    }).join('\n');
  t.regex(linesOf({}), /\nNodes: +2 \(2 ready\)\n/);
  t.regex(linesOf({ cordoned: 1, leaving: 1 }), /\nNodes: +2 \(2 ready\), 1 cordoned, 1 leaving\n/);
});

test('the problems decide the exit code of status', (t) => {
  const { store, nodes } = wireStatus;
  if (store === null || nodes === null) throw new Error('the example is not complete');
  const cases: readonly (readonly [string, Partial<GetStatusResponse__Output>, number, boolean])[] = [
    ['well', {}, 0, true],
    ['pending', { nodes: { ...nodes, pending: 1 } }, 0, true],
    ['progressing', { nodes: { ...nodes, progressing: 1 } }, 0, false],
    ['down', { nodes: { ...nodes, down: 1 } }, 8, false],
    ['degraded', { nodes: { ...nodes, degraded: 1 } }, 8, false],
    ['a port', { problems: [{ text: "can't listen on 10.0.0.9:7400", fix: 'give another' }] }, 8, false],
    ['another version', { version: '9.9.9' }, 0, true],
    ['undecodable', { undecodable: [{ key: 'nodes/x', problem: 'not JSON' }] }, 8, false],
    [
      'exhausted',
      {
        pools: [
          { ...emptyPool, usage: { total: 4, leased: 4, staticRoutes: 0, reserved: 0, quarantined: 0, free: 0 } },
        ],
      },
      8,
      false,
    ],
    ['store lost', { store: { ...store, connected: false } }, 6, false],
    ['refused', { store: { ...store, refusal: 'another cluster' } }, 6, false],
    ['starting', { clusterId: '', nodes: null }, 6, false],
    ['nothing', { store: null, nodes: null, clusterId: '' }, 6, false],
  ];
  for (const [what, more, code, settled] of cases) {
    const status = statusFromWire({ ...wireStatus, ...more }, noTrust, nowMs);
    t.is(clusterExitCode(status), code, what);
    t.is(isSettled(status), settled, what);
    t.is(status.problems.length === 0, code === 0, what);
  }
});
