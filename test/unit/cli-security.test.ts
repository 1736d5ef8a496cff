// What xctl makes of tokens, certificates and contexts: all of it without a controller.
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { adminName, poolsFrom } from '../../cli/commands/first-pools.js';
import { joinLines } from '../../cli/commands/join-token.js';
import { ContextFolder } from '../../cli/contexts/folder.js';
import {
  contextOf,
  expiryProblem,
  expiryWarning,
  formatContext,
  joinedControllers,
  parseContext,
  refreshedControllers,
  type SavedContext,
} from '../../cli/contexts/saved.js';
import {
  type CertificateOutput,
  type CertificateState,
  certificateState,
  rotationText,
} from '../../cli/output/certificate.js';
import type { Colors } from '../../cli/output/columns.js';
import { contextKind, contextOutput } from '../../cli/output/context.js';
import { hereDocument, hostCommand } from '../../cli/output/host-command.js';
import { clusterExitCode, formatStatus, noTrust, statusFromWire } from '../../cli/output/status.js';
import { leftText } from '../../cli/output/token.js';
import { callFailureOf, isPassing, noController } from '../../cli/unreachable.js';
import { exitCodeOf, XnetError } from '../../proto/errors.js';
import { formatToken, randomNames } from '../../proto/pki/token.js';
import type { Problem } from '../../proto/process/problem.js';
import { makeTestAuthority } from '../support/test-authority.js';

const run = promisify(execFile);
const same = (text: string) => text;
const plain: Colors = { good: same, waiting: same, bad: same, faint: same, strong: same };
const nowMs = Date.UTC(2026, 10, 21, 10);
const look = { colors: plain, nowMs };
const dayMs = 86_400_000;

async function savedFor(id: string, ttlMs?: number): Promise<SavedContext> {
  const authority = await makeTestAuthority();
  const { clusterId, authority: trusted, own } = await authority.credentialsFor('admin', id, ttlMs);
  if (own === undefined) throw new Error('credentials without a certificate');
  const checked = contextOf({ controllers: ['192.168.83.2'], cluster: clusterId, authority: trusted, ...own });
  if ('problem' in checked) throw new Error(checked.problem);
  return checked.value;
}

function folderFor(t: ExecutionContext): ContextFolder {
  const home = mkdtempSync(join(tmpdir(), 'xnet-contexts-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  return new ContextFolder(join(home, 'contexts'));
}

test('a context is read as it was written, and nothing else is', async (t) => {
  const saved = await savedFor('alice');
  const text = formatContext(saved);
  t.deepEqual(parseContext(text), { value: saved });
  const secret = saved.credentials.own.key.split('\n')[1] ?? '';
  t.true(secret.length > 20);
  const parts = JSON.parse(text) as Record<string, unknown>;
  const other = await savedFor('bob');
  const broken: readonly (readonly [string, unknown])[] = [
    ...Object.keys(parts).flatMap((key): [string, unknown][] => [
      [`without ${key}`, { ...parts, [key]: undefined }],
      [`${key} of another type`, { ...parts, [key]: 7 }],
      [`${key} empty`, { ...parts, [key]: Array.isArray(parts[key]) ? [] : '' }],
    ]),
    ["another's key", { ...parts, key: other.credentials.own.key }],
    ['a controller that is none', { ...parts, controllers: ['nowhere:99999'] }],
    ['an authority that is none', { ...parts, authority: ['PEM'] }],
    ['a certificate of nobody', { ...parts, certificate: saved.credentials.authority[0] }],
    ['more than a context', { ...parts, proxy: 'http://evil' }],
    ['a list', [parts]],
    ['null', null],
  ];
  for (const [what, value] of broken) {
    const checked = parseContext(JSON.stringify(value));
    t.true('problem' in checked, what);
    t.false(JSON.stringify(checked).includes(secret), what);
  }
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ unit: 'binary', maxLength: 3 }), (at, put) => {
      const checked = parseContext(text.slice(0, at) + put + text.slice(at + put.length));
      // Whatever was done to it, what is accepted has a key that belongs to its certificate.
      return 'problem' in checked || checked.value.identity.clusterId === checked.value.credentials.clusterId;
    }),
    { numRuns: 60 },
  );
  const shown = contextOutput({ name: 'a', current: true, file: '/f' }, saved);
  t.false(JSON.stringify(shown).includes(secret));
  t.deepEqual(shown.controllers, ['192.168.83.2:7400']);
  t.is(contextKind.columns[0]?.cell(shown, look), 'a*');
});

