// How a controller ends: calls under way are answered, and clients that stay connected do not delay it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { serverStream, startServer } from '../../proto/rpc/server.js';
import { ServerTls } from '../../proto/rpc/server-tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { until } from '../support/until.js';

const graceMs = 50;
// Far above the grace, and below what ends a silent connection otherwise (connectionLimits.silenceMs).
const giveUpMs = 8_000;

function closes(server: { close(graceMs: number): Promise<void> }): Promise<string> {
  return Promise.race([server.close(graceMs).then(() => 'closed'), pause(giveUpMs).then(() => 'waits')]);
}

test('a server closes within its grace, though a stream is open', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-stop-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'api.sock');
  const implementation = {
    WatchEvents: serverStream(async (_request, call, signal) => {
      call.write({});
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    }),
  } as unknown as AdminServiceHandlers;
  const server = await startServer({
    endpoints: [{ kind: 'unix', path }],
    bindings: [{ definition: services.admin.service, implementation }],
  });
  const client = makeClient(services.admin, { kind: 'unix', path });
  t.teardown(() => client.close());
  const stream = client.watchEvents({});
  const failed = new Promise<void>((resolve) => stream.once('error', () => resolve()));
  await new Promise((resolve) => stream.once('data', resolve));
  t.is(await closes(server), 'closed');
  await failed;
});

test('a server closes within its grace period despite a silent connection', async (t) => {
  const authority = await makeTestAuthority();
  const server = await startServer({
    endpoints: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    bindings: [],
    tls: new ServerTls(authority.server, 'certificates'),
  });
  const [endpoint] = server.endpoints;
  if (endpoint?.kind !== 'tcp') return t.fail();
  const socket = connect({ host: '127.0.0.1', port: endpoint.port });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  t.is(await closes(server), 'closed');
});

test('a change in flight when the controller stops is answered', async (t) => {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const controller = await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]);
  t.teardown(() => controller.close());
  const audit = join(controller.dir, 'audit');
  const begun = () =>
    readdirSync(audit).some((name) => readFileSync(join(audit, name), 'utf8').includes('"outcome":"Begun"'));
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(controller.socket, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  process.kill(etcd.pid, 'SIGSTOP');
  const pool = {
    name: 'default',
    cidr: '10.76.0.0/16',
    subnetLength: 24,
    mode: 'MODE_BIP' as const,
    operationId: 'op-1',
  };
  const made = callUnary(controller.admin.createPool.bind(controller.admin), pool, { timeoutMs: 180_000 });
  await until('the commit is on its way', async () => begun());
  process.kill(controller.pid, 'SIGTERM');
  await until('it stops', async () => !(await listens()));
  process.kill(etcd.pid, 'SIGCONT');
  t.is((await made).pool?.name, 'default');
  t.is(await controller.exited(), 0);
});
