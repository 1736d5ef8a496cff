// The time of bare TLS handshakes with certificates on both sides: the least that nodes which reconnect cost.
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { controllerHost } from '../../proto/pki/identity.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { monotonicMs } from './thin-node.js';

const minVersion = 'TLSv1.3' as const;
const atOnce = 32;

/** tlsHandshakeMs returns the time of one handshake, both sides in this process, in milliseconds: the mean of `count`. */
export async function tlsHandshakeMs(count: number): Promise<number> {
  const { server: identity, credentialsFor } = await makeTestAuthority();
  const { clusterId, authority, own } = await credentialsFor('node', 'n-1');
  const ca = [...authority];
  const server = createServer({
    ...{ cert: identity.chain.join('\n'), key: identity.key, ca, minVersion },
    ...{ requestCert: true, rejectUnauthorized: true },
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const host = '127.0.0.1';
  const client = { host, port: address.port, ca, minVersion, servername: controllerHost(clusterId) };
  const keys = own === undefined ? {} : { cert: own.certificate, key: own.key };
  const sockets: TLSSocket[] = [];
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const socket = connect({ ...client, ...keys });
      sockets.push(socket);
      await once(socket, 'secureConnect');
    }
  };
  try {
    const began = monotonicMs();
    await Promise.all(Array.from({ length: atOnce }, worker));
    return (monotonicMs() - began) / count;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
