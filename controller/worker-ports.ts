// The TCP ports of a controller with several workers. The supervisor listens, and passes each connection to a worker.
// Invariant: all connections of one address go to one worker as long as any of them is open. Counts by address (new
// connections, failed joins, a host's stream and its calls) therefore hold for the whole controller. A port is open while a
// worker serves it.
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf, XnetError } from '../proto/errors.js';
import type { Logger } from '../proto/process/log.js';
import { connectionLimits } from '../proto/rpc/limits.js';
import { requireBindable } from './bindable.js';
import { portName, type TcpPort } from './worker-messages.js';

/** Receiver is a worker that takes connections. */
export type Receiver = {
  /** take passes a connection on; from then on it is the receiver's. */
  take(port: string, address: string, socket: Socket): void;
};

type Port = {
  readonly server: Server;
  readonly receivers: Set<Receiver>;
  most: number;
  open: number;
};

/** Home is the worker of an address, and how many of the address's connections are open. */
type Home = { readonly receiver: Receiver; open: number };

/** WorkerPorts listens for the workers. */
export class WorkerPorts {
  readonly #log: Logger;
  readonly #ports = new Map<string, Port>();
  readonly #homes = new Map<string, Home>();
  /** Number of addresses by worker. */
  readonly #addresses = new Map<Receiver, number>();
  /** Open connections of each worker, by port and address: what ends with it. */
  readonly #held = new Map<Receiver, Map<string, number>>();
  #opening: Promise<unknown> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * check checks whether an address can be listened on.
   * @throws XnetError FailedPrecondition
   */
  async check(port: TcpPort): Promise<void> {
    if (!this.#ports.has(portName(port))) await requireBindable({ kind: 'tcp', ...port });
  }

  /**
   * open listens on an address, unless another worker has it open, and passes connections to the receiver as well.
   * @param most maximum number of open connections, of all workers together
   * @throws XnetError FailedPrecondition when it can't be listened on
   */
  open(port: TcpPort, most: number, receiver: Receiver): Promise<void> {
    // One after the other: two workers open the same address at the same time.
    const opened = this.#opening.then(() => this.#open(port, most, receiver));
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  async #open(port: TcpPort, most: number, receiver: Receiver): Promise<void> {
    const name = portName(port);
    const present = this.#ports.get(name);
    if (present !== undefined) {
      present.most = most;
      present.receivers.add(receiver);
      return;
    }
    await requireBindable({ kind: 'tcp', ...port });
    const server = createServer({ pauseOnConnect: true });
    const opened: Port = { server, receivers: new Set([receiver]), most, open: 0 };
    server.on('connection', (socket) => this.#pass(name, opened, socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const message = `can't listen on ${name}: ${messageOf(error)}`;
        reject(new XnetError('FailedPrecondition', message, { cause: error }));
      });
      server.listen({ ...port, backlog: connectionLimits.backlog, exclusive: true }, resolve);
    });
    server.on('error', (error) => this.#log.warn({ port: name, reason: messageOf(error) }, 'a connection was lost'));
    this.#ports.set(name, opened);
  }

  #pass(name: string, port: Port, socket: Socket): void {
    const { remoteAddress: address } = socket;
    const receiver = address === undefined ? undefined : this.#receiverOf(address, port.receivers);
    if (address === undefined || receiver === undefined || port.open >= port.most) {
      socket.destroy();
      return;
    }
    this.#count(receiver, name, address, 1);
    receiver.take(name, address, socket);
  }

  // The worker that has other connections of this address, or the one with the fewest addresses.
  #receiverOf(address: string, receivers: ReadonlySet<Receiver>): Receiver | undefined {
    const home = this.#homes.get(address);
    // If the worker of the address does not serve this port yet, the connection is refused and the client retries: a second
    // worker would divide the address.
    if (home !== undefined) return receivers.has(home.receiver) ? home.receiver : undefined;
    let least: Receiver | undefined;
    for (const receiver of receivers) {
      if (least === undefined || this.#addressesOf(receiver) < this.#addressesOf(least)) least = receiver;
    }
    return least;
  }

  #addressesOf(receiver: Receiver): number {
    return this.#addresses.get(receiver) ?? 0;
  }

  #count(receiver: Receiver, name: string, address: string, change: 1 | -1): void {
    const held = this.#held.get(receiver) ?? new Map<string, number>();
    this.#held.set(receiver, held);
    const key = `${name} ${address}`;
    const count = (held.get(key) ?? 0) + change;
    if (count < 0) return;
    if (count === 0) held.delete(key);
    else held.set(key, count);
    const port = this.#ports.get(name);
    if (port !== undefined) port.open += change;
    const home = this.#homes.get(address) ?? { receiver, open: 0 };
    if (home.open === 0 && change > 0) {
      this.#homes.set(address, home);
      this.#addresses.set(receiver, this.#addressesOf(receiver) + 1);
    }
    home.open += change;
    if (home.open > 0) return;
    this.#homes.delete(address);
    this.#addresses.set(receiver, this.#addressesOf(receiver) - 1);
  }

  /** closed counts a connection as closed. */
  closed(name: string, address: string, receiver: Receiver): void {
    if ((this.#held.get(receiver)?.get(`${name} ${address}`) ?? 0) > 0) this.#count(receiver, name, address, -1);
  }

  /** close passes no more connections of an address to a worker. The last one closes the port. */
  close(name: string, receiver: Receiver): void {
    const port = this.#ports.get(name);
    if (port === undefined || !port.receivers.delete(receiver) || port.receivers.size > 0) return;
    port.server.close();
    this.#ports.delete(name);
  }

  /** forget passes no more connections to a worker that has ended; its connections have ended with it. */
  forget(receiver: Receiver): void {
    for (const [key, count] of this.#held.get(receiver) ?? []) {
      const [name = '', address = ''] = key.split(' ');
      for (let left = count; left > 0; left -= 1) this.#count(receiver, name, address, -1);
    }
    this.#held.delete(receiver);
    this.#addresses.delete(receiver);
    for (const name of [...this.#ports.keys()]) this.close(name, receiver);
  }
}
