// Access to a TCP port: only with a valid certificate, and only over TLS 1.3.
import { createSecureServer } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import test from 'ava';
import { readClusterKey, unsealText } from '../../controller/authority/cluster-key.js';
import { EtcdStore } from '../../controller/store/etcd.js';
import { keys } from '../../controller/store/keys.js';
import { decode } from '../../controller/store/record-codec.js';
import { makeAuthority } from '../../proto/pki/authority.js';
import {
  issue,
  keyOfRequest,
  type Lifetime,
  lifetimeFrom,
  makeRequest,
  type Signer,
} from '../../proto/pki/certificate.js';
import { controllerHost, type Identity } from '../../proto/pki/identity.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { type Cluster, callerOf, start } from '../support/access-cluster.js';
import { everyCall } from '../support/every-call.js';
import { until } from '../support/until.js';

const hourMs = 3_600_000;

// The authority of a cluster with its private key, as an attacker with its store and its cluster key would have it.
async function signerOf({ etcd, controller }: Cluster): Promise<Signer> {
  const store = new EtcdStore({ endpoints: [etcd.endpoint], prefix: '/xnet/v1/' });
  const entry = await store.read(keys.authority);
  await store.close();
  const decoded = decode('authority', entry?.value ?? '');
  const clusterKey = await readClusterKey(`${controller.dir}/cluster.key`);
  if (!('record' in decoded) || clusterKey === undefined) throw new Error('no authority');
  const { certificate, sealedKey } = decoded.record;
  return { certificate, key: unsealText(clusterKey, sealedKey, certificate) };
}

async function certify(signer: Signer, identity: Identity, lifetime: Lifetime, authority: readonly string[]) {
  const { key, csr } = await makeRequest();
  const { certificate } = await issue(signer, { identity, publicKey: await keyOfRequest(csr), ...lifetime });
  return { clusterId: identity.clusterId, authority, own: { certificate, key } };
}

