// The machines of a run: hosts, three etcd members and two controllers, each on a machine of its own on one LAN.
// Invariant: processes that were killed by a fault are started by its end, on the same data.
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Lab } from '../../deploy/lab/lab.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import type { Machine } from '../../deploy/lab/machine.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { installPrograms, programCommand } from '../../deploy/lab/programs.js';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import type { LeaseServiceClient } from '../../proto/gen/xnet/v1/LeaseService.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';

const clientPort = 2379;
/** peerPort is the port by which the etcd members reach each other. */
export const peerPort = 2380;
const socket = '/run/xnet-controller/controller.sock';
const stateFolder = '/var/lib/xnet-controller';
// Enough for the audit log and the files beside it, and quickly filled.
const diskSize = '12m';

/** secondPool is the pool of second leases, which are of mode bridge. */
export const secondPool = 'edge';
/** secondBridge is the bridge of second leases. */
export const secondBridge = 'xnet1';

/** startLimitMs bounds the wait for a process: the machine may be busy with other tests. */
export const startLimitMs = 180_000;

/** SiteProcess is an etcd member or a controller. */
export type SiteProcess = {
  readonly name: string;
  readonly machine: Machine;
  process: LabProcess | undefined;
};

/** SiteController is a controller. */
export type SiteController = SiteProcess & {
  readonly admin: AdminServiceClient;
  readonly leases: LeaseServiceClient;
  /** "192.168.83.20:7400" */
  readonly endpoint: string;
  /** Whether it was killed at least once: the audit log may end with an announcement. */
  wasKilled: boolean;
  /** A start under way. */
  starting: Promise<void> | undefined;
};

/** Site is the machines of one run. Close it. */
export class Site {
  readonly lab: Lab;
  readonly hosts: readonly Machine[];
  readonly members: readonly SiteProcess[];
  readonly controllers: readonly SiteController[];

  private constructor(lab: Lab, hosts: number) {
    this.lab = lab;
    this.hosts = lab.hosts.slice(0, hosts);
    this.members = lab.hosts.slice(hosts, hosts + 3).map((machine, index) => ({
      name: `etcd-${index + 1}`,
      machine,
      process: undefined,
    }));
    this.controllers = lab.hosts.slice(hosts + 3).map((machine, index) => ({
      name: `c${index + 1}`,
      machine,
      process: undefined,
      admin: makeClient(services.admin, { kind: 'unix', path: machine.inside(socket) }),
      leases: makeClient(services.lease, { kind: 'unix', path: machine.inside(socket) }),
      endpoint: `${machine.address}:7400`,
      wasKilled: false,
      starting: undefined,
    }));
  }

  /** start makes the machines and starts etcd and the controllers, with the cluster's authority and two pools. */
  static async start(hosts: number): Promise<Site> {
    const lab = await Lab.create({ hosts: hosts + 5 });
    const site = new Site(lab, hosts);
    try {
      installPrograms(lab);
      await Promise.all(site.members.map((member) => site.startMember(member)));
      await pollUntil('the etcd has a leader', async () => site.etcdctl('endpoint', 'health').then(() => true), {
        timeoutMs: startLimitMs,
      });
      await site.#startControllers();
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  async #startControllers(): Promise<void> {
    const [first, second] = this.controllers;
    if (first === undefined || second === undefined) throw new Error('no controllers');
    for (const { machine } of this.controllers) {
      await machine.run(['mkdir', '-p', '-m', '700', stateFolder]);
      await machine.run(['mount', '-t', 'tmpfs', '-o', `size=${diskSize},mode=0700`, 'tmpfs', stateFolder]);
    }
    await this.startController(first);
    const { admin } = first;
    await callUnary(admin.init.bind(admin), {}, { timeoutMs: startLimitMs });
    const key = `${stateFolder}/cluster.key`;
    copyFileSync(first.machine.inside(key), second.machine.inside(key));
    await this.startController(second);
    for (const pool of [
      { name: 'default', cidr: '10.76.0.0/16', mode: 'MODE_BIP' as const },
      { name: secondPool, cidr: '10.80.0.0/16', mode: 'MODE_BRIDGE' as const, bridgeName: secondBridge },
    ]) {
      await callUnary(admin.createPool.bind(admin), pool, { timeoutMs: startLimitMs });
    }
  }

  /** clientUrls returns the endpoints of the etcd, in the syntax of etcdctl. */
  get clientUrls(): string {
    return this.members.map(({ machine }) => `http://${machine.address}:${clientPort}`).join();
  }

  /** etcdctlCommand returns the command line of etcdctl, which runs on the machine `stranger`. */
  etcdctlCommand(...args: readonly string[]): readonly [string, ...string[]] {
    return ['etcdctl', '--endpoints', this.clientUrls, ...args];
  }

  /** etcdctl runs etcdctl and returns its output. */
  etcdctl(...args: readonly string[]): Promise<string> {
    return this.lab.stranger.run(this.etcdctlCommand(...args));
  }

  /** startMember starts a member, also a second time, on its data. */
  async startMember(member: SiteProcess): Promise<void> {
    const { machine, name } = member;
    const peer = (of: Machine) => `http://${of.address}:${peerPort}`;
    const client = `http://${machine.address}:${clientPort}`;
    member.process = await machine.spawn([
      ...(['etcd', '--name', name, '--data-dir', join(machine.store, 'etcd')] as const),
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer(machine), '--initial-advertise-peer-urls', peer(machine)],
      ...['--initial-cluster', this.members.map((each) => `${each.name}=${peer(each.machine)}`).join()],
      ...['--logger', 'zap', '--log-level', 'error'],
    ]);
  }

