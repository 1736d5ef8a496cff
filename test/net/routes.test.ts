// The routes effect on the real kernel: the stories that a kernel in memory is told as well, and what only a real one
// can show: iproute2's view, traffic, other processes, events.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type BridgeState, onBridgeChange } from '../../node/docker/engine/own-bridge.js';
import { type KernelChange, KernelMirror } from '../../node/kernel/mirror.js';
import type { DesiredRoutes } from '../../node/routes/desired.js';
import { Routes } from '../../node/routes/routes.js';
import type { Underlay } from '../../node/underlay/choose.js';
import { readUnderlay } from '../../node/underlay/underlay.js';
import { isRoot, LinuxRouteHost } from '../support/linux-route-host.js';
import { ip, manyPeers, peer, pool, prefix, wanted } from '../support/route-fixtures.js';
import { installed, runScenario, scenarios } from '../support/route-scenarios.js';

const { signal } = new AbortController();
const rooted = isRoot('routes on the real kernel');

type On = {
  readonly host: LinuxRouteHost;
  readonly eth0: number;
  readonly mirror: KernelMirror;
  readonly routes: Routes;
};

// One after the other: each host holds a thread of libuv's pool.
function story(title: string, body: (t: ExecutionContext, on: On) => Promise<void>): void {
  if (!rooted) return;
  test.serial(`on the kernel: ${title}`, async (t) => {
    const host = new LinuxRouteHost();
    try {
      const eth0 = host.addLink('eth0');
      host.addAddress('eth0', '192.168.83.1/24');
      const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
      const routes = new Routes({ kernel: host.kernel, mirror });
      await body(t, { host, eth0, mirror, routes });
    } finally {
      await host.close();
    }
  });
}

if (!rooted) test.skip('routes on the real kernel: needs root', (t) => t.pass());
for (const scenario of rooted ? scenarios : []) {
  test.serial(`on the kernel: ${scenario.title}`, (t) => runScenario(t, new LinuxRouteHost(), scenario));
}

// Resolves when somebody else's change of one of these kinds is told.
function told(mirror: KernelMirror, ...kinds: readonly KernelChange[]): Promise<void> {
  return new Promise((resolve) => {
    const end = mirror.onChange((changes) => {
      if (!kinds.some((kind) => changes.has(kind))) return;
      end();
      resolve();
    });
  });
}

// Converges after each event until the routes are as desired, as the daemon's loop does.
async function healed({ mirror, routes }: On, desired: DesiredRoutes): Promise<void> {
  for (;;) {
    const change = told(mirror, 'route', 'nextHop', 'link', 'address', 'lost');
    await routes.converge(desired, signal);
    if (routes.counts.installed === routes.counts.desired) return;
    await change;
  }
}

story('a bridge that loses its address, or is deleted, is told of at once', async (t, { host, mirror }) => {
  host.addLink('docker0');
  host.addAddress('docker0', '10.76.0.1/24');
  host.addLink('shop');
  await mirror.refresh();
  const states: BridgeState[] = [];
  let next: () => void = () => undefined;
  const off = onBridgeChange(
    mirror,
    () => ({ name: 'docker0', gateway: ip('10.76.0.1') }),
    (state) => {
      states.push(state);
      next();
    },
  );
  const after = async (change: () => void, ...wanted: readonly BridgeState[]) => {
    const told = new Promise<void>((resolve) => {
      next = () => {
        if (wanted.some((state) => state === states.at(-1))) resolve();
      };
    });
    change();
    await told;
  };
  // Of what others do to other interfaces, nothing is told.
  host.addAddress('shop', '10.99.0.1/24');
  host.removeAddress('shop', '10.99.0.1/24');
  await after(() => host.removeAddress('docker0', '10.76.0.1/24'), 'without gateway');
  await after(() => host.addAddress('docker0', '10.76.0.1/24'), 'whole');
  t.deepEqual(states, ['without gateway', 'whole']);
  // The address goes first, and may be told of by itself.
  await after(() => host.removeLink('docker0'), 'gone', 'without gateway');
  host.addLink('docker0');
  await after(() => host.addAddress('docker0', '10.76.0.1/24'), 'whole');
  off();
});

