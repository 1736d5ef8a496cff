// A controller gone bad and a real xnetd on a real kernel: the overlay may break, the host may not.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import test from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { parsePrefix } from '../../proto/domain/address.js';
import type { NodeServiceHandlers } from '../../proto/gen/xnet/v1/NodeService.js';
import type { ReportRequest__Output } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { WatchResponse } from '../../proto/gen/xnet/v1/WatchResponse.js';
import { services } from '../../proto/rpc/definitions.js';
import { unary } from '../../proto/rpc/server.js';
import { isRoot } from '../support/linux-route-host.js';
import { address } from '../support/pools.js';

const main = fileURLToPath(new URL('../../node/main.js', import.meta.url));

function range(cidr: string) {
  const [text = '', length] = cidr.split('/');
  return { network: address(text), prefixLength: Number(length) };
}

const route = (cidr: string, via: string, nodeName = 'web-2') => ({ ...range(cidr), nextHop: address(via), nodeName });
const version = (revision: number) => ({ clusterId: 'c-1', epoch: 1, revision });

/** A controller that says what it is told to, and hears what the node reports. */
class BadController {
  readonly said: ((message: WatchResponse) => void)[] = [];
  readonly reports: ReportRequest__Output[] = [];
  readonly #listeners = new Set<() => void>();

  readonly service: Partial<NodeServiceHandlers> = {
    Watch: (call) => {
      this.said.push((message) => call.write(message));
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
      }, 60_000);
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

if (!isRoot('a bad controller and a real host')) test.skip('a bad controller: needs root', (t) => t.pass());
else {
  test('a bad controller breaks the overlay, not the host', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'xnet-bad-'));
    const namespace = Namespace.create('bad');
    const bad = new BadController();
    const socket = join(dir, 'c.sock');
    // No server of ours: who is bad admits whom it likes.
    const server = new grpc.Server();
    server.addService(services.node.service, bad.service as NodeServiceHandlers);
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    let daemon: ChildProcess | undefined;
    let output = '';
    t.teardown(async () => {
      if (daemon?.exitCode === null) {
        const ended = new Promise((resolve) => daemon?.once('exit', resolve));
        daemon.kill('SIGTERM');
        await ended;
      }
      server.forceShutdown();
      namespace.delete();
      rmSync(dir, { recursive: true });
      if (!t.passed) t.log(output);
    });
    namespace.ipBatch([
      'link add eth0 type veth peer name eth0-end',
      'link set eth0-end up',
      'link set eth0 up',
      'address add 192.168.83.11/24 dev eth0',
      'route add default via 192.168.83.1',
      'link add eth1 type veth peer name eth1-end',
      'link set eth1 up',
      'address add 10.50.0.9/16 dev eth1',
    ]);
    const routes = () => namespace.runSync(['ip', '-4', 'route', 'show', 'table', 'all']);
    const before = routes()
      .split('\n')
      .filter((line) => line !== '');
    const [program = '', ...enter] = namespace.enter;
    daemon = spawn(
      program,
      [
        ...enter,
        ...['setpriv', '--pdeathsig', 'KILL', process.execPath, main, 'run', '--node', 'web-1'],
        ...['--controller', `unix:${socket}`, '--state-dir', join(dir, 'state'), '--run-dir', join(dir, 'run')],
        ...['--docker-socket', join(dir, 'none.sock'), '--docker-pid-file', join(dir, 'none.pid')],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    }
    await bad.until('the node watches', () => bad.said.length > 0);

    const assignment = {
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
    const pool = { ...range('10.76.0.0/16'), subnetLength: 24 };
    const good = [route('10.76.0.0/24', '192.168.83.11', 'web-1'), route('10.76.1.0/24', '192.168.83.12')];
    bad.say({ assignment });
    bad.say({
      snapshot: {
        version: version(10),
        routes: good,
        unresolved: [],
        pools: [pool],
        first: true,
        last: true,
        fresh: true,
      },
    });
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    t.true(bad.condition('Controller')?.ok);

    // Everything that a controller must not be able to do, in one change and an assignment.
    const upserts = [
      route('0.0.0.0/0', '192.168.83.66'),
      route('0.0.0.0/1', '192.168.83.66'),
      route('8.8.8.0/24', '192.168.83.66'),
      route('192.168.83.0/24', '192.168.83.66'),
      route('192.168.83.1/32', '192.168.83.66'),
      route('10.50.3.0/24', '192.168.83.66'),
      route('10.76.2.0/25', '192.168.83.66'),
      route('10.76.0.0/16', '192.168.83.66'),
      route('10.76.1.0/24', '127.0.0.1'),
      route('10.76.3.0/24', '192.168.83.11'),
      route('10.76.4.0/24', '192.168.83.255'),
      route('10.76.5.0/24', '224.0.0.1'),
      route('10.76.6.0/24', '192.168.83.13', '\u001b[31mroot'),
      // One among them is as it should be.
      route('10.76.7.0/24', '192.168.83.17', 'web-7'),
    ];
    const pools = ['0.0.0.0/0', '8.8.8.0/24', '10.50.0.0/16', '192.168.0.0/16', '127.0.0.0/8', '10.77.0.0/16'];
    bad.say({
      delta: {
        fromRevision: 10,
        to: version(11),
        upserts,
        removals: [],
        unresolved: [],
        pools: { pools: [pool, ...pools.map((cidr) => ({ ...range(cidr), subnetLength: 24 }))] },
      },
    });
    await bad.until('the change is applied', () => bad.reports.at(-1)?.applied?.revision === 11);
    bad.say({ assignment: { ...assignment, subnet: '192.168.83.0/24', bridgeName: 'eth0', generation: 2 } });
    await bad.until('the refusal is reported', () => bad.condition('Controller')?.reason === 'AssignmentRefused');
    const condition = bad.condition('Controller');
    t.false(condition?.ok);
    t.regex(condition?.message ?? '', /5 pools of the controller's not accepted/);
    t.regex(condition?.message ?? '', /13 routes of the controller's not accepted/);
    t.regex(output, /"type":"Controller"/);

    const after = routes().split('\n');
    for (const line of before) t.true(after.includes(line), `gone: ${line}`);
    const more = after.filter((line) => line !== '' && !before.includes(line));
    t.deepEqual(
      more
        .filter((line) => /via|nhid|unreachable/.test(line))
        .map((line) => line.replace(/ (via|nhid|dev|proto) .*/, ''))
        .sort(),
      ['10.76.1.0/24', '10.76.7.0/24', 'unreachable 10.76.0.0/16', 'unreachable 10.77.0.0/16'],
    );
    t.regex(more.join('\n'), /10\.76\.1\.0\/24 .*via 192\.168\.83\.12/);
    for (const line of more) {
      const destination = parsePrefix(/(\d+\.){3}\d+\/\d+/.exec(line)?.[0] ?? '');
      t.true(destination !== undefined && destination.length >= 16, line);
    }
    t.false(namespace.runSync(['ip', '-4', 'address']).includes('10.76.'));

    // With the first table back, nothing is wrong any more.
    bad.say({ assignment });
    bad.say({
      snapshot: {
        version: version(12),
        routes: good,
        unresolved: [],
        pools: [pool],
        first: true,
        last: true,
        fresh: true,
      },
    });
    await bad.until('all is well again', () => bad.condition('Controller')?.ok === true);
    t.is(bad.reports.at(-1)?.routes?.installed, 1);
  });
}
