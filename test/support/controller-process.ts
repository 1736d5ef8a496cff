// A real controller process for a test, and clients of it. It goes with the test, however that ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { freePort } from './etcd.js';

const main = fileURLToPath(new URL('../../controller/main.js', import.meta.url));
const callOptions = { timeoutMs: 60_000 };

/** ControllerProcess is a running controller. */
export class ControllerProcess {
  readonly dir: string;
  readonly socket: string;
  readonly port: number;
  readonly admin: AdminServiceClient;
  readonly node: NodeServiceClient;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(dir: string, port: number, args: readonly string[]) {
    this.dir = dir;
    this.socket = join(dir, 'c.sock');
    this.port = port;
    this.#args = args;
    this.admin = makeClient(services.admin, { kind: 'unix', path: this.socket });
    this.node = makeClient(services.node, { kind: 'unix', path: this.socket });
  }

  /**
   * start starts a controller and waits until it has read its store.
   * @param args added to its command line: ["--etcd-endpoints", …]; without it runs an etcd of its own
   */
  static async start(args: readonly string[] = []): Promise<ControllerProcess> {
    const controller = await ControllerProcess.prepare(args);
    await controller.launch();
    await controller.ready();
    return controller;
  }

  /** prepare makes a controller that is not started yet. */
  static async prepare(args: readonly string[] = []): Promise<ControllerProcess> {
    const dir = mkdtempSync(join(tmpdir(), 'xnet-ctl-'));
    return new ControllerProcess(dir, await freePort(), args);
  }

  /** launch starts it (again) on the same data. */
  async launch(more: readonly string[] = []): Promise<void> {
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', process.execPath, main, '--data-dir', this.dir],
        ...['--listen', `unix:${this.socket},127.0.0.1:${this.port}`],
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
  }

  /** output is what it has logged. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** status asks it; undefined while it does not answer. */
  async status() {
    try {
      return await callUnary(this.admin.getStatus.bind(this.admin), {}, { timeoutMs: 2_000 });
    } catch {
      return undefined;
    }
  }

  /** until polls its status: there is no event for a process that begins to answer. */
  async until(
    what: string,
    holds: (status: NonNullable<Awaited<ReturnType<ControllerProcess['status']>>>) => boolean,
  ): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      const status = await this.status();
      if (status !== undefined && holds(status)) return;
      if (this.#child?.exitCode !== null) throw new Error(`the controller ended: ${this.#output}`);
      await pause(50);
    }
    throw new Error(`not in time: ${what}\n${this.#output}`);
  }

  /** ready waits until it has a view. */
  ready(): Promise<void> {
    return this.until('ready', (status) => status.clusterId !== '');
  }

  /** signal sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** kill ends it and waits. Its data stays. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    if (signal === 'SIGKILL') child.kill('SIGCONT');
    await gone;
  }

  /** exited waits until it has ended by itself, and returns its exit code. */
  async exited(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
    return child.exitCode;
  }

  /** seen is what it remembers of its store. */
  seen(): { readonly revision: number; readonly epoch: number } {
    return JSON.parse(readFileSync(join(this.dir, 'store.json'), 'utf8')) as { revision: number; epoch: number };
  }

  async close(): Promise<void> {
    this.admin.close();
    this.node.close();
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  createPool(cidr = '10.76.0.0/16', name = 'default') {
    return callUnary(this.admin.createPool.bind(this.admin), { name, cidr }, callOptions);
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