story('one deleted route and a flush of all are noticed and repaired', async (t, { host, eth0, mirror, routes }) => {
  const desired = wanted({ peers: [1, 2, 3, 4, 5].map((index) => peer(index)), ifindex: eth0 });
  const plain = new Routes({ kernel: host.kernel, mirror, nextHops: 'never' });
  const commands: [Routes, string[]][] = [
    [routes, ['route', 'delete', '10.76.3.0/24']],
    [routes, ['nexthop', 'flush', 'proto', '88']],
    [plain, ['route', 'delete', '10.76.3.0/24']],
    // With next-hop objects iproute2 6.1 fails at this: it sends both the object and its gateway back to the kernel.
    [plain, ['route', 'flush', 'proto', '88']],
  ];
  for (const [effect, command] of commands) {
    await effect.converge(desired, signal);
    const good = await installed(host.kernel);
    const noticed = told(mirror, 'route', 'nextHop');
    host.ip(...command);
    await noticed;
    t.true((await effect.converge(desired, signal)).changes > 0);
    t.deepEqual(await installed(host.kernel), good, command.join(' '));
  }
});

story('an interface that is taken down, up and renamed is followed by events alone', async (t, on) => {
  const { host, eth0, mirror, routes } = on;
  const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
  await routes.converge(desired, signal);
  const good = await installed(host.kernel);
  const down = told(mirror, 'link');
  host.setLink('eth0', 'down');
  await down;
  await routes.converge(desired, signal);
  const up = told(mirror, 'link', 'route');
  host.setLink('eth0', 'up');
  await up;
  await healed(on, desired);
  t.deepEqual(await installed(host.kernel), good);
  const renamed = told(mirror, 'link');
  host.setLink('eth0', 'down');
  host.renameLink('eth0', 'lan0');
  host.setLink('lan0', 'up');
  await renamed;
  await healed(on, desired);
  t.deepEqual(await installed(host.kernel), good);
  const { underlay } = await readUnderlay(mirror, { settings: {}, assigned: ip('192.168.83.1'), pools: [pool] });
  t.deepEqual(underlay, { ifname: 'lan0', ifindex: eth0, address: ip('192.168.83.1') });
});

story('forwarding that is turned off, of the host or of an interface, is told at once', async (t, { host, mirror }) => {
  const sysctl = (setting: string) => host.namespace.runSync(['sysctl', '-qw', setting]);
  await mirror.refresh();
  for (const name of ['ip_forward', 'conf.eth0.forwarding', 'conf.default.forwarding']) {
    for (const value of ['1', '0']) {
      if (host.namespace.runSync(['sysctl', '-n', `net.ipv4.${name}`]).trim() === value) continue;
      const changed = told(mirror, 'forwarding');
      sysctl(`net.ipv4.${name}=${value}`);
      await t.notThrowsAsync(changed, name);
    }
  }
  // An interface that comes with forwarding on is no change of it.
  sysctl('net.ipv4.ip_forward=1');
  await mirror.refresh();
  const kinds = new Set<KernelChange>();
  const end = mirror.onChange((changes) => {
    for (const kind of changes) kinds.add(kind);
  });
  host.addLink('eth7');
  await mirror.refresh();
  end();
  t.false(kinds.has('forwarding'));
});

story('a carrier that is lost and comes back is followed by events alone', async (t, on) => {
  const { host, eth0, mirror, routes } = on;
  const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
  await routes.converge(desired, signal);
  const good = await installed(host.kernel);
  const lost = told(mirror, 'link');
  host.setLink('eth0-end', 'down');
  await lost;
  const outcome = await routes.converge(desired, signal);
  t.deepEqual(
    outcome.findings.map(({ reason }) => reason),
    ['InterfaceDown'],
  );
  t.is(routes.counts.installed, 0);
  host.setLink('eth0-end', 'up');
  await healed(on, desired);
  t.deepEqual(await installed(host.kernel), good);
});

story('an address that is taken away and given back is followed by events alone', async (t, on) => {
  const { host, eth0, mirror, routes } = on;
  const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
  await routes.converge(desired, signal);
  const good = await installed(host.kernel);
  const gone = told(mirror, 'address');
  host.removeAddress('eth0', '192.168.83.1/24');
  await gone;
  const outcome = await routes.converge(desired, signal);
  t.deepEqual(
    outcome.findings.map(({ reason }) => reason),
    ['NotOnLink'],
  );
  host.addAddress('eth0', '192.168.83.1/24');
  await healed(on, desired);
  t.deepEqual(await installed(host.kernel), good);
});

