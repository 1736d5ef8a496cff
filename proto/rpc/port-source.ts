// Opens TCP ports for servers: by listening, or from a process that listens for several.
// Invariant: the backlog of a port is the largest that the kernel allows, so that a whole fleet can connect at once. With a
// full backlog the kernel drops the packet that opens a connection, and the client's kernel repeats it after 1, 3, 7, … 127
// seconds.
import { lookup } from 'node:dns/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { messageOf, XnetError } from '../errors.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { connectionLimits } from './limits.js';

type Tcp = Extract<Endpoint, { kind: 'tcp' }>;

/** ServedPort is a port that takes connections. */
export type ServedPort = {
  /** The address with the actual port. */
  readonly endpoint: Tcp;
  /** close takes no more connections; those that are open stay. */
  close(): void;
};

/** PortSource gives servers the connections of ports. */
export type PortSource = {
  /**
   * check checks whether an address can be listened on.
   * @throws XnetError FailedPrecondition
   */
  check(endpoint: Tcp): Promise<void>;
  /**
   * open has `take` called with connections of an address until the port is closed.
   * @param most maximum number of open connections, of all processes together
   * @throws XnetError FailedPrecondition when the address can't be listened on
   */
  open(endpoint: Tcp, most: number, take: (socket: Socket) => void): Promise<ServedPort>;
};

// The addresses of a host name; an address is its own.
async function addressesOf({ host }: Tcp): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

function listen(host: string, port: number, most: number, take: (socket: Socket) => void): Promise<Server> {
  const server = createServer(take);
  server.maxConnections = most;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: connectionLimits.backlog, exclusive: true }, () => {
      // A connection that could not be taken, for lack of descriptors for example: its client tries again.
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

/**
 * openPort is PortSource.open of a process that listens by itself: on all addresses of a host name that this machine has.
 */
export async function openPort(endpoint: Tcp, most: number, take: (socket: Socket) => void): Promise<ServedPort> {
  const servers: Server[] = [];
  let { port } = endpoint;
  let failure: unknown = new Error('the name has no address');
  try {
    for (const address of await addressesOf(endpoint)) {
      try {
        const server = await listen(address, port, most, take);
        servers.push(server);
        port = (server.address() as AddressInfo).port;
      } catch (error) {
        failure = error;
      }
    }
  } catch (error) {
    failure = error;
  }
  if (servers.length === 0) {
    const message = `can't listen on ${formatEndpoint(endpoint)}: ${messageOf(failure)}`;
    throw new XnetError('FailedPrecondition', message, { cause: failure });
  }
  return {
    endpoint: { ...endpoint, port },
    close: () => {
      for (const server of servers) server.close();
    },
  };
}
