// What xctl makes of tokens, certificates and rotations: all of it without a controller.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { callFailureOf, isPassing, noController } from '../../../../cli/client/unreachable.js';
import { adminName, poolsFrom } from '../../../../cli/commands/first-pools.js';
import { joinLines } from '../../../../cli/commands/join-token.js';
import { expiryProblem, expiryWarning, type SavedContext } from '../../../../cli/contexts/saved.js';
import {
  type CertificateOutput,
  type CertificateState,
  certificateState,
  rotationText,
} from '../../../../cli/output/certificate.js';
import { hereDocument, hostCommand } from '../../../../cli/output/host-command.js';
import { clusterExitCode, formatStatus, noTrust, statusFromWire } from '../../../../cli/output/status.js';
import { leftText } from '../../../../cli/output/token.js';
import { exitCodeOf, XnetError } from '../../../../proto/errors.js';
import { formatToken, randomNames } from '../../../../proto/pki/token.js';
import type { Problem } from '../../../../proto/process/problem.js';
import { certificate, dayMs, iso, look, nowMs, savedFor } from '../../../support/cli-security-values.js';

const run = promisify(execFile);

test('an expiring certificate is reported in advance, with its time', async (t) => {
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

test('expiring and revoked certificates are reported, also in the status', (t) => {
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
        nodes: {
          total: 0,
          ready: 0,
          progressing: 0,
          degraded: 0,
          down: 0,
          pending: 0,
          revoked: 0,
          cordoned: 0,
          draining: 0,
          leaving: 0,
        },
      },
      { ...noTrust, certificates, problem },
      nowMs,
    );
  const soon = { expiresAt: iso(nowMs + dayMs) };
  const of = (...certificates: readonly CertificateOutput[]) => status(certificates).expiring.map(({ id }) => id);
  t.deepEqual(of(certificate({})), []);
  t.deepEqual(of(certificate(soon), certificate({ id: 'n-2', expiresAt: iso(nowMs - 1) })), ['n-2', 'n-1']);
  t.deepEqual(of(certificate(soon), certificate({ validFrom: iso(nowMs) })), [], 'it was renewed');
  for (const pair of [[certificate(soon), certificate({})] as const, [certificate({}), certificate(soon)] as const]) {
    t.deepEqual(of(...pair), ['n-1'], 'issued in the same second');
  }
  const revoked = certificate({ expiresAt: iso(nowMs + dayMs / 2), revokedAt: iso(nowMs) });
  const three = [certificate(soon), revoked, certificate({})] as const;
  for (const first of [0, 1, 2]) {
    const inOrder = [...three.slice(first), ...three.slice(0, first)];
    t.deepEqual(of(...inOrder), ['n-1'], 'a revoked one replaces none that was issued in the same second');
    t.deepEqual(of(...inOrder.toReversed()), ['n-1']);
  }
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

test('lifetimes are rounded to a fitting unit', (t) => {
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

test('the progress of a rotation', (t) => {
  const rotation = { nodes: 42, renewed: 40, pending: ['db-1', 'db-2'], pendingDown: 1, people: [], done: false };
  t.is(rotationText(rotation), '40/42 nodes have renewed (waiting for db-1, db-2; 1 down)');
  t.is(
    rotationText({ ...rotation, renewed: 30 }),
    '30/42 nodes have renewed (waiting for db-1, db-2 and 10 more; 1 down)',
  );
  t.is(rotationText({ ...rotation, renewed: 42, pending: [], done: true }), '42/42 nodes have renewed: done');
  t.is(rotationText({ ...rotation, nodes: 0, renewed: 0, pending: [], done: true }), 'no node has a certificate: done');
});

test('the printed command passes any secret on standard input', async (t) => {
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

test('the first pools and the first admin are parsed from arguments', (t) => {
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

test('an unproven server is untrusted, a closed connection is unavailable', (t) => {
  const tcp = { kind: 'tcp', host: 'ctl-1', port: 7400 } as const;
  const failed = (message: string) =>
    callFailureOf(tcp, new XnetError('Unavailable', `No connection established. Last error: ${message}`));
  const cases: readonly (readonly [string, RegExp, boolean])[] = [
    ['Error: self-signed certificate in certificate chain. ', /not certified by the authority/, true],
    ['Error: unable to verify the first certificate', /not certified by the authority/, true],
    [
      "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames",
      /another cluster/,
      true,
    ],
    ['Error: 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number', /does not speak TLS/, false],
    ['Failed to connect (2026-11-21T08:42:04.457Z)', /closed the connection/, false],
    ['Error: certificate has expired', /at this machine's time/, false],
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
