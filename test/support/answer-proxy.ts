// A proxy on unix sockets between a gRPC client and its server that drops the server's answers: the server executes the
// requests, but the client does not learn of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// HTTP/2 frames (RFC 9113, sections 4.1 and 6): a length of 3 bytes, then the type; the payload begins after 9 bytes.
const headerBytes = 9;
const dataType = 0;
const headersType = 1;

/** AnswerProxy drops the first answer, then ends the connection. */
export class AnswerProxy {
  readonly #folder: string;
  /** Resolves when an answer was dropped, so its request was executed. */
  readonly swallowed: Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, folder: string, swallowed: Promise<void>) {
    this.#server = server;
    this.#folder = folder;
    this.swallowed = swallowed;
  }

  /** socket returns the path that the proxy listens on. */
  get socket(): string {
    return join(this.#folder, 'p.sock');
  }

  /** start starts a proxy that forwards to a unix socket. */
  static start(target: string): Promise<AnswerProxy> {
    return new Promise((resolve, reject) => {
      let onSwallowed = () => {};
      const swallowed = new Promise<void>((done) => {
        onSwallowed = done;
      });
      const server = createServer();
      server.once('error', reject);
      const proxy = new AnswerProxy(server, mkdtempSync(join(tmpdir(), 'xnet-proxy-')), swallowed);
      server.listen(proxy.socket, () => {
        server.on('connection', (client) => proxy.#forward(client, target, onSwallowed));
        resolve(proxy);
      });
    });
  }

  #forward(client: Socket, target: string, onSwallowed: () => void): void {
    const server = connect(target);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    let rest = Buffer.alloc(0);
    server.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= headerBytes) {
        const end = headerBytes + rest.readUIntBE(0, 3);
        if (rest.length < end) return;
        const type = rest.readUInt8(3);
        if (type === headersType || type === dataType) {
          onSwallowed();
          client.destroy();
          return;
        }
        client.write(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
