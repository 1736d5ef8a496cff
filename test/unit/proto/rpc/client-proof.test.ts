// What a client's certificate proves: read once for each connection, and never that of another one.
import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import { connect, createServer, TLSSocket } from 'node:tls';
import test from 'ava';
import { readCertificate } from '../../../../proto/pki/chain.js';
import type { Role } from '../../../../proto/pki/identity.js';
import { keepProof, proofOf } from '../../../../proto/rpc/client-proof.js';
import { makeTestAuthority } from '../../../support/test-authority.js';

test('a connection proves the identity of its own certificate, which is read once', async (t) => {
  const { server: identity, credentialsFor } = await makeTestAuthority();
  const ca = identity.authority.join('\n');
  const server = createServer({ cert: identity.chain.join('\n'), key: identity.key, ca, requestCert: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = async (role: Role, id: string): Promise<[TLSSocket, string]> => {
    const { own } = await credentialsFor(role, id);
    const arrived = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = connect({
      ...{ port, ca, servername: 'controller.test-cluster.xnet' },
      ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
    });
    t.teardown(() => client.destroy());
    const [socket] = await arrived;
    return [socket, own?.certificate ?? ''];
  };
  try {
    for (const [role, id] of [
      ['node', 'n-1'],
      ['node', 'n-2'],
      ['admin', 'alice'],
    ] as const) {
      const [socket, certificate] = await connected(role, id);
      const { serial, notAfterMs } = readCertificate(certificate);
      const proof = { identity: { clusterId: 'test-cluster', role, id }, serial, notAfterMs };
      const before = socket.getPeerCertificate();
      t.deepEqual(proofOf(before), proof, 'as it was read before');
      t.deepEqual(keepProof(socket), proof);
      t.deepEqual(proofOf(socket.getPeerCertificate()), proof);
      t.is(socket.getPeerCertificate(), socket.getPeerCertificate(), 'no other object for each call');
      t.deepEqual(socket.getPeerCertificate().raw, before.raw, 'grpc-js takes one without it for none');
    }
  } finally {
    server.close();
  }
});

test('a connection without a certificate proves nothing', async (t) => {
  const { server: identity } = await makeTestAuthority();
  const ca = identity.authority.join('\n');
  const server = createServer({ cert: identity.chain.join('\n'), key: identity.key, ca });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const arrived = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connect({ port, ca, servername: 'controller.test-cluster.xnet' });
  const [socket] = await arrived;
  t.is(keepProof(socket), undefined);
  t.is(proofOf(socket.getPeerCertificate()), undefined);
  client.destroy();
  server.close();
});

test('a connection that is closed before its certificate was read proves nothing', async (t) => {
  const socket = new TLSSocket(new Socket());
  socket.destroy();
  await once(socket, 'close');
  t.is(keepProof(socket), undefined);
  t.is(proofOf(socket.getPeerCertificate()), undefined, 'calls that it sent before have no certificate');
});
