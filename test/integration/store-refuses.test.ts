// A store that answers but accepts no writes, and controllers that are gone: both are reported before any change is
// tried.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { exitCodeOf, XnetError } from '../../proto/errors.js';
import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import type { SetNodeResponse } from '../../proto/gen/xnet/v1/SetNodeResponse.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { serverStream, startServer, unary } from '../../proto/rpc/server.js';
import { statusFromError } from '../../proto/rpc/status.js';
import { ControllerProcess } from '../support/controller-process.js';
import { enableAuthentication, TestEtcd } from '../support/etcd.js';
import { Xctl } from '../support/xctl.js';

// Not synchronous: the servers of the other tests run in this process.
async function etcdctl(etcd: TestEtcd, args: readonly string[], input?: Buffer): Promise<string> {
  const running = promisify(execFile)('etcdctl', ['--endpoints', etcd.endpoint, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ETCDCTL_API: '3' },
  });
  // It may end before it has read all of it.
  running.child.stdin?.on('error', () => undefined).end(input);
  return (await running).stdout;
}

const problemsOf = (status: { readonly problems: readonly { readonly text: string }[] }) =>
  status.problems.map(({ text }) => text).join('\n');

test('C11 a store that is full is reported, refuses changes with a distinct code, and accepts them when it has room', async (t) => {
  const etcd = await TestEtcd.start(['--quota-backend-bytes', String(16 * 1024 ** 2)]);
  t.teardown(() => etcd.close());
  const controller = await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]);
  t.teardown(() => controller.close());
  await controller.createPool();
  const megabyte = Buffer.alloc(1_000_000, 'x');
  await t.throwsAsync(async () => {
    for (let index = 0; index < 40; index++) await etcdctl(etcd, ['put', `/junk/${index}`], megabyte);
  });
  await controller.until('it is told', (status) => /nothing can be changed: .*quota/.test(problemsOf(status)));
  await controller.until('the alarm, too', (status) => /alarm:NOSPACE/.test(problemsOf(status)));
  const refused = await t.throwsAsync(controller.addNode('web-1', '192.168.83.1'));
  t.is(refused instanceof XnetError ? refused.code : '', 'NotWritable');
  t.is((await controller.nodes()).length, 0);

  await etcdctl(etcd, ['del', '--prefix', '/junk/']);
  const fields = await etcdctl(etcd, ['endpoint', 'status', '-w', 'fields']);
  await etcdctl(etcd, ['compact', /"Revision" : (\d+)/.exec(fields)?.[1] ?? '']);
  await etcdctl(etcd, ['defrag']);
  await etcdctl(etcd, ['alarm', 'disarm']);
  await controller.until('all is well', (status) => problemsOf(status) === '');
  t.is((await controller.addNode('web-1', '192.168.83.1')).node?.subnet, '10.76.0.0/24');
});

