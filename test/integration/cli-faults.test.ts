// xctl while controllers come and go: one fault at a time, with real processes.
import test from 'ava';
import { AnswerProxy } from '../support/answer-proxy.js';
import { ControllerProcess } from '../support/controller-process.js';
import { freePort, TestEtcd } from '../support/etcd.js';
import { SimulatedNode } from '../support/simulated-node.js';
import type { Running } from '../support/xctl.js';
import { closing, pair, tcp, unix } from '../support/xctl-pair.js';

test.serial(
  'one controller is enough: a dead one, a hanging one and a server that is no controller are skipped',
  async (t) => {
    const { a, b, xctl } = await pair(t);
    await a.createPool();
    const nobody = await freePort();
    const dead = await (await xctl([`127.0.0.1:${nobody}`, unix(b)])).run(
      'nodes',
      'add',
      'web-1',
      '--address',
      '192.168.83.1',
    );
    t.is(dead.code, 0, dead.stderr);
    t.notRegex(dead.stderr, /trying again|refused/);
    const foreign = closing(t, await TestEtcd.start());
    const none = await (await xctl([`127.0.0.1:${foreign.clientPort}`, unix(b)])).run('nodes', 'list', '-o', 'name');
    t.deepEqual([none.code, none.stdout, none.stderr], [0, 'web-1\n', '']);
    a.signal('SIGSTOP');
    const hanging = await (await xctl([tcp(a), unix(b)])).run('nodes', 'cordon', 'web-1');
    t.deepEqual([hanging.code, hanging.stderr], [0, '']);
    t.regex(hanging.stdout, /active → cordoned/);
  },
);

test.serial('a controller without the cluster key reports that with a remedy', async (t) => {
  const { a, b, etcd, xctl } = await pair(t);
  await a.createPool();
  const keyless = closing(t, await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]));
  const status = await (await xctl([unix(keyless)])).run('status');
  t.is(status.code, 8);
  t.regex(status.stdout, /\n! the cluster key \S+cluster\.key does not exist\n {4}fix: copy it from the controller/);
  const made = await (await xctl([unix(keyless)])).run('tokens', 'create');
  t.regex(made.stderr, /the cluster key \S+ does not exist\ncopy it from/);
  t.is((await (await xctl([unix(b)])).run('status')).code, 0);
  const audit = await (await xctl([unix(a)])).run('audit', '--verify');
  t.regex(audit.stdout, /^intact: /);
  t.regex(audit.stderr, /^note: this is the log of \S+; others have their own: \S+ \(unix:/, 'two others');
});

test.serial('a lost answer: the other controller knows the outcome, and the change takes effect once', async (t) => {
  const { a, b, xctl } = await pair(t);
  await a.createPool();
  const changes: readonly (readonly [string, RegExp])[] = [
    ['nodes add web-1 --address 192.168.83.1', /^leased 10\.76\.0\.0\/24 of pool default to web-1\n/],
    ['nodes set web-1 --address 192.168.83.2', /^changed web-1/],
    ['nodes set 192.168.83.2 --address 192.168.83.3', /^changed web-1/],
    ['pools reserve default 10.76.9.0/24', /^reserved/],
    ['pools unreserve default 10.76.9.0/24', /^ended the reservation/],
    ['pools create other 10.80.0.0/16', /^created pool other/],
    ['pools remove other --confirm other', /^removed pool other/],
    ['nodes remove web-1 --force --confirm web-1', /^removed web-1; 10\.76\.0\.0\/24 is in quarantine/],
    ['leases release 10.76.0.0/24 --confirm 10.76.0.0/24', /^ended the quarantine/],
    ['nodes add web-2 --address 192.168.83.2 --subnet 10.76.2.0/24', /<<'EOF'\nXJT1-[0-9a-z]{50}-/],
    ['tokens create --node web-2', /^made a join token for web-2: [0-9a-z]{6}, to be used once\n[\s\S]*XJT1-/],
    ['nodes revoke web-2 --confirm web-2', /^revoked web-2/],
  ];
  for (const [args, stdout] of changes) {
    const proxy = closing(t, await AnswerProxy.start(a.socket));
    // Reads go through it too: a lost answer to a read is simply requested again.
    const ran = await (await xctl([unix(proxy), unix(b)])).run(...args.split(' '));
    await proxy.swallowed;
    t.is(ran.code, 0, `${args}: ${ran.stderr}`);
    t.regex(ran.stdout, stdout, args);
  }
  const { stdout } = await (await xctl([unix(b)])).run('events', '-o', 'jsonl');
  const reasons = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { reason: string }).reason);
  const made = ['AuthorityMade', 'CertificateIssued', 'PoolCreated'];
  const expected = [...made, 'NodeAdded', 'NodeChanged', 'NodeChanged', 'SubnetReserved', 'SubnetUnreserved'];
  t.deepEqual(reasons, [
    ...expected,
    'PoolCreated',
    'PoolRemoved',
    'NodeRemoved',
    'QuarantineEnded',
    'NodeAdded',
    'TokenCreated',
    'NodeRevoked',
  ]);
});

