// A port on the loopback of a network namespace that leads to a port on this one's: a host in a namespace reaches a
// controller that is not in it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '../../deploy/lab/namespace.js';
import { Running } from './xctl.js';

// Unix sockets with a path lead from one network namespace into another.
const inside = `
const net = require('node:net');
const server = net.createServer((near) => {
  const far = net.connect(process.argv[1]);
  for (const socket of [near, far]) socket.on('error', () => undefined);
  near.pipe(far).pipe(near);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port + '.'));
`;

/** NamespaceRelay is such a port. */
export class NamespaceRelay {
  readonly #dir = mkdtempSync(join(tmpdir(), 'xnet-relay-'));
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #running: Running | undefined;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.once('close', () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
  }

  /** start makes one from `namespace`, whose loopback has to be up, to a port of 127.0.0.1. */
  static async start(namespace: Namespace, port: number): Promise<NamespaceRelay> {
    const relay = new NamespaceRelay(port);
    const path = join(relay.#dir, 'relay.sock');
    await new Promise<void>((resolve) => relay.#server.listen(path, resolve));
    const [program, ...enter] = namespace.enter;
    const argv = [...enter, 'setpriv', '--pdeathsig', 'KILL', process.execPath, '-e', inside, path];
    relay.#running = new Running(spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] }));
    await relay.#running.until('it listens', ({ stdout }) => stdout.includes('.'));
    return relay;
  }

  /** address is its address in the namespace: "127.0.0.1:40123". */
  get address(): string {
    return `127.0.0.1:${Number.parseInt(this.#running?.stdout ?? '', 10)}`;
  }

  async close(): Promise<void> {
    this.#running?.child.kill('SIGKILL');
    await this.#running?.ended;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
