// A malicious controller, and a host whose xnetd is connected to it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import type { NodeServiceHandlers } from '../../proto/gen/xnet/v1/NodeService.js';
import type { ReportRequest__Output } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { WatchRequest__Output } from '../../proto/gen/xnet/v1/WatchRequest.js';
import type { WatchResponse } from '../../proto/gen/xnet/v1/WatchResponse.js';
import { services } from '../../proto/rpc/definitions.js';
import { unary } from '../../proto/rpc/server.js';
import { address } from './pools.js';
import { patientMs } from './until.js';

const main = fileURLToPath(new URL('../../bin/xnetd.js', import.meta.url));

/** range returns a CIDR as a controller sends it. */
export function range(cidr: string) {
  const [text = '', length] = cidr.split('/');
  return { network: address(text), prefixLength: Number(length) };
}

/** route returns a route as a controller sends it. */
export const route = (cidr: string, via: string, nodeName = 'web-2') => ({
  ...range(cidr),
  nextHop: address(via),
  nodeName,
});
/** version returns the version of a table at a revision. */
export const version = (revision: number) => ({ clusterId: 'c-1', epoch: 1, revision });

/** A controller that sends the test's messages, and receives the node's reports. */
class BadController {
  readonly said: ((message: WatchResponse) => void)[] = [];
  readonly reports: ReportRequest__Output[] = [];
  /** What the node asked for with each stream. */
  readonly requests: WatchRequest__Output[] = [];
  /** First messages of each stream. */
  greet: readonly WatchResponse[] = [];
  readonly #listeners = new Set<() => void>();

  readonly service: Partial<NodeServiceHandlers> = {
    Watch: (call) => {
      this.requests.push(call.request);
      this.said.push((message) => call.write(message));
      for (const message of this.greet) call.write(message);
      this.#tell();
    },
    Report: unary(async (request) => {
      this.reports.push(request);
      this.#tell();
      return { nextReportMs: 60_000, spreadMs: 0 };
    }),
  };

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  say(message: WatchResponse): void {
    this.said.at(-1)?.(message);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        const last = this.reports.at(-1);
        reject(new Error(`not in time: ${what}; last report: ${JSON.stringify(last)}`));
      }, patientMs);
      this.#listeners.add(() => {
        if (!holds()) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  condition(type: string) {
    return this.reports.at(-1)?.conditions.find((one) => one.type === type);
  }
}

/** assignment is the assignment of the host. */
export const assignment = {
  nodeId: 'n-0123456789ab',
  nodeName: 'web-1',
  address: '192.168.83.11',
  availability: 'AVAILABILITY_ACTIVE' as const,
  pool: 'default',
  subnet: '10.76.0.0/24',
  generation: 1,
  mode: 'MODE_BRIDGE' as const,
  networkName: 'xnet',
  bridgeName: 'xnet0',
};
/** pool is the pool of the assignment. */
export const pool = { ...range('10.76.0.0/16'), subnetLength: 24 };
/** good holds the routes of a correct controller. */
export const good = [route('10.76.0.0/24', '192.168.83.11', 'web-1'), route('10.76.1.0/24', '192.168.83.12')];

/** snapshotAt returns the correct table at a revision, in one chunk. */
export function snapshotAt(revision: number): WatchResponse {
  return {
    snapshot: {
      version: version(revision),
      routes: good,
      unresolved: [],
      pools: [pool],
      first: true,
      last: true,
      fresh: true,
    },
  };
}

/** BadHost is a host with two interfaces whose xnetd is connected to a malicious controller. */
export class BadHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'xnet-bad-'));
  readonly namespace = Namespace.create('bad');
  readonly bad = new BadController();
  readonly #socket = join(this.dir, 'c.sock');
  // Not a server of ours: a malicious controller admits any caller.
  readonly #server = new grpc.Server();
  #daemon: ChildProcess | undefined;
  /** Log output of its daemons. */
  output = '';

  static async make(t: ExecutionContext): Promise<BadHost> {
    const host = new BadHost();
    t.teardown(() => host.#close(t));
    host.#server.addService(services.node.service, host.bad.service as NodeServiceHandlers);
    await new Promise<void>((resolve, reject) => {
      host.#server.bindAsync(`unix:${host.#socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    host.namespace.ipBatch([
      'link add eth0 type veth peer name eth0-end',
      'link set eth0-end up',
      'link set eth0 up',
      'address add 192.168.83.11/24 dev eth0',
      'route add default via 192.168.83.1',
      'link add eth1 type veth peer name eth1-end',
      'link set eth1 up',
      'address add 10.50.0.9/16 dev eth1',
    ]);
    return host;
  }

  /** start starts xnetd with these options of Node.js and of its own, and returns its exit code. */
  start(nodeOptions: readonly string[] = [], options: readonly string[] = []): Promise<number | null> {
    const [program = '', ...enter] = this.namespace.enter;
    const daemon = spawn(
      program,
      [
        ...enter,
        ...['setpriv', '--pdeathsig', 'KILL', process.execPath, ...nodeOptions, main, 'run', '--node', 'web-1'],
        ...['--controller', `unix:${this.#socket}`, '--state-dir', join(this.dir, 'state')],
        ...['--run-dir', join(this.dir, 'run'), '--probe-interval', '0'],
        ...['--docker-socket', join(this.dir, 'none.sock'), '--docker-pid-file', join(this.dir, 'none.pid')],
        ...options,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#daemon = daemon;
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    }
    return new Promise((resolve) => daemon.once('close', (code) => resolve(code)));
  }

  /** pid is that of the daemon that was started last. */
  get pid(): number {
    // Never 0, which would signal the test's own process group.
    if (this.#daemon?.pid === undefined) throw new Error('no daemon was started');
    return this.#daemon.pid;
  }

  /** stop tells xnetd to stop. */
  stop(): void {
    this.#daemon?.kill('SIGTERM');
  }

  async #close(t: ExecutionContext): Promise<void> {
    const daemon = this.#daemon;
    if (daemon?.exitCode === null) {
      const ended = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await ended;
    }
    this.#server.forceShutdown();
    this.namespace.delete();
    rmSync(this.dir, { recursive: true });
    if (!t.passed) t.log(this.output);
  }
}
