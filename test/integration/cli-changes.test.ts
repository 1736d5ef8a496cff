// Changes by xctl from the dry run until every node has them: --dry-run, --wait, and problems found.
import anyTest, { type TestFn } from 'ava';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { json, part, type Ran, Xctl } from '../support/xctl.js';
import { inTurn, words } from '../support/xctl-socket.js';

type Shared = { controller: ControllerProcess; xctl: Xctl };
const test = anyTest as TestFn<Shared>;

// Each test has its own controller and etcd, so the tests run one after the other.
test.beforeEach(async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  t.context = { controller, xctl: new Xctl({ controller: `unix:${controller.socket}` }) };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

test.serial('a dry run shows the changes, and makes none', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  await xctl.run('pools', 'reserve', 'default', '10.76.9.0/24');
  await xctl.run('nodes', 'remove', 'web-2', '--yes');
  const before = await controller.contents();
  const cases: readonly (readonly [string, RegExp])[] = [
    ['pools create p 10.80.0.0/16', /^would create pool p: 10\.80\.0\.0\/16, 256 subnets of \/24, bip\n$/],
    ['pools create default 10.76.0.0/16', /^unchanged: pool default/],
    ['pools remove default --force', /^$/],
    ['pools reserve default 10.76.8.0/24', /^would reserve 10\.76\.8\.0\/24 of pool default\n$/],
    ['pools unreserve default 10.76.9.0/24', /^would end the reservation/],
    ['pools resize default --cidr 10.76.0.0/15', /^would resize pool default: 10\.76\.0\.0\/16 → 10\.76\.0\.0\/15\n$/],
    ['pools set default --quarantine 2h', /^would change pool default: quarantine: 1h → 2h\n$/],
    ['nodes add web-3 --address 192.168.83.3', /^would lease 10\.76\.2\.0\/24 of pool default to web-3\n$/],
    ['nodes add web-1 --address 192.168.83.1 --wait', /^unchanged: 10\.76\.0\.0\/24/],
    ['nodes set web-1 --address 192.168.83.7', /^would change web-1: address: 192\.168\.83\.1 → 192\.168\.83\.7\n$/],
    ['nodes set web-1 --address 192.168.83.1', /^unchanged: web-1\n$/],
    ['nodes cordon web-1', /^would change web-1: availability/],
    ['nodes uncordon web-1', /^unchanged: web-1/],
    ['nodes remove web-1 --force', /^would remove web-1\n$/],
    ['leases release 10.76.1.0/24', /^would end the quarantine of 10\.76\.1\.0\/24/],
    [
      'leases add web-1 --pool default --subnet 10.76.5.0/24 --replace 10.76.0.0/24',
      /^would lease 10\.76\.5\.0\/24 of pool default to web-1\n10\.76\.0\.0\/24 is ending\n$/,
    ],
  ];
  for await (const [[args, stdout], ran] of inTurn(cases, ([args]) => xctl.run(...words(args), '--dry-run'))) {
    t.is(ran.code, args.startsWith('pools remove') ? 4 : 0, `${args}: ${ran.stderr}`);
    t.regex(ran.stdout, stdout, args);
  }
  t.deepEqual(await controller.contents(), before);
  const planned = json(
    await xctl.run('nodes', 'add', 'n', '--address', '192.168.83.3', '--mode', 'bridge', '--dry-run', '-o', 'json'),
  );
  t.like(planned, { dryRun: true, unchanged: false, join: null });
  t.like(part(planned, 'node'), { name: 'n', subnet: '10.76.2.0/24', gateway: '10.76.2.1', mode: 'bridge' });
});