test('P16 certificates that prove nothing are refused', async (t) => {
  const cluster = await start(t);
  const { controller, victim } = cluster;
  const { clusterId, authority } = await controller.trust();
  const signer = await signerOf(cluster);
  const foreign = await makeAuthority(clusterId, Date.now());
  const at = Date.now();
  const valid = lifetimeFrom(at, hourMs);
  const node: Identity = { clusterId, role: 'node', id: victim.nodeId };
  const as = (by: Signer, identity: Identity, lifetime: Lifetime = valid) => certify(by, identity, lifetime, authority);
  const [report] = everyCall.filter(({ name }) => name === 'NodeService/Report');
  const [status] = everyCall.filter(({ name }) => name === 'AdminService/GetStatus');
  if (report === undefined || status === undefined) return t.fail();
  const ask = async (credentials: Credentials) => {
    const caller = callerOf(t, controller.endpoint, credentials);
    return { node: await caller.attempt(report, { generation: 1 }), person: await caller.attempt(status) };
  };

  // One that is as it should be, made in the same way: what is refused below is not refused for another reason.
  t.is((await ask(await as(signer, node))).node.outcome, 'OK');
  t.is((await ask(await as(signer, { clusterId, role: 'viewer', id: 'eve' }))).person.outcome, 'OK');

  const past = { notBeforeMs: at - 2 * hourMs, notAfterMs: at - 1_000 };
  const future = { notBeforeMs: at + hourMs, notAfterMs: at + 2 * hourMs };
  const never: readonly (readonly [string, Credentials])[] = [
    ['of another authority', await as(foreign, node)],
    ['expired', await as(signer, node, past)],
    ['not yet valid', await as(signer, node, future)],
    ['none', { clusterId, authority }],
  ];
  for (const [what, credentials] of never) {
    const { node: asked, person } = await ask(credentials);
    t.is(asked.outcome, 'UNAVAILABLE', `${what}: ${asked.message}`);
    t.is(person.outcome, 'UNAVAILABLE', what);
  }

  // The authority signed these, but they give no access.
  const elsewhere = { clusterId: 'another', role: 'admin', id: 'eve' } as const;
  const empty: readonly (readonly [string, Credentials])[] = [
    ['of another cluster', { ...(await as(signer, elsewhere)), clusterId }],
    ['of a controller', await as(signer, { clusterId, role: 'controller', id: 'ctl-1' })],
    ['of a node that there is not', await as(signer, { clusterId, role: 'node', id: 'n-none' })],
  ];
  for (const [what, credentials] of empty) {
    const { node: asked, person } = await ask(credentials);
    t.true(['PermissionDenied', 'Unauthenticated', 'NotFound'].includes(asked.outcome), `${what}: ${asked.outcome}`);
    t.true(['PermissionDenied', 'Unauthenticated'].includes(person.outcome), `${what}: ${person.outcome}`);
  }

  // A certificate that was valid when the connection was made is checked again with every call.
  // On a busy machine 3 s may not even be enough to connect: then with one that lasts longer.
  const connected = async (seconds: number): Promise<ReturnType<typeof callerOf>> => {
    const lifetime = { notBeforeMs: at - hourMs, notAfterMs: Date.now() + 1_000 * seconds };
    const caller = callerOf(t, controller.endpoint, await as(signer, node, lifetime));
    const { outcome } = await caller.attempt(report, { generation: 1 });
    if (outcome !== 'OK' && seconds < 40) return connected(4 * seconds);
    t.is(outcome, 'OK');
    return caller;
  };
  const caller = await connected(3);
  await until('it has expired', async () => {
    const { outcome } = await caller.attempt(report, { generation: 1 });
    return outcome === 'Unauthenticated';
  });

  // No other server is accepted as a controller: not a node, although the authority issued its certificate, and no
  // server with a controller's name from another authority, also one of the same name.
  const ctl = { clusterId, role: 'controller', id: 'ctl-1' } as const;
  for (const [what, expected, { own }] of [
    ['a node', 'UNAVAILABLE', await as(signer, node)],
    ['another authority', 'UNAVAILABLE', await as(foreign, ctl)],
    ['another cluster', 'UNAVAILABLE', await as(signer, { ...ctl, clusterId: 'another' })],
    // Made in the same way, and valid: the call is not implemented there.
    ['a controller', 'UNIMPLEMENTED', await as(signer, ctl)],
  ] as const) {
    const server = createSecureServer({ cert: own.certificate, key: own.key });
    const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' };
    server.on('stream', (stream) => stream.respond(answer, { endStream: true }));
    t.teardown(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const led = callerOf(t, { kind: 'tcp', host: '127.0.0.1', port }, victim.credentials);
    t.is((await led.attempt(report, { generation: 1 })).outcome, expected, what);
  }
});

test('no TCP port speaks anything but TLS 1.3', async (t) => {
  const { controller, victim } = await start(t);
  const { clusterId, authority, own } = victim.credentials;
  for (const port of [controller.port, controller.joinPort]) {
    const protocolOf = (maxVersion: 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1') =>
      new Promise<string>((resolve) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port,
          ca: [...authority],
          servername: controllerHost(clusterId),
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'DEFAULT:@SECLEVEL=0',
          ALPNProtocols: ['h2'],
          ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
        });
        socket.once('secureConnect', () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.once('error', (error) => resolve(error.message));
      });
    t.is(await protocolOf('TLSv1.3'), 'TLSv1.3');
    for (const old of ['TLSv1.2', 'TLSv1.1'] as const) t.regex(await protocolOf(old), /alert protocol version/, old);
    // The preface of HTTP/2 in the clear: what comes back is no HTTP/2 (a frame of settings: type 4 at its fourth byte).
    const heard = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connectTcp({ host: '127.0.0.1', port }, () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.once('error', () => resolve(Buffer.concat(chunks)));
      socket.once('close', () => resolve(Buffer.concat(chunks)));
    });
    t.true(heard.length === 0 || heard[0] === 21, 'an alert of TLS, or nothing');
  }
});
