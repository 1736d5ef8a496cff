// A lab with xnet on it: controllers at the control machine, a daemon on each host.
// Invariant: it is driven as an operator would: by xctl, and by what xnetd prints. Whatever goes over its LAN is TLS, and
// every host is a node by a join token of its own.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import type { Node__Output } from '../../proto/gen/xnet/v1/Node.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { LabHost } from './host.js';
import { Lab, type LabOptions } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { programsFolder, repositoryRoot } from './paths.js';

/** FleetOptions say what a fleet is. */
export type FleetOptions = LabOptions & {
  readonly mode: 'bip' | 'bridge';
  /** "10.76.0.0/16" */
  readonly pool: string;
  /** How many controllers run over the one etcd of the first. Default 1. */
  readonly controllers?: number;
  /** Flags of every dockerd: ["--live-restore"]. */
  readonly dockerdFlags?: readonly string[];
};

const executables = { xctl: 'cli/main.js', xnetd: 'node/main.js', 'xnet-controller': 'controller/main.js' } as const;

// The API's; hosts join one port higher.
const port = 7400;
const portOf = (index: number) => port + 2 * index;
const stateFolder = '/var/lib/xnet';

/** FleetController is one controller. */
export type FleetController = {
  /** Its first one has an etcd of its own. */
  readonly name: string;
  /** Where nodes and people reach it: "192.168.83.250:7400". */
  readonly endpoint: string;
  /** Where hosts join: "192.168.83.250:7401". */
  readonly joinEndpoint: string;
  process: LabProcess;
};

/** Added is a host that was added as a node. */
export type Added = {
  /** "10.76.1.0/24" */
  readonly subnet: string;
  /** With which the host joins. */
  readonly token: string;
};

/** addedFrom reads what `xctl nodes add -o json` prints. */
export function addedFrom(output: string): Added {
  const { node, join } = JSON.parse(output) as {
    readonly node: { readonly subnet: string };
    readonly join: { readonly token: string } | null;
  };
  return { subnet: node.subnet, token: join?.token ?? '' };
}

/** program is the command line of one of our executables: program('node/main.js'). */
function program(path: string): readonly [string, string] {
  return [process.execPath, `${repositoryRoot()}/dist/${path}`];
}

