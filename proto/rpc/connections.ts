// Limits the connections of one TCP port and ends those that misuse it.
// Invariant: what a client does without an admitted call costs little, and a connection that does too much of it is closed.
// If there is no room for a new connection, one of an address that has more of them is closed for it; an address keeps its
// only connection. Otherwise the new one is refused.
import { constants, type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { formatIdentity } from '../pki/identity.js';
import { Allowances } from './allowance.js';
import { keepProof } from './client-proof.js';
import { callerLimits, connectionLimits } from './limits.js';
import { peerNameOf, SilentSockets } from './silent-sockets.js';
import { Turns } from './turns.js';

/** CallerKind is the kind of a caller, which selects its limits. */
export type CallerKind = keyof typeof callerLimits;

type Connection = {
  readonly session: ServerHttp2Session;
  /** "192.168.83.7" */
  readonly address: string;
  readonly kind: CallerKind;
  /** Identity of the client, "node/n-4k2f9c", or its address. */
  readonly holder: string;
  /** The caller already has its maximum number of connections without this one. */
  readonly beyond: boolean;
};

const perKind = (of: 'begun' | 'resets'): Readonly<Record<CallerKind, Allowances>> => ({
  node: new Allowances(callerLimits.node[of]),
  person: new Allowances(callerLimits.person[of]),
  stranger: new Allowances(callerLimits.stranger[of]),
});

/** Connections tracks the connections of one port. */
export class Connections {
  // By address and port, as grpc-js names them.
  readonly #open = new Map<string, Connection>();
  readonly #ofHolder = new Map<string, number>();
  readonly #silent: SilentSockets;
  readonly #turns = new Turns();
  readonly #arrivals = new Allowances(connectionLimits.byAddress);
  readonly #begun = perKind('begun');
  readonly #resets = perKind('resets');

  /** @param mostSilent maximum number of connections without a call */
  constructor(mostSilent: number = connectionLimits.mostSilent) {
    this.#silent = new SilentSockets(mostSilent, connectionLimits.silenceMs);
  }

  /**
   * guard tracks the connections of a bound server.
   * @param most maximum number of connections
   */
  guard(server: grpc.Server, most: number): void {
    // grpc-js exposes neither its HTTP/2 servers nor their sessions; its exact version is pinned.
    const servers: unknown = Reflect.get(server, 'http2Servers');
    if (!(servers instanceof Map) || servers.size === 0) throw new XnetError('Internal', 'no HTTP/2 server to guard');
    for (const http2 of servers.keys() as Iterable<Http2SecureServer>) {
      http2.maxConnections = most;
      // The listeners that start TLS on a connection: they are called at its turn.
      const secure = http2.listeners('connection');
      http2.removeAllListeners('connection');
      http2.on('connection', (socket: Socket) => {
        this.#takeSocket(socket, () => {
          for (const listener of secure) listener.call(http2, socket);
        });
      });
      http2.on('session', (session) => this.#takeSession(session));
    }
  }

  #takeSocket(socket: Socket, secure: () => void): void {
    const { remoteAddress = '' } = socket;
    if (!this.#arrivals.of(remoteAddress, performance.now()).take(performance.now())) {
      socket.destroy();
      return;
    }
    if (!this.#silent.take(socket)) return;
    // Until TLS has it, nothing else listens for its errors.
    const ignore = () => undefined;
    socket.on('error', ignore);
    this.#turns.take(socket, () => {
      socket.off('error', ignore);
      this.#silent.begin(socket);
      secure();
    });
  }

  #spoke(peer: string): void {
    const socket = this.#silent.of(peer);
    this.#silent.spoke(peer);
    if (socket !== undefined) this.#turns.done(socket);
  }

  #takeSession(session: ServerHttp2Session): void {
    const { socket } = session;
    const peer = peerNameOf(socket);
    const address = socket.remoteAddress ?? '';
    const { kind, holder } = this.#whose(socket, address);
    const begun = this.#begun[kind].of(holder, performance.now());
    if (begun.left(performance.now()) < 1) {
      endOf(session);
      // A session that has not begun leaves its socket open.
      this.#silent.cut(peer);
      return;
    }
    const others = this.#ofHolder.get(holder) ?? 0;
    const connection = { session, address, kind, holder, beyond: others >= callerLimits[kind].connections };
    this.#open.set(peer, connection);
    this.#ofHolder.set(holder, others + 1);
    session.on('stream', (stream: ServerHttp2Stream) => this.#takeStream(peer, connection, stream));
    session.once('close', () => {
      this.#open.delete(peer);
      const left = (this.#ofHolder.get(holder) ?? 1) - 1;
      if (left > 0) this.#ofHolder.set(holder, left);
      else this.#ofHolder.delete(holder);
    });
  }

  #whose(socket: unknown, address: string): Pick<Connection, 'kind' | 'holder'> {
    const identity = socket instanceof TLSSocket ? keepProof(socket)?.identity : undefined;
    if (identity === undefined) return { kind: 'stranger', holder: address };
    return { kind: identity.role === 'node' ? 'node' : 'person', holder: formatIdentity(identity) };
  }

  #takeStream(peer: string, { session, kind, holder, beyond }: Connection, stream: ServerHttp2Stream): void {
    const now = performance.now();
    if (!this.#begun[kind].of(holder, now).take(now)) {
      endOf(session);
      return;
    }
    stream.once('close', () => {
      const at = performance.now();
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR && !this.#resets[kind].of(holder, at).take(at)) endOf(session);
    });
    // Let pending calls get the error that there are too many connections.
    if (beyond) session.close();
    else this.#spoke(peer);
  }

  /** refusalOf returns why calls on a connection ("192.168.83.7:40123") are refused; undefined: they are not. */
  refusalOf(peer: string): XnetError | undefined {
    const connection = this.#open.get(peer);
    if (connection?.beyond !== true) return undefined;
    const { holder, kind } = connection;
    const { connections } = callerLimits[kind];
    return new XnetError('ResourceExhausted', `${holder} has ${connections} connections to this controller already`);
  }

  /** cutSilent ends the sockets that have not begun a call. */
  cutSilent(): void {
    this.#silent.cutAll();
  }

  /** alive reports whether the other end of a connection answers within `withinMs` milliseconds. */
  alive(peer: string, withinMs: number): Promise<boolean> {
    const session = this.#open.get(peer)?.session;
    if (session === undefined || session.destroyed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs);
      const answered = (error: Error | null) => {
        clearTimeout(timer);
        resolve(error === null);
      };
      try {
        if (!session.ping(answered)) answered(new Error('too many pings'));
      } catch {
        answered(new Error('closed'));
      }
    });
  }
}

// Destroy, not close: its buffers are worthless, and its reader may not read.
function endOf(session: ServerHttp2Session): void {
  if (!session.destroyed) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
