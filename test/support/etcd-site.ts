// The site that OPERATIONS.md describes: an etcd member on each of three machines, and controllers on a fourth.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import type { Machine } from '../../deploy/lab/machine.js';
import { pause } from '../../proto/process/backoff.js';
import type { ExecResult } from '../../proto/process/exec.js';
import { patientMs } from './until.js';

/** etcdMembers lists the members of the etcd, which are also the names of their machines. */
export const etcdMembers: readonly string[] = ['etcd-1', 'etcd-2', 'etcd-3'];

// What is shown of the output of each member and controller when something does not come about, in characters.
const lastBytes = 20_000;
// The path in Debian's unit.
const dataDir = '/var/lib/etcd/default';

/** ControllerOptions configure the start of a controller. */
export type ControllerOptions = { readonly env?: Readonly<Record<string, string>>; readonly embedded?: boolean };

/** EtcdSite is a running site. Close it. */
export class EtcdSite {
  readonly #fleet: Fleet;
  readonly #running = new Map<string, LabProcess>();

  private constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** start makes the machines and starts the etcd. Each member takes 16 MiB. */
  static async start(): Promise<EtcdSite> {
    const site = new EtcdSite(await Fleet.create({ hosts: etcdMembers.length, mode: 'bip', pool: '10.76.0.0/16' }));
    try {
      await Promise.all([
        ...etcdMembers.map((name) => site.#prepare(site.machine(name))),
        site.#prepare(site.machine('')),
      ]);
      for (const name of etcdMembers) await site.startMember(name);
      await site.until('', 'etcdctl endpoint health', ({ code }) => code === 0);
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  // On the machine's disk, since /var/lib of a lab's machine is in memory.
  async #prepare(machine: Machine): Promise<void> {
    for (const folder of ['etcd', 'home']) mkdirSync(join(machine.store, folder), { recursive: true });
    await machine.run(['mkdir', '-p', '/var/lib/etcd']);
    await machine.run(['mount', '--bind', join(machine.store, 'etcd'), '/var/lib/etcd']);
  }

  /** machine returns the machine of a member, or that of the controllers for "". */
  machine(name: string): Machine {
    if (name === '') return this.#fleet.lab.control;
    return this.#fleet.lab.host(name.replace('etcd-', 'h'));
  }

  /** environment returns the variables that the page exports. */
  get environment(): Readonly<Record<string, string>> {
    return {
      XCTL_CONTROLLER: 'unix:/run/c1.sock',
      ETCDCTL_API: '3',
      ETCDCTL_ENDPOINTS: etcdMembers.map((name) => this.clientUrl(name)).join(),
    };
  }

  clientUrl(name: string): string {
    return `http://${this.machine(name).address}:2379`;
  }

  /** sh runs a line as an operator would type it on a machine, in root's home. */
  async sh(machine: string, line: string, input = ''): Promise<ExecResult> {
    const on = this.machine(machine);
    const script = `cd "$HOME" || exit 1; exec 2>&1; ${line}`;
    return on.exec(['sh', '-c', script], { env: this.environment, timeoutMs: patientMs, input });
  }

  /**
   * until runs a read-only line once a second, since each run costs a process, until its output is as expected.
   * @throws Error with the last output if that does not happen within `patientMs`
   */
  async until(machine: string, line: string, holds: (ran: ExecResult) => boolean): Promise<void> {
    const deadline = performance.now() + patientMs;
    for (;;) {
      const ran = await this.sh(machine, line);
      if (holds(ran)) return;
      if (performance.now() > deadline) {
        const lines = [...this.#running].map(([name, { output }]) => `${name}:\n${output.slice(-lastBytes)}`);
        const printed = `${line} does not print what it should: ${ran.stdout}[exit ${ran.code}]`;
        throw new Error([printed, ...lines].join('\n'));
      }
      await pause(1_000);
    }
  }

  /** inHome returns the path, for this process, of a file in root's home on a machine. */
  inHome(machine: string, file: string): string {
    return join(this.machine(machine).store, 'home', file);
  }

  /** startMember starts a member, also a second time, on its data; without data, as a member of a cluster in that state. */
  async startMember(name: string, state: 'new' | 'existing' = 'new'): Promise<void> {
    const peer = (member: string) => `http://${this.machine(member).address}:2380`;
    const { address } = this.machine(name);
    const etcd = await this.machine(name).spawn([
      ...(['etcd', '--name', name, '--data-dir', dataDir] as const),
      ...['--listen-client-urls', `http://${address}:2379`, '--advertise-client-urls', `http://${address}:2379`],
      ...['--listen-peer-urls', peer(name), '--initial-advertise-peer-urls', peer(name)],
      ...['--initial-cluster', etcdMembers.map((member) => `${member}=${peer(member)}`).join()],
      ...['--initial-cluster-state', state, '--quota-backend-bytes', String(16 * 1024 ** 2), '--logger', 'zap'],
    ]);
    this.#running.set(name, etcd);
  }

  /**
   * startController starts a controller, also a second time: "c1".
   * @param embedded with an etcd of its own
   */
  async startController(name: string, { env = {}, embedded = false }: ControllerOptions = {}): Promise<void> {
    const { address } = this.machine('');
    if (name !== 'c1') {
      const key = `install -D -m 600 /var/lib/c1/cluster.key /var/lib/${name}/cluster.key && chmod 700 /var/lib/${name}`;
      await this.machine('').run(['sh', '-c', key]);
    }
    const port = 7400 + 10 * (Number(name.slice(1)) - 1);
    const endpoints = embedded ? [] : ['--etcd-endpoints', this.environment['ETCDCTL_ENDPOINTS'] ?? ''];
    const controller = await this.machine('').spawn(
      [
        ...(['xnet-controller', '--name', name, '--listen', `unix:/run/${name}.sock,${address}:${port}`] as const),
        // The lines of an etcd of its own are debug messages.
        ...['--data-dir', `/var/lib/${name}`, '--log-level', 'debug', ...endpoints],
      ],
      { env, logFile: join(this.machine('').logs, `${name}.log`) },
    );
    this.#running.set(name, controller);
    await this.until('', `xctl --controller unix:/run/${name}.sock status`, ({ stdout }) =>
      /^Store:.*: connected$|refuses to act/m.test(stdout),
    );
  }

  /** startHost has a machine join through c1 with a token, and starts its daemon. */
  async startHost(name: string, token: string): Promise<void> {
    const controller = `${this.machine('').address}:7401`;
    await this.machine(name).run(['xnetd', 'join', '--controller', controller, '--token-file', '-'], { input: token });
    await this.machine(name).spawn(['xnetd', 'run']);
  }

  /** kill ends a member or a controller with SIGKILL. */
  async kill(name: string): Promise<void> {
    this.#running.get(name)?.kill('SIGKILL');
    await this.#running.get(name)?.exited;
  }

  /** signal sends a signal to a member or a controller: SIGSTOP. */
  signal(name: string, signal: NodeJS.Signals): void {
    this.#running.get(name)?.kill(signal);
  }

  /** loseDisk removes the data of a member. */
  loseDisk(name: string): void {
    rmSync(join(this.machine(name).store, 'etcd/default'), { recursive: true, force: true });
  }

  /** loseAll kills a controller and all members, removes what they have on disk, and starts the members anew. */
  async loseAll(controller: string): Promise<void> {
    for (const name of [controller, ...etcdMembers]) await this.kill(name);
    await this.machine('').run(['rm', '-rf', `/var/lib/${controller}`]);
    for (const name of etcdMembers) this.loseDisk(name);
    for (const name of etcdMembers) await this.startMember(name);
    await this.until('', 'etcdctl endpoint health', ({ code }) => code === 0);
  }

  close(): Promise<void> {
    return this.#fleet.close();
  }
}
