// A lab that runs xnet: controllers on the control machine, a daemon on each host.
// Invariant: it is operated like a real fleet, with xctl and xnetd. All traffic on its LAN is TLS, and every host joins with
// a token of its own.
import { formatPrefix } from '../../proto/domain/address.js';
import { type Mode, usualLanName } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import type { Node__Output } from '../../proto/gen/xnet/v1/Node.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { type FleetController, FleetControllers } from './fleet-controllers.js';
import type { LabHost } from './host.js';
import { Lab, type LabOptions } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { pollUntil } from './poll.js';
import { type AddedNode, addedNodeFrom, installPrograms, programCommand, runXctl } from './programs.js';

/** FleetOptions configure a fleet. */
export type FleetOptions = LabOptions & {
  readonly mode: Mode;
  /** "10.76.0.0/16"; in mode block, each host gets a /20 of it. Of no account in mode lan: the lab's LAN is the pool. */
  readonly pool: string;
  /** Number of controllers, which all use the etcd of the first. Default 1. */
  readonly controllers?: number;
  /** Flags of every dockerd: ["--live-restore"]. */
  readonly dockerdFlags?: readonly string[];
};

/** Fleet is a running fleet. Close it. */
export class Fleet {
  readonly lab: Lab;
  readonly options: FleetOptions;
  /** The daemons, by host name. */
  readonly daemons = new Map<string, LabProcess>();
  readonly #controllers: FleetControllers;

  private constructor(lab: Lab, options: FleetOptions) {
    this.lab = lab;
    this.options = options;
    this.#controllers = new FleetControllers(lab, () => this.#lastLines());
  }

  /**
   * create creates the lab and starts nothing in it.
   * @throws XnetError as Lab.create does
   */
  static async create(options: FleetOptions, signal?: AbortSignal): Promise<Fleet> {
    const lab = await Lab.create(options, signal);
    installPrograms(lab);
    return new Fleet(lab, options);
  }

