// A real controller process for a test, with clients for it. The process ends with the test in any case.
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import type { PersonRole } from '../../proto/pki/identity.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { answers, freePort } from './etcd.js';
import { credentialsFor, joinHost, type Member, type Trust, tokenFor, trustOf } from './joining.js';
import { patientMs } from './until.js';

const main = fileURLToPath(new URL('../../controller/main.js', import.meta.url));
/** steppedMain is the program of a controller that signals itself at a step: see stepsAt. */
export const steppedMain = fileURLToPath(new URL('./stepped-controller.js', import.meta.url));
/** watchedMain is the program of a controller with workers that kills one that hangs soon. */
export const watchedMain = fileURLToPath(new URL('./watched-workers.js', import.meta.url));
const callOptions = { timeoutMs: patientMs };

/** ControllerProcess is a running controller. */
export class ControllerProcess {
  readonly dir: string;
  readonly socket: string;
  /** Port of the API, which init() opens. */
  readonly port: number;
  /** Port where hosts join. */
  readonly joinPort: number;
  /** Client of the unix socket, like all clients here unless stated otherwise. */
  readonly admin: AdminServiceClient;
  /** Client of the unix socket, whose callers are never nodes. Nodes use nodeClient(). */
  readonly node: NodeServiceClient;
  readonly #args: readonly string[];
  readonly #program: string;
  readonly #clients: { close(): void }[] = [];
  #child: ChildProcess | undefined;
  #output = '';
  // Resolves after the last output, which may arrive after the exit.
  #closed: Promise<void> = Promise.resolve();
  #trust: Trust | undefined;

  private constructor(dir: string, ports: readonly [number, number], args: readonly string[], program: string) {
    this.dir = dir;
    this.#program = program;
    this.socket = join(dir, 'c.sock');
    [this.port, this.joinPort] = ports;
    this.#args = args;
    this.admin = makeClient(services.admin, { kind: 'unix', path: this.socket });
    this.node = makeClient(services.node, { kind: 'unix', path: this.socket });
  }

  /**
   * start starts a controller and waits until it has read its store.
   * @param args added to its command line: ["--etcd-endpoints", …]; without these it runs an etcd of its own
   * @param program steppedMain, or the program that is installed
   */
  static async start(args: readonly string[] = [], program = main): Promise<ControllerProcess> {
    const controller = await ControllerProcess.prepare(args, program);
    await controller.launch();
    await controller.ready();
    return controller;
  }

  /** prepare returns a controller that is not started yet. */
  static async prepare(args: readonly string[] = [], program = main): Promise<ControllerProcess> {
    const dir = mkdtempSync(join(tmpdir(), 'xnet-ctl-'));
    return new ControllerProcess(dir, [await freePort(), await freePort()], args, program);
  }

  /** startWithAuthority starts a controller and creates the authority, so that its TCP ports are open. */
  static async startWithAuthority(args: readonly string[] = [], program = main): Promise<ControllerProcess> {
    const controller = await ControllerProcess.start(args, program);
    await controller.init();
    return controller;
  }

  /** startBeside starts another controller over the etcd of `first`, which has the authority, and copies its cluster key. */
  static async startBeside(first: ControllerProcess, args: readonly string[]): Promise<ControllerProcess> {
    const controller = await ControllerProcess.prepare(args);
    copyFileSync(join(first.dir, 'cluster.key'), join(controller.dir, 'cluster.key'));
    controller.#trust = await first.trust();
    await controller.launch();
    await controller.ready();
    return controller;
  }

  /**
   * contents returns what calls change in the store, for comparisons. The store's revision grows without calls: controllers
   * write their own keys every few seconds.
   */
  async contents() {
    const status = await this.status();
    const { events } = await callUnary(this.admin.listEvents.bind(this.admin), {}, callOptions);
    return { pools: status?.pools, nodes: status?.nodes?.total, events };
  }

  /** registration returns the controller's id in the store. */
  registration(): string {
    return readFileSync(join(this.dir, 'registration'), 'utf8').trim();
  }

