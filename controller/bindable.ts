// Checks whether a port can be bound, without serving on it, so that a wrong address is reported when the controller
// starts, long before the ports open.
import { createServer } from 'node:net';
import { errnoOf, messageOf, XnetError } from '../proto/errors.js';
import { type Endpoint, formatEndpoint } from '../proto/rpc/endpoint.js';

const reasons: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this machine has no such address',
  EADDRINUSE: 'another process listens there',
  EACCES: 'not allowed for this user',
  ENOTFOUND: 'there is no host of that name',
};

/**
 * requireBindable binds a TCP endpoint and releases it.
 * @throws XnetError FailedPrecondition when it can't be bound
 */
export function requireBindable(endpoint: Extract<Endpoint, { kind: 'tcp' }>): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      const why = reasons[errnoOf(error) ?? ''] ?? messageOf(error);
      const message = `can't listen on ${formatEndpoint(endpoint)}: ${why}`;
      reject(
        new XnetError('FailedPrecondition', message, {
          cause: error,
          hint: 'give addresses of this machine in its settings (listen, join-listen: /etc/xnet/controller.yaml), and restart the controller',
        }),
      );
    });
    server.listen({ host: endpoint.host, port: endpoint.port, exclusive: true }, () => server.close(() => resolve()));
  });
}
