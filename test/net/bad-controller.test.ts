// A controller gone bad and a real xnetd on a real kernel: the overlay may break, the host may not.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { readCache } from '../../node/table/cache.js';
import { parsePrefix } from '../../proto/domain/address.js';
import type { NodeServiceHandlers } from '../../proto/gen/xnet/v1/NodeService.js';
import type { ReportRequest__Output } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { WatchResponse } from '../../proto/gen/xnet/v1/WatchResponse.js';
import { exec } from '../../proto/process/exec.js';
import { services } from '../../proto/rpc/definitions.js';
import { unary } from '../../proto/rpc/server.js';
import { isRoot } from '../support/linux-route-host.js';
import { address } from '../support/pools.js';
import { until } from '../support/until.js';

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
  /** What each stream begins with. */
  greet: readonly WatchResponse[] = [];
  readonly #listeners = new Set<() => void>();

  readonly service: Partial<NodeServiceHandlers> = {
    Watch: (call) => {
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

function snapshotAt(revision: number): WatchResponse {
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

/** A host with two interfaces, whose xnetd has a bad controller. */
class BadHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'xnet-bad-'));
  readonly namespace = Namespace.create('bad');
  readonly bad = new BadController();
  readonly #socket = join(this.dir, 'c.sock');
  // No server of ours: who is bad admits whom it likes.
  readonly #server = new grpc.Server();
  #daemon: ChildProcess | undefined;
  /** What its daemons have logged. */
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

  /** start starts xnetd, with these options of Node.js, and returns what it ends with. */
  start(nodeOptions: readonly string[] = []): Promise<number | null> {
    const [program = '', ...enter] = this.namespace.enter;
    const daemon = spawn(
      program,
      [
        ...enter,
        ...['setpriv', '--pdeathsig', 'KILL', process.execPath, ...nodeOptions, main, 'run', '--node', 'web-1'],
        ...['--controller', `unix:${this.#socket}`, '--state-dir', join(this.dir, 'state')],
        ...['--run-dir', join(this.dir, 'run'), '--probe-interval', '0'],
        ...['--docker-socket', join(this.dir, 'none.sock'), '--docker-pid-file', join(this.dir, 'none.pid')],
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

if (!isRoot('a bad controller and a real host')) test.skip('a bad controller: needs root', (t) => t.pass());
else {
  test('a bad controller breaks the overlay, not the host', async (t) => {
    const host = await BadHost.make(t);
    const { bad, namespace } = host;
    const routes = () => namespace.runSync(['ip', '-4', 'route', 'show', 'table', 'all']);
    const before = routes()
      .split('\n')
      .filter((line) => line !== '');
    void host.start();
    await bad.until('the node watches', () => bad.said.length > 0);

    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    t.true(bad.condition('Controller')?.ok);
    await bad.until('the networks of a host without Docker are reported', () =>
      ['192.168.83.0/24 interface eth0', '10.50.0.0/16 interface eth1'].every((network) =>
        bad.reports.at(-1)?.hostNetworks.some(({ cidr, source }) => `${cidr} ${source}` === network),
      ),
    );
    const peerRoute = () => namespace.runSync(['ip', '-4', 'route', 'show', '10.76.1.0/24']).trim();
    const whole = peerRoute();
    namespace.ipBatch(['address add 10.76.1.129/25 dev eth1']);
    await bad.until('a network of its own is told', () => bad.condition('Routes')?.reason === 'OverlapsHost');
    t.is(peerRoute(), '');
    t.regex(bad.condition('Routes')?.message ?? '', /10\.76\.1\.0\/24 of web-2 overlaps 10\.76\.1\.128\/25 of eth1/);
    namespace.ipBatch(['address delete 10.76.1.129/25 dev eth1']);
    await bad.until('it has gone', () => bad.condition('Routes')?.ok === true);
    t.is(peerRoute(), whole);
    // The address for a moment on no interface: another interface is not taken for it.
    namespace.ipBatch(['address delete 192.168.83.11/24 dev eth0', 'route add default via 10.50.0.1']);
    await bad.until('the address is missed', () => bad.condition('Underlay')?.reason === 'AddressMissing');
    t.is(peerRoute(), whole);
    namespace.ipBatch(['address add 192.168.83.11/24 dev eth0', 'route replace default via 192.168.83.1']);
    await bad.until('it is back', () => bad.condition('Underlay')?.ok === true);

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
    t.regex(host.output, /"type":"Controller"/);

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
    bad.say(snapshotAt(12));
    await bad.until('all is well again', () => bad.condition('Controller')?.ok === true);
    t.is(bad.reports.at(-1)?.routes?.installed, 1);
  });

  test('a controller whose table is refused is asked again less and less often', async (t) => {
    const host = await BadHost.make(t);
    const { bad } = host;
    void host.start();
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    // From here on each stream begins as it should, and goes on with a table that is older than the one before.
    bad.greet = [{ trust: { authority: [], spreadMs: 0 } }, { assignment }, snapshotAt(3)];
    const streams = bad.said.length;
    for (const message of bad.greet) bad.say(message);
    await bad.until('five more streams', () => bad.said.length >= streams + 5);
    const ended = () =>
      host.output
        .split('\n')
        .filter((line) => line.includes('watch: ended'))
        .map((line) => JSON.parse(line) as { attempt: number; reason: string });
    t.deepEqual(
      ended()
        .slice(0, 5)
        .map(({ attempt }) => attempt),
      [1, 2, 3, 4, 5],
    );
    t.regex(ended()[0]?.reason ?? '', /the controller's table is of revision 3, this host has seen 10/);
    // One that can be taken in ends the row.
    bad.greet = [{ assignment }, snapshotAt(11)];
    await bad.until('it is taken in', () => bad.reports.at(-1)?.applied?.revision === 11);
  });

  test('a daemon of which a part has failed ends, and the next one goes on', async (t) => {
    const host = await BadHost.make(t);
    const { bad, dir, namespace } = host;
    // What the daemon asks of its kernel throws once this file is there: wherever that comes up, it is not expected.
    const broken = join(dir, 'broken');
    const breaker = join(dir, 'breaker.mjs');
    writeFileSync(
      breaker,
      `import os from 'node:os';
       import { existsSync } from 'node:fs';
       import { syncBuiltinESMExports } from 'node:module';
       const release = os.release;
       os.release = () => {
         if (existsSync(${JSON.stringify(broken)})) throw new Error('no release today');
         return release();
       };
       syncBuiltinESMExports();`,
    );
    const ended = host.start(['--import', breaker]);
    await bad.until('the node watches', () => bad.said.length > 0);
    bad.say({ assignment });
    bad.say(snapshotAt(10));
    await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
    writeFileSync(broken, '');
    // Has the lane of routes take a turn.
    namespace.runSync(['ip', 'route', 'delete', '10.76.1.0/24']);
    t.is(await ended, 1);
    t.regex(host.output, /"part":"routes".*no release today|no release today.*"part":"routes"/);
    rmSync(broken);
    const streams = bad.said.length;
    void host.start();
    await bad.until('the next one watches', () => bad.said.length > streams);
    bad.say({ assignment });
    await bad.until('it has repaired the route', () => bad.reports.at(-1)?.routes?.installed === 1);
    t.regex(namespace.runSync(['ip', 'route']), /10\.76\.1\.0\/24/);
  });

  test('a state directory that is full is a condition, and the cache is written when there is room', async (t) => {
    const host = await BadHost.make(t);
    const { bad } = host;
    const state = join(host.dir, 'state');
    mkdirSync(state, { mode: 0o700 });
    const mounted = await exec(['mount', '-t', 'tmpfs', '-o', 'size=2m,mode=700', 'xnet-test', state]);
    t.is(mounted.code, 0, mounted.stderr);
    try {
      const ended = host.start();
      await bad.until('the node watches', () => bad.said.length > 0);
      bad.say({ assignment });
      bad.say(snapshotAt(10));
      await bad.until('the good table is applied', () => bad.reports.at(-1)?.routes?.installed === 1);
      t.true(bad.condition('State')?.ok);
      await until('it is cached', async () => (await readCache(state))?.table?.version.revision === 10);
      const filler = join(state, 'filler');
      for (const size of [65_536, 4_096]) {
        t.throws(() => {
          for (;;) appendFileSync(filler, 'x'.repeat(size));
        });
      }
      bad.say(snapshotAt(11));
      await bad.until('it is reported', () => /disk is full/.test(bad.condition('State')?.message ?? ''));
      t.is(bad.reports.at(-1)?.applied?.revision, 11, 'the kernel has it all the same');
      await bad.until('and that there is no room', () => /KiB of room/.test(bad.condition('State')?.message ?? ''));
      t.is((await readCache(state))?.table?.version.revision, 10);
      rmSync(filler);
      await bad.until('all is well again', () => bad.condition('State')?.ok === true);
      t.is((await readCache(state))?.table?.version.revision, 11);
      host.stop();
      await ended;
    } finally {
      await exec(['umount', '--lazy', state]);
    }
  });
}
