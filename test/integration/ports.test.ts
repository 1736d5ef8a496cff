// The TCP ports of a real controller: before there is an authority, and for clients that speak anything but TLS 1.3,
// have no certificate, or have one of another authority.
import { once } from 'node:events';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createNetServer } from 'node:net';
import { join, relative } from 'node:path';
import test from 'ava';
import { probePort } from '../../deploy/lab/port-probe.js';
import { XnetError } from '../../proto/errors.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { ControllerProcess } from '../support/controller-process.js';
import { answers } from '../support/etcd.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { until } from '../support/until.js';
import { Xctl } from '../support/xctl.js';

const options = { timeoutMs: 60_000 };

test('TCP ports open with the authority, and speak TLS 1.3 alone; the API asks for a certificate of the cluster', async (t) => {
  const controller = await ControllerProcess.start();
  t.teardown(() => controller.close());
  const { port, joinPort } = controller;
  t.deepEqual([await answers(port), await answers(joinPort)], [false, false], 'no authority, no port');
  await controller.init();
  const [api, join] = await Promise.all([port, joinPort].map((one) => probePort({ host: '127.0.0.1', port: one })));
  t.deepEqual(api, { plaintext: false, oldTls: false, tls: true, withoutCertificate: false });
  t.deepEqual(join, { plaintext: false, oldTls: false, tls: true, withoutCertificate: true });

  const { clusterId, authority } = await controller.trust();
  const nobody = makeClient(services.admin, controller.endpoint, { clusterId, authority });
  const foreign = (await (await makeTestAuthority()).credentialsFor('admin', 'admin')).own;
  if (foreign === undefined) return t.fail();
  const stranger = makeClient(services.admin, controller.endpoint, { clusterId, authority, own: foreign });
  for (const client of [nobody, stranger]) {
    const refused = await t.throwsAsync(callUnary(client.getStatus.bind(client), {}, options));
    t.true(refused instanceof XnetError && refused.code === 'Unavailable', refused?.message);
    client.close();
  }
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    const client = controller.adminClient(await controller.credentialsFor(role));
    const status = await callUnary(client.getStatus.bind(client), {}, options);
    t.is(status.clusterId, clusterId);
  }

  // On the join port, clients without a certificate can only join.
  const atJoin = makeClient(services.admin, controller.joinEndpoint, { clusterId, authority });
  const absent = await t.throwsAsync(callUnary(atJoin.getStatus.bind(atJoin), {}, options));
  t.regex(absent?.message ?? '', /does not implement|needs a certificate/i);
  atJoin.close();

  await controller.kill('SIGTERM');
  await controller.launch();
  await controller.ready();
  t.false((await probePort({ host: '127.0.0.1', port })).withoutCertificate, 'after a restart, too');
});

test('an unusable listen address is reported at the start, ends nothing, and creates no authority', async (t) => {
  const controller = await ControllerProcess.prepare();
  t.teardown(() => controller.close());
  const xctl = new Xctl({ controller: `unix:${controller.socket}` });
  t.teardown(() => xctl.close());
  // TEST-NET-1 (RFC 5737): no machine has an address of it.
  await controller.launch(['--listen', `unix:${controller.socket},192.0.2.1:7400`]);
  await controller.ready();
  t.regex(controller.output, /can't listen on 192\.0\.2\.1:7400: this machine has no such address/);
  const status = await xctl.run('status');
  t.is(status.code, 8);
  t.regex(
    status.stdout,
    /! can't listen on 192\.0\.2\.1:7400: this machine has no such address\n {4}fix: give addresses/,
  );
  const refused = await xctl.run('init', '--pool', '10.76.0.0/16');
  t.is(refused.code, 4, refused.stderr);
  t.regex(refused.stderr, /can't listen on 192\.0\.2\.1:7400: this machine has no such address\n.*controller\.yaml/);
  const admin = controller.admin;
  await t.throwsAsync(callUnary(admin.getAuthority.bind(admin), {}, options), { message: /no authority yet/ });

  await controller.kill('SIGTERM');
  await controller.launch();
  await controller.ready();
  const made = await xctl.run('init', '--name', 'alice');
  t.is(made.code, 0, made.stderr);
  t.regex(made.stdout, new RegExp(`saved context default: admin/alice at 127.0.0.1:${controller.port};`));

  // With an authority, a port that another process has does not prevent the controller from running, and opens when it
  // is free.
  await controller.kill('SIGTERM');
  const other = createNetServer().listen(controller.port, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  await controller.launch();
  await controller.until('told', ({ problems }) => /another process listens there/.test(problems[0]?.text ?? ''));
  other.close();
  await controller.until('open', ({ problems }) => problems.length === 0);
  await controller.untilOpen();
});

test('a plaintext port and one with TLS 1.2 are reported', async (t) => {
  const { server: identity } = await makeTestAuthority();
  const listen = (server: ReturnType<typeof createServer> | ReturnType<typeof createSecureServer>) =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
      t.teardown(() => server.close());
    });
  const plain = await listen(createServer((_request, response) => response.end('x')));
  const { plaintext, tls } = await probePort({ host: '127.0.0.1', port: plain });
  t.deepEqual({ plaintext, tls }, { plaintext: true, tls: false });
  const old = await listen(createSecureServer({ cert: identity.chain.join('\n'), key: identity.key }));
  const answered = await probePort({ host: '127.0.0.1', port: old });
  t.true(
    answered.oldTls && answered.tls && answered.withoutCertificate && !answered.plaintext,
    JSON.stringify(answered),
  );
});

test('only a controller’s user can read its secrets, and it refuses a cluster key that others can read', async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  t.teardown(() => controller.close());
  await controller.createPool();
  const seen: string[] = [];
  for (const entry of readdirSync(controller.dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // Sockets have a mode of their own: see rpc.test.ts.
    if (!entry.isFile() && !entry.isDirectory()) continue;
    // No other user can enter etcd's folders, whatever etcd makes in them.
    if (relative(controller.dir, path).startsWith('etcd') && entry.parentPath !== controller.dir) continue;
    // A temporary file may have been renamed since it was listed.
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    t.is(stat.mode & 0o077, 0, path);
    seen.push(relative(controller.dir, path));
  }
  for (const secret of ['cluster.key', 'audit', 'etcd']) t.true(seen.includes(secret), seen.join(' '));
  t.true(seen.some((path) => /^audit\/.*jsonl$/.test(path)));

  await controller.kill('SIGTERM');
  const key = join(controller.dir, 'cluster.key');
  chmodSync(key, 0o644);
  await controller.launch();
  await until('it says so', async () => /cluster\.key[^\n]*others/.test(controller.output));
  t.deepEqual([await answers(controller.port), await answers(controller.joinPort)], [false, false]);
  t.is(statSync(key).mode & 0o777, 0o644, 'nothing is made good in silence');
});
