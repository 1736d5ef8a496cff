// A machine with a controller and a node, and the log of its daemon.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { readIdentity } from '../../node/identity/folder.js';
import { certificateOf } from '../../node/identity/identity.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { tokenFor } from './joining.js';
import { patientMs, until } from './until.js';
import type { Running } from './xctl.js';
import { Xnetd } from './xnetd.js';

const main = fileURLToPath(new URL('../../controller/main.js', import.meta.url));
/** callOptions sets how long a call may take. */
export const callOptions = { timeoutMs: patientMs };

type Line = Readonly<Record<string, unknown>> & { readonly msg: string };

/** linesOf returns the lines that a daemon has logged. */
export function linesOf({ stdout, stderr }: Running): readonly Line[] {
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}

/** count returns how often a daemon has logged a message. */
export const count = (running: Running, msg: string) => linesOf(running).filter((line) => line.msg === msg).length;

/** Machine is a network namespace with a controller and a node in it. */
export class Machine {
  readonly namespace = Namespace.create('cert');
  readonly dir = mkdtempSync(join(tmpdir(), 'xnet-cert-'));
  readonly admin = makeClient(services.admin, { kind: 'unix', path: join(this.dir, 'c.sock') });
  readonly host: Xnetd;
  readonly #args: readonly string[];
  #controller: ChildProcess | undefined;

  private constructor(args: readonly string[]) {
    this.#args = args;
    this.namespace.ipBatch([
      'link add eth0 type veth peer name eth0-end',
      'link set eth0-end up',
      'link set eth0 up',
      'address add 192.168.83.11/24 dev eth0',
      'address add 192.168.83.2/24 dev eth0',
      'route add default via 192.168.83.1',
    ]);
    this.host = new Xnetd({ enter: this.namespace.enter });
  }

  static async start(t: ExecutionContext, ...args: readonly string[]): Promise<Machine> {
    const machine = new Machine(args);
    t.teardown(() => machine.close());
    await machine.#launch();
    const { admin } = machine;
    await callUnary(admin.init.bind(admin), {}, callOptions);
    await callUnary(admin.createPool.bind(admin), { name: 'default', cidr: '10.76.0.0/16' }, callOptions);
    await machine.add('web-1', '192.168.83.11');
    return machine;
  }

  async #launch(): Promise<void> {
    const [program = '', ...enter] = this.namespace.enter;
    this.#controller = spawn(
      program,
      [
        ...[...enter, 'setpriv', '--pdeathsig', 'KILL', process.execPath, main, '--data-dir', this.dir],
        ...['--listen', `unix:${join(this.dir, 'c.sock')},192.168.83.2:7400`, ...this.#args],
      ],
      { stdio: 'ignore' },
    );
    const { admin } = this;
    await until('the controller answers', async () => {
      const { clusterId } = await callUnary(admin.getStatus.bind(admin), {}, { timeoutMs: 2_000 });
      return clusterId !== '';
    });
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#controller?.exitCode !== null || this.#controller.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#controller?.once('exit', resolve));
    this.#controller.kill(signal);
    await gone;
  }

  /** restart stops the controller with its etcd, has its data changed, and starts it again. */
  async restart(change: () => void): Promise<void> {
    await this.#stop('SIGTERM');
    change();
    await this.#launch();
  }

  async add(name: string, address: string): Promise<void> {
    await callUnary(this.admin.addNode.bind(this.admin), { name, address }, callOptions);
  }

  async join(t: ExecutionContext, ...more: readonly string[]): Promise<void> {
    const ran = await this.host.join('192.168.83.2', await tokenFor(this.admin, 'web-1'), ...more);
    t.is(ran.code, 0, ran.stderr);
  }

  async serial(): Promise<string> {
    const identity = await readIdentity(this.host.stateDir);
    return identity === undefined ? '' : certificateOf(identity).serial;
  }

  async status(): Promise<{
    problems: { text: string; fix: string | null }[];
    identity: { renewalAt: string; certificateUntil: string } | null;
  }> {
    const { stdout } = await this.host.run('status', '-o', 'json');
    return JSON.parse(stdout) as Awaited<ReturnType<Machine['status']>>;
  }

  async conditionOf(type: string) {
    const { nodes } = await callUnary(this.admin.listNodes.bind(this.admin), {}, callOptions);
    return nodes[0]?.conditions.find((one) => one.type === type);
  }

  async close(): Promise<void> {
    this.admin.close();
    await this.host.close();
    await this.#stop('SIGKILL');
    this.namespace.delete();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