test('a context that is renewed learns of new controllers, and keeps what was set by hand', (t) => {
  const at = (host: string) => ({ kind: 'tcp', host, port: 7400 }) as const;
  const joined = joinedControllers([at('tunnel'), at('a')], [at('a'), at('b')]);
  t.deepEqual(joined, [at('tunnel'), at('a'), at('b')]);
  t.deepEqual(joinedControllers([at('a')], []), [at('a')]);
});

test('a context of the machine of a controller follows where the controllers listen', (t) => {
  const at = (host: string) => ({ kind: 'tcp', host, port: 7400 }) as const;
  const here = at('127.0.0.1');
  t.deepEqual(refreshedControllers([here], [at('a')]), [at('a')], 'nobody else reaches 127.0.0.1');
  t.deepEqual(refreshedControllers([here], [here, at('a')]), [at('a')]);
  t.deepEqual(refreshedControllers([at('tunnel'), at('b')], [at('a'), at('b')]), [at('a'), at('b'), at('tunnel')]);
  t.deepEqual(refreshedControllers([at('a')], [here]), [here, at('a')], 'this machine reaches it');
  t.deepEqual(refreshedControllers([at('a')], []), [at('a')]);
});

test('the folder of contexts: whole or not at all, read by its owner alone', async (t) => {
  const folder = folderFor(t);
  t.deepEqual([await folder.names(), await folder.current()], [[], undefined]);
  const [alice, bob] = [await savedFor('alice'), await savedFor('bob')];
  await Promise.all(['a', 'b', 'c'].map((name) => folder.write(name, alice)));
  // Many at once: one of them is there in the end.
  await Promise.all([alice, bob, alice, bob].map((saved) => folder.write('a', saved)));
  t.true(['alice', 'bob'].includes((await folder.require('a')).identity.id));
  t.deepEqual(readdirSync(folder.path).sort(), ['a.json', 'b.json', 'c.json'], 'nothing is left over');
  await folder.use('b');
  t.is(await folder.current(), 'b');
  // Of a process that was killed while it wrote, and of one that is writing at this moment.
  const killed = spawnSync('true').pid;
  for (const pid of [killed, process.ppid]) writeFileSync(join(folder.path, `.a.json.${pid}-0a.xnet-new`), '{');
  await folder.write('a', alice);
  t.deepEqual(
    readdirSync(folder.path).filter((name) => name.endsWith('.xnet-new')),
    [`.a.json.${process.ppid}-0a.xnet-new`],
  );
  writeFileSync(join(folder.path, 'Not_a_name.json'), '{');
  t.deepEqual(await folder.names(), ['a', 'b', 'c']);
  for (const name of ['..', '../a', '/etc/passwd', 'a/b', '', 'current\n']) {
    await t.throwsAsync(folder.find(name), { instanceOf: XnetError }, JSON.stringify(name));
  }
  await t.throwsAsync(folder.use('nope'), { message: 'there is no context nope' });
  t.is(await folder.remove('b'), true);
  t.is(await folder.remove('b'), false);
  t.is(await folder.current(), undefined, 'what is gone is not the current one');
  rmSync(folder.fileOf('c'));
  symlinkSync(folder.fileOf('a'), folder.fileOf('c'));
  await t.throwsAsync(folder.find('c'), { instanceOf: XnetError }, 'a link could lead anywhere');
  writeFileSync(folder.fileOf('a'), 'x');
  await t.throwsAsync(folder.find('a'), { message: /a\.json: it is no context/ });
  chmodSync(folder.fileOf('a'), 0o604);
  await t.throwsAsync(folder.find('a'), { message: /mode 0604/ });
  chmodSync(folder.path, 0o750);
  await t.throwsAsync(folder.names(), { message: /mode 0750/ });
  await t.throwsAsync(folder.write('a', alice), { message: /mode 0750/ });
});

test('a certificate that ends is told before it has ended, and when', async (t) => {
  const saved = await savedFor('alice');
  const at = (share: number): SavedContext => ({
    ...saved,
    certificate: {
      ...saved.certificate,
      notBeforeMs: nowMs - 100 * share * dayMs,
      notAfterMs: nowMs + 100 * (1 - share) * dayMs,
    },
  });
  t.is(expiryWarning('prod', at(0.5), nowMs), undefined);
  t.is(expiryWarning('prod', at(0.79), nowMs), undefined);
  t.regex(
    expiryWarning('prod', at(0.81), nowMs) ?? '',
    /admin\/alice in context prod .*xctl certs renew --context prod$/,
  );
  const viewer = { ...at(0.9), identity: { ...saved.identity, role: 'viewer' as const } };
  t.regex(
    expiryWarning('prod', viewer, nowMs) ?? '',
    /have an admin make another: xctl certs issue alice --role viewer$/,
  );
  t.is(expiryWarning('prod', at(1), nowMs), undefined, 'that is a problem, no warning');
  t.is(expiryProblem('prod', at(0.99), nowMs), undefined);
  const problem = expiryProblem('prod', at(1), nowMs);
  t.is(exitCodeOf(problem?.code ?? 'Internal'), 5);
  t.regex(problem?.message ?? '', /has expired: 2026-11-21T10:00:00\.000Z$/);
});

