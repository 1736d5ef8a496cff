// The routes effect on the real kernel: many routes, other processes, processes that are killed, and traffic.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { Routes } from '../../node/routes/routes.js';
import { rooted, signal, story, told } from '../support/kernel-story.js';
import type { LinuxRouteHost } from '../support/linux-route-host.js';
import { PingFlow } from '../support/ping-flow.js';
import { manyPeers, peer, prefix, wanted } from '../support/route-fixtures.js';
import { installed } from '../support/route-scenario.js';

if (!rooted) test.skip('many routes and other processes on the real kernel: needs root', (t) => t.pass());

story('16,384 routes are added, listed completely, and deleted', async (t, on) => {
  const { host, eth0, routes } = on;
  host.removeAddress('eth0', '192.168.83.1/24');
  host.addAddress('eth0', '192.168.80.1/20');
  const peers = manyPeers(16_384);
  const pools = [prefix('10.64.0.0/10')];
  const own = [prefix('10.200.0.0/24')];
  const desired = wanted({ peers, ifindex: eth0, pools, own });
  t.deepEqual((await routes.converge(desired, signal)).findings, []);
  t.is(routes.counts.installed, 16_384);
  const lines = host.ip('route', 'show', 'proto', '88').trimEnd().split('\n');
  t.is(lines.length, 16_385);
  t.true(lines.includes(`10.64.5.0/24 nhid ${0x0a400500} via 192.168.80.7 dev eth0 `));
  t.is((await routes.converge(desired, signal)).changes, 0);
  const fewer = wanted({ peers: peers.slice(1), ifindex: eth0, pools, own });
  t.is((await routes.converge(fewer, signal)).changes, 2);
  await routes.remove(signal);
  t.is(host.ip('route', 'show', 'proto', '88'), '');
  t.is(host.ip('nexthop', 'show'), '');
});

story('two protocols in one kernel do not affect each other', async (t, { host, eth0, routes }) => {
  const mirror = new KernelMirror({ kernel: host.other, protocol: 89 });
  const others = new Routes({ kernel: host.other, mirror, protocol: 89 });
  const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
  const elsewhere = wanted({
    peers: [{ ...peer(3), subnet: prefix('10.90.3.0/24') }],
    ifindex: eth0,
    pools: [prefix('10.90.0.0/16')],
    own: [prefix('10.90.0.0/24')],
  });
  await routes.converge(desired, signal);
  await others.converge(elsewhere, signal);
  t.is((await installed(host.kernel, 89)).length, 2);
  t.is((await routes.converge(desired, signal)).changes, 0);
  await routes.remove(signal);
  t.deepEqual(await installed(host.kernel, 88), []);
  t.is((await installed(host.kernel, 89)).length, 2);
  t.is((await others.converge(elsewhere, signal)).changes, 0);
});

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no standard output');
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line');
  return String(line);
}

type ViewFeed = { readonly host: LinuxRouteHost; readonly ifindex: number; readonly peers: number };

