// A TCP port of this machine on which a controller of some cluster completes TLS handshakes, and nothing else.
import { createServer, type Server } from 'node:tls';
import type { TcpEndpoint } from '../../node/join/call.js';
import { makeAuthority } from '../../proto/pki/authority.js';
import { issue, keyOfRequest, makeRequest } from '../../proto/pki/certificate.js';

/** HandshakePort is such a port, closed at first. It keeps its number. */
export class HandshakePort {
  #server: Server | undefined;
  #port = 0;

  /** endpoint is where it is, once it has been open. */
  get endpoint(): TcpEndpoint {
    return { kind: 'tcp', host: '127.0.0.1', port: this.#port };
  }

  /** open serves with a new certificate, valid for an hour before and after a time in ms since 1970. */
  async open(aroundMs: number): Promise<void> {
    await this.close();
    const clusterId = 'test-cluster';
    const authority = await makeAuthority(clusterId, aroundMs);
    const { key, csr } = await makeRequest();
    const { certificate } = await issue(authority, {
      identity: { role: 'controller', id: 'c-1', clusterId },
      publicKey: await keyOfRequest(csr),
      notBeforeMs: aroundMs - 3_600_000,
      notAfterMs: aroundMs + 3_600_000,
    });
    const server = createServer({ cert: certificate, key, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] }, (socket) =>
      socket.on('error', () => undefined),
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address === 'object') this.#port = address?.port ?? 0;
    this.#server = server;
  }

  /** close closes the port, if it is open. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }
}