test('a revoked permission of etcd is reported, and no change is tried', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const who = { user: 'xnet', password: 'secret', prefix: '/xnet/v1/' };
  enableAuthentication(etcd.endpoint, who);
  const dir = mkdtempSync(join(tmpdir(), 'xnet-password-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'password'), who.password);
  const prepared = await ControllerProcess.start([
    ...['--etcd-endpoints', etcd.endpoint, '--etcd-user', who.user, '--etcd-password-file', join(dir, 'password')],
  ]);
  t.teardown(() => prepared.close());
  await prepared.createPool();
  const asRoot = ['--user', 'root:secret'];
  await etcdctl(etcd, [...asRoot, 'role', 'revoke-permission', 'xnet', '/xnet/v1/', '--prefix']);
  await etcdctl(etcd, [...asRoot, 'role', 'grant-permission', 'xnet', 'read', '/xnet/v1/', '--prefix=true']);
  await prepared.until('it is told', (status) =>
    /nothing can be changed: .*permission denied/.test(problemsOf(status)),
  );
  const refused = await t.throwsAsync(prepared.addNode('web-1', '192.168.83.1'));
  t.is(refused instanceof XnetError ? refused.code : '', 'NotWritable');
  await etcdctl(etcd, [...asRoot, 'role', 'grant-permission', 'xnet', 'readwrite', '/xnet/v1/', '--prefix=true']);
  await prepared.until('all is well', (status) => problemsOf(status) === '');
});

test('a missing controller is reported until it is back or an operator removes it', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const [a, b] = [
    await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]),
    await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]),
  ];
  t.teardown(() => Promise.all([a.close(), b.close()]));
  await a.until('both are there', (status) => status.controllers.length === 2);
  const remove = (id: string) => callUnary(a.admin.removeController.bind(a.admin), { id }, { timeoutMs: 60_000 });
  const id = b.registration();
  await t.throwsAsync(remove(id), { message: /is running/ });
  await b.kill();
  await a.until('it is gone', (status) => problemsOf(status).includes(`controller ${id} is gone`));
  await b.launch();
  await a.until('it is back', (status) => problemsOf(status) === '');
  t.is(b.registration(), id);
  await b.kill('SIGTERM');
  await a.until('it is gone', (status) => problemsOf(status).includes(`controller ${id} is gone`));
  await remove(id);
  await a.until('it is forgotten', (status) => problemsOf(status) === '');
  await t.throwsAsync(remove(id), { message: /there is no controller/ });
});

type Answer = XnetError | grpc.ServiceError | 'done';

// Starts servers that answer SetNode with these errors, or as usual; the last answer repeats. Returns an xctl for them.
async function refusing(t: ExecutionContext, answers: readonly (readonly Answer[])[]) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-refusing-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const asked = answers.map(() => 0);
  const node = { id: 'n-85f97290490c', name: 'web-1' };
  const endpoints = answers.map((_, index) => join(dir, `c${index}.sock`));
  for (const [index, path] of endpoints.entries()) {
    const errors = [...(answers[index] ?? [])];
    const server = await startServer({
      endpoints: [{ kind: 'unix', path }],
      bindings: [
        {
          definition: services.admin.service,
          implementation: {
            GetAuthority: unary(async () => ({ authority: { clusterId: 'c', certificates: [] } }) as never),
            RotateAuthority: serverStream(async () => {
              asked[index] = (asked[index] ?? 0) + 1;
              const answer = errors.length > 1 ? errors.shift() : errors[0];
              if (answer !== undefined && answer !== 'done') throw answer;
            }),
            GetNode: unary(async () => ({ node: { ...node, revision: 7 } })),
            SetNode: (_call: unknown, callback: grpc.sendUnaryData<SetNodeResponse>) => {
              asked[index] = (asked[index] ?? 0) + 1;
              const answer = errors.length > 1 ? errors.shift() : errors[0];
              if (answer instanceof XnetError) callback(statusFromError(answer));
              else if (answer !== undefined && answer !== 'done') callback(answer);
              else callback(null, { node: { ...node, revision: 8 }, change: 'active → cordoned' });
            },
          } as unknown as AdminServiceHandlers,
        },
      ],
    });
    t.teardown(() => server.close(0));
  }
  const xctl = new Xctl({ controller: endpoints.map((path) => `unix:${path}`).join() });
  t.teardown(() => xctl.close());
  return { asked, xctl };
}

const full = new XnetError('NotWritable', 'etcd refuses to write: its disk quota is used up', {
  hint: 'see xctl status',
});
const late = new XnetError('DeadlineExceeded', 'etcd did not answer in time (read a record)');
// What grpc-js answers at the call's deadline (server-interceptors.ts). A busy client may get it before its own deadline.
const over = Object.assign(new Error('Deadline exceeded'), {
  code: grpc.status.DEADLINE_EXCEEDED,
  details: 'Deadline exceeded',
  metadata: new grpc.Metadata(),
});