function startProcess(t: ExecutionContext, { host, ifindex, peers }: ViewFeed): ChildProcess {
  const script = fileURLToPath(new URL('../support/routes-process.js', import.meta.url));
  const argv = [script, host.namespace.path, String(ifindex), String(peers)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

story('a process that is killed and started again changes nothing', async (t, { host, eth0 }) => {
  host.removeAddress('eth0', '192.168.83.1/24');
  host.addAddress('eth0', '192.168.80.1/20');
  const first = startProcess(t, { host, ifindex: eth0, peers: 500 });
  t.is(await firstLine(first), 'converged 1001');
  await kill(first);
  const monitor = new Monitor(host);
  t.teardown(() => monitor.close());
  await monitor.flush();
  const second = startProcess(t, { host, ifindex: eth0, peers: 500 });
  t.is(await firstLine(second), 'converged 0');
  await monitor.flush();
  t.deepEqual(monitor.seen, []);
});

story(
  'R9 a host’s new address is one replaced next hop at each peer, and no route',
  async (t, { host, eth0, routes }) => {
    const peers = [peer(1), peer(2), peer(3)];
    await routes.converge(wanted({ peers, ifindex: eth0 }), signal);
    // Otherwise the kernel also notifies every route that uses the next hop.
    host.namespace.runSync(['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/nexthop_compat_mode']);
    const monitor = new Monitor(host);
    t.teardown(() => monitor.close());
    await monitor.flush();
    const moved = [peer(1), peer(2, '192.168.83.77'), peer(3)];
    t.is((await routes.converge(wanted({ peers: moved, ifindex: eth0 }), signal)).changes, 1);
    await monitor.flush();
    t.is(monitor.seen.length, 1, monitor.seen.join());
    t.regex(monitor.seen[0] ?? '', /^id \d+ via 192\.168\.83\.77 dev eth0/);
    t.is((await routes.converge(wanted({ peers: moved, ifindex: eth0 }), signal)).changes, 0);
  },
);

story('the next process completes the work of one that was killed', async (t, { host, eth0, mirror }) => {
  host.removeAddress('eth0', '192.168.83.1/24');
  host.addAddress('eth0', '192.168.80.1/20');
  await mirror.refresh();
  const begun = told(mirror, 'nextHop');
  const first = startProcess(t, { host, ifindex: eth0, peers: 16_384 });
  await begun;
  await kill(first);
  const there = (await host.kernel.nextHops())?.length ?? 0;
  t.true(there > 0);
  const second = startProcess(t, { host, ifindex: eth0, peers: 16_384 });
  t.regex(await firstLine(second), /^converged \d+$/);
  // All except the own subnet, and the guard.
  t.is((await installed(host.kernel)).length, 16_384);
  t.is((await host.kernel.nextHops())?.length, 16_383);
});

// What `ip -4 monitor` prints of routes and next hops in a host.
class Monitor {
  /** Lines that are not of the marker. */
  readonly seen: string[] = [];
  readonly #host: LinuxRouteHost;
  readonly #child: ChildProcess;
  #mark = 0;
  #seenMark = 0;

  constructor(host: LinuxRouteHost) {
    this.#host = host;
    const [enter, ...rest] = host.namespace.enter;
    const argv = [...rest, 'ip', '-4', 'monitor', 'route', 'nexthop'];
    const child = spawn(enter, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const mark = /203\.0\.113\.(\d+)/.exec(line)?.[1];
      if (mark === undefined) this.seen.push(line);
      else this.#seenMark = Number(mark);
    });
    this.#child = child;
  }

  /** flush waits until all that happened before it has been printed. */
  async flush(): Promise<void> {
    this.#mark += 1;
    while (this.#seenMark !== this.#mark) {
      this.#host.ip('route', 'replace', `203.0.113.${this.#mark}`, 'dev', 'lo');
      this.#host.ip('route', 'delete', `203.0.113.${this.#mark}`, 'dev', 'lo');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}

story('no packet is lost while next hops, forms and preferred sources change', async (t, { host, mirror, routes }) => {
  host.removeLink('eth0');
  const neighbour = host.addNeighbour('lan0', ['192.168.83.11/24', '192.168.83.12/24', '10.76.1.7/32']);
  host.addAddress('lan0', '192.168.83.1/24');
  host.addLink('docker0');
  neighbour.runSync(['ip', 'route', 'add', '10.76.0.0/24', 'via', '192.168.83.1']);
  const plain = new Routes({ kernel: host.kernel, mirror, nextHops: 'never' });
  const ifindex = host.ifindex('lan0');
  const by = (gateway: string) => wanted({ peers: [peer(1, gateway)], ifindex });
  await routes.converge(by('192.168.83.11'), signal);
  // From an address that stays, whatever the preferred source is.
  const enter = () => Promise.resolve(host.namespace.enter);
  const flow = await PingFlow.start({ enter }, '10.76.1.7', '192.168.83.1');
  t.teardown(() => flow.stop());
  await flow.seen(50);
  for (let rounds = 0; rounds < 60; rounds += 1) {
    const gateway = rounds % 2 === 0 ? '192.168.83.12' : '192.168.83.11';
    await routes.converge(by(gateway), signal);
    if (rounds % 3 === 0) await plain.converge(by(gateway), signal);
    if (rounds % 3 === 1) host.addAddress('docker0', '10.76.0.1/24');
    await plain.converge(by(gateway === '192.168.83.11' ? '192.168.83.12' : '192.168.83.11'), signal);
    await routes.converge(by(gateway), signal);
    // When an address is removed, the kernel removes routes with it as preferred source: first without one.
    if (rounds % 3 === 1) {
      await routes.converge({ ...by(gateway), gateways: [] }, signal);
      host.removeAddress('docker0', '10.76.0.1/24');
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await flow.seen(50);
  const { sent, received } = await flow.stop();
  t.is(received, sent);
});
