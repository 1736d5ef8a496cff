// Lets a few sockets of a port begin their handshakes at a time, and the others in turn.
// Invariant: addresses take turns, so a client that opens many sockets delays the others by one at a time. A client
// that does not continue holds its place for a limited time. So whatever others do, each socket's turn comes. What
// sockets that wait have sent takes little memory: nobody reads it before their turn.
import type { Socket } from 'node:net';

/** TurnLimits bound the handshakes that are under way. */
export type TurnLimits = {
  /** Number of sockets at the same time. */
  readonly most: number;
  /** After this time a socket does not count any more, whether or not it has got further. Milliseconds. */
  readonly longestMs: number;
  /** A socket that has sent more before its turn is destroyed. */
  readonly mostBytes: number;
};

// Enough that none waits for the round trips of another. A handshake takes some milliseconds. Its first message has some 500
// bytes, and some kilobytes if the client resumes a session.
const defaultLimits: TurnLimits = { most: 64, longestMs: 1_000, mostBytes: 8 * 1024 };

type Waiting = { readonly begin: () => void; readonly bound: () => void };

/** Turns is the order of the sockets of one port. */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #begun = new Map<Socket, NodeJS.Timeout>();
  /** The callback of each waiting socket, by address: the next address first. */
  readonly #waiting = new Map<string, Map<Socket, Waiting>>();

  constructor(limits: TurnLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** take calls `begin` when it is the turn of a new socket: at once, later, or not at all if the socket closes before. */
  take(socket: Socket, begin: () => void): void {
    const { remoteAddress = '' } = socket;
    socket.once('close', () => {
      this.#leave(socket, remoteAddress);
      this.done(socket);
    });
    if (this.#begun.size < this.#limits.most) {
      this.#start(socket, begin);
      return;
    }
    const bound = () => {
      if (socket.readableLength > this.#limits.mostBytes) socket.destroy();
    };
    socket.on('readable', bound);
    const ofAddress = this.#waiting.get(remoteAddress) ?? new Map<Socket, Waiting>();
    this.#waiting.set(remoteAddress, ofAddress.set(socket, { begin, bound }));
  }

  /** done ends the turn of a socket. */
  done(socket: Socket): void {
    const timer = this.#begun.get(socket);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#begun.delete(socket);
    this.#next();
  }

  #start(socket: Socket, begin: () => void): void {
    this.#begun.set(socket, setTimeout(() => this.done(socket), this.#limits.longestMs).unref());
    begin();
  }

  #leave(socket: Socket, address: string): void {
    const ofAddress = this.#waiting.get(address);
    ofAddress?.delete(socket);
    if (ofAddress?.size === 0) this.#waiting.delete(address);
  }

  #next(): void {
    while (this.#begun.size < this.#limits.most) {
      const [address, ofAddress] = this.#waiting.entries().next().value ?? ['', undefined];
      const [socket, waiting] = ofAddress?.entries().next().value ?? [];
      if (ofAddress === undefined || socket === undefined || waiting === undefined) return;
      ofAddress.delete(socket);
      // To the end: the other addresses come first.
      this.#waiting.delete(address);
      if (ofAddress.size > 0) this.#waiting.set(address, ofAddress);
      socket.off('readable', waiting.bound);
      if (!socket.destroyed) this.#start(socket, waiting.begin);
    }
  }
}