  /** startController starts a controller unless it runs, also a second time, and waits until it has read its store. */
  async startController(controller: SiteController): Promise<void> {
    if (controller.process?.running !== true) {
      // The ends of two faults may both start it.
      controller.starting ??= this.#spawnController(controller).finally(() => {
        controller.starting = undefined;
      });
      await controller.starting;
    }
    await this.untilAnswers(controller);
  }

  async #spawnController(controller: SiteController): Promise<void> {
    const { machine, name, endpoint } = controller;
    mkdirSync(dirname(machine.inside(socket)), { recursive: true, mode: 0o700 });
    controller.process = await machine.spawn(
      [
        ...programCommand('xnet-controller'),
        ...['--name', name, '--listen', `unix:${socket},${endpoint}`, '--data-dir', stateFolder],
        ...['--etcd-endpoints', this.clientUrls],
      ],
      { logFile: `${machine.logs}/controller.log` },
    );
  }

  /** untilAnswers waits until a controller has a view of its store. */
  async untilAnswers({ admin, name, process }: SiteController): Promise<void> {
    await pollUntil(
      `${name} answers`,
      async () => (await callUnary(admin.getStatus.bind(admin), {}, { timeoutMs: 5_000 })).clusterId !== '',
      { timeoutMs: startLimitMs, problems: () => process?.output.split('\n').slice(-5) ?? [] },
    );
  }

  /** kill ends a process with SIGKILL and waits until it is gone. */
  async kill(of: SiteProcess): Promise<void> {
    of.process?.kill('SIGKILL');
    await of.process?.exited;
  }

  /** fillDisk leaves no room on the file system of a controller's state. */
  async fillDisk({ machine }: SiteController): Promise<void> {
    // It ends with an error when there is no room left.
    await machine.exec(['dd', 'if=/dev/zero', `of=${stateFolder}/filler`, 'bs=64k']);
  }

  /** freeDisk undoes fillDisk. */
  async freeDisk({ machine }: SiteController): Promise<void> {
    await machine.run(['rm', '-f', `${stateFolder}/filler`]);
  }

  /** cut drops what `rules` match on a machine, in both directions: "ip daddr 192.168.83.7". It can be cut once. */
  async cut(machine: Machine, matches: readonly string[]): Promise<void> {
    const rules = matches.map((match) => `${match} drop;`).join(' ');
    const table = `table inet chaos_cut {
      chain in { type filter hook input priority -200; ${rules} }
      chain out { type filter hook output priority -200; ${rules} }
    }`;
    await machine.run(['nft', '-f', '-'], { input: table });
  }

  /** mend undoes cut. */
  async mend(machine: Machine): Promise<void> {
    await machine.run(['nft', 'delete', 'table', 'inet', 'chaos_cut']);
  }

  async close(): Promise<void> {
    for (const { admin, leases } of this.controllers) {
      admin.close();
      leases.close();
    }
    await this.lab.close();
  }
}
