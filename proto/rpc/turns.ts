// Limits how many sockets of a port do their handshakes at a time; the others wait for their turn.
// Invariant: every socket gets its turn, whatever others do. Addresses take turns, so a client that opens many sockets delays
// each other client by one socket. A socket loses its turn if it sends nothing more, if its address has more than its share
// of the turns while others wait, and after a limited time. A socket that continues keeps its turn, however slow this process
// is: with more sockets at a time, all would share the processor until their time is over, and their work would be lost.
// Sockets that wait use little memory, because they are not read before their turn.
import type { Socket } from 'node:net';
import { connectionLimits } from './limits.js';

/** TurnLimits bound the handshakes that are under way. */
export type TurnLimits = {
  /** Number of sockets at the same time. */
  readonly most: number;
  /** A socket that has sent nothing for this time loses its turn. Milliseconds. */
  readonly idleMs: number;
  /** A socket loses its turn after this time, whatever it has sent. Milliseconds. */
  readonly longestMs: number;
  /** A socket that has sent more than this before its turn is destroyed. Bytes. */
  readonly mostBytes: number;
};

// 64 sockets keep the processor busy during the round trips of each. A handshake takes some milliseconds of it. Its first
// message has some 500 bytes, or some kilobytes if the client resumes a session.
const defaultLimits: TurnLimits = {
  most: 64,
  idleMs: 1_000,
  longestMs: connectionLimits.silenceMs,
  mostBytes: 8 * 1024,
};

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
    this.#watch(socket, performance.now() + this.#limits.longestMs);
    begin();
  }

  // Ends the turn of a socket that sends nothing more.
  #watch(socket: Socket, untilMs: number): void {
    const had = socket.bytesRead;
    const timer = setTimeout(() => {
      // Runs after the data that arrived while this process was busy has been read.
      setImmediate(() => {
        if (this.#begun.get(socket) !== timer) return;
        if (socket.bytesRead === had || performance.now() >= untilMs || this.#hasMany(socket)) this.done(socket);
        else this.#watch(socket, untilMs);
      });
    }, this.#limits.idleMs).unref();
    this.#begun.set(socket, timer);
  }

  // Reports whether the socket's address has more than its share of the turns while other addresses wait.
  #hasMany({ remoteAddress = '' }: Socket): boolean {
    if (this.#waiting.size <= (this.#waiting.has(remoteAddress) ? 1 : 0)) return false;
    const begun = [...this.#begun.keys()].map((each) => each.remoteAddress ?? '');
    const part = Math.floor(this.#limits.most / new Set([...begun, ...this.#waiting.keys()]).size);
    return begun.filter((each) => each === remoteAddress).length > Math.max(1, part);
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