// xctl, xnetd and xnet-controller of this checkout, in the PATH of every machine of the lab.
function installPrograms({ id }: Lab): void {
  const folder = programsFolder(id);
  mkdirSync(folder, { recursive: true });
  for (const [name, main] of Object.entries(executables)) {
    const [node, script] = program(main).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${node} ${script} "$@"\n`, { mode: 0o755 });
  }
}

/** Fleet is a fleet that is up. Close it. */
export class Fleet {
  readonly lab: Lab;
  readonly options: FleetOptions;
  readonly controllers: FleetController[] = [];
  /** The daemons, by host name. */
  readonly daemons = new Map<string, LabProcess>();
  readonly admin: AdminServiceClient;

  private constructor(lab: Lab, options: FleetOptions) {
    this.lab = lab;
    this.options = options;
    this.admin = makeClient(services.admin, { kind: 'unix', path: this.#socketOutside });
  }

  /**
   * create makes the lab; nothing of xnet runs in it yet.
   * @throws XnetError as Lab.create does
   */
  static async create(options: FleetOptions, signal?: AbortSignal): Promise<Fleet> {
    const lab = await Lab.create(options, signal);
    installPrograms(lab);
    return new Fleet(lab, options);
  }

  /** start makes a whole fleet: dockerds, controllers, the pool, and every host a node that is ready. */
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

  get #socketOutside(): string {
    return this.lab.control.inside('/run/xnet-controller/controller.sock');
  }

  /** startDockerds starts Docker on all hosts, where the lab has an engine. */
  async startDockerds(): Promise<void> {
    const { engine, dockerdFlags = [] } = this.options;
    if (engine !== undefined) await this.lab.startDockerds({ flags: dockerdFlags });
  }

  /**
   * startControllers starts the controllers, each as soon as the one before has read the store, and makes the cluster's
   * authority on the first.
   */
  async startControllers(): Promise<void> {
    const { control } = this.lab;
    for (let index = 0; index < (this.options.controllers ?? 1); index++) {
      const endpoint = `${control.address}:${portOf(index)}`;
      const joinEndpoint = `${control.address}:${portOf(index) + 1}`;
      const name = `controller-${index + 1}`;
      if (index > 0) this.#bringClusterKey(name);
      this.controllers.push({ name, endpoint, joinEndpoint, process: await this.#spawnController(index, endpoint) });
      if (index === 0) {
        await this.untilAnswers();
        await this.init();
      } else await this.#untilKnown(endpoint);
    }
  }

  /**
   * init makes the authority, and saves the first admin's certificate as the context of the control machine, which every
   * xctl there uses from then on.
   */
  async init(): Promise<void> {
    await this.xctl('init');
  }

  // As its operator would, who runs a second controller on the same etcd.
  #bringClusterKey(name: string): void {
    const { control } = this.lab;
    const of = (controller: string) => control.inside(`${stateFolder}/${controller}/cluster.key`);
    mkdirSync(dirname(of(name)), { recursive: true, mode: 0o700 });
    copyFileSync(of('controller-1'), of(name));
  }

  async #untilKnown(endpoint: string): Promise<void> {
    await this.#until('another controller is up', async () => {
      const { controllers } = await callUnary(this.admin.getStatus.bind(this.admin), {}, { timeoutMs: 1_000 });
      return controllers.some(({ addresses }) => addresses.includes(endpoint));
    });
  }

  #spawnController(index: number, endpoint: string): Promise<LabProcess> {
    const { control } = this.lab;
    const first = index === 0;
    const socket = first ? 'unix:/run/xnet-controller/controller.sock,' : '';
    return control.spawn(
      [
        ...program('controller/main.js'),
        ...['--listen', `${socket}${endpoint}`, '--data-dir', `${stateFolder}/controller-${index + 1}`],
        ...(first ? [] : ['--etcd-endpoints', `unix:${stateFolder}/controller-1/etcd.run/client:0`]),
      ],
      { logFile: `${control.logs}/controller-${index + 1}.log` },
    );
  }

  /** restartController starts a controller again that was killed. */
  async restartController(controller: FleetController): Promise<void> {
    const index = this.controllers.indexOf(controller);
    controller.process = await this.#spawnController(index, controller.endpoint);
    await this.untilAnswers();
  }

  /** untilAnswers waits until the first controller has read its store: there is no event for that outside of it. */
  async untilAnswers(): Promise<void> {
    await this.#until('the controller answers', async () => {
      const status = await callUnary(this.admin.getStatus.bind(this.admin), {}, { timeoutMs: 1_000 });
      return status.clusterId !== '';
    });
  }

  async #until(what: string, holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let last: unknown;
    while (performance.now() < deadline) {
      try {
        if (await holds()) return;
        last = undefined;
      } catch (error) {
        last = error;
      }
      await pause(25);
    }
    throw new XnetError('DeadlineExceeded', `not within ${timeoutMs / 1000} s: ${what}`, {
      problems: [...this.lab.hosts.map((host) => this.lastWords(host)), ...(last === undefined ? [] : [String(last)])],
    });
  }

  /** lastWords are the last lines of a host's daemon. */
  lastWords(host: LabHost, lines = 4): string {
    const output = this.daemons.get(host.name)?.output.trim().split('\n').slice(-lines).join('\n    ');
    return `${host.name}: ${output ?? 'no daemon'}`;
  }

  /**
   * xctl runs xctl on the control machine and returns what it printed.
   * @throws XnetError FailedPrecondition with what it said when it fails
   */
  async xctl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.lab.control.exec([...program('cli/main.js'), ...args]);
    if (code === 0) return stdout;
    throw new XnetError('FailedPrecondition', `xctl ${args.join(' ')}: exit code ${code}: ${stderr.trim()}`);
  }

  /** createPool creates the pool. */
  async createPool(): Promise<void> {
    await this.xctl('pools', 'create', 'default', this.options.pool, '--mode', this.options.mode);
  }

  /** addNode adds a host as a node. */
  async addNode(host: LabHost, ...args: readonly string[]): Promise<Added> {
    return addedFrom(await this.xctl('nodes', 'add', host.name, '--address', host.address, '-o', 'json', ...args));
  }

  /**
   * joinHost has a host join with its token, which is nowhere but on standard input.
   * @throws XnetError FailedPrecondition with what xnetd said
   */
  async joinHost(host: LabHost, token: string): Promise<void> {
    const at = this.controllers.map(({ joinEndpoint }) => joinEndpoint).join(',');
    const join = ['join', '--controller', at, '--token-file', '-'] as const;
    await host.run([...program('node/main.js'), ...join], { input: `${token}\n`, timeoutMs: 60_000 });
  }

  /** daemonCommand is the command line of a host's daemon, which knows from joining who it is, and its controllers. */
  daemonCommand(host: LabHost, ...args: readonly string[]): readonly [string, ...string[]] {
    return [...program('node/main.js'), 'run', '--docker-restart', JSON.stringify(host.restartCommand), ...args];
  }

  /** startDaemon starts a host's daemon. */
  async startDaemon(host: LabHost, ...args: readonly string[]): Promise<LabProcess> {
    const daemon = await host.spawn(this.daemonCommand(host, ...args), { logFile: `${host.logs}/xnetd.log` });
    this.daemons.set(host.name, daemon);
    return daemon;
  }

  /** xnetd runs a command of xnetd on a host: xnetd(host, 'status'). A non-zero exit code is a result. */
  xnetd(host: LabHost, ...args: readonly string[]) {
    return host.exec([...program('node/main.js'), ...args], { timeoutMs: 120_000 });
  }

  /** join adds a host, has it join, and starts its daemon. */
  async join(host: LabHost, ...args: readonly string[]): Promise<void> {
    const { token } = await this.addNode(host);
    await this.joinHost(host, token);
    await this.startDaemon(host, ...args);
  }

  /** nodes are all nodes as the first controller knows them. */
  async nodes(): Promise<readonly Node__Output[]> {
    return (await callUnary(this.admin.listNodes.bind(this.admin), {}, { timeoutMs: 5_000 })).nodes;
  }

  /** until waits until the nodes are so. */
  async until(what: string, holds: (nodes: readonly Node__Output[]) => boolean, timeoutMs?: number): Promise<void> {
    let seen: readonly Node__Output[] = [];
    try {
      await this.#until(
        what,
        async () => {
          seen = await this.nodes();
          return holds(seen);
        },
        timeoutMs,
      );
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      const states = seen.map(({ name, state, routes, conditions }) => {
        const wrong = conditions
          .filter((condition) => !condition.ok)
          .map(({ reason, message }) => `${reason}: ${message}`);
        return `${name} ${state} ${routes?.installed}/${routes?.desired} ${wrong.join('; ')}`;
      });
      throw new XnetError(error.code, error.message, { problems: [...states, ...error.problems] });
    }
  }

  /** untilReady waits until every host is a node that is ready. */
  async untilReady(hosts: readonly LabHost[] = this.lab.hosts): Promise<void> {
    await this.until('all nodes are ready', (nodes) =>
      hosts.every(({ name }) => nodes.find((node) => node.name === name)?.state === 'NODE_STATE_READY'),
    );
  }

  /** network is the Docker network that containers of the fleet are on; undefined: Docker's default one. */
  get network(): string | undefined {
    return this.options.mode === 'bridge' ? 'xnet' : undefined;
  }

  /** close removes everything. */
  async close(): Promise<void> {
    this.admin.close();
    await this.lab.close();
  }
}