const iso = (ms: number) => new Date(ms).toISOString();
const certificate = (more: Partial<CertificateOutput>): CertificateOutput => ({
  serial: '4f',
  role: 'node',
  id: 'n-1',
  name: 'web-1',
  revokedAt: null,
  oldAuthority: false,
  validFrom: iso(nowMs - 10 * dayMs),
  expiresAt: iso(nowMs + 20 * dayMs),
  ...more,
});

test('what is to be said of certificates, and of those in the status', (t) => {
  const cases: readonly (readonly [Partial<CertificateOutput>, CertificateState])[] = [
    [{}, 'valid'],
    [{ revokedAt: iso(nowMs) }, 'revoked'],
    [{ expiresAt: iso(nowMs) }, 'expired'],
    [{ expiresAt: iso(nowMs + dayMs) }, 'expiring'],
    [{ expiresAt: null }, 'expired'],
  ];
  for (const [more, state] of cases) t.is(certificateState(certificate(more), nowMs), state);
  const status = (certificates: readonly CertificateOutput[], problem: Problem | null = null) =>
    statusFromWire(
      {
        ...{
          clusterId: 'c',
          epoch: 1,
          revision: 1,
          controller: 'a',
          version: '1',
          controllers: [],
          pools: [],
          undecodable: [],
          problems: [],
        },
        store: { endpoints: [], embedded: true, connected: true, refusal: '', resyncs: 0, warnings: [] },
        nodes: { total: 0, ready: 0, progressing: 0, degraded: 0, down: 0, pending: 0, revoked: 0 },
      },
      { ...noTrust, certificates, problem },
      nowMs,
    );
  const soon = { expiresAt: iso(nowMs + dayMs) };
  const of = (...certificates: readonly CertificateOutput[]) => status(certificates).expiring.map(({ id }) => id);
  t.deepEqual(of(certificate({})), []);
  t.deepEqual(of(certificate(soon), certificate({ id: 'n-2', expiresAt: iso(nowMs - 1) })), ['n-2', 'n-1']);
  t.deepEqual(of(certificate(soon), certificate({ validFrom: iso(nowMs) })), [], 'it was renewed');
  t.deepEqual(of(certificate({ role: 'admin', expiresAt: iso(nowMs - 1) })), [], 'of people who are gone for long');
  t.deepEqual(of(certificate({ ...soon, revokedAt: iso(nowMs) })), []);
  const many = Array.from({ length: 8 }, (_, index) =>
    certificate({ ...soon, id: `n-${index}`, name: `web-${index}` }),
  );
  const lines = formatStatus(status(many), look);
  t.is(lines[0], '! WARNING the certificate of node/web-0 expires in 1d');
  t.is(lines[5], '! WARNING 3 more certificates expire soon: xctl certs list');
  t.is(clusterExitCode(status(many)), 0, 'told, and no problem of the fleet');
  t.is(clusterExitCode(status([], { text: 'the cluster has no authority yet', fix: 'xctl init' })), 8);
});

test('how long something lasts, to the nearest of a fitting unit', (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [90 * dayMs - 400, 'in 90d'],
    [2 * dayMs, 'in 2d'],
    [36 * 3_600_000, 'in 1d12h'],
    [3_599_500, 'in 1h'],
    [90_000, 'in 1m30s'],
    [1, 'in 0s'],
    [0, 'expired'],
  ];
  for (const [leftMs, text] of cases) t.is(leftText(iso(nowMs + leftMs), nowMs), text, String(leftMs));
  t.is(leftText(null, nowMs), '-');
});