test('a change that the store refuses is sent once: xctl reports the refusal with a distinct exit code', async (t) => {
  const { asked, xctl } = await refusing(t, [[full], [full]]);
  const { code, stderr } = await xctl.run('nodes', 'cordon', 'web-1');
  t.is(code, exitCodeOf('NotWritable'), stderr);
  t.regex(stderr, /disk quota is used up/);
  t.deepEqual(asked, [1, 1], 'each controller once');
});

test('a change that one controller may have made is not reported as refused, whichever it was', async (t) => {
  for (const answers of [[[late, full]], [[late, full], [full]], [[full], [late, full]], [[over, full], [full]]]) {
    const { asked, xctl } = await refusing(t, answers);
    const { code, stderr } = await xctl.run('nodes', 'cordon', 'web-1', '--timeout', '5s');
    t.is(code, exitCodeOf('DeadlineExceeded'), stderr);
    // Otherwise the time was over before a controller answered the last attempt.
    if (/^xctl: the change was sent, and no controller can tell whether it was made\n/m.test(stderr)) {
      t.regex(stderr, /\n {2}- unix:\S+: (etcd did not answer in time|timed out)/);
      t.regex(stderr, /\n {2}- unix:\S+: etcd refuses to write: its disk quota is used up\n/);
      // Between them may be a controller for whose answer no time was left.
      t.regex(stderr, /\n {2}- see xctl status\n/);
    }
    t.regex(stderr, /\nthe outcome is unknown: rerun the command to see it/);
    t.true(
      asked.every((count) => count > 1),
      'the store may answer again in time',
    );
    const rehearsed = await (await refusing(t, answers)).xctl.run('nodes', 'cordon', 'web-1', '--dry-run');
    t.is(rehearsed.code, exitCodeOf('NotWritable'), 'nothing was asked for');
    t.notRegex(rehearsed.stderr, /outcome is unknown/);
  }
});

test('an authority whose replacement one controller may have begun is not reported as not writable', async (t) => {
  const { asked, xctl } = await refusing(t, [[late], [full]]);
  const { code, stderr } = await xctl.run('ca', 'rotate', '--yes');
  t.is(code, exitCodeOf('DeadlineExceeded'), stderr);
  t.regex(stderr, /\nthe outcome is unknown: rerun the command to see it/);
  t.deepEqual(asked, [1, 1], 'each controller once');
});

test('xctl finds out what a controller may have done once the store answers again', async (t) => {
  const { asked, xctl } = await refusing(t, [[late, full, full, 'done'], [full]]);
  const { code, stdout, stderr } = await xctl.run('nodes', 'cordon', 'web-1', '--timeout', '180s');
  t.is(code, 0, stderr);
  t.regex(stdout, /active → cordoned/);
  t.is(asked[0], 4);
  t.true((asked[1] ?? 0) > 0, 'the other, too');
});

test('a refusal tells of another controller that may have made the change before', async (t) => {
  const keyless = new XnetError('FailedPrecondition', 'the cluster key does not exist', { hint: 'copy it' });
  const { asked, xctl } = await refusing(t, [[late], [keyless]]);
  let ran = await xctl.run('nodes', 'cordon', 'web-1');
  // A controller that is slow to accept a connection is passed over.
  while (asked[0] === 0) ran = await xctl.run('nodes', 'cordon', 'web-1');
  const { code, stderr } = ran;
  t.is(code, exitCodeOf('FailedPrecondition'), stderr);
  t.regex(
    stderr,
    /^xctl: the cluster key does not exist\n {2}- copy it\n {2}- unix:\S+, which was asked before: etcd did not answer/,
  );
  t.regex(stderr, /\nthe outcome is unknown: rerun/);
  const known = new XnetError('NotFound', 'there is no node web-1');
  const found = await (await refusing(t, [[late], [known]])).xctl.run('nodes', 'cordon', 'web-1');
  t.is(found.stderr, 'xctl: there is no node web-1\n', 'it has looked');
});
