// A host with a bridge and a container, a peer and a stranger on its LAN, each a network namespace with a real kernel's
// firewall. Docker's rules on the host are imitated.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Namespace } from '../../deploy/lab/namespace.js';
import type { ProcFiles } from '../../node/firewall/proc.js';
import { type Exec, execThrough } from '../../proto/process/exec.js';
import { patientMs } from './until.js';

/** procThrough returns access to files of /proc as seen by programs that `exec` runs. */
export function procThrough(exec: Exec): ProcFiles {
  return {
    async read(path) {
      const { code, stdout } = await exec(['cat', `/proc/${path}`]);
      return code === 0 ? stdout.trimEnd() : undefined;
    },
    async write(path, text) {
      const { code, stderr } = await exec(['tee', `/proc/${path}`], { input: `${text}\n` });
      if (code !== 0) throw Object.assign(new Error(stderr), { code: 'EIO' });
    },
  };
}

// Answers each connection with the client's address.
const serverCode = `
const net = require('node:net');
const ports = process.argv.slice(1).map(Number);
let left = ports.length;
for (const port of ports) {
  net.createServer((socket) => socket.on('error', () => {}).end(socket.remoteAddress)).listen(port, '0.0.0.0', () => {
    if (--left === 0) process.stdout.write('ready');
  });
}`;

const clientCode = `
const net = require('node:net');
const [host, port, timeoutMs, localAddress] = process.argv.slice(1);
const socket = net.connect({ host, port: Number(port), ...(localAddress === undefined ? {} : { localAddress }) });
socket.setTimeout(Number(timeoutMs), () => socket.destroy(new Error('timeout')));
socket.on('error', (error) => process.stdout.write(error.code ?? error.message));
socket.on('data', (data) => process.stdout.write(data));`;

/** FirewallHost is this network. */
export class FirewallHost {
  readonly host: Namespace;
  /** 10.76.1.2, which answers on ports 80 and 81. */
  readonly container: Namespace;
  /** 192.168.83.12, with the leased subnet 10.76.2.0/24. Answers on port 9000 at 10.76.2.2. */
  readonly peer: Namespace;
  /** 192.168.83.66, with 10.76.66.0/24, which is not leased. Answers on port 9000 at 10.99.0.1, outside the pool. */
  readonly stranger: Namespace;
  readonly lan: Namespace;
  readonly exec: Exec;
  readonly proc: ProcFiles;
  readonly #servers: ChildProcess[] = [];

  private constructor() {
    this.lan = Namespace.create('lan');
    this.host = Namespace.create('host');
    this.container = Namespace.create('container');
    this.peer = Namespace.create('peer');
    this.stranger = Namespace.create('stranger');
    this.exec = execThrough(this.host.enter);
    this.proc = procThrough(this.exec);
  }

  /** create creates the network. At first the host forwards nothing and has no rules. */
  static async create(): Promise<FirewallHost> {
    const scene = new FirewallHost();
    try {
      scene.#wire();
      await Promise.all([
        scene.#serve(scene.container, [80, 81]),
        scene.#serve(scene.peer, [9000]),
        scene.#serve(scene.stranger, [9000]),
      ]);
    } catch (error) {
      scene.delete();
      throw error;
    }
    return scene;
  }

  #wire(): void {
    const { lan, host, container, peer, stranger } = this;
    lan.ipBatch(['link add br0 type bridge', 'link set br0 up']);
    for (const [name, machine] of Object.entries({ host, peer, stranger })) {
      lan.ipBatch([
        `link add ${name} type veth peer name eth0 netns ${machine.name}`,
        `link set ${name} master br0 up`,
      ]);
    }
    host.ipBatch([
      'address add 192.168.83.11/24 dev eth0',
      'link set eth0 up',
      'link add docker0 type bridge',
      'address add 10.76.1.1/24 dev docker0',
      'link set docker0 up',
      `link add c1 type veth peer name eth0 netns ${container.name}`,
      'link set c1 master docker0 up',
      'link set c1 type bridge_slave hairpin on',
      'route add 10.76.2.0/24 via 192.168.83.12 src 10.76.1.1',
      // The worst case: answers to a stranger with a spoofed address reach the stranger.
      'route add 10.76.66.0/24 via 192.168.83.66',
      'route add 10.99.0.0/24 via 192.168.83.66',
    ]);
    container.ipBatch(['address add 10.76.1.2/24 dev eth0', 'link set eth0 up', 'route add default via 10.76.1.1']);
    peer.ipBatch([
      'address add 192.168.83.12/24 dev eth0',
      'address add 10.76.2.2/32 dev lo',
      'link set eth0 up',
      'route add 10.76.1.0/24 via 192.168.83.11 src 10.76.2.2',
    ]);
    stranger.ipBatch([
      'address add 192.168.83.66/24 dev eth0',
      'address add 10.76.66.6/32 dev lo',
      'address add 10.99.0.1/32 dev lo',
      'link set eth0 up',
      'route add 10.76.1.0/24 via 192.168.83.11',
    ]);
    for (const machine of [host, peer, stranger, container]) {
      machine.runSync(['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0']);
    }
    host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=0']);
    // Counts packets that reach the container from anywhere but its own host.
    container.runSync(
      ['nft', '-f', '-'],
      `table ip seen {
         chain in {
           type filter hook input priority 0
           ip saddr 10.76.66.0/24 counter comment "spoofed"
           ip saddr 192.168.83.66 counter comment "stranger"
         }
       }\n`,
    );
  }

  async #serve(machine: Namespace, ports: readonly number[]): Promise<void> {
    const [program = '', ...rest] = [...machine.enter, process.execPath, '-e', serverCode, '--', ...ports.map(String)];
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#servers.push(child);
    await once(child.stdout, 'data');
  }

  /** connect returns the client address that a server sees, or an error: "ECONNREFUSED", "timeout". */
  connect(from: Namespace, host: string, port: number): Promise<string> {
    return this.#connect(from, [host, `${port}`, '60000']);
  }

  /** knock is connect when no answer is expected, possibly from an address that is not the machine's own. */
  knock(
    from: Namespace,
    host: string,
    port: number,
    ...localAddress: readonly [] | readonly [string]
  ): Promise<string> {
    return this.#connect(from, [host, `${port}`, '500', ...localAddress]);
  }

  #connect(from: Namespace, args: readonly string[]): Promise<string> {
    return from.run([process.execPath, '-e', clientCode, '--', ...args]);
  }

  /** ping sends echo requests 2 ms apart and returns the number of answers. */
  async ping(from: Namespace, to: string, count: number): Promise<number> {
    const { stdout } = await execThrough(from.enter)(['ping', '-q', '-i', '0.002', '-c', `${count}`, '-W', '2', to], {
      timeoutMs: patientMs,
    });
    return Number(/(\d+) received/.exec(stdout)?.[1]);
  }

  /** seen returns how many packets of strangers reached the container. */
  seen(): number {
    const listing = this.container.runSync(['nft', 'list', 'table', 'ip', 'seen']);
    return [...listing.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  }

  /** delete removes the network. */
  delete(): void {
    for (const server of this.#servers) server.kill('SIGKILL');
    for (const machine of [this.container, this.stranger, this.peer, this.host, this.lan]) machine.delete();
  }
}
