// The number of leases a second that a controller grants, and how quickly xctl lists a thousand nodes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import { callUnary } from '../../proto/rpc/channel.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { rateOf, transactionRate } from './etcd-rate.js';
import { type BenchContext, type BenchPart, ms, Wrong } from './figure.js';
import { addressOf } from './simulated-fleet.js';
import { median } from './statistics.js';

const xctlBundle = fileURLToPath(new URL('../../bin/xctl.js', import.meta.url));
const callOptions = { timeoutMs: 30_000 };
const connections = 8;

/** Grant is a controller that grants leases, through several connections in turn. */
class Grant {
  readonly controller: ControllerProcess;
  readonly subnets = new Set<string>();
  granted = 0;
  readonly #admins: readonly AdminServiceClient[];

  constructor(controller: ControllerProcess, operator: Credentials) {
    this.controller = controller;
    this.#admins = Array.from({ length: connections }, () => controller.adminClient(operator));
  }

  /** next adds another node. */
  async next(): Promise<void> {
    const index = this.granted;
    this.granted += 1;
    const admin = this.#admins[index % connections];
    if (admin === undefined) throw new Error('no connection');
    const request = { name: `leased-${index}`, address: addressOf(index), operationId: `lease-${index}` };
    const { node } = await callUnary(admin.addNode.bind(admin), request, callOptions);
    if (node === null) throw new Wrong(`leased-${index}: no node came of it`);
    if (this.subnets.has(node.subnet)) throw new Wrong(`leased twice: ${node.subnet}`);
    this.subnets.add(node.subnet);
  }
}

async function measureRate({ quick, log, tell }: BenchContext, grant: Grant): Promise<void> {
  const count = quick ? 600 : 3_000;
  for (const clients of [8, 64]) {
    log(`leases by ${clients} clients`);
    // Alternates, as the machine's speed varies over time.
    const raw: number[] = [];
    const ours: number[] = [];
    await rateOf(200, clients, () => grant.next());
    for (let turn = 0; turn < 2; turn += 1) {
      raw.push(await transactionRate(count / 2, clients));
      ours.push(await rateOf(count / 2, clients, () => grant.next()));
    }
    const [rate, limit] = [Math.max(...ours), Math.max(...raw)];
    tell({
      row: 'leases',
      what: `leases granted per second, ${clients} clients at once`,
      ours: `${rate.toFixed(0)} a second`,
      limit: `transactions of as many records by etcd alone: ${limit.toFixed(0)} a second`,
      ratio: rate / limit,
      aim: '>= 0.5',
      met: rate / limit >= 0.5,
    });
  }
}

function timeOf(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly tookMs: number; readonly printed: string } {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  const tookMs = performance.now() - began;
  if (status !== 0) throw new Wrong(`${args.join(' ')}: exit code ${status}: ${stderr}`);
  return { tookMs, printed: stdout };
}

function measureList({ quick, log, tell }: BenchContext, { controller }: Grant, nodes: number): void {
  log(`xctl nodes list, ${nodes} nodes`);
  // The home of an operator: it has a place for the cache of compiled code.
  const home = mkdtempSync(join(tmpdir(), 'xnet-bench-'));
  const remote = { PATH: process.env['PATH'], HOME: home };
  const env = { ...remote, XCTL_CONTROLLER: `unix:${controller.socket}` };
  // Saves a context, with which xctl by default uses TLS and the API's port.
  timeOf([xctlBundle, 'init'], env);
  const [list, listTls, nothing, help]: [number[], number[], number[], number[]] = [[], [], [], []];
  const listed = (by: NodeJS.ProcessEnv) => {
    const { tookMs, printed } = timeOf([xctlBundle, 'nodes', 'list'], by);
    const lines = printed.split('\n').filter((line) => /^leased-/.test(line)).length;
    if (lines !== nodes) throw new Wrong(`xctl nodes list printed ${lines} of ${nodes} nodes`);
    return tookMs;
  };
  // The first run of each program fills the disk caches.
  for (let round = 0; round <= (quick ? 5 : 25); round += 1) {
    const [local, tls] = [listed(env), listed(remote)];
    if (round > 0) {
      list.push(local);
      listTls.push(tls);
    }
    nothing.push(timeOf(['-e', '0'], env).tookMs);
    help.push(timeOf([xctlBundle, '--version'], env).tookMs);
  }
  rmSync(home, { recursive: true, force: true });
  const ratio = median(list) / median(nothing);
  tell({
    row: 'list',
    what: `xctl nodes list, cold, ${nodes} nodes`,
    ours: `${ms(median(list))} by the unix socket, ${ms(median(listTls))} over TLS; xctl --version ${ms(median(help))}`,
    limit: `node -e 0: ${ms(median(nothing))}`,
    ratio,
    aim: '<= 2 x',
    met: ratio <= 2,
  });
}

async function run(context: BenchContext): Promise<void> {
  const controller = await ControllerProcess.start();
  const grant = new Grant(controller, await controller.credentialsFor('operator'));
  try {
    await controller.createPool('10.0.0.0/9');
    if (context.wanted.has('list')) {
      const nodes = context.quick ? 100 : 1_000;
      await rateOf(nodes, 64, () => grant.next());
      measureList(context, grant, nodes);
    }
    if (context.wanted.has('leases')) await measureRate(context, grant);
    const listed = new Set((await controller.nodes()).map(({ subnet }) => subnet));
    if (listed.size !== grant.subnets.size) {
      throw new Wrong(`${grant.subnets.size} subnets were granted and ${listed.size} are leased`);
    }
  } finally {
    await controller.close();
  }
}

/** benchLeases measures both. */
export const benchLeases: BenchPart = { rows: ['leases', 'list'], run };
