// One HTTP/2 connection of a client, from its socket to its end.
// Invariant: it is ready once the server's settings have arrived; a call that failed before that was not sent. Pings detect a
// silent peer. Once it is ending, no call begins on it; those that run may finish.
import { type ClientHttp2Session, connect } from 'node:http2';
import { isIP, type Socket } from 'node:net';
import type { Endpoint } from '../endpoint.js';
import { connectSocket, type SocketTls } from './socket.js';

/** ConnectionOptions are the endpoint of a connection and its limits. */
export type ConnectionOptions = {
  readonly endpoint: Endpoint;
  readonly tls: SocketTls | undefined;
  /** Milliseconds between an answered ping and the next one. */
  readonly pingEveryMs: number;
  /** Milliseconds that a ping may take. */
  readonly pingTimeoutMs: number;
};

const connectMs = 20_000;

// A server that refuses our certificate says so after TLS is done on our side, with an alert or by closing.
const closedMessage = 'Failed to connect';

function reasonOf(error: (Error & { readonly code?: string }) | null): Error {
  return error === null || error.code === 'ECONNRESET' || error.code === 'EPIPE' ? new Error(closedMessage) : error;
}

/** Http2Connection is one connection. The constructor begins to connect. */
export class Http2Connection {
  /** Resolves with the session when it is ready. Rejects with the reason why it could not be made. */
  readonly ready: Promise<ClientHttp2Session>;
  readonly #options: ConnectionOptions;
  readonly #stop = new AbortController();
  readonly #onDropped = new Set<() => void>();
  #session: ClientHttp2Session | undefined;
  // Referenced, and with it the process, while there are calls. The session loses it before its last streams have closed.
  #socket: Socket | undefined;
  #ping: NodeJS.Timeout | undefined;
  #isEnding = false;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.ready = this.#connect();
    this.ready.catch(() => this.#dropped());
  }

  /** isReady reports whether calls can be sent at once. */
  get isReady(): boolean {
    return this.#session !== undefined && !this.#isEnding;
  }

  /** isEnding reports whether no further call may begin on it. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** peer returns the other end's address, for messages. */
  get peer(): string {
    const { endpoint } = this.#options;
    if (endpoint.kind === 'unix') return endpoint.path;
    return isIP(endpoint.host) === 0 ? endpoint.host : `${endpoint.host}:${endpoint.port}`;
  }

  /** began keeps the process alive for a call, and has `onDropped` called if the connection ends before ended(). */
  began(onDropped: () => void): void {
    this.#onDropped.add(onDropped);
    if (this.#onDropped.size === 1) this.#socket?.ref();
  }

  /** ended records the end of a call that began. */
  ended(onDropped: () => void): void {
    if (this.#onDropped.delete(onDropped) && this.#onDropped.size === 0) this.#socket?.unref();
  }

  /** close ends the connection: at once while it is being made, otherwise when its calls have ended. */
  close(): void {
    this.#isEnding = true;
    if (this.#session === undefined) this.#stop.abort(new Error('Channel closed before call started'));
    else this.#session.close();
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { endpoint, tls } = this.#options;
    const address = endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
    const timer = setTimeout(() => this.#stop.abort(new Error(`connect ETIMEDOUT ${address}`)), connectMs);
    try {
      const { signal } = this.#stop;
      const socket = await connectSocket(endpoint, tls, signal);
      const session = await this.#begin(socket, signal);
      [this.#session, this.#socket] = [session, socket];
      if (this.#onDropped.size === 0) socket.unref();
      this.#keepAlive(session);
      return session;
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(socket: Socket, signal: AbortSignal): Promise<ClientHttp2Session> {
    // An alert can come with the end of the handshake. A session on such a socket would wait for ever.
    if (socket.destroyed) return Promise.reject(reasonOf(socket.errored));
    return new Promise((resolve, reject) => {
      const session = connect('http://localhost', {
        createConnection: () => socket,
        maxSendHeaderBlockLength: Number.MAX_SAFE_INTEGER,
        // Node.js would refuse streams beyond it, in ways that it does not recover from.
        maxSessionMemory: Number.MAX_SAFE_INTEGER,
        settings: { enablePush: false },
      });
      const fail = (error: Error | null) => {
        signal.removeEventListener('abort', aborted);
        reject(reasonOf(error));
        session.destroy();
      };
      const aborted = () => fail(signal.reason);
      signal.addEventListener('abort', aborted, { once: true });
      session.on('error', fail);
      // TLS reports an alert here alone, and closes nothing.
      socket.on('error', fail);
      const closed = () => {
        // The error comes first, if there is one.
        setImmediate(() => fail(socket.errored));
        this.#dropped();
      };
      session.once('close', closed);
      socket.once('close', closed);
      session.once('goaway', () => {
        this.#isEnding = true;
      });
      session.once('remoteSettings', () => {
        signal.removeEventListener('abort', aborted);
        resolve(session);
      });
    });
  }

  #keepAlive(session: ClientHttp2Session): void {
    const { pingEveryMs, pingTimeoutMs } = this.#options;
    this.#ping = setTimeout(() => {
      if (session.destroyed) return;
      this.#ping = setTimeout(() => this.#drop(session), pingTimeoutMs).unref();
      const sent = session.ping((error) => {
        clearTimeout(this.#ping);
        if (error === null) this.#keepAlive(session);
        else this.#drop(session);
      });
      if (!sent) this.#drop(session);
    }, pingEveryMs).unref();
  }

  // Ends a connection that is of no use. Its calls are told first: their streams would close as if the server had ended them.
  #drop(session: ClientHttp2Session): void {
    this.#dropped();
    setImmediate(() => {
      session.destroy();
      // A session that was closed before would wait until the peer has closed as well.
      this.#socket?.destroy();
    });
  }

  #dropped(): void {
    this.#isEnding = true;
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#ping);
    for (const tell of [...this.#onDropped]) tell();
    this.#onDropped.clear();
    this.#socket?.unref();
  }
}
