// xctl and permissions: the first admin, the authority and the audit log, with real controllers, over their unix
// sockets and over mTLS.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { trustOf } from '../support/joining.js';
import { until } from '../support/until.js';
import { json, list, part, Xctl } from '../support/xctl.js';
import { initialised, type Shared, sayer, tcp, unix } from '../support/xctl-context.js';

const test = anyTest as TestFn<Shared>;

// A controller without a cluster, and an operator without a context.
test.beforeEach(async (t) => {
  t.context = { controller: await ControllerProcess.start(), xctl: new Xctl() };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

test.serial('a cluster is made once, over the socket alone, and its first admin reaches it by TCP', async (t) => {
  const { controller, xctl } = t.context;
  const says = sayer(t, xctl);
  const socket = `--controller ${unix(controller)}`;
  await says(`status ${socket}`, /! the cluster has no authority yet\n {4}fix: make it with: xctl init/, 8);
  await says(`nodes list --controller ${tcp(controller)}`, /no client certificate for 127\.0\.0\.1/, 5);
  await says(
    `init --controller ${tcp(controller)}`,
    /only be created on the unix socket of a controller\nrun it as root/,
    2,
  );
  await says(`init ${socket} --pool default`, /"default" has no range: --pool default 10\.76\.0\.0\/16/, 2);
  await says(`init ${socket} --pool 10.76.0.9/16`, /has host bits set: did you mean 10\.76\.0\.0\/16\?/, 2);
  await says(`init ${socket} --pool 10.76.0.0/16 --pool 10.80.0.0/16`, /there are two ranges for pool default/, 2);
  await says(
    `init ${socket} --pool 10.76.0.0/16 --pool edge 10.76.0.0/20 --name Al_ice`,
    /2 problems\n.*overlaps 10\.76\.0\.0\/16\n.*Al_ice/,
    2,
  );
  await says(
    `init ${socket} --pool 10.76.0.0/16 --dry-run`,
    /^would make the authority of [\s\S]*would create pool default/,
  );
  t.deepEqual(await xctl.contexts.names(), []);
  await says(`status ${socket}`, /no authority yet[\s\S]*$/, 8);

  const made = await initialised(t.context, '--pool', '10.76.0.0/16', '--pool', 'edge', '10.80.0.0/20');
  t.like(made, { unchanged: false, clusterKeyFile: join(controller.dir, 'cluster.key') });
  t.like(part(made, 'context'), { name: 'default', identity: 'admin/alice', controllers: [tcp(controller)] });
  t.is(statSync(xctl.contexts.fileOf('default')).mode & 0o777, 0o600);
  t.is(statSync(xctl.contexts.path).mode & 0o777, 0o700);
  await says('pools list -o name', /^default\nedge\n$/);
  await says('status', /\nAuthority: +expires in 3650d\n[\s\S]*all is well\n$/);

  const file = readFileSync(xctl.contexts.fileOf('default'), 'utf8');
  const again = await says(
    `init ${socket} --pool 10.76.0.0/16`,
    /^unchanged: the authority[\s\S]*\nunchanged: context default/,
  );
  t.is(readFileSync(xctl.contexts.fileOf('default'), 'utf8'), file);
  for (const kept of ['cluster.key', 'default.json', 'xctl certs renew', 'xctl nodes add']) {
    t.true(again.stdout.includes(kept), kept);
  }
  await says(`init ${socket} --name bob`, /context default is admin\/alice, not admin\/bob\n.*--context NAME/, 4);
  await says(`init ${socket} --pool default 10.90.0.0/16`, /pool default already exists/, 4);
  // Cut short before its last step: what is missing is made, and nothing else.
  await xctl.contexts.remove('default');
  await says(`init ${socket} --name alice`, /^unchanged: the authority[\s\S]*\nsaved context default: admin\/alice/);
  await says('nodes list -o name', /^$/);
  await says(
    `init ${socket} --context second --name bob`,
    /\nsaved context second[\s\S]*\nanother context is the current one/,
  );
  t.is(list(json(await xctl.run('certs', 'list', '-o', 'json')), 'certificates').length, 3);
});

test.serial(
  'xctl init by two at once, and killed when half of it is done: one authority, and each gets in',
  async (t) => {
    const { controller, xctl } = t.context;
    const args = ['init', '--controller', unix(controller), '--pool', '10.76.0.0/16', '-o', 'json'];
    const early = sayer(t, xctl);
    await early(`pools create early 10.80.0.0/16 --controller ${unix(controller)}`, /^created/);
    await early(
      `nodes add web-1 --address 192.168.83.11 --controller ${unix(controller)}`,
      /^leased [\s\S]*no authority yet, so no host can join: xctl init, and then: xctl tokens create --node web-1\n$/,
    );
    const second = new Xctl();
    t.teardown(() => second.close());
    const [one, other] = (await Promise.all([xctl, second].map((each) => each.run(...args)))).map(json);
    if (one === undefined || other === undefined) throw new Error('two runs');
    t.is(part(one, 'authority')['digest'], part(other, 'authority')['digest']);
    for (const each of [xctl, second]) t.is((await each.run('pools', 'list', '-o', 'name')).stdout, 'default\nearly\n');

    const fresh = await ControllerProcess.start();
    t.teardown(() => fresh.close());
    const killed = new Xctl();
    t.teardown(() => killed.close());
    const again = ['init', '--controller', unix(fresh), '--pool', '10.76.0.0/16', '-o', 'json'];
    const half = killed.start(again);
    await until('the authority is made', async () => (await trustOf(fresh.admin)).clusterId !== '');
    half.child.kill('SIGKILL');
    await half.ended;
    const whole = json(await killed.run(...again));
    t.true(whole['unchanged']);
    t.is((await killed.run('pools', 'list', '-o', 'name')).stdout, 'default\n');
    t.is((await trustOf(fresh.admin)).authority.length, 1);
  },
);

test.serial(
  'the authority is replaced; the admin who replaces it keeps access, and the old one is no longer trusted',
  async (t) => {
    const { controller, xctl } = t.context;
    const says = sayer(t, xctl);
    await initialised(t.context, '--pool', '10.76.0.0/16');
    await controller.addNode('web-1', '192.168.83.11');
    await controller.joinNode('web-1');
    const left = new Xctl();
    t.teardown(() => left.close());
    await left.signIn((await xctl.contexts.require('default')).credentials, [tcp(controller)]);
    const digest = part(json(await xctl.run('ca', 'show', '-o', 'json')), 'authority')['digest'];
    await says('ca rotate', /without confirmation \(no terminal\)\nto confirm: --yes/, 2);
    await says('ca rotate --dry-run', /^would replace the authority of the cluster: 1 node has to renew\n$/);
    await says('ca show', /Rotation: +none\n/);
    await says(
      'ca rotate --yes',
      /^under way: 0\/1 nodes have renewed \(waiting for web-1; 1 down\)\ncontext default has [\s\S]*xctl ca rotate --wait\n$/,
    );
    t.is((await xctl.contexts.require('default')).credentials.authority.length, 2);
    await says(
      'ca show',
      /Rotation: +0\/1 nodes have renewed \(waiting for web-1; 1 down\)\n[\s\S]*(BEGIN CERT[\s\S]*){2}/,
    );
    await says('status', /\nAuthority: .*; is being replaced: 0\/1 nodes have renewed/);
    await says('nodes show web-1', /Certificate: +valid, /);
    await says('certs list', /\nnode +web-1 +old-authority /);
    const wait = () => xctl.run('ca', 'rotate', '--wait', '--yes', '--timeout', '1s');
    // On a busy machine one second may not even be enough to reach the controller; the command can be repeated.
    let waited = await wait();
    while ([6, 7].includes(waited.code ?? 0) && waited.stdout === '') waited = await wait();
    t.is(waited.code, 7, waited.stderr);
    t.regex(waited.stderr, /not done within 1s: 0\/1 nodes.*\n.*xctl nodes remove NODE --force/);
    t.regex(waited.stdout, /^under way: /);
    await says('ca rotate --force --yes', /lock out every node.*\nto confirm: --confirm/, 2);
    const waiting = xctl.start(['ca', 'rotate', '--wait', '--yes']);
    await waiting.until('progress', ({ stderr }) => stderr.includes('0/1 nodes have renewed'));
    await controller.removeNode('web-1');
    const done = await waiting.ended;
    t.is(done.code, 0, done.stderr);
    t.regex(done.stdout, /^the authority was replaced; join tokens from before are void\n/);
    t.not(part(json(await xctl.run('ca', 'show', '-o', 'json')), 'authority')['digest'], digest);
    t.is((await xctl.contexts.require('default')).credentials.authority.length, 1, 'the old one is forgotten');
    await says('nodes list -o name', /^$/);
    const old = await left.run('nodes', 'list');
    t.is(old.code, 5);
    t.regex(old.stderr, /not certified by the authority that the context trusts\n.*an admin issue a certificate/);
  },
);

test.serial('the audit log: list, follow, and detect an edited line', async (t) => {
  const { controller, xctl } = t.context;
  const says = sayer(t, xctl);
  await initialised(t.context, '--pool', '10.76.0.0/16');
  const following = xctl.start(['audit', '--watch', '-o', 'jsonl']);
  await following.until('what was before', ({ stdout }) => stdout.includes('"call":"Init"'));
  await says('nodes add web-1 --address 192.168.83.11', /^leased/);
  await says('nodes add web-2 --address 192.168.83.11', /is that of node web-1/, 4);
  await following.until('what came', ({ stdout }) => stdout.includes('"subject":"node/web-1"'));
  following.child.kill('SIGINT');
  await following.ended;
  const sequences = following.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
  t.deepEqual(
    sequences,
    [...new Set(sequences)].sort((a, b) => a - b),
    'each once, in order',
  );
  await says('audit', /\n\d+ +\S+ +admin\/alice +127\.0\.0\.1 +AddNode +node\/web-1 +OK +leased/);
  await says('audit --actor local --call Init -o name', /^\d+\n$/);
  const [change] = list(json(await xctl.run('audit', '--subject', 'node/web-1', '-o', 'json')), 'entries');
  t.like(change?.['request'], { name: 'web-1', address: '192.168.83.11' }, 'no JSON within strings');
  t.notRegex(JSON.stringify(change), /"\{/);
  await says('audit --subject node/web-1 -o name', /^\d+\n$/);
  await says('audit --call AddNode --limit 1', /AlreadyExists|Conflict/);
  await says('audit --verify --watch', /exclude each other/, 2);
  await says(
    'audit --verify',
    /^intact: \d+ entries, 1 to \d+\nhash of the last entry, to keep on another machine: [0-9a-f]{64}\n$/,
  );
  const folder = join(controller.dir, 'audit');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.jsonl') || name.endsWith('.log'));
  const path = join(folder, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace('admin/alice', 'admin/bobby'));
  await says('audit --verify', /^! .*\d+/, 8);
  t.false(
    (json({ ...(await xctl.run('audit', '--verify', '-o', 'json')), code: 0 })['verification'] as { ok: boolean }).ok,
  );
});