test.serial('--wait ends when every connected node has the route, and names those that have not', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  for (const host of [1, 2, 3]) await controller.addNode(`web-${host}`, `192.168.83.${host}`);
  await controller.addNode('away-1', '192.168.83.9');
  const nodes: SimulatedNode[] = [];
  for (const name of ['web-1', 'web-2', 'web-3']) {
    nodes.push(new SimulatedNode(await controller.joined(name), name).watch());
  }
  const report = async (node: SimulatedNode, routes: number) => {
    await node.until(`${routes} routes`, () => node.routes().length === routes);
    await node.report();
  };
  for (const node of nodes) await report(node, 3);
  const [first, second, third] = nodes;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three nodes');

  const add = ['nodes', 'add', 'new-1', '--address', '192.168.83.21', '--wait', '--timeout', '1s', '-o', 'json'];
  const errorOf = (stderr: string) => JSON.parse(stderr.trim().split('\n').slice(-1)[0] ?? '').error;
  // On a busy machine one second may not even be enough to reach the controller; the command can be repeated.
  const isEarly = ({ code, stdout, stderr }: Ran) =>
    code === 6 || (code === 7 && (stdout === '' || stderr.includes('no controller has reported')));
  let late = await xctl.run(...add);
  while (isEarly(late)) late = await xctl.run(...add);
  t.is(late.code, 7);
  const error = errorOf(late.stderr);
  t.like(error, { code: 'DeadlineExceeded', exitCode: 7 });
  t.regex(error.message, /new-1 is not routed within 1s: 3 of 3 nodes have no route to it yet: web-1, web-2, web-3$/);
  t.regex(error.hint, /xctl nodes show web-1/);
  t.like(JSON.parse(late.stdout), { waited: { nodes: 3, routed: 0, done: false, downCount: 1, down: ['away-1'] } });

  const waiting = xctl.start(['nodes', 'add', 'new-1', '--address', '192.168.83.21', '--wait']);
  await waiting.until('the command', ({ stdout }) => stdout.includes('xctl tokens create --node new-1'));
  await report(first, 4);
  await report(second, 4);
  await waiting.until('two of three', ({ stderr }) => stderr.includes('routed on 2/3 nodes, '));
  await report(third, 4);
  const done = await waiting.ended;
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /^unchanged: /);
  t.regex(done.stderr, /\nrouted on 3\/3 nodes, \d+ ms \(1 down: away-1\)\n$/);

  const ready = xctl.start(['nodes', 'add', 'new-1', '--address', '192.168.83.21', '--wait', 'ready', '-o', 'json']);
  await ready.until('why not', ({ stderr }) =>
    stderr.includes('not ready: its daemon has not connected and reported yet'),
  );
  const joined = new SimulatedNode(await controller.joined('new-1'), 'new-1').watch();
  await joined.until('4 routes', () => joined.routes().length === 4);
  await joined.report([
    { type: 'Docker', ok: false, transient: true, reason: 'Restarting', message: 'dockerd restarts', sinceMs: 0 },
  ]);
  await ready.until('Docker', ({ stderr }) => stderr.includes('not ready: Docker: dockerd restarts'));
  await joined.report([{ type: 'Docker', ok: true, transient: false, reason: 'Ready', message: '', sinceMs: 0 }]);
  const ran = await ready.ended;
  t.is(ran.code, 0, ran.stderr);
  t.like(JSON.parse(ran.stdout), { waited: { nodes: 3, routed: 3, ready: true, done: true } });

  const moving = xctl.start(['nodes', 'set', 'new-1', '--address', '192.168.83.22', '--wait', '-q']);
  await moving.until('changed', ({ stdout }) => stdout.startsWith('changed new-1: address'));
  for (const node of [...nodes, joined]) {
    await node.until(
      'the new address',
      () => node === joined || node.routes().includes('10.76.4.0/24 via 192.168.83.22'),
    );
    await node.report();
  }
  const moved = await moving.ended;
  t.deepEqual([moved.code, moved.stderr], [0, ''], 'quiet: no progress');
  t.regex((await xctl.run('routes', 'check')).stdout, /^all 4 connected nodes have every route\n$/);

  // A change that no other node receives is not waited for: the store is newer than their tables, the routes are not.
  const labelled = await xctl.run(...words('nodes set new-1 --label zone=a --wait --timeout 180s'));
  t.is(labelled.code, 0, labelled.stderr);
  const again = await xctl.run(
    ...words('nodes add new-1 --address 192.168.83.22 --label zone=a --wait --timeout 180s'),
  );
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /^routed on 3\/3 nodes/);
  for (const node of [...nodes, joined]) node.leaveStream();
});

test.serial('routes check and status find problems', async (t) => {
  const { xctl, controller } = t.context;
  await xctl.run('pools', 'create', 'small', '10.76.0.0/23', '--subnet-length', '24');
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  const client = await controller.joined('web-1');
  const node = new SimulatedNode(client, 'web-1').watch();
  await node.until('its route', () => node.routes().length === 1);
  await callUnary(
    client.report.bind(client),
    {
      nodeId: node.assignment?.nodeId ?? '',
      generation: 1,
      routes: { desired: 1, installed: 0, conflicting: 1 },
      conditions: [{ type: 'Routes', reason: 'RouteConflict', message: '10.76.1.0/24 via 10.0.0.1 is not ours' }],
    },
    { timeoutMs: 60_000 },
  );
  await controller.until('degraded', (status) => status.nodes?.degraded === 1);
  const check = await xctl.run('routes', 'check');
  t.is(check.code, 8);
  t.regex(check.stdout, /\nweb-1 +degraded +1 +0 +1 +0 +Routes: 10\.76\.1\.0\/24 via 10\.0\.0\.1 is not ours\n$/);
  t.is(check.stderr, '1 node is not connected: not checked\n');
  const status = await xctl.run('status');
  t.is(status.code, 8);
  t.regex(
    status.stdout,
    /! 1 node is degraded\n.*--state degraded\n! pool small has no free subnet\n.*xctl pools show small\n/,
  );
  t.is((await xctl.run('status', '--wait', '--timeout', '1s')).code, 7);
  t.regex((await xctl.run('nodes', 'show', 'web-1')).stdout, /\nNot ready:\n {2}! Routes: 10\.76\.1\.0\/24 via/);
  const full = await xctl.run('nodes', 'add', 'web-3', '--address', '192.168.83.3');
  t.is(full.code, 4);
  t.regex(full.stderr, /has no free subnet: of 2, 2 are leased/);
  node.leaveStream();
});