  /** start starts a whole fleet: dockerds, controllers, the pool, and a ready node on every host. */
  static async start(options: FleetOptions, signal?: AbortSignal): Promise<Fleet> {
    const fleet = await Fleet.create(options, signal);
    try {
      await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
      await fleet.createPool();
      for (const host of fleet.lab.hosts) await fleet.join(host);
      await fleet.untilReady();
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** admin is a client of the first controller's API, through its unix socket. */
  get admin(): AdminServiceClient {
    return this.#controllers.admin;
  }

  /** controllers returns the controllers that were started. */
  get controllers(): readonly FleetController[] {
    return this.#controllers.list;
  }

  /** startDockerds starts Docker on all hosts if the lab has an engine. */
  async startDockerds(): Promise<void> {
    const { engine, dockerdFlags = [] } = this.options;
    if (engine !== undefined) await this.lab.startDockerds({ flags: dockerdFlags });
  }

  /** startControllers starts the controllers and creates the cluster's authority. */
  startControllers(): Promise<void> {
    return this.#controllers.start(this.options.controllers ?? 1);
  }

  /** restartController starts a killed controller again. */
  restartController(controller: FleetController): Promise<void> {
    return this.#controllers.restart(controller);
  }

  /**
   * xctl runs xctl on the control machine and returns its standard output.
   * @throws XnetError FailedPrecondition with its standard error if it fails
   */
  xctl(...args: readonly string[]): Promise<string> {
    return runXctl(this.lab, args);
  }

  /** createPool creates the pool. */
  async createPool(): Promise<void> {
    await this.xctl('pools', 'create', 'default', ...this.poolArguments());
  }

  /** poolArguments returns the range of the pool and the options that it is created with. */
  poolArguments(): readonly string[] {
    const { pool, mode } = this.options;
    const { lan, router } = this.lab.plan;
    if (mode !== 'lan') return [pool, '--mode', mode, ...(mode === 'block' ? ['--subnet-length', '20'] : [])];
    return [formatPrefix(lan), '--mode', mode, '--subnet-length', String(lan.length + 3), '--gateway', router];
  }

  /** addNode adds a host as a node. */
  async addNode(host: LabHost, ...args: readonly string[]): Promise<AddedNode> {
    return addedNodeFrom(await this.xctl('nodes', 'add', host.name, '--address', host.address, '-o', 'json', ...args));
  }

  /**
   * joinHost joins a host with its token, which is passed only on standard input.
   * @throws XnetError FailedPrecondition with xnetd's standard error if it fails
   */
  async joinHost(host: LabHost, token: string): Promise<void> {
    const endpoints = this.controllers.map(({ joinEndpoint }) => joinEndpoint).join(',');
    const join = ['join', '--controller', endpoints, '--token-file', '-'] as const;
    await host.run([...programCommand('xnetd'), ...join], { input: `${token}\n`, timeoutMs: 180_000 });
  }

  /** daemonCommand returns the command line of a host's daemon. The join determines its node and its controllers. */
  daemonCommand(host: LabHost, ...args: readonly string[]): readonly [string, ...string[]] {
    return [...programCommand('xnetd'), 'run', '--docker-restart', JSON.stringify(host.restartCommand), ...args];
  }

  /** startDaemon starts a host's daemon. */
  async startDaemon(host: LabHost, ...args: readonly string[]): Promise<LabProcess> {
    const daemon = await host.spawn(this.daemonCommand(host, ...args), { logFile: `${host.logs}/xnetd.log` });
    this.daemons.set(host.name, daemon);
    return daemon;
  }

  /** xnetd runs a command of xnetd on a host: xnetd(host, 'status'). A non-zero exit code is a result. */
  xnetd(host: LabHost, ...args: readonly string[]) {
    return host.exec([...programCommand('xnetd'), ...args], { timeoutMs: 300_000 });
  }

  /** join adds a host, joins it and starts its daemon. */
  async join(host: LabHost, ...args: readonly string[]): Promise<void> {
    const { token } = await this.addNode(host);
    await this.joinHost(host, token);
    await this.startDaemon(host, ...args);
  }

  /** nodes lists all nodes, as reported by the first controller. */
  async nodes(): Promise<readonly Node__Output[]> {
    return (await callUnary(this.admin.listNodes.bind(this.admin), {}, { timeoutMs: 30_000 })).nodes;
  }

  /** until waits until a predicate of the nodes holds. A timeout reports the state of each node. */
  async until(what: string, holds: (nodes: readonly Node__Output[]) => boolean, timeoutMs?: number): Promise<void> {
    let seen: readonly Node__Output[] = [];
    const check = async (): Promise<boolean> => {
      seen = await this.nodes();
      return holds(seen);
    };
    try {
      await pollUntil(what, check, { timeoutMs, problems: () => this.#lastLines() });
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      throw new XnetError(error.code, error.message, { problems: [...seen.map(stateOf), ...error.problems] });
    }
  }

  /** untilReady waits until every host is a ready node. */
  async untilReady(hosts: readonly LabHost[] = this.lab.hosts): Promise<void> {
    await this.until('all nodes are ready', (nodes) =>
      hosts.every(({ name }) => nodes.find((node) => node.name === name)?.state === 'NODE_STATE_READY'),
    );
  }

  /** network returns the Docker network of the fleet's containers; undefined means Docker's default network. */
  get network(): string | undefined {
    const { mode } = this.options;
    return mode === 'lan' ? usualLanName : mode === 'bridge' ? 'xnet' : undefined;
  }

  /** close removes everything. */
  async close(): Promise<void> {
    this.admin.close();
    await this.lab.close();
  }

  // Returns the last lines of each host's daemon.
  #lastLines(): readonly string[] {
    return this.lab.hosts.map(({ name }) => {
      const output = this.daemons.get(name)?.output.trim().split('\n').slice(-4).join('\n    ');
      return `${name}: ${output ?? 'no daemon'}`;
    });
  }
}

function stateOf({ name, state, routes, conditions }: Node__Output): string {
  const wrong = conditions.filter(({ ok }) => !ok).map(({ reason, message }) => `${reason}: ${message}`);
  return `${name} ${state} ${routes?.installed}/${routes?.desired} ${wrong.join('; ')}`;
}
