// Where the connections of a TCP port come from, if the server does not listen by itself.
import type { Socket } from 'node:net';
import type { Endpoint } from './endpoint.js';

type Tcp = Extract<Endpoint, { kind: 'tcp' }>;

/** PortSource gives servers the connections of ports that other processes serve as well. */
export type PortSource = {
  /**
   * check checks whether an address can be listened on.
   * @throws XnetError FailedPrecondition
   */
  check(endpoint: Tcp): Promise<void>;
  /**
   * open has `take` called with connections of an address, until the returned function is called.
   * @param most maximum number of open connections, of all processes together
   * @throws XnetError FailedPrecondition when the address can't be listened on
   */
  open(endpoint: Tcp, most: number, take: (socket: Socket) => void): Promise<() => void>;
};