test('how far a rotation is', (t) => {
  const rotation = { nodes: 42, renewed: 40, pending: ['db-1', 'db-2'], pendingDown: 1, people: [], done: false };
  t.is(rotationText(rotation), '40/42 nodes have renewed (waiting for db-1, db-2; 1 down)');
  t.is(
    rotationText({ ...rotation, renewed: 30 }),
    '30/42 nodes have renewed (waiting for db-1, db-2 and 10 more; 1 down)',
  );
  t.is(rotationText({ ...rotation, renewed: 42, pending: [], done: true }), '42/42 nodes have renewed: done');
  t.is(rotationText({ ...rotation, nodes: 0, renewed: 0, pending: [], done: true }), 'no node has a certificate: done');
});

test('a secret goes to a command on its standard input, whatever is in it', async (t) => {
  const { argv } = hostCommand({
    listening: ['192.168.83.2:7401'],
    connected: undefined,
    tokenFile: '-',
    anyHost: true,
  });
  const token = formatToken({ ...randomNames(), caDigest: '0'.repeat(50) });
  const record = {
    id: 'a',
    node: 'web-1',
    pool: null,
    source: null,
    uses: 1,
    usesLeft: 1,
    createdAt: null,
    createdBy: null,
  };
  const join1 = {
    token,
    tokenFile: null,
    caDigest: '',
    command: argv,
    note: null,
    record: { ...record, expiresAt: iso(nowMs + 3_600_000) },
  };
  const lines = joinLines(join1, 'web-1 (192.168.83.11)', look);
  t.is(lines[0], 'run on web-1 (192.168.83.11), as root, within 1h:');
  t.false(lines.some((line) => line.startsWith('xnetd') && line.includes(token)));
  t.true(lines.includes(token));
  t.true(joinLines({ ...join1, token: null, tokenFile: '/t' }, 'web-1', look).every((line) => !line.includes(token)));
  for (const text of [token, '$(reboot)`x`.\\secret', 'a\n$HOME\nb']) {
    // What a shell makes of it: the program's arguments, and then what it reads.
    const script = hereDocument(argv, text)
      .join('\n')
      .replace(/^xnetd/, `sh -c 'echo "$@"; cat' xnetd`);
    const { stdout } = await run('sh', ['-c', script]);
    t.is(stdout, `join --controller 192.168.83.2:7401 --node NAME --address ADDRESS --token-file -\n${text}\n`);
  }
});

test('the first pools and the first admin, as they are typed', (t) => {
  t.deepEqual(poolsFrom([], undefined), []);
  t.deepEqual(poolsFrom(['10.76.0.0/16'], undefined), [{ name: 'default', cidr: '10.76.0.0/16' }]);
  t.deepEqual(poolsFrom(['a', '10.76.0.0/16', '10.80.0.0/16'], 'alice'), [
    { name: 'a', cidr: '10.76.0.0/16' },
    { name: 'default', cidr: '10.80.0.0/16' },
  ]);
  const wrong = ['a', 'b', '10.76.0.1/16', 'c', '10.80.0.0/16', 'c', '10.80.1.0/24', 'd'];
  const error = t.throws(() => poolsFrom(wrong, 'Al ice'), { instanceOf: XnetError });
  t.is(error?.problems.length, 5, JSON.stringify(error?.problems));
  t.is(adminName({ SUDO_USER: 'carol' }), 'carol');
  for (const user of [undefined, 'root', 'DOM\\carol', '']) {
    t.is(adminName(user === undefined ? {} : { SUDO_USER: user }), 'admin');
  }
});

test('a port that proves nothing is no reason to wait, one that ends the connection is', (t) => {
  const tcp = { kind: 'tcp', host: 'ctl-1', port: 7400 } as const;
  const failed = (message: string) =>
    callFailureOf(tcp, new XnetError('Unavailable', `No connection established. Last error: ${message}`));
  const cases: readonly (readonly [string, RegExp, boolean])[] = [
    ['Error: self-signed certificate in certificate chain. ', /not of the authority/, true],
    ['Error: unable to verify the first certificate', /not of the authority/, true],
    [
      "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames",
      /another cluster/,
      true,
    ],
    ['Error: 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number', /does not speak TLS/, false],
    ['Failed to connect (2026-11-21T08:42:04.457Z)', /ended the connection/, false],
    ['Error: certificate has expired', /by this machine's clock/, false],
  ];
  for (const [message, text, untrusted] of cases) {
    const failure = failed(message);
    t.regex(failure.text, text, message);
    t.is(failure.untrusted, untrusted, message);
    t.false(failure.sent, message);
    t.true(isPassing(failure), 'another controller may be ours');
    const error = noController([failure], { timeoutMs: 1_000, changing: true });
    t.is(exitCodeOf(error.code), untrusted ? 5 : 6, message);
  }
});
