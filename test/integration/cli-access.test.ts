// xctl and access: join tokens for hosts, certificates and roles for people.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { joinHost } from '../support/joining.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { json, list, part, Xctl } from '../support/xctl.js';
import { initialised, type Shared, sayer, tcp } from '../support/xctl-context.js';

const xnetdMain = fileURLToPath(new URL('../../bin/xnetd.js', import.meta.url));
const test = anyTest as TestFn<Shared>;
const run = promisify(execFile);

// A controller without a cluster, and an operator without a context.
test.beforeEach(async (t) => {
  t.context = { controller: await ControllerProcess.start(), xctl: new Xctl() };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

const token = /XJT1-[0-9a-z]{50}-[0-9a-z]{6}\.[0-9a-z]{26}/;

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
  // A shell runs the printed command unchanged, and a program in xnetd's place prints its input.
  const pasted = printed.stdout.slice(printed.stdout.indexOf('\nxnetd join'));
  const bin = join(xctl.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'xnetd'), '#!/bin/sh\nprintf "%s\\n" "$*" "$(cat)"\n', { mode: 0o755 });
  const { stdout } = await run('sh', ['-c', pasted], { env: { PATH: `${bin}:${process.env['PATH']}` } });
  t.is(stdout, `join --controller 127.0.0.1:${controller.joinPort} --token-file -\n${secret}\n`);
  // The real xnetd joins with it, and reports the second time that it has joined.
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
  await says(`nodes add web-3 --address 192.168.83.13 --token-out ${file}`, /already exists\n/, 4);
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
  await says(`tokens revoke ${id.slice(0, 4)}`, /^revoked join token .{6}: hosts can no longer join with it\n$/);
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

test.serial('people may do what their role permits, until they are revoked or their certificate expires', async (t) => {
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
  await says(`certs issue vera --role viewer --out ${join(xctl.home, 'vera')}`, /already exists/, 4);
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
