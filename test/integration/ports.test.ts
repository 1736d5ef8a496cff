// The TCP ports of a real controller: before there is an authority, and to those who speak anything but TLS 1.3, or
// have no certificate, or have one of somebody else's.
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import test from 'ava';
import { probePort } from '../../deploy/lab/port-probe.js';
import { XnetError } from '../../proto/errors.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { ControllerProcess } from '../support/controller-process.js';
import { answers } from '../support/etcd.js';
import { makeTestAuthority } from '../support/test-authority.js';

const options = { timeoutMs: 20_000 };

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

  // On the port for joining, those without a certificate can do nothing but join.
  const atJoin = makeClient(services.admin, controller.joinEndpoint, { clusterId, authority });
  const absent = await t.throwsAsync(callUnary(atJoin.getStatus.bind(atJoin), {}, options));
  t.regex(absent?.message ?? '', /does not implement|needs a certificate/i);
  atJoin.close();

  await controller.kill('SIGTERM');
  await controller.launch();
  await controller.ready();
  t.false((await probePort({ host: '127.0.0.1', port })).withoutCertificate, 'after a restart, too');
});

test('a port in the clear and one of TLS 1.2 are told', async (t) => {
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