test.serial('many concurrent changes succeed although a controller is killed', async (t) => {
  const { a, b, xctl } = await pair(t);
  await a.createPool();
  const hosts = [1, 2, 3, 4, 5, 6, 7, 8];
  const both = await xctl([tcp(a), tcp(b)]);
  const runs = hosts.map((host) =>
    both.start(['nodes', 'add', `web-${host}`, '--address', `192.168.83.${host}`, '-o', 'json']),
  );
  await Promise.race(runs.map(({ ended }) => ended));
  await a.kill('SIGKILL');
  const subnets = new Set<string>();
  for (const running of runs) {
    const { code, stdout, stderr } = await running.ended;
    t.is(code, 0, stderr);
    subnets.add((JSON.parse(stdout) as { node: { subnet: string } }).node.subnet);
  }
  t.is(subnets.size, hosts.length);
  t.is((await b.nodes()).length, hosts.length);
});

test.serial('a change waits for a controller that starts, within its time', async (t) => {
  const { a, b, xctl } = await pair(t);
  await a.createPool();
  await b.kill();
  await a.kill();
  const early = (await xctl([unix(a), unix(b)])).start([
    'nodes',
    'add',
    'web-1',
    '--address',
    '192.168.83.1',
    '--timeout',
    '180s',
  ]);
  await early.until('says that it waits', ({ stderr }) =>
    /connection refused.*\(and 1 more\); trying again for/.test(stderr),
  );
  await b.launch();
  t.is((await early.ended).code, 0);
  const late = await (await xctl([unix(a)])).run('nodes', 'cordon', 'web-1', '--timeout', '500ms');
  t.is(late.code, 6);
  t.regex(late.stderr, /no controller answers within 500ms: unix:.*: connection refused\n/);
  const list = await (await xctl([unix(a), 'unix:/nonexistent/x.sock'])).run('nodes', 'list');
  t.is(list.code, 6);
  t.regex(
    list.stderr,
    /^xctl: no controller answers\n {2}- unix:.*c\.sock: connection refused\n {2}- unix:\/nonexistent.*: no such socket\ndoes xnet-controller run/,
  );
});

test.serial('C7 a store is lost: lists work, changes do not, status reports it and --wait waits', async (t) => {
  const { etcd, a, b, xctl } = await pair(t);
  await a.createPool();
  await etcd.kill();
  const both = await xctl([unix(a), unix(b)]);
  for (const each of [a, b]) await each.until('it is noticed', (status) => status.store?.connected === false);
  const status = await both.run('status');
  t.is(status.code, 6, `${status.stdout}${status.stderr}`);
  t.regex(status.stdout, /: not connected[\s\S]*! the controller has lost its store \(http/);
  t.regex((await both.run('pools', 'list')).stdout, /\ndefault /);
  const change = await both.run('nodes', 'add', 'web-1', '--address', '192.168.83.1', '--timeout', '3s');
  t.true([6, 7, 13].includes(change.code ?? -1), `${change.code}: ${change.stderr}`);
  t.regex(change.stderr, /etcd|store|outcome is unknown/);
  const waiting = both.start(['status', '--wait', '--timeout', '180s']);
  await etcd.launch();
  const settled = await waiting.ended;
  t.is(settled.code, 0, settled.stderr);
  t.regex(settled.stdout, /all is well/);
});

type Change = { readonly event: string; readonly name: string; readonly availability: string };

function changesOf({ stdout }: Running): readonly string[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => {
    const { event, name, availability } = JSON.parse(line) as Change;
    return `${event} ${name} ${availability}`;
  });
}