  /** launch starts the controller, also a second time, on the same data. */
  async launch(more: readonly string[] = []): Promise<void> {
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', process.execPath, this.#program, '--data-dir', this.dir],
        ...['--listen', `unix:${this.socket},127.0.0.1:${this.port}`],
        ...['--join-listen', `127.0.0.1:${this.joinPort}`],
        ...this.#args,
        ...more,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString('utf8');
    });
    this.#child = child;
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** output returns everything that the controller has logged. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    // Never 0, which would signal the test's own process group.
    if (this.#child?.pid === undefined) throw new Error('no controller was started');
    return this.#child.pid;
  }

  /** status requests the controller's status; undefined if it does not answer. */
  async status() {
    try {
      return await callUnary(this.admin.getStatus.bind(this.admin), {}, { timeoutMs: 5_000 });
    } catch {
      return undefined;
    }
  }

  /** until polls the status: no event announces that a process begins to answer. */
  async until(
    what: string,
    holds: (status: NonNullable<Awaited<ReturnType<ControllerProcess['status']>>>) => boolean,
  ): Promise<void> {
    const deadline = performance.now() + patientMs;
    while (performance.now() < deadline) {
      const status = await this.status();
      if (status !== undefined && holds(status)) return;
      if (this.#child?.exitCode !== null) throw new Error(`the controller ended: ${this.#output}`);
      await pause(50);
    }
    throw new Error(`not in time: ${what}\n${this.#output}`);
  }

  /** ready waits until the controller has a view and, if there is an authority, until its TCP ports are open. */
  async ready(): Promise<void> {
    await this.until('ready', (status) => status.clusterId !== '');
    if (this.#trust !== undefined) await this.untilOpen();
  }

  /** untilOpen polls the TCP ports: no event announces a port of another process. */
  async untilOpen(): Promise<void> {
    const deadline = performance.now() + patientMs;
    while (!((await answers(this.port)) && (await answers(this.joinPort)))) {
      if (performance.now() > deadline) throw new Error(`the ports did not open\n${this.#output}`);
      await pause(20);
    }
  }

  /** init creates the authority unless it exists. The TCP ports are open afterwards. */
  async init(): Promise<void> {
    await callUnary(this.admin.init.bind(this.admin), {}, callOptions);
    this.#trust = await trustOf(this.admin);
  }

  /** trust returns the authority, and creates it if necessary. */
  async trust(): Promise<Trust> {
    if (this.#trust === undefined) await this.init();
    return this.#trust ?? { clusterId: '', authority: [] };
  }

  /** endpoint returns the API's endpoint. */
  get endpoint(): Endpoint {
    return { kind: 'tcp', host: '127.0.0.1', port: this.port };
  }

  /** joinEndpoint returns the endpoint where hosts join. */
  get joinEndpoint(): Endpoint {
    return { kind: 'tcp', host: '127.0.0.1', port: this.joinPort };
  }

  /** credentialsFor issues a certificate to a person. */
  async credentialsFor(role: PersonRole, id: string = role): Promise<Credentials> {
    await this.trust();
    return credentialsFor(this.admin, role, id);
  }

  /** joinNode joins a host as an existing node, through the join port, with a new token. */
  async joinNode(name: string): Promise<Member> {
    const trust = await this.trust();
    return joinHost(this.joinEndpoint, trust, { token: await tokenFor(this.admin, name) });
  }

  /** adminClient returns a client of the API's TCP port. It is closed with the controller. */
  adminClient(credentials: Credentials): AdminServiceClient {
    return this.#closing(makeClient(services.admin, this.endpoint, credentials));
  }

  /** nodeClient returns a client of the API's TCP port for the calls of nodes. It is closed with the controller. */
  nodeClient({ credentials }: Pick<Member, 'credentials'>): NodeServiceClient {
    return this.#closing(makeClient(services.node, this.endpoint, credentials));
  }

  /** joined joins a host as an existing node, and returns its client. */
  async joined(name: string): Promise<NodeServiceClient> {
    return this.nodeClient(await this.joinNode(name));
  }

  #closing<C extends { close(): void }>(client: C): C {
    this.#clients.push(client);
    return client;
  }

  /** stepsAt has a controller of steppedMain send itself a signal when it next reaches a step: "alloc.beforeTxn". */
  stepsAt(step: string, signal: 'SIGKILL' | 'SIGSTOP'): void {
    writeFileSync(join(this.dir, 'step.json'), JSON.stringify({ step, signal }));
  }

  /** signal sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** kill ends the controller and waits for the end. Its data stays. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    if (signal === 'SIGKILL') child.kill('SIGCONT');
    await gone;
  }

  /** exited waits until the controller has ended by itself, and returns its exit code. */
  async exited(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    await this.#closed;
    return child.exitCode;
  }

  /** seen returns what the controller remembers of its store. */
  seen(): { readonly revision: number; readonly epoch: number } {
    return JSON.parse(readFileSync(join(this.dir, 'store.json'), 'utf8')) as { revision: number; epoch: number };
  }

  async close(): Promise<void> {
    this.admin.close();
    this.node.close();
    for (const client of this.#clients) client.close();
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  createPool(cidr = '10.76.0.0/16', name = 'default', subnetLength = 0) {
    return callUnary(this.admin.createPool.bind(this.admin), { name, cidr, subnetLength }, callOptions);
  }

  addNode(name: string, address: string, more: { readonly operationId?: string; readonly subnet?: string } = {}) {
    return callUnary(this.admin.addNode.bind(this.admin), { name, address, ...more }, callOptions);
  }

  removeNode(node: string, force = true) {
    return callUnary(this.admin.removeNode.bind(this.admin), { node, force }, callOptions);
  }

  async nodes() {
    return (await callUnary(this.admin.listNodes.bind(this.admin), {}, callOptions)).nodes;
  }

  async routes() {
    return callUnary(this.admin.listRoutes.bind(this.admin), {}, callOptions);
  }
}
