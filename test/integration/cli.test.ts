// xctl against a real controller with an etcd of its own: every command, every format, every exit code.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { parse as parseYaml } from 'yaml';
import { completionScripts } from '../../cli/completion/scripts.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { type Json, json, part, type Ran, Xctl, xctlMain } from '../support/xctl.js';

type Shared = { controller: ControllerProcess; xctl: Xctl };
const test = anyTest as TestFn<Shared>;
const run = promisify(execFile);

// Each test has a controller of its own; they run one after the other, since each has an etcd too.
test.beforeEach(async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  t.context = { controller, xctl: new Xctl({ controller: `unix:${controller.socket}` }) };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

function words(args: string): readonly string[] {
  return args.split(' ').filter((word) => word !== '');
}

// Two at a time: a start takes most of a second of a busy core.
async function* inTurn<T, R>(items: readonly T[], start: (item: T) => Promise<R>): AsyncGenerator<readonly [T, R]> {
  const started: (readonly [T, Promise<R>])[] = [];
  for (const item of items) {
    started.push([item, start(item)]);
    const [first] = started;
    if (started.length < 2 || first === undefined) continue;
    started.shift();
    yield [first[0], await first[1]];
  }
  for (const [item, result] of started) yield [item, await result];
}

function list(of: Json, key: string): readonly Json[] {
  return of[key] as readonly Json[];
}

test.serial('from nothing to nodes and back', async (t) => {
  const { xctl, controller } = t.context;
  const says = async (args: string, expected: RegExp, code = 0) => {
    const ran = await xctl.run(...args.split(' '));
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(ran.stdout, expected, args);
    return ran;
  };
  await says('status', /no pools: xctl pools create/);
  await says(
    'pools create default 10.76.0.0/24 --subnet-length 28 --quarantine 2h',
    /^created pool default: .* 16 subnets/,
  );
  await says('pools create default 10.76.0.0/24 --subnet-length 28 --quarantine 2h', /^unchanged: pool default/);
  const pub = await says(
    'pools create pub 172.172.0.0/16 --mode bridge --bridge-name br7',
    /^created pool pub: .* bridge\n/,
  );
  t.regex(pub.stderr, /^warning: 172\.172\.0\.0\/16 is a public range/);
  await says('pool ls -o name', /^default\npub\n$/);
  const added = await says(
    'nodes add web-1 --address 192.168.83.11 --label zone=eu-1',
    /^leased 10\.76\.0\.0\/28 of pool default to web-1\n/,
  );
  t.regex(
    added.stdout,
    new RegExp(
      `\\n\\nxnetd join --controller 127\\.0\\.0\\.1:${controller.joinPort} --token-file - <<'EOF'\\n` +
        'XJT1-[0-9a-z]{50}-[0-9a-z]{6}\\.[0-9a-z]{26}\\nEOF\\n',
    ),
  );
  t.regex(added.stderr, /^note: the controllers listen for this machine only/);
  const again = await says('nodes add web-1 --address 192.168.83.11 --label zone=eu-1', /^unchanged: 10\.76\.0\.0\/28/);
  t.regex(again.stdout, /for a host that has not joined: xctl tokens create --node web-1\n$/);
  await says('nodes add web-2 --address 192.168.83.12 --subnet 10.76.0.64/28', /^leased 10\.76\.0\.64\/28/);
  await says('nodes add edge-1 --address 192.168.83.13 --pool pub --mode bip -o name', /^edge-1\n$/);
  await says(
    'pools reserve default 10.76.0.128/26 --node web-9 --reason testing',
    /^reserved 10\.76\.0\.128\/26 of pool default for web-9/,
  );
  await says('pools reserve default 10.76.0.128/26 --node web-9 --reason testing', /^unchanged:/);
  await says(
    'pools show default',
    /Subnets: +16: 2 leased, 4 reserved, 0 in quarantine, 10 free\nReservations:\n {2}10\.76\.0\.128\/26 for web-9: testing\n\n10\.76\.0\.0\/28 +#\.\.\.#\.\.\.rrrr\.\.\.\.\n/,
  );
  await says('lease ls', /\n10\.76\.0\.128\/26 +default +reserved +web-9 +- +- +testing\n/);
  const { id } = part(json(await xctl.run('nodes', 'show', 'web-1', '-o', 'json')), 'node') as { id: string };
  for (const name of ['web-1', id, id.slice(0, 8), '192.168.83.11', '10.76.0.0/28', '10.76.0.5']) {
    await says(`node get ${name} -o name`, /^web-1\n$/);
  }
  await says(
    'nodes show web-1',
    /Labels: +zone=eu-1[\s\S]*none: its host has not joined[\s\S]*never connected[\s\S]*tokens create --node web-1[\s\S]*NodeAdded/,
  );
  await says(
    'nodes set web-1 --address 192.168.83.21 --label rack=r1 --remove-label zone',
    /^changed web-1: address: 192\.168\.83\.11 → 192\.168\.83\.21, label rack: \(none\) → r1, label zone: eu-1 → \(none\)\n$/,
  );
  await says('nodes set web-1 --address 192.168.83.21', /^unchanged: web-1\n$/);
  await says('nodes cordon web-1', /^changed web-1: availability: active → cordoned\n$/);
  await says('nodes list --selector rack=r1', /\nweb-1 .* pending,cordoned /);
  await says('nodes list --selector rack=r1,zone=eu-1 -o name', /^$/);
  await says('nodes list --state ready -o name', /^$/);
  await says('nodes list --state ready,pending -o name', /^edge-1\nweb-1\nweb-2\n$/);
  await says('nodes uncordon 192.168.83.21', /cordoned → active/);
  await says('routes list', /^SUBNET +NEXT-HOP +NODE +STATE\n10\.76\.0\.0\/28 +192\.168\.83\.21 +web-1 +pending\n/);
  t.notRegex((await xctl.run('routes', 'list', '--node', 'web-1')).stdout, / web-1 /);
  await says('routes check', /^all 0 connected nodes have every route\n$/);
  await says('nodes rm web-2 --yes', /^removed web-2; 10\.76\.0\.64\/28 is in quarantine for 2h, until /);
  await says('nodes rm web-2 --yes', /^$/, 3);
  await says('leases list --pool default', /quarantined +web-2 +\d+s +in (2h|1h59m\d+s)/);
  await says('pools remove default --confirm default', /^$/, 4);
  await says('leases release 10.76.0.64/28 --confirm 10.76.0.64/28', /^ended the quarantine/);
  await says('nodes remove web-1 --confirm web-1', /^removed web-1/);
  await says('pools unreserve default 10.76.0.128/26', /^ended the reservation of 10\.76\.0\.128\/26/);
  await says('pools rm default --confirm default', /^$/, 4);
  await says('pools rm default --confirm default --force', /^removed pool default\n$/);
  await says('events --node web-1', /NodeAdded .*\n[\s\S]*NodeChanged .*\n[\s\S]*NodeRemoved /);
  await says('event --subject pool/pub -o name', /^\d+-[a-z0-9]+\n$/);
  await says(
    'status',
    /\nNodes: +1 \(1 pending\)\n[\s\S]*CONTROLLER[\s\S]*\npub +172\.172\.0\.0\/16[\s\S]*all is well\n$/,
  );
});

test.serial('every list and every show in every format says the same', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  for (const host of [1, 2, 3]) await controller.addNode(`web-${host}`, `192.168.83.${host}`);
  const lists: readonly (readonly [string, string, string])[] = [
    ['pools list', 'pools', 'name'],
    ['nodes list', 'nodes', 'name'],
    ['leases list', 'leases', 'subnet'],
    ['routes list', 'routes', 'subnet'],
    ['events', 'events', 'id'],
  ];
  for (const [args, key, name] of lists) {
    const as = (format: string) => xctl.run(...args.split(' '), '-o', format);
    const items = list(json(await as('json')), key);
    t.true(items.length > 0, args);
    t.deepEqual(list(parseYaml((await as('yaml')).stdout) as Json, key), items, args);
    const lines = (await as('jsonl')).stdout.trimEnd().split('\n');
    t.deepEqual(
      lines.map((line) => JSON.parse(line) as Json),
      items.map((item) => ({ schemaVersion: 1, ...item })),
      args,
    );
    t.deepEqual(
      (await as('name')).stdout.trimEnd().split('\n'),
      items.map((item) => item[name]),
      args,
    );
    const [table, wide] = [(await as('table')).stdout.split('\n'), (await as('wide')).stdout.split('\n')];
    t.true(table.length > items.length, args);
    t.true((wide[0]?.length ?? 0) >= (table[0]?.length ?? 0), args);
    for (const value of JSON.stringify(items).matchAll(/"state":"([^"]*)"/g)) t.regex(value[1] ?? '', /^[a-z]+$/);
  }
  for (const args of ['pools show default', 'nodes show web-1', 'status']) {
    const as = (format: string) => xctl.run(...args.split(' '), '-o', format);
    const document = json(await as('json'));
    t.is(document['schemaVersion'], 1, args);
    // The revision goes on, and ages with it.
    const withoutTime = ({ revision: _, ...rest }: Json) => rest;
    t.deepEqual(withoutTime(parseYaml((await as('yaml')).stdout) as Json), withoutTime(document), args);
    t.deepEqual(withoutTime(JSON.parse((await as('jsonl')).stdout) as Json), withoutTime(document), args);
    t.is((await as('name')).stdout.trim().split('\n').length, 1, args);
  }
  const [first] = list(json(await xctl.run('nodes', 'list', '-o', 'json')), 'nodes');
  t.like(first, {
    name: 'web-1',
    address: '192.168.83.1',
    pool: 'default',
    subnet: '10.76.0.0/24',
    gateway: '10.76.0.1',
    mode: 'bip',
    availability: 'active',
    state: 'pending',
    labels: {},
    seenAt: null,
    controller: null,
    routes: null,
    conditions: [],
    generation: 1,
    versions: { daemon: null, kernel: null, docker: null },
  });
  t.regex(String(first?.['createdAt']), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test.serial('what is wrong is said with its own exit code, on standard error alone, and changes nothing', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool('10.76.0.0/30', 'tiny', 30);
  await controller.createPool('10.77.0.0/16');
  await controller.addNode('web-1', '192.168.83.1');
  const before = await controller.contents();
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['', 2, /Usage: xctl/],
    ['nodes', 2, /Usage: xctl nodes/],
    ['ndoes list', 2, /unknown command 'ndoes'\n\(Did you mean nodes\?\)\nsee xctl --help/],
    ['nodes lst', 2, /unknown command 'lst'[\s\S]*\blist\b[\s\S]*see xctl nodes --help/],
    ['nodes add web-2 --adress 1.2.3.4', 2, /unknown option '--adress'\n\(Did you mean --address\?\)/],
    ['nodes add web-2', 2, /option '--address' is missing\nsee xctl nodes add --help/],
    ['nodes add', 2, /missing required argument 'name'/],
    ['pools reserve tiny 10.76.0.0/30 x', 2, /too many arguments/],
    ['nodes list --sort-by size', 2, /--sort-by: there is no field "size"\nthere are name, /],
    ['status --wait --watch', 2, /exclude each other/],
    ['nodes list -o xml', 2, /Allowed choices are table, wide, json, yaml, jsonl, name/],
    ['nodes list --state broken', 2, /Allowed are pending, progressing/],
    ['nodes list --timeout soon', 2, /Give a duration such as 90s/],
    ['nodes list --controller nowhere:99999', 2, /neither HOST:PORT/],
    ['nodes list --config /nonexistent', 2, /can't read the config file \/nonexistent/],
    ['events --node web-1 --subject node/web-1', 2, /exclude each other/],
    [
      'nodes add Web_2 --address 127.0.0.1 --subnet 10.77.0.1/24 --pool -',
      2,
      /invalid node: 4 problems\n( {2}- .*\n){4}/,
    ],
    ['nodes add web-2 --address 192.168.83.2 --label zone', 2, /"zone" is not a label/],
    [
      'pools create p 10.78.0.9/16 --network-name host',
      2,
      /2 problems\n.*did you mean 10\.78\.0\.0\/16\?\n.*one of Docker's own/,
    ],
    ['nodes show web-7', 3, /there is no node "web-7"\ndid you mean web-1\?/],
    ['pools show none', 3, /there is no pool none\npools: default, tiny/],
    ['nodes add web-2 --address 192.168.83.2 --pool none', 3, /there is no pool none/],
    ['leases release 10.77.9.0/24 --confirm 10.77.9.0/24', 3, /is not in quarantine/],
    ['nodes add web-1 --address 192.168.83.9', 4, /node web-1 already exists: its address is 192\.168\.83\.1\n/],
    ['nodes add web-2 --address 192.168.83.1', 4, /address 192\.168\.83\.1 is that of node web-1/],
    ['nodes add web-2 --address 192.168.83.2 --subnet 10.77.0.0/24', 4, /10\.77\.0\.0\/24/],
    ['nodes add web-2 --address 10.77.0.9', 4, /lies inside pool default/],
    ['pools create p 10.77.4.0/24 --subnet-length 26', 4, /overlaps pool default/],
    ['pools create p 10.90.0.0/25', 2, /10\.90\.0\.0\/25 is small for subnets of \/24: .* --subnet-length 27$/m],
    ['nodes list -l zone>a', 2, /"zone>a" is not a selector: write zone=a, zone!=a/],
    ['nodes list -l zone=a,', 2, /"" is not a selector/],
    ['pools create tiny 10.79.0.0/16', 4, /pool tiny already exists/],
    ['nodes remove web-1', 2, /without confirmation \(no terminal\)\nto confirm: --yes/],
    ['nodes remove web-1 --force --yes', 2, /without confirmation \(no terminal\)\nto confirm: --confirm web-1/],
    ['nodes remove web-1 --force --confirm web-2', 2, /--confirm web-2 does not match/],
    ['pools remove tiny', 2, /to confirm: --confirm tiny/],
    ['leases release 10.77.0.0/24', 2, /to confirm: --confirm 10\.77\.0\.0\/24/],
    ['completion tcsh', 2, /Allowed choices are bash, zsh, fish/],
  ];
  for await (const [[args, code, stderr], ran] of inTurn(cases, ([args]) => xctl.run(...words(args)))) {
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(ran.stderr, stderr, args);
    t.is(ran.stdout, '', args);
  }
  t.deepEqual(await controller.contents(), before);
  const documents: readonly (readonly [string, string, number, RegExp])[] = [
    ['nodes show web-7 -o json', 'NotFound', 3, /^there is no node "web-7"$/],
    ['pools create p 10.78.0.9/16 --network-name host -o json', 'InvalidArgument', 2, /2 problems/],
    ['nodes lst -o json', 'InvalidArgument', 2, /^unknown command 'lst'/],
    ['nodes add web-2 -o jsonl', 'InvalidArgument', 2, /^option '--address' is missing$/],
    ['nodes add web-2 --address 192.168.83.1 -o json', 'AlreadyExists', 4, /is that of node web-1/],
  ];
  for await (const [[args, code, exitCode, message], ran] of inTurn(documents, ([args]) => xctl.run(...words(args)))) {
    t.is(ran.code, exitCode, args);
    t.is(ran.stdout, '', args);
    t.regex(ran.stderr, /^[^\n]+\n$/, 'one line');
    const { schemaVersion, error } = JSON.parse(ran.stderr) as { schemaVersion: number; error: Json };
    t.is(schemaVersion, 1);
    t.like(error, { code, exitCode }, args);
    t.regex(String(error['message']), message);
    t.deepEqual(Object.keys(error), ['code', 'message', 'problems', 'hint', 'exitCode']);
  }
  for (const args of ['--help', 'nodes --help', 'nodes add -h', 'help pools', '--version']) {
    const ran = await xctl.run(...args.split(' '));
    t.deepEqual([ran.code, ran.stderr], [0, ''], args);
    t.not(ran.stdout, '', args);
  }
});

test.serial('a dry run says what would be done, and changes nothing', async (t) => {
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
    ['nodes add web-3 --address 192.168.83.3', /^would lease 10\.76\.2\.0\/24 of pool default to web-3\n$/],
    ['nodes add web-1 --address 192.168.83.1 --wait', /^unchanged: 10\.76\.0\.0\/24/],
    ['nodes set web-1 --address 192.168.83.7', /^would change web-1: address: 192\.168\.83\.1 → 192\.168\.83\.7\n$/],
    ['nodes set web-1 --address 192.168.83.1', /^unchanged: web-1\n$/],
    ['nodes cordon web-1', /^would change web-1: availability/],
    ['nodes uncordon web-1', /^unchanged: web-1/],
    ['nodes remove web-1 --force', /^would remove web-1\n$/],
    ['leases release 10.76.1.0/24', /^would end the quarantine of 10\.76\.1\.0\/24/],
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

  const late = await xctl.run(
    'nodes',
    'add',
    'new-1',
    '--address',
    '192.168.83.21',
    '--wait',
    '--timeout',
    '1s',
    '-o',
    'json',
  );
  t.is(late.code, 7);
  const [said = ''] = late.stderr.trim().split('\n').slice(-1);
  const { error } = JSON.parse(said);
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

  // What no other node hears of is nothing to wait for: the store is ahead of what they have, the routes are not.
  const labelled = await xctl.run(...words('nodes set new-1 --label zone=a --wait --timeout 5s'));
  t.is(labelled.code, 0, labelled.stderr);
  const again = await xctl.run(...words('nodes add new-1 --address 192.168.83.22 --label zone=a --wait --timeout 5s'));
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /^routed on 3\/3 nodes/);
  for (const node of [...nodes, joined]) node.leaveStream();
});

test.serial('what nodes report can do nothing to a terminal', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  await controller.addNode('evil', '192.168.83.1');
  const client = await controller.joined('evil');
  const node = new SimulatedNode(client, 'evil').watch();
  await node.until('its assignment', () => node.table !== undefined);
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\nFAKE  192.168.83.9\r\u202egnp';
  await callUnary(
    client.report.bind(client),
    {
      nodeId: node.assignment?.nodeId ?? '',
      generation: 1,
      routes: { desired: 2, installed: 1 },
      conditions: [{ type: `Docker${evil}`, ok: false, transient: false, reason: evil, message: evil, sinceMs: 1 }],
      daemonVersion: evil,
      kernelVersion: evil,
      dockerVersion: evil,
      hostNetworks: ['10.90.0.0/16', '10.76.8.0/22'].map((cidr) => ({ cidr, source: evil })),
    },
    { timeoutMs: 10_000 },
  );
  await controller.until('degraded', (status) => status.nodes?.degraded === 1);
  const commands = ['nodes list', 'nodes list -o wide', 'nodes list -o json', 'nodes list -o yaml', 'nodes show evil'];
  const more = ['nodes show evil -o jsonl', 'events', 'events -o yaml', 'routes check', 'pools create p 10.90.0.0/16'];
  for (const args of [...commands, ...more]) {
    const ran = await xctl.run(...args.split(' '));
    const printed = ran.stdout + ran.stderr;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    t.notRegex(printed, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/, args);
    t.notRegex(printed, /^FAKE/m, args);
    t.regex(printed, /\\(u001b|e)\[2J/, args);
  }
  // A subnet that a host will not route to is leased when it is asked for, with a warning.
  for (const dryRun of [['--dry-run'], []]) {
    const args = ['nodes', 'add', 'web-2', '--address', '192.168.83.2', '--subnet', '10.76.9.0/24', ...dryRun];
    const { code, stderr } = await xctl.run(...args);
    t.is(code, 0);
    t.regex(
      stderr,
      /^warning: 10\.76\.9\.0\/24 overlaps 10\.76\.8\.0\/22 of \\.* on node evil: these hosts will not route to it/m,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    t.notRegex(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  const shown = JSON.parse((await xctl.run('nodes', 'show', 'evil', '-o', 'json')).stdout) as {
    node: { versions: Json };
  };
  t.is(shown.node.versions['kernel'], evil);
  node.leaveStream();
});

test.serial('routes check and status find what is wrong', async (t) => {
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
    { timeoutMs: 10_000 },
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

test.serial('settings: command line over environment over file', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  const folder = join(xctl.home, '.config', 'xctl');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'config.yaml');
  const here = `unix:${controller.socket}`;
  const withoutEnv = new Xctl({ env: { HOME: xctl.home } });
  writeFileSync(file, `controller: ['unix:/nonexistent', '${here}']\noutput: name\ntimeout: 10s\n`);
  t.is((await withoutEnv.run('pools', 'list')).stdout, 'default\n');
  t.is((await withoutEnv.run('pools', 'list', '-o', 'jsonl')).stdout.at(0), '{');
  const other = new Xctl({ controller: 'unix:/nonexistent', env: { HOME: xctl.home } });
  t.is((await other.run('pools', 'list')).code, 6, 'the environment goes before the file');
  t.is((await other.run('pools', 'list', '--controller', here)).stdout, 'default\n');
  writeFileSync(file, 'controller: nowhere:99999\ncolour: true\ntimeout: [5]\n');
  const wrong = await withoutEnv.run('pools', 'list');
  t.is(wrong.code, 2);
  t.is(wrong.stderr.match(/\n {2}- .*config\.yaml: /g)?.length, 3);
  writeFileSync(file, 'output: [');
  t.regex((await withoutEnv.run('pools', 'list')).stderr, /config\.yaml: .*line 1/s);
  for (const one of [withoutEnv, other]) one.close();
});

test.serial('questions on a terminal: yes, no, and Ctrl-C; colours only there', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  const ask = (args: string, typed: string) => xctl.onTerminal(args.split(' '), /\? .*(\[y\/N\]|to confirm:) /, typed);
  const no = await ask('nodes remove web-1', 'n\r');
  t.is(no.code, 9);
  t.regex(no.stdout, /nothing was changed/);
  t.is((await ask('nodes remove web-1', '\u0004')).code, 9, 'the end of the input is no');
  t.is((await ask('nodes remove web-1', '\u0003')).code, 130, 'Ctrl-C');
  const severe = await ask('nodes remove web-1 --force', 'y\r');
  t.is(severe.code, 9, 'severe: y is not enough');
  t.regex(severe.stdout, /This can't be undone\. Type web-1 to confirm: /, 'what --confirm takes');
  t.is((await ask('nodes remove web-1 --force', 'yes\r')).code, 9, 'nor is yes');
  t.is((await xctl.run('nodes', 'list', '-o', 'name')).stdout, 'web-1\n');
  t.is((await ask('nodes remove web-1 --force', 'web-1\r')).code, 0);
  t.is((await ask('pools remove default --force', 'default\r')).code, 0);
  await controller.createPool();
  const asked = await xctl.onTerminal(['pools', 'remove', 'default', '--no-input'], /without confirmation/, '');
  t.is(asked.code, 2);
  const coloured = await xctl.onTerminal(['status'], /all is well/, '');
  t.true(coloured.stdout.includes('\u001b[32mall is well'));
  const bare = await xctl.onTerminal(['status', '--no-color'], /all is well/, '');
  t.false(bare.stdout.includes('\u001b['));
  t.false((await xctl.run('status')).stdout.includes('\u001b['));
});

test.serial('a reader that has had enough is no failure', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool('10.64.0.0/12');
  const hosts = Array.from({ length: 240 }, (_, index) => index + 1);
  await Promise.all(hosts.map((host) => controller.addNode(`web-${host}`, `192.168.83.${host}`)));
  // More than a pipe holds (pipe(7): 64 KiB), so that the reader is gone while it is written.
  const command = `set -o pipefail; '${process.execPath}' '${xctlMain}' nodes list -o json | head -n 1`;
  const { stdout, stderr } = await run('bash', ['-c', command], { env: xctl.env });
  t.deepEqual([stdout, stderr], ['{\n', '']);
  const whole = await run('bash', ['-c', `'${process.execPath}' '${xctlMain}' nodes list -o json | cat`], {
    env: xctl.env,
  });
  t.is(list(JSON.parse(whole.stdout) as Json, 'nodes').length, 240, 'and one that reads slowly gets it all');
});

test.serial('completion in a real bash, with names from the controller, and silence without one', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  for (const host of [1, 2]) await controller.addNode(`web-${host}`, `192.168.83.${host}`);
  await xctl.run('nodes', 'remove', 'web-2', '--yes');
  const bin = join(xctl.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'xctl'), `#!/bin/sh\nexec '${process.execPath}' '${xctlMain}' "$@"\n`);
  chmodSync(join(bin, 'xctl'), 0o755);
  const script = await xctl.run('completion', 'bash');
  t.is(script.stdout, completionScripts.bash);
  const complete = async (line: string, env: Record<string, string> = {}) => {
    const test = `${script.stdout}\nCOMP_LINE=$1 COMP_POINT=\${#1}; _xctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { env: { ...xctl.env, PATH: `${bin}:${xctl.env['PATH']}`, ...env } };
    const { stdout, stderr } = await run('bash', ['-c', test, 'bash', line], options);
    t.is(stderr, '', line);
    return stdout.trim().split('\n').join(' ');
  };
  // Completion gives up after half a second, since somebody is typing: on a busy machine it is asked for again.
  const offers = async (line: string, wanted: string, env?: Record<string, string>, tries = 60): Promise<void> => {
    const offered = await complete(line, env);
    if (offered === '' && tries > 0) await offers(line, wanted, env, tries - 1);
    else t.is(offered, wanted, line);
  };
  await offers('xctl nodes l', 'list');
  await offers('xctl nodes show w', 'web-1');
  await offers('sudo xctl nodes show w', 'web-1');
  await offers('xctl pools show ', 'default');
  await xctl.run('nodes', 'set', 'web-1', '--label', 'zone=a');
  await offers('xctl nodes show web-1 w', 'web-1');
  await offers('xctl nodes list -l zo', 'zone=a');
  await offers('xctl nodes set web-1 --remove-label ', 'zone');
  await offers(`xctl contexts import ${bin}/x`, `${bin}/xctl`);
  await offers(`xctl contexts import ${xctl.home}/b`, `${bin}/`);
  await offers('xctl leases release ', '10.76.1.0/24');
  await offers('xctl nodes add x --pool=d', 'default');
  t.is(await complete('xctl nodes show w', { XCTL_CONTROLLER: 'unix:/nonexistent' }), '');
  await offers(`xctl --controller unix:${controller.socket} nodes show w`, 'web-1', { XCTL_CONTROLLER: 'x:1' });
  t.is(await complete('xctl nodes show w', { XCTL_CONTROLLER: ':::' }), '', 'a wrong setting is no noise either');
  const words = async (tries: number): Promise<Ran> => {
    const ran = await xctl.run('__complete', 'words', 'nodes', 'show', '');
    return ran.stdout === '' && tries > 0 ? await words(tries - 1) : ran;
  };
  const { code, stdout } = await words(60);
  t.deepEqual([code, stdout], [0, 'web-1\t10.76.0.0/24\n']);
});