story('the node address that is gone for a moment moves nothing to another interface', async (t, on) => {
  const { host, eth0, mirror, routes } = on;
  host.addLink('public0');
  host.addAddress('public0', '203.0.113.5/24');
  host.ip('route', 'add', 'default', 'via', '203.0.113.1');
  const asked = { settings: {}, assigned: ip('192.168.83.1'), pools: [pool] };
  const turn = async (last?: Underlay) => {
    const choice = await readUnderlay(mirror, { ...asked, last });
    const desired = { ...wanted({ peers: [peer(1), peer(2)], ifindex: eth0 }), underlay: choice.underlay };
    await routes.converge(desired, signal);
    return choice;
  };
  const { underlay } = await turn();
  t.is(underlay?.ifname, 'eth0');
  const good = await installed(host.kernel);
  const gone = told(mirror, 'address');
  host.removeAddress('eth0', '192.168.83.1/24');
  await gone;
  // A daemon that goes on, one that was started anew, and one that finds no routes of its own.
  for (const last of [underlay, undefined]) {
    const choice = await turn(last);
    t.is(choice.underlay?.ifname, 'eth0');
    t.deepEqual(
      choice.findings.map(({ reason }) => reason),
      ['AddressMissing'],
    );
    t.deepEqual(await installed(host.kernel), good);
  }
  host.ip('nexthop', 'flush', 'proto', '88');
  t.is((await turn()).underlay, undefined, 'another interface that is there first is not taken');
  const none = await installed(host.kernel);
  t.deepEqual(none, ['unreachable 10.76.0.0/16']);
  host.addAddress('eth0', '192.168.83.1/24');
  t.deepEqual((await turn()).findings, []);
  t.deepEqual(await installed(host.kernel), good);
});

story('16,384 routes go in, are seen whole, and go', async (t, on) => {
  const { host, eth0, routes } = on;
  host.removeAddress('eth0', '192.168.83.1/24');
  host.addAddress('eth0', '192.168.80.1/20');
  const peers = manyPeers(16_384);
  const pools = [prefix('10.64.0.0/10')];
  const own = prefix('10.200.0.0/24');
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

story('two protocols in one kernel leave each other alone', async (t, { host, eth0, routes }) => {
  const mirror = new KernelMirror({ kernel: host.other, protocol: 89 });
  const others = new Routes({ kernel: host.other, mirror, protocol: 89 });
  const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
  const elsewhere = wanted({
    peers: [{ ...peer(3), subnet: prefix('10.90.3.0/24') }],
    ifindex: eth0,
    pools: [prefix('10.90.0.0/16')],
    own: prefix('10.90.0.0/24'),
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

story('a process that is killed half way is completed by the next', async (t, { host, eth0, mirror }) => {
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
  // All but the own subnet, and the guard.
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
  const packets = 1000;
  const pinged = host.namespace.run([
    ...['ping', '-n', '-q', '-i', '0.001', '-c', String(packets), '-W', '1', '-I', '192.168.83.1', '10.76.1.7'],
  ]);
  let finished = false;
  const done = pinged.finally(() => {
    finished = true;
  });
  let rounds = 0;
  for (; !finished; rounds += 1) {
    const gateway = rounds % 2 === 0 ? '192.168.83.12' : '192.168.83.11';
    await routes.converge(by(gateway), signal);
    if (rounds % 3 === 0) await plain.converge(by(gateway), signal);
    if (rounds % 3 === 1) host.addAddress('docker0', '10.76.0.1/24');
    await plain.converge(by(gateway === '192.168.83.11' ? '192.168.83.12' : '192.168.83.11'), signal);
    await routes.converge(by(gateway), signal);
    // Taking the address away takes the routes along, which is the kernel's doing: without a preferred source first.
    if (rounds % 3 === 1) {
      await routes.converge({ ...by(gateway), preferredSource: undefined }, signal);
      host.removeAddress('docker0', '10.76.0.1/24');
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const report = await done;
  t.regex(report, new RegExp(`${packets} packets transmitted, ${packets} received, 0% packet loss`));
  t.true(rounds > 10, `${rounds} rounds of changes`);
});
