// What preflight decides about the machine, and how findings are ordered and shown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { type PreflightReport, preflightExitCode } from '../../../../node/commands/preflight.js';
import { preflightLines } from '../../../../node/commands/preflight-text.js';
import { briefSystemctl } from '../../../../node/preflight/brief-systemctl.js';
import { inOrder, type PreflightFinding } from '../../../../node/preflight/finding.js';
import { type SystemSeen, systemFindings } from '../../../../node/preflight/system-findings.js';
import { lookAtControllers, lookAtState } from '../../../../node/preflight/system-look.js';
import { XnetError } from '../../../../proto/errors.js';
import { makeAuthority } from '../../../../proto/pki/authority.js';
import { issue, keyOfRequest, makeRequest } from '../../../../proto/pki/certificate.js';

const nowMs = Date.now();
const space = { bfree: 1_000_000, bsize: 4096, files: 1_000_000, ffree: 1_000_000 };
const fine: SystemSeen = {
  state: { stateDir: '/var/lib/xnet', problem: undefined, space },
  kernel: '6.1.0-37-amd64',
  hasNextHops: true,
  controllers: [],
  nowMs,
};
const ratings = (seen: SystemSeen) => systemFindings(seen).map(({ severity, reason }) => `${severity} ${reason}`);

test('a state directory that is a file, or in one, or nearly full', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-state-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  const of = async (path: string) => ratings({ ...fine, state: await lookAtState(path) });
  t.deepEqual(await of(join(folder, 'file')), ['stops StateUnwritable']);
  t.deepEqual(await of(join(folder, 'file', 'state')), ['stops StateUnwritable']);
  t.deepEqual(await of(join(folder, 'made', 'later')), []);
  t.deepEqual(ratings({ ...fine, state: { ...fine.state, space: { ...space, bfree: 10 } } }), ['warns StateFull']);
  t.deepEqual(ratings(fine), []);
});

test('a kernel without next-hop objects is worth knowing', (t) => {
  t.deepEqual(ratings({ ...fine, kernel: '4.19.0', hasNextHops: false }), ['info NoNextHops']);
});

async function listening(server: ReturnType<typeof createTcpServer>, t: ExecutionContext): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

test('controllers that do not answer, and a clock that no certificate of theirs agrees with', async (t) => {
  const authority = await makeAuthority('cluster', nowMs);
  const { key, csr } = await makeRequest();
  const lifetime = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 };
  const identity = { role: 'controller', id: 'c1', clusterId: 'cluster' } as const;
  const { certificate } = await issue(authority, { ...lifetime, identity, publicKey: await keyOfRequest(csr) });
  const tls = createServer({ cert: certificate, key, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] }, (socket) =>
    socket.on('error', () => undefined),
  );
  tls.on('tlsClientError', () => undefined);
  const deaf = createTcpServer((socket) => socket.destroy());
  const ports = [await listening(tls, t), await listening(deaf, t)];
  const endpoints = ports.map((port) => ({ kind: 'tcp', host: '127.0.0.1', port }) as const);
  const controllers = await lookAtControllers(endpoints, new AbortController().signal);
  t.deepEqual(ratings({ ...fine, controllers }), ['warns ControllerUnreachable']);
  const [answering] = controllers;
  if (answering === undefined) return t.fail();
  t.deepEqual(ratings({ ...fine, controllers: [answering] }), []);
  for (const hours of [-2, 2]) {
    const clock = { ...fine, controllers: [answering], nowMs: nowMs + hours * 3_600_000 };
    t.deepEqual(ratings(clock), ['stops ClockWrong'], `${hours} h`);
  }
});

const finding = (
  severity: PreflightFinding['severity'],
  reason: PreflightFinding['reason'],
  fix?: string,
): PreflightFinding => ({
  severity,
  reason,
  message: `what ${reason} is`,
  ...(fix === undefined ? {} : { fix }),
});

function report(findings: readonly PreflightFinding[]): PreflightReport {
  const count = (severity: PreflightFinding['severity']) => findings.filter((one) => one.severity === severity).length;
  const counts = { stops: count('stops'), warns: count('warns'), info: count('info') };
  const ok = counts.stops + counts.warns === 0;
  return { ok, counts, findings: findings.map((one) => ({ ...one, fix: one.fix ?? null })) };
}

test('the most severe finding comes first, each once, with its fix; the exit code shows whether there are any', (t) => {
  const findings = inOrder([
    finding('info', 'DockerFound'),
    finding('warns', 'MtuDiffers', 'ip link set eth0 mtu 1400'),
    finding('stops', 'BipIsFlag', 'remove \u001b[31mit'),
    finding('warns', 'MtuDiffers', 'ip link set eth0 mtu 1400'),
  ]);
  const lines = preflightLines(report(findings), (text) => text);
  t.deepEqual(lines, [
    'SEVERITY  REASON       FINDING',
    'stops     BipIsFlag    what BipIsFlag is',
    '                       fix: remove \\u001b[31mit',
    'warns     MtuDiffers   what MtuDiffers is',
    '                       fix: ip link set eth0 mtu 1400',
    'info      DockerFound  what DockerFound is',
    '',
    "xnet can't run on this host; findings that stop it: 1; warnings: 1",
  ]);
  t.is(preflightExitCode(report(findings)), 8);
  const info = report([finding('info', 'DockerFound')]);
  t.is(preflightExitCode(info), 0);
  t.is(preflightLines(info, (text) => text).at(-1), 'xnet can run on this host: no findings stop it or warn');
});

test('a systemctl that hangs is waited for 5 s in all', async (t) => {
  let now = 0;
  const limits: (number | undefined)[] = [];
  const exec = briefSystemctl(
    async (argv, { timeoutMs } = {}) => {
      if (argv[0] !== 'systemctl') return { code: 0, stdout: '', stderr: '' };
      limits.push(timeoutMs);
      now += 3_000;
      throw new XnetError('DeadlineExceeded', 'systemctl took too long');
    },
    () => now,
  );
  const failed = { code: 'DeadlineExceeded' };
  for (const verb of ['show', 'show', 'is-active']) await t.throwsAsync(exec(['systemctl', verb]), failed);
  t.deepEqual(limits, [5_000, 2_000], 'the third is not run');
  t.is((await exec(['true'])).code, 0);
});
