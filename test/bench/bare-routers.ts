// The minimum that N Node.js processes need: each runs alone in the network of a machine of the lab, with one TCP connection
// to the control machine, and only adds a route to its kernel on command.
// As a program, it runs the sender (`speak`) or one receiver (`listen ADDRESS`).
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LabHost } from '../../deploy/lab/host.js';
import type { Lab } from '../../deploy/lab/lab.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import type { Machine } from '../../deploy/lab/machine.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { Poller } from '../../node/kernel/poller.js';
import { routeTypes } from '../../node/kernel/route-kernel.js';
import { pause } from '../../proto/process/backoff.js';
import { route } from '../support/route-fixtures.js';
import { allCpuMsOf } from './process-usage.js';

const program = fileURLToPath(import.meta.url);
const port = 7500;
// The path on the control machine.
const control = '/run/bare.sock';

/** BareRouters holds such processes, all connected. Close them. */
export class BareRouters {
  readonly #processes: LabProcess[];
  readonly #speaker: Socket;

  private constructor(processes: LabProcess[], speaker: Socket) {
    this.#processes = processes;
    this.#speaker = speaker;
  }

  /** start starts one process on each of these hosts. */
  static async start(lab: Lab, hosts: readonly LabHost[]): Promise<BareRouters> {
    mkdirSync(join(lab.control.folder, 'run'), { recursive: true });
    const speak = await lab.control.spawn([process.execPath, program, 'speak'], {
      logFile: join(lab.control.logs, 'bare.log'),
    });
    const speaker = await dial(lab.control, speak);
    let connected = 0;
    speaker.on('data', (text) => {
      connected += text.length;
    });
    const processes = [speak];
    for (const host of hosts) {
      const argv = [process.execPath, program, 'listen', lab.control.address] as const;
      processes.push(await host.spawn(argv, { logFile: join(host.logs, 'bare.log') }));
    }
    while (connected < hosts.length) {
      const ended = processes.find((one) => !one.running);
      if (ended !== undefined) throw new Error(`a bare process ended: ${ended.output}`);
      await pause(50);
    }
    return new BareRouters(processes, speaker);
  }

  /** announce makes all of them add a route without a next hop: "10.98.1.0/24". */
  announce(destination: string): void {
    this.#speaker.write(`add ${destination}\n`);
  }

  /** withdraw makes them remove it. */
  withdraw(destination: string): void {
    this.#speaker.write(`remove ${destination}\n`);
  }

  /** cpuMs returns the processor time that the listening processes have used so far, all threads, in milliseconds. */
  cpuMs(): number {
    return this.#processes.slice(1).reduce((sum, { pid }) => sum + allCpuMsOf(pid), 0);
  }

  /** close ends them. */
  async close(): Promise<void> {
    this.#speaker.destroy();
    for (const one of this.#processes) one.kill('SIGKILL');
    await Promise.all(this.#processes.map((one) => one.exited));
  }
}

async function dial(machine: Machine, speak: LabProcess): Promise<Socket> {
  for (;;) {
    const socket = connect(join(machine.folder, control));
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', resolve);
    });
    if (error === undefined) return socket;
    if (!speak.running) throw new Error(`the bare speaker ended: ${speak.output}`);
    await pause(20);
  }
}

// Forwards what it receives to every listener, and sends its controlling client one byte for each listener that connects.
function speak(): void {
  // The socket of an earlier sender.
  rmSync(control, { force: true });
  const listeners: Socket[] = [];
  let teller: Socket | undefined;
  createServer((socket) => {
    socket.setNoDelay(true);
    listeners.push(socket);
    teller?.write('.');
  }).listen(port);
  createServer((socket) => {
    teller = socket;
    socket.on('data', (text) => {
      for (const listener of listeners) listener.write(text);
    });
  }).listen(control);
}

function listen(address: string): void {
  const kernel = openLinuxRouteKernel({ poller: new Poller() });
  connect({ host: address, port }).on('data', (text) => {
    const [word, destination = ''] = text.toString('utf8').trim().split(' ');
    const wanted = route(destination, { protocol: 200, type: routeTypes.blackhole });
    void kernel.apply([{ op: word === 'add' ? 'addRoute' : 'deleteRoute', route: wanted }]);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , role, address = ''] = process.argv;
  if (role === 'speak') speak();
  else listen(address);
}
