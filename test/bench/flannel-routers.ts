// flannel (backend host-gw, store etcd) in the same lab, to compare how quickly a route reaches every kernel: each host runs
// one flanneld, as each runs one xnetd.
// Invariant: flanneld has its defaults, and one that ends is started again after 100 ms, as systemd does.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../deploy/lab/host.js';
import type { Lab } from '../../deploy/lab/lab.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { pause } from '../../proto/process/backoff.js';
import { FlannelEtcd } from './flannel-etcd.js';
import type { Flanneld } from './flanneld.js';
import { allCpuMsOf } from './process-usage.js';

const restartMs = 100;
const subnetFile = 'run/flannel/subnet.env';
const patienceMs = 600_000;

// The filter rules that flanneld leaves behind; they may not exist.
const removals = [
  ['iptables', '--wait', '--flush', 'FORWARD'],
  ['iptables', '--wait', '--flush', 'FLANNEL-FWD'],
  ['iptables', '--wait', '--delete-chain', 'FLANNEL-FWD'],
] as const;

/** FlannelRouters holds flannelds and their etcd. Close them. */
export class FlannelRouters {
  readonly etcd: FlannelEtcd;
  readonly #program: Flanneld;
  readonly #network: string;
  readonly #running = new Map<LabHost, LabProcess>();
  #keepers: Promise<void>[] = [];
  #stopping = false;
  #ended = 0;

  private constructor(etcd: FlannelEtcd, program: Flanneld, network: string) {
    this.etcd = etcd;
    this.#program = program;
    this.#network = network;
  }

  /** start starts the etcd, with a network that has room for all nodes: "10.97.0.0/16". */
  static async start(lab: Lab, program: Flanneld, network = '10.97.0.0/16'): Promise<FlannelRouters> {
    return new FlannelRouters(await FlannelEtcd.start(lab, network), program, network);
  }

  /** ended returns how many flannelds ended by themselves: they lost the race for a subnet. */
  get ended(): number {
    return this.#ended;
  }

  /** launch starts flanneld on these hosts, at once. */
  launch(hosts: readonly LabHost[]): void {
    for (const host of hosts) {
      const keeper = this.#keep(host);
      // Its error is for stop: unhandled until then, it would end this process.
      keeper.catch(() => undefined);
      this.#keepers.push(keeper);
    }
  }

  /** begin starts flanneld on a host, and resolves when it runs. */
  async begin(host: LabHost): Promise<void> {
    this.#running.delete(host);
    this.launch([host]);
    await pollUntil('flanneld runs', async () => this.#running.has(host));
  }

  /** pidOf returns the process id of the flanneld that runs on a host. */
  pidOf(host: LabHost): number {
    const one = this.#running.get(host);
    if (one === undefined) throw new Error(`no flanneld runs on ${host.name}`);
    return one.pid;
  }

  async #keep(host: LabHost): Promise<void> {
    while (!this.#stopping) {
      const argv = [this.#program.path, '-etcd-endpoints', this.etcd.endpoint, '-iface', 'eth0'] as const;
      const one = await host.spawn(argv, { logFile: join(host.logs, 'flanneld.log') });
      this.#running.set(host, one);
      if (this.#stopping) one.kill('SIGTERM');
      await one.exited;
      if (this.#stopping) return;
      this.#ended += 1;
      await pause(restartMs);
    }
  }

  /** grow starts flanneld on these hosts, one after the other, and waits until each of all has routes to all others. */
  async grow(hosts: readonly LabHost[]): Promise<void> {
    for (const host of hosts) {
      this.launch([host]);
      await pollUntil('flanneld has a subnet', async () => existsSync(join(host.folder, subnetFile)), {
        problems: () => [readFileSync(join(host.logs, 'flanneld.log'), 'utf8').slice(-2_000)],
      });
    }
    await this.untilRouted(this.#running.size - 1);
  }

  /** untilRouted waits until each host's kernel has `count` routes. */
  async untilRouted(count: number): Promise<void> {
    const left = [...this.#running.keys()];
    const isRouted = async (host: LabHost) => {
      const routes = await host.namespace.run(['ip', '-4', 'route', 'show', 'root', this.#network]);
      return routes.split('\n').filter((row) => row.includes(' via ')).length >= count;
    };
    const holds = async () => {
      for (let host = left.at(-1); host !== undefined; host = left.at(-1)) {
        if (!(await isRouted(host))) return false;
        left.pop();
      }
      return true;
    };
    await pollUntil(`each flanneld has ${count} routes`, holds, { timeoutMs: patienceMs });
  }

  /** signal sends a signal to all flannelds. */
  signal(name: NodeJS.Signals): void {
    for (const one of this.#running.values()) one.kill(name);
  }

  /** cpuMs returns the processor time of the running ones, all threads and the programs that they ran, in milliseconds. */
  cpuMs(): number {
    return [...this.#running.values()].reduce((sum, one) => sum + (one.running ? allCpuMsOf(one.pid) : 0), 0);
  }

  /**
   * stop ends all flannelds with a signal. Their routes and leases stay.
   * @throws the error of the first one that could not be started again
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping = true;
    for (const one of this.#running.values()) one.kill(signal);
    const ends = await Promise.allSettled(this.#keepers);
    this.#keepers = [];
    this.#stopping = false;
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** clear removes what a flanneld that has ended left in its host's kernel. */
  async clear(host: LabHost): Promise<void> {
    await host.run(['ip', '-4', 'route', 'flush', 'root', this.#network]);
    for (const removal of removals) await host.exec(removal);
  }

  /** close ends everything and removes what it has left in the hosts. */
  async close(): Promise<void> {
    try {
      await this.stop('SIGKILL');
      for (const host of this.#running.keys()) {
        await this.clear(host);
        rmSync(join(host.folder, 'run/flannel'), { recursive: true, force: true });
      }
    } finally {
      await this.etcd.close();
    }
  }
}
