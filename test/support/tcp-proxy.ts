// A TCP proxy that can be cut, and that can lose what a server answers: a network between two parts that fails.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** TcpProxy forwards a loopback port to another. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #losing = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** start begins to forward to `target`. */
  static start(target: number): Promise<TcpProxy> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const proxy = new TcpProxy(server, typeof address === 'object' && address !== null ? address.port : 0);
        server.on('connection', (client) => proxy.#forward(client, target));
        resolve(proxy);
      });
    });
  }

  #forward(client: Socket, target: number): void {
    if (this.#cut) {
      client.destroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: target });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.on('data', (chunk) => {
      if (!this.#losing) client.write(chunk);
    });
  }

  /** cut ends every connection and refuses new ones. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** mend lets connections through again. */
  mend(): void {
    this.#cut = false;
    this.#losing = false;
  }

  /** loseAnswers lets requests through and nothing back, until mend(). Then the connections are ended. */
  loseAnswers(): void {
    this.#losing = true;
  }

  /** reset ends every connection, and lets new ones through. */
  reset(): void {
    this.mend();
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
