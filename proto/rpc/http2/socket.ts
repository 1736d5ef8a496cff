// Makes the socket of a connection: to a unix socket or a TCP port, with TLS where there are certificates.
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Endpoint } from '../endpoint.js';

/** SocketTls is the TLS of a connection. */
export type SocketTls = {
  readonly context: SecureContext;
  /** The name that the server's certificate must have. */
  readonly serverName: string;
};

/** NameNotFound is the error of a host name without an address. */
export class NameNotFound extends Error {}

// The next address is tried beside one that does not answer (RFC 8305, Connection Attempt Delay).
const besideMs = 250;

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const { lookup } = await import('node:dns/promises');
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

// Settles when the socket is connected, has failed, or `signal` aborts.
function whenConnected<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal) {
  return new Promise<S>((resolve, reject) => {
    const settle = (then: () => void) => {
      socket.off(event, connected).off('error', failed).off('close', closed);
      signal.removeEventListener('abort', aborted);
      // An error that comes later must not end the process.
      socket.on('error', () => undefined);
      then();
    };
    const connected = () => settle(() => resolve(socket));
    const fail = (error: Error) => {
      settle(() => reject(error));
      socket.destroy();
    };
    const failed = (error: Error) => fail(error);
    const closed = () => fail(new Error('Socket closed'));
    const aborted = () => fail(signal.reason);
    socket.once(event, connected).once('error', failed).once('close', closed);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

// Tries the addresses in order; the first that is connected is the one.
async function connectFirst(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  const [host, ...others] = addresses;
  if (host === undefined) throw new Error('no address');
  const socket = netConnect({ host, port, noDelay: true });
  if (others.length === 0) return whenConnected(socket, 'connect', signal);
  const lost = new AbortController();
  const attempt = whenConnected(socket, 'connect', AbortSignal.any([signal, lost.signal]));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, besideMs);
  });
  try {
    const connected = await Promise.race([attempt, late]).catch(() => undefined);
    if (connected !== undefined) return connected;
  } finally {
    clearTimeout(timer);
  }
  const next = connectFirst(others, port, AbortSignal.any([signal, lost.signal]));
  const winner = await Promise.any([attempt, next]).catch(({ errors: [first] }: AggregateError) => {
    throw first;
  });
  // Ends the other attempts. The one that has settled is not affected.
  lost.abort(new Error('another address was faster'));
  for (const other of [attempt, next]) {
    void other.then(
      (socket) => socket === winner || socket.destroy(),
      () => undefined,
    );
  }
  return winner;
}

/**
 * connectSocket connects to an endpoint.
 * @throws NameNotFound, and the errors of the socket and of TLS; `signal`'s reason when it aborts
 */
export async function connectSocket(
  endpoint: Endpoint,
  tls: SocketTls | undefined,
  signal: AbortSignal,
): Promise<Socket | TLSSocket> {
  if (endpoint.kind === 'unix') return whenConnected(netConnect({ path: endpoint.path }), 'connect', signal);
  const { host, port } = endpoint;
  const addresses = await addressesOf(host);
  if (addresses.length === 0) throw new NameNotFound(`Name resolution failed for target dns:${host}:${port}`);
  const socket = await connectFirst(addresses, port, signal);
  if (tls === undefined) return socket;
  const { context: secureContext, serverName: servername } = tls;
  const secured = tlsConnect({ socket, secureContext, servername, ALPNProtocols: ['h2'] });
  return whenConnected(secured, 'secureConnect', signal);
}
