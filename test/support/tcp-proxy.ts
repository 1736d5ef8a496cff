// A TCP proxy that can be cut and can drop a server's answers, like a failing network between two parts.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** TcpProxy forwards a loopback port to another. */
export class TcpProxy {
  readonly port: number;
  #next: number | undefined;
  #connections = 0;
  #answered = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #losing = false;
  #losingBeyond = Number.POSITIVE_INFINITY;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /**
   * start starts a proxy that forwards to `target`.
   * @param from the address that it connects from: "127.0.1.1"; absent: the kernel's choice
   */
  static start(target: number, from?: string): Promise<TcpProxy> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const proxy = new TcpProxy(server, typeof address === 'object' && address !== null ? address.port : 0);
        server.on('connection', (client) => proxy.#forward(client, target, from));
        resolve(proxy);
      });
    });
  }

  #forward(client: Socket, target: number, from: string | undefined): void {
    if (this.#cut) {
      client.destroy();
      return;
    }
    this.#connections += 1;
    const port = this.#connections === 1 ? target : (this.#next ?? target);
    const server = connect({ host: '127.0.0.1', port, ...(from === undefined ? {} : { localAddress: from }) });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    let greeted = false;
    let said = 0;
    client.on('data', (chunk: Buffer) => {
      if (greeted) said += chunk.length;
      greeted = true;
    });
    client.pipe(server);
    server.once('data', () => {
      this.#answered += 1;
    });
    server.on('data', (chunk) => {
      if (!this.#losing && said <= this.#losingBeyond) client.write(chunk);
    });
  }

  /** answered counts the connections on which the server has sent anything: with TLS, the handshakes that it has begun. */
  get answered(): number {
    return this.#answered;
  }

  /** cut ends every connection and refuses new ones. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** mend accepts connections again. */
  mend(): void {
    this.#cut = false;
    this.#losing = false;
    this.#losingBeyond = Number.POSITIVE_INFINITY;
  }

  /** loseAnswers forwards requests but no answers, until mend() or reset(). */
  loseAnswers(): void {
    this.#losing = true;
  }

  /** divertLater forwards every connection after the first to another loopback port. */
  divertLater(port: number): void {
    this.#next = port;
  }

  /**
   * loseAnswersBeyond drops the answers to a client that has sent more than `bytes` bytes after its first message, until
   * mend(). The first message of TLS has 600 or 1,800 bytes, depending on what the client's OpenSSL offers.
   */
  loseAnswersBeyond(bytes: number): void {
    this.#losingBeyond = bytes;
  }

  /** reset ends every connection, and accepts new ones. */
  reset(): void {
    this.mend();
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
