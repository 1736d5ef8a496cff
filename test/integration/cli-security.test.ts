// xctl and who may do what: the first admin, contexts, join tokens, certificates, the authority and the audit log, with
// real controllers, over their unix sockets and over mTLS.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { joinHost, trustOf } from '../support/joining.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { until } from '../support/until.js';
import { type Json, json, part, type Ran, Xctl, xctlMain } from '../support/xctl.js';

type Shared = { controller: ControllerProcess; xctl: Xctl };
const xnetdMain = fileURLToPath(new URL('../../node/main.js', import.meta.url));
const test = anyTest as TestFn<Shared>;
const run = promisify(execFile);

// A controller whose cluster nobody has made yet, and an operator without a context.
test.beforeEach(async (t) => {
  t.context = { controller: await ControllerProcess.start(), xctl: new Xctl() };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

function list(of: Json, key: string): readonly Json[] {
  return of[key] as readonly Json[];
}

const unix = ({ socket }: ControllerProcess) => `unix:${socket}`;
const tcp = ({ port }: ControllerProcess) => `127.0.0.1:${port}`;

/** Runs xctl again and again, and looks at what each run came to. */
function sayer(t: ExecutionContext, xctl: Xctl) {
  return async (args: string, expected: RegExp, code = 0): Promise<Ran> => {
    const ran = await xctl.run(...args.split(' '));
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(code === 0 || code === 8 ? ran.stdout : ran.stderr, expected, args);
    return ran;
  };
}

/** The first admin: made as on a new cluster. */
async function initialised({ controller, xctl }: Shared, ...more: readonly string[]): Promise<Json> {
  return json(await xctl.run('init', '--controller', unix(controller), '--name', 'alice', '-o', 'json', ...more));
}

const token = /XJT1-[0-9a-z]{50}-[0-9a-z]{6}\.[0-9a-z]{26}/;

test.serial('a cluster is made once, over the socket alone, and its first admin reaches it by TCP', async (t) => {
  const { controller, xctl } = t.context;
  const says = sayer(t, xctl);
  const socket = `--controller ${unix(controller)}`;
  await says(`status ${socket}`, /! the cluster has no authority yet\n {4}fix: make it with: xctl init/, 8);
  await says(`nodes list --controller ${tcp(controller)}`, /no client certificate for 127\.0\.0\.1/, 5);
  await says(`init --controller ${tcp(controller)}`, /over the unix socket of a controller alone\nrun it as root/, 2);
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

test.serial('contexts of two clusters: which one is used, and who may read them', async (t) => {
  const { controller, xctl } = t.context;
  const other = await ControllerProcess.start();
  t.teardown(() => other.close());
  const says = sayer(t, xctl);
  await initialised(t.context, '--pool', '10.76.0.0/16');
  await says(`init --controller ${unix(other)} --pool other 10.80.0.0/16`, /context default is of another cluster/, 4);
  await says(`init --controller ${unix(other)} --pool other 10.80.0.0/16 --context lab`, /saved context lab/);
  await says('pools list -o name', /^default\n$/);
  await says('pools list -o name --context lab', /^other\n$/);
  const byEnv = await new Xctl({ env: { HOME: xctl.home, XCTL_CONTEXT: 'lab' } }).run('pools', 'list', '-o', 'name');
  t.is(byEnv.stdout, 'other\n');
  const flagFirst = new Xctl({ env: { HOME: xctl.home, XCTL_CONTEXT: 'nope' } });
  t.is((await flagFirst.run('pools', 'list', '-o', 'name', '-c', 'lab')).stdout, 'other\n');
  t.is((await flagFirst.run('pools', 'list')).code, 3);
  await says('contexts list', /^NAME .*\ndefault\* .* admin\/alice +in 90d +127\.0\.0\.1:\d+\nlab .* admin\/admin /);
  await says('context use lab', /^context lab is used from now on: admin\/admin\n$/);
  await says('pools list -o name', /^other\n$/);
  await says(
    `pools list -o name --controller ${tcp(controller)}`,
    /a controller of another cluster|not certified by the authority/,
    5,
  );
  await says(`pools list -o name --controller ${tcp(controller)} --context default`, /^default\n$/);
  await says(`pools list -o name --controller ${unix(controller)}`, /^default\n$/);
  await says('pools list --context nope', /there is no context nope\nthere are: default, lab/, 3);
  await says('context use nope', /there is no context nope/, 3);
  await says('pools list --context ../x', /not a name|has to/, 2);
  await says('context show', /Name: +lab \(the current one\)\n[\s\S]*File: +.*lab\.json\n$/);
  const shown = await xctl.run('context', 'show', '-o', 'json');
  t.notRegex(shown.stdout, /PRIVATE KEY/);

  await says('context export default --out -', /PRIVATE KEY/);
  t.regex(
    (await xctl.onTerminal(['context', 'export', '--out', '-'], /not shown/, '')).stdout,
    /not shown on a terminal/,
  );
  const file = join(xctl.home, 'moved.json');
  await says(`context export lab --out ${file}`, /^$/);
  t.is(statSync(file).mode & 0o777, 0o600);
  await says(`context export lab --out ${file}`, /is there already/, 4);
  const friend = new Xctl();
  t.teardown(() => friend.close());
  const theirs = sayer(t, friend);
  await theirs(`context import ${file} --name ../evil`, /name/, 2);
  await theirs(`context import ${file} --name prod`, /^saved context prod: admin\/admin at 127/);
  await theirs('pools list -o name', /^other\n$/);
  // From one user's xctl straight into another's: no file in between.
  const bash = `'${process.execPath}' '${xctlMain}' context export default --out - | HOME='${friend.home}' '${process.execPath}' '${xctlMain}' context import -`;
  await run('bash', ['-o', 'pipefail', '-c', bash], { env: xctl.env });
  await theirs('pools list -o name -c default', /^default\n$/);
  await theirs(`context import ${file}`, /context default is admin\/alice of cluster .*\n.*--name NAME/, 4);
  await theirs('contexts list -o name', /^default\nprod\n$/);

  const broken: readonly (readonly [string, RegExp, number])[] = [
    ['{', /not JSON/, 2],
    ['{"controllers":["a"]}', /cluster: has to be/, 2],
    [readFileSync(file, 'utf8').replace(/"cluster": "[^"]*"/, '"cluster": "c"'), /it is of cluster .*, not of "c"/, 2],
    [JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), more: 1 }), /unknown setting "more"/, 2],
  ];
  for (const [text, problem, code] of broken) {
    writeFileSync(join(xctl.home, 'broken.json'), text, { mode: 0o600 });
    const ran = await theirs(`context import ${join(xctl.home, 'broken.json')} --name x`, problem, code);
    t.notRegex(ran.stderr, /PRIVATE KEY/);
  }
  writeFileSync(join(xctl.home, 'open.json'), readFileSync(file), { mode: 0o644 });
  await theirs(
    `context import ${join(xctl.home, 'open.json')} --name x`,
    /others can get at it \(mode 0644\)\n.*chmod 600/,
    4,
  );

  chmodSync(xctl.contexts.fileOf('lab'), 0o640);
  await says('pools list', /lab\.json holds a secret, and others can get at it \(mode 0640\)/, 4);
  await says('contexts list', /\n! lab: .*mode 0640/);
  await says(`pools list -o name --controller ${unix(controller)}`, /^default\n$/);
  await says('context use default', /default/);
  chmodSync(xctl.contexts.path, 0o755);
  await says('pools list', /contexts holds keys, and others can get into it \(mode 0755\)\n.*chmod 700/, 4);
  chmodSync(xctl.contexts.path, 0o700);
  await says('context remove lab', /without confirmation \(no terminal\)\nto confirm: --yes/, 2);
  await says('context remove lab --confirm lab', /^removed context lab\n/);
  await says('context rm default --yes', /^removed context default\n.*xctl certs revoke [0-9a-f]{32}\n$/);
  t.deepEqual(readdirSync(xctl.contexts.path), []);
  await says('context show', /no current context/, 3);
});

test.serial("under sudo the context is root's, whosever HOME it is", async (t) => {
  const { controller, xctl } = t.context;
  if (process.geteuid?.() !== 0) {
    t.log('SKIP needs root, as sudo makes it');
    t.pass();
    return;
  }
  const home = join(xctl.home, 'users');
  mkdirSync(home);
  await run('chown', ['65534:65534', home]);
  const asSudo = new Xctl({
    env: { HOME: home, SUDO_UID: '65534', SUDO_USER: 'carol', XDG_CONFIG_HOME: join(xctl.home, 'root') },
  });
  t.teardown(() => asSudo.close());
  const made = json(await asSudo.run('init', '--controller', unix(controller), '-o', 'json'));
  t.like(part(made, 'context'), { identity: 'admin/carol' });
  for (const env of [{}, { XDG_CONFIG_HOME: join(home, '.config') }]) {
    const elsewhere = new Xctl({ env: { HOME: home, SUDO_UID: '65534', SUDO_USER: 'carol', ...env } });
    t.teardown(() => elsewhere.close());
    const { stdout } = await elsewhere.run('contexts', 'list', '-o', 'json');
    for (const { file } of (JSON.parse(stdout) as { contexts: { file: string }[] }).contexts)
      t.false(file.startsWith(home));
    t.is((await elsewhere.run('contexts', 'show', 'nope')).code, 3);
  }
  t.deepEqual(readdirSync(home), [], 'nothing of root lies where somebody else could exchange it');
});

test.serial('the command that nodes add prints joins, once; its token is in no list, log or argument', async (t) => {
  const { controller, xctl } = t.context;
  const says = sayer(t, xctl);
  await initialised(t.context, '--pool', '10.76.0.0/16');
  const printed = await says(
    'nodes add web-1 --address 192.168.83.11',
    /^leased 10\.76\.0\.0\/24 .*\nrun on web-1 \(192/,
  );
  const secret = token.exec(printed.stdout)?.[0] ?? '';
  t.not(secret, '');
  // A shell runs what was printed, as it is, and something in xnetd's place says what it got.
  const pasted = printed.stdout.slice(printed.stdout.indexOf('\nxnetd join'));
  const bin = join(xctl.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'xnetd'), '#!/bin/sh\nprintf "%s\\n" "$*" "$(cat)"\n', { mode: 0o755 });
  const { stdout } = await run('sh', ['-c', pasted], { env: { PATH: `${bin}:${process.env['PATH']}` } });
  t.is(stdout, `join --controller 127.0.0.1:${controller.joinPort} --token-file -\n${secret}\n`);
  // And the real one joins by it; a second time it says that it has.
  const where = `--state-dir '${join(xctl.home, 'state')}' --run-dir '${join(xctl.home, 'run')}'`;
  writeFileSync(join(bin, 'xnetd'), `#!/bin/sh\nexec '${process.execPath}' '${xnetdMain}' "$@" ${where}\n`);
  for (const says of [/^node +web-1 \(n-[0-9a-f]+\)\n/, /web-1/]) {
    const joined = await run('sh', ['-c', pasted], { env: { PATH: `${bin}:${process.env['PATH']}` } });
    t.regex(joined.stdout, says);
  }
  const trust = await controller.trust();
  await t.throwsAsync(joinHost(controller.joinEndpoint, trust, { token: secret }), { message: /token/ });
  await says('nodes show web-1', /Certificate: +valid, expires in 30d, serial [0-9a-f]{32}\n/);
  await says('nodes add web-1 --address 192.168.83.11', /xctl tokens create --node web-1\n$/);

  const file = join(xctl.home, 'web-2.token');
  const filed = json(
    await xctl.run('nodes', 'add', 'web-2', '--address', '192.168.83.12', '--token-out', file, '-o', 'json'),
  );
  t.like(part(filed, 'join'), { token: null, tokenFile: file });
  t.deepEqual((part(filed, 'join')['command'] as string[]).slice(-2), ['--token-file', file]);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(
    (await joinHost(controller.joinEndpoint, trust, { token: readFileSync(file, 'utf8').trim() })).nodeName,
    'web-2',
  );
  await says(`nodes add web-3 --address 192.168.83.13 --token-out ${file}`, /is there already\n/, 4);
  await says(`nodes add web-3 --address 192.168.83.13 --token-out ${file}/t`, /can't write .*web-2\.token\/t: /, 4);
  await says('nodes show web-3', /there is no node/, 3);

  const made = json(
    await xctl.run('tokens', 'create', '--uses', '3', '--ttl', '2h', '--source', '127.0.0.0/8', '-o', 'json'),
  );
  const join1 = part(made, 'join');
  t.like(part(join1, 'record'), { node: null, uses: 3, usesLeft: 3, source: '127.0.0.0/8', createdBy: 'admin/alice' });
  t.true((join1['command'] as string[]).includes('NAME'));
  const anyone = String(join1['token']);
  await joinHost(controller.joinEndpoint, trust, { token: anyone, nodeName: 'web-4', address: '192.168.83.14' });
  const id = String(part(join1, 'record')['id']);
  await says('tokens list', new RegExp(`\\n${id} +any +- +127\\.0\\.0\\.0/8 +2/3 +in 2h +\\d+s +admin/alice`));
  await says(`tokens revoke ${id} --dry-run`, /^would revoke join token/);
  await says(`tokens revoke ${id.slice(0, 4)}`, /^revoked join token .{6}: nobody can join with it\n$/);
  await says(`tokens revoke ${id}`, /no (join )?token/, 3);
  const late = joinHost(controller.joinEndpoint, trust, { token: anyone, nodeName: 'web-5', address: '192.168.83.15' });
  await t.throwsAsync(late);
  const wrong: readonly (readonly [string, RegExp, number])[] = [
    ['tokens create --node nope', /there is no node "nope"/, 3],
    ['tokens create --node web-1 --uses 2', /a token for one node is used once/, 2],
    ['tokens create --ttl 60d', /at most 30 days/, 2],
    ['tokens create --source here', /source/, 2],
    ['tokens create --uses 0', /Give a number/, 2],
  ];
  for (const [args, problem, code] of wrong) await says(args, problem, code);
  await says('tokens create --node web-1 --dry-run', /^would make a join token for web-1\n$/);

  const secrets = [secret, anyone, readFileSync(file, 'utf8').trim()].map((text) => text.slice(text.indexOf('.') + 1));
  const told = [controller.output];
  for (const args of ['tokens list -o json', 'audit -o json', 'events -o json', 'nodes list -o json']) {
    told.push((await xctl.run(...args.split(' '))).stdout);
  }
  for (const text of told) for (const one of secrets) t.false(text.includes(one));
});

test.serial('people are let do what their role is for, until they are revoked or their time is over', async (t) => {
  const { controller, xctl } = t.context;
  const says = sayer(t, xctl);
  await initialised(t.context, '--pool', '10.76.0.0/16');
  await says(
    `certs issue --role viewer --dry-run vera --out ${join(xctl.home, 'vera')}`,
    /^would issue .* viewer\/vera, which would expire in 90d\n$/,
  );
  for (const [name, role] of [
    ['vera', 'viewer'],
    ['otto', 'operator'],
  ] as const) {
    const file = join(xctl.home, name);
    await says(
      `certs issue ${name} --role ${role} --out ${file}`,
      new RegExp(`^issued a certificate for ${role}/${name}`),
    );
    await says(`context import ${file} --name ${name} --controller ${tcp(controller)}`, /^saved context/);
  }
  await says('certs issue x --role root', /Allowed choices are viewer, operator, admin/, 2);
  await says(`certs issue Mal_lory --role admin --out ${join(xctl.home, 'm')}`, /id: /, 2);
  await says(`certs issue x --role viewer --ttl 800d --out ${join(xctl.home, 'm')}`, /at most 365 days/, 2);
  await says(`certs issue vera --role viewer --out ${join(xctl.home, 'vera')}`, /is there already/, 4);
  const cases: readonly (readonly [string, string, RegExp, number])[] = [
    ['vera', 'nodes list -o name', /^$/, 0],
    ['vera', 'status', /all is well/, 0],
    ['vera', 'certs list -o name', /[0-9a-f]{32}/, 0],
    ['vera', 'nodes add web-1 --address 192.168.83.11', /viewer\/vera may not call AddNode\nit needs .* operator/, 5],
    ['vera', 'pools create p 10.90.0.0/16', /viewer\/vera may not call CreatePool/, 5],
    ['vera', 'tokens list', /may not call ListTokens/, 5],
    ['vera', 'audit', /may not call ListAudit\nit needs .* admin/, 5],
    ['vera', 'certs renew', /viewer\/vera can't issue certificates.*\n.*xctl certs issue vera --role viewer/, 5],
    ['otto', 'nodes add web-1 --address 192.168.83.11', /^leased/, 0],
    ['otto', 'tokens create --node web-1', /^made a join token/, 0],
    ['otto', 'ca rotate --yes', /operator\/otto may not call RotateAuthority/, 5],
    ['otto', `certs issue x --role admin --out ${join(xctl.home, 'n')}`, /may not call IssueCertificate/, 5],
    ['otto', 'nodes revoke web-1 --confirm web-1', /^revoked web-1: /, 0],
    ['otto', 'nodes revoke web-1 --confirm web-1', /^unchanged: web-1/, 0],
    [
      'vera',
      'nodes list --state revoked',
      /\nweb-1 .* revoked .*\n! web-1: it was revoked: .*\n {4}fix: xctl nodes remove web-1/,
      0,
    ],
    ['vera', 'nodes show web-1', /\nState: +revoked\n[\s\S]*\nNot ready:\n {2}! it was revoked: /, 0],
  ];
  for (const [who, args, expected, code] of cases) await says(`${args} --context ${who}`, expected, code);
  t.deepEqual(
    (await controller.nodes()).map(({ name }) => name),
    ['web-1'],
  );

  const certificates = list(json(await xctl.run('certs', 'list', '-o', 'json')), 'certificates');
  const serialOf = (id: string) => String(certificates.find((certificate) => certificate['id'] === id)?.['serial']);
  await says(`certs revoke ${serialOf('vera')}`, /without confirmation \(no terminal\)\nto confirm: --confirm/, 2);
  const beginning = serialOf('vera').slice(0, 8);
  await says(`certs revoke ${beginning} --confirm ${serialOf('otto').slice(0, 8)}`, /does not match/, 2);
  await says(
    `certs revoke ${beginning} --confirm ${beginning}`,
    /^revoked the certificate of viewer\/vera: [0-9a-f]{32}/,
  );
  await says('nodes list --context vera', /the certificate of viewer\/vera was revoked/, 5);
  await says(`certs revoke ${'0'.repeat(32)} --confirm ${'0'.repeat(32)}`, /there is no certificate/, 3);
  await says('certs list', /\nviewer +vera +revoked /);
  await says('nodes list --context otto -o name', /^web-1\n$/);

  const before = (await xctl.contexts.require('default')).certificate.serial;
  await says(
    'certs renew --ttl 30d',
    new RegExp(`^context default .*admin/alice, which expires in 30d\\n.*revoke ${before}`),
  );
  t.not((await xctl.contexts.require('default')).certificate.serial, before);
  await says(`certs revoke ${before} --confirm ${before}`, /^revoked/);
  await says('nodes list -o name', /^web-1\n$/);
  // Backdated by an hour, this one has less than a fifth of its life left.
  await says('certs renew --ttl 10m', /expires in 10m/);
  const warned = await says('nodes list -o name', /^web-1\n$/);
  t.regex(
    warned.stderr,
    /^warning: the certificate of admin\/alice in context default expires at .*xctl certs renew --context default\n$/,
  );
  t.is((await xctl.run('nodes', 'list', '-q')).stderr, '');
  await says('status', /^! WARNING the certificate of admin\/alice expires in 10m\n/);

  const stranger = await makeTestAuthority();
  await xctl.signIn(await stranger.credentialsFor('admin', 'alice', -1_000), [tcp(controller)], 'expired');
  await says(
    'nodes list',
    /admin\/alice in context expired has expired: .*\n.*root on the machine .*xctl certs issue alice --role admin/,
    5,
  );
  await xctl.signIn(await stranger.credentialsFor('admin', 'alice'), [tcp(controller)], 'stranger');
  await says('nodes list', /the server is not certified by the authority that the context trusts/, 5);
  await says('nodes cordon web-1', /not certified by the authority that the context trusts/, 5);
  const { clusterId, authority } = await controller.trust();
  const { own } = await stranger.credentialsFor('admin', 'alice');
  t.truthy(own);
  t.throws(() => xctl.contexts.fileOf('..'), { message: /name/ });
  await t.throwsAsync(
    xctl.signIn({ clusterId, authority, ...(own === undefined ? {} : { own }) }, [tcp(controller)], 'mix'),
  );
});

test.serial(
  'the authority is replaced; whoever does it keeps their access, and the old one is trusted no more',
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
    await says('ca rotate --dry-run', /^would replace the authority of the cluster: 1 nodes have to renew\n$/);
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
    const waited = await says(
      'ca rotate --wait --yes --timeout 1s',
      /not done within 1s: 0\/1 nodes.*\n.*xctl nodes remove NODE --force/,
      7,
    );
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

test.serial('the audit log: who did what, to be followed, and an edited line is found', async (t) => {
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
    /^whole: \d+ entries, 1 to \d+\nhash of the last, to be kept elsewhere: [0-9a-f]{64}\n$/,
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

test.serial('completion knows contexts, tokens and certificates', async (t) => {
  const { controller, xctl } = t.context;
  await initialised(t.context, '--pool', '10.76.0.0/16');
  const made = json(await xctl.run('tokens', 'create', '-o', 'json'));
  const { serial } = (await xctl.contexts.require('default')).certificate;
  const words = async (...typed: readonly string[]) => {
    const { stdout, stderr } = await xctl.run('__complete', 'words', ...typed);
    t.is(stderr, '');
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0])
      .join(' ');
  };
  t.is(await words('context', 'use', ''), 'default');
  t.is(await words('nodes', 'list', '--context', 'd'), 'default');
  t.is(await words('tokens', 'revoke', ''), String(part(part(made, 'join'), 'record')['id']));
  t.is(await words('certs', 'revoke', ''), serial);
  t.is(await words('--controller', unix(controller), 'certs', 'revoke', ''), serial);
  t.is(await words('certs', 'issue', '--role', 'o'), 'operator');
  t.is(await words('context', 'use', '--context', 'nope', 'x'), '');
});
