// The routes effect on the real kernel: the scenarios that also run in memory, and events of foreign changes.
import test from 'ava';
import { type BridgeState, bridgeState, downFindings, onBridgeChange } from '../../node/docker/engine/own-bridge.js';
import type { KernelChange } from '../../node/kernel/mirror.js';
import { Routes } from '../../node/routes/routes.js';
import type { Underlay } from '../../node/underlay/choose.js';
import { readUnderlay } from '../../node/underlay/underlay.js';
import { healed, rooted, signal, story, told } from '../support/kernel-story.js';
import { LinuxRouteHost } from '../support/linux-route-host.js';
import { ip, peer, pool, prefix, wanted } from '../support/route-fixtures.js';
import { installed, runScenario } from '../support/route-scenario.js';
import { scenarios } from '../support/route-scenarios.js';

if (!rooted) test.skip('routes on the real kernel: needs root', (t) => t.pass());
for (const scenario of rooted ? scenarios : []) {
  test.serial(`${scenario.title}, on the kernel`, (t) => runScenario(t, new LinuxRouteHost(), scenario));
}

story('a bridge that loses its address, goes down, or is deleted, is reported at once', async (t, { host, mirror }) => {
  host.addLink('docker0');
  host.addAddress('docker0', '10.76.0.1/24');
  host.addLink('shop');
  await mirror.refresh();
  const states: BridgeState[] = [];
  let next: () => void = () => undefined;
  // docker0 is to get the second subnet as well, and does not.
  const own = ['10.76.0.0/24', '10.80.0.0/24'].map((subnet) => ({ subnet: prefix(subnet), bridge: 'docker0' }));
  const [first] = own;
  if (first === undefined) return t.fail();
  const off = onBridgeChange(
    mirror,
    () => own,
    () => {
      states.push(bridgeState(mirror, first));
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
  // Changes of other interfaces are not reported.
  host.addAddress('shop', '10.99.0.1/24');
  host.removeAddress('shop', '10.99.0.1/24');
  await after(() => host.removeAddress('docker0', '10.76.0.1/24'), 'without gateway');
  await after(() => host.addAddress('docker0', '10.76.0.1/24'), 'whole');
  t.deepEqual(states, ['without gateway', 'whole']);
  const down = () => downFindings(mirror, own).map(({ reason, fix }) => `${reason}: ${fix}`);
  t.deepEqual(down(), []);
  await after(() => host.ip('link', 'set', 'docker0', 'down'), 'whole');
  t.deepEqual(down(), ['BridgeDown: ip link set docker0 up']);
  await after(() => host.ip('link', 'set', 'docker0', 'up'), 'whole');
  t.deepEqual(down(), []);
  t.deepEqual(states.splice(2), ['whole', 'whole']);
  // The address is removed first, and may be reported separately.
  await after(() => host.removeLink('docker0'), 'gone', 'without gateway');
  host.addLink('docker0');
  await after(() => host.addAddress('docker0', '10.76.0.1/24'), 'whole');
  off();
});

story(
  'R1 R2 one deleted route and a flush of all are noticed and repaired',
  async (t, { host, eth0, mirror, routes }) => {
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
  },
);

story('R7 R8 an interface that is taken down, up and renamed is followed by events only', async (t, on) => {
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

story(
  'N24 forwarding that is turned off, for the host or an interface, is reported at once',
  async (t, { host, mirror }) => {
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
  },
);

story('R7 a carrier that is lost and comes back is followed by events only', async (t, on) => {
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

story('an address that is removed and added again is followed by events only', async (t, on) => {
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

story('a node address that is gone for a moment does not move routes to another interface', async (t, on) => {
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
  // A running daemon, a restarted one, and one that finds no routes of its own.
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

story(
  'R3 a network service that restarts takes routes, next hops and the address, and puts the address back',
  async (t, on) => {
    const { host, eth0, mirror, routes } = on;
    const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
    await routes.converge(desired, signal);
    const good = await installed(host.kernel);
    // Like systemd-networkd at a restart with ManageForeignRoutes=yes, and a service that reconfigures the interface.
    for (const between of ['', 'ip link set eth0 down; ip link set eth0 up;']) {
      const gone = told(mirror, 'address');
      const flush = 'ip nexthop flush proto 88; ip route flush proto 88; ip address flush dev eth0;';
      host.namespace.runSync(['sh', '-c', `${flush} ${between} ip address add 192.168.83.1/24 dev eth0`]);
      await gone;
      await healed(on, desired);
      t.deepEqual(await installed(host.kernel), good);
    }
  },
);

story('R18 a routing daemon that changes thousands of routes wakes no lane, and ours stay', async (t, on) => {
  const { host, eth0, mirror, routes } = on;
  const desired = wanted({ peers: [peer(1), peer(2)], ifindex: eth0 });
  await routes.converge(desired, signal);
  await mirror.refresh();
  const good = await installed(host.kernel);
  const kinds = new Set<KernelChange>();
  const end = mirror.onChange((changes) => {
    for (const kind of changes) kinds.add(kind);
  });
  const churn = Array.from({ length: 10 }, () => ['add', 'delete']).flatMap((round) =>
    round.flatMap((change) =>
      Array.from({ length: 500 }, (_, index) => {
        const network = `100.${64 + (index >> 8)}.${index & 255}.0/24`;
        return `route ${change} ${network} via 192.168.83.99 dev eth0 proto bird`;
      }),
    ),
  );
  host.namespace.ipBatch(churn);
  await mirror.refresh();
  end();
  // When the kernel drops notifications, the routes are dumped; but none of them concerns the daemon.
  t.deepEqual(
    [...kinds].filter((kind) => kind !== 'lost'),
    [],
  );
  t.is((await routes.converge(desired, signal)).changes, 0);
  t.deepEqual(await installed(host.kernel), good);
});
