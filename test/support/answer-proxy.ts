// A TCP proxy between a gRPC client and its server that keeps the server's answers to itself: requests arrive and are
// done, and nobody hears of it.
import { connect, createServer, type Server, type Socket } from 'node:net';

// HTTP/2 frames (RFC 9113, section 4.1 and 6): a length of 3 bytes, the type in the next one; 9 bytes before the payload.
const headerBytes = 9;
const dataType = 0;
const headersType = 1;

/** AnswerProxy swallows the first answer, and ends its connection then. */
export class AnswerProxy {
  readonly port: number;
  /** Resolves when an answer was swallowed: its request was done. */
  readonly swallowed: Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number, swallowed: Promise<void>) {
    this.#server = server;
    this.port = port;
    this.swallowed = swallowed;
  }

  /** start begins to forward to a loopback port. */
  static start(target: number): Promise<AnswerProxy> {
    return new Promise((resolve, reject) => {
      let onSwallowed = () => {};
      const swallowed = new Promise<void>((done) => {
        onSwallowed = done;
      });
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        const proxy = new AnswerProxy(server, port, swallowed);
        server.on('connection', (client) => proxy.#forward(client, target, onSwallowed));
        resolve(proxy);
      });
    });
  }

  #forward(client: Socket, target: number, onSwallowed: () => void): void {
    const server = connect({ host: '127.0.0.1', port: target });
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
  }
}