test.serial('--watch continues through another controller, misses nothing and repeats nothing', async (t) => {
  const { a, b, xctl } = await pair(t);
  await a.createPool();
  await a.addNode('web-1', '192.168.83.1');
  const both = await xctl([tcp(a), tcp(b)]);
  const nodes = both.start(['nodes', 'list', '--watch', '-o', 'jsonl']);
  const table = both.start(['node', 'ls', '-w']);
  const events = both.start(['events', '-w', '-o', 'jsonl']);
  const pools = both.start(['pools', 'list', '-w', '-o', 'name']);
  const happened = (reason: string, subject: string) => (running: Running) =>
    running.stdout.includes(`"reason":"${reason}","warning":false,"subject":"${subject}"`);
  await nodes.until('the first list', (running) => changesOf(running).includes('added web-1 active'));
  await events.until('what was recorded', happened('NodeAdded', 'node/web-1'));
  await table.until('the first table', ({ stdout }) => stdout.includes('web-1'));
  await pools.until('the first pools', ({ stdout }) => stdout === 'default\n');
  await a.kill('SIGKILL');
  await b.addNode('web-2', '192.168.83.2');
  // A stream that is opened again begins with a list. Objects that came and went before it are not in it.
  await nodes.until('the stream of the other', (running) => changesOf(running).includes('added web-2 active'));
  await both.run('nodes', 'cordon', 'web-1');
  await nodes.until('the change', (running) => changesOf(running).includes('changed web-1 cordoned'));
  t.is((await b.status())?.nodes?.cordoned, 1);
  await b.removeNode('web-2');
  await nodes.until('the removal', (running) => changesOf(running).includes('removed web-2 active'));
  await events.until('the removal', happened('NodeRemoved', 'node/web-2'));
  await table.until('another table', ({ stdout }) => stdout.includes('cordoned'));
  await both.run('pools', 'create', 'other', '10.80.0.0/16');
  await pools.until('other pools', ({ stdout }) => stdout.endsWith('\ndefault\nother\n'));
  for (const running of [nodes, table, events, pools]) {
    running.child.kill('SIGINT');
    t.is((await running.ended).code, 130);
  }
  const expected = ['added web-1 active', 'added web-2 active', 'changed web-1 cordoned', 'removed web-2 active'];
  t.deepEqual(changesOf(nodes), expected);
  const ids = events.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  t.is(new Set(ids).size, ids.length, 'no event twice');
  const all = await both.run('events', '-o', 'name');
  t.deepEqual(ids.slice(0, 4), all.stdout.split('\n').slice(0, 4), 'and none is missing');
});

test.serial('--wait continues through another controller, and Ctrl-C ends it', async (t) => {
  const { a, b, xctl } = await pair(t);
  await a.createPool();
  await a.addNode('web-1', '192.168.83.1');
  await b.until('it knows the node', (status) => status.nodes?.total === 1);
  const node = new SimulatedNode(await b.joined('web-1'), 'web-1').watch();
  await node.until('its table', () => node.table !== undefined);
  await node.report();
  const both = await xctl([tcp(a), tcp(b)]);
  const waiting = both.start(['nodes', 'add', 'web-2', '--address', '192.168.83.2', '--wait']);
  await waiting.until('the first progress', ({ stderr }) => stderr.includes('routed on 0/1 nodes'));
  await a.kill('SIGKILL');
  await node.until('the route', () => node.routes().length === 1);
  await node.report();
  const { code, stderr } = await waiting.ended;
  t.is(code, 0, stderr);
  t.regex(stderr, /routed on 1\/1 nodes.*\n$/);
  const never = both.start(['nodes', 'add', 'web-3', '--address', '192.168.83.3', '--wait']);
  await never.until('progress', ({ stderr: said }) => said.includes('routed on 0/1'));
  never.child.kill('SIGINT');
  t.is((await never.ended).code, 130);
  node.leaveStream();
});
