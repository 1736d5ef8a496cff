// Each mode on every engine: a fleet joins, containers talk under their own addresses, and leaving leaves no trace.
import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { engineLines, tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { composeNetworks, proveFleet, startContainers } from '../../deploy/lab/proofs.js';
import { modes } from '../../proto/domain/network.js';
import { inventory } from '../support/inventory.js';
import { provenSoon } from '../support/proven.js';
import { until } from '../support/until.js';

// Keys that xnet did not write, in an unusual layout.
const daemonJson = '{\n\t"labels" : ["rack=7"],\r\n   "max-concurrent-downloads":2 }  \n\n';

// Foreign objects of administrators and other programs on a host.
async function addForeign(host: LabHost): Promise<void> {
  await host.run(['ip', 'route', 'add', '10.99.0.0/16', 'via', host.address.replace(/\d+$/, '254'), 'proto', 'static']);
  await host.run(['ip', 'route', 'add', 'blackhole', '10.98.0.0/16', 'metric', '500']);
  await host.run(['ip', 'nexthop', 'add', 'id', '4711', 'dev', 'eth0']);
  await host.run(['nft', 'add', 'table', 'inet', 'foreign']);
  await host.run(['nft', 'add', 'chain', 'inet', 'foreign', 'c', '{ type filter hook forward priority 5; }']);
  await host.run(['nft', 'add', 'rule', 'inet', 'foreign', 'c', 'ip', 'saddr', '203.0.113.7', 'drop']);
  await host.run(['iptables', '-A', 'FORWARD', '-s', '203.0.113.8', '-j', 'DROP']);
  await host.run(['iptables', '-I', 'DOCKER-USER', '1', '-s', '203.0.113.9', '-j', 'DROP']);
  await host.run(['iptables', '-t', 'nat', '-A', 'POSTROUTING', '-s', '203.0.113.10', '-j', 'MASQUERADE']);
  await host.docker(
    'network',
    'create',
    '--subnet',
    '172.30.0.0/24',
    '--opt',
    'com.docker.network.bridge.name=foreign0',
    'foreign',
  );
}

// A joining host accepts all pools that exist at that time, public ranges too. On hosts that joined before, an
// administrator has to allow later public pools.
async function joinSoonAfterPublicPool(t: ExecutionContext, fleet: Fleet): Promise<void> {
  const [back, ...others] = fleet.lab.hosts;
  if (back === undefined) return t.fail();
  const { code, stderr } = await fleet.xnetd(back, 'leave');
  t.is(code, 0, stderr);
  await fleet.xctl('pools', 'create', 'pub', '172.172.0.0/16');
  const { token, subnet } = await fleet.addNode(back, '--pool', 'pub');
  t.is(subnet, '172.172.0.0/24');
  await fleet.joinHost(back, token);
  await fleet.startDaemon(back);
  await fleet.untilReady([back]);
  const routes = await back.run(['ip', '-4', 'route', 'show', 'proto', '88']);
  for (const { address } of others) t.true(routes.includes(`via ${address} `), routes);
  t.regex(await back.run(['ip', '-4', 'address', 'show', 'docker0']), / 172\.172\.0\.1\/24 /);
  await fleet.until('the others say who has to allow it', (nodes) =>
    others.every(({ name }) =>
      nodes.find((node) => node.name === name)?.conditions.some(({ message }) => message.includes('--allowed-pools')),
    ),
  );
}

// Networks have addresses of the block, so a host leaves only once they are gone. An older one, `foreign`, stays.
async function removeComposeNetworks(t: ExecutionContext, fleet: Fleet): Promise<void> {
  for (const host of fleet.lab.hosts) {
    const status = await fleet.xnetd(host, 'status');
    t.regex(
      status.stdout,
      /the network foreign was made outside .* docker network rm foreign && docker network create foreign\n/,
    );
    t.notRegex(status.stdout, /network shop_default was made/);
    const refused = await fleet.xnetd(host, 'leave');
    t.not(refused.code, 0);
    t.regex(refused.stderr, /blog_default, shop_default/);
    await host.run(['docker', 'network', 'rm', ...composeNetworks]);
  }
}

const rooted = process.getuid?.() === 0;

// All engines before the first test: ava accepts no test once a file has awaited something after its first one.
const engines = await Promise.all(
  engineLines.map(async (line) => (rooted ? tryEngine(line) : { line, why: 'it needs root' })),
);

// Mode lan, where containers are on the LAN itself, has its own test: lan.test.ts.
const routed = modes.filter((mode) => mode !== 'lan');

for (const engine of engines) {
  const { line } = engine;
  for (const mode of routed) {
    if ('why' in engine) {
      console.log(`SKIP fleet on Docker ${line}, mode ${mode}: ${engine.why}`);
      test.skip(`fleet on Docker ${line}, mode ${mode}`, () => undefined);
      continue;
    }
    test.serial(`fleet on Docker ${line}, mode ${mode}`, async (t) => {
      // Engines differ on each host, not in how many there are.
      const hosts = mode === 'block' || line !== engineLines[0] ? 2 : 3;
      const fleet = await Fleet.create({ hosts, engine, mode, pool: '10.76.0.0/16' });
      t.teardown(() => fleet.close());
      for (const host of fleet.lab.hosts) writeFileSync(host.daemonJson, daemonJson);
      await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
      const addAll = async (host: LabHost) => {
        await addForeign(host);
        // Docker reports more about its networks after its first restart.
        await host.restartDockerd();
      };
      await Promise.all(fleet.lab.hosts.map(addAll));
      const before = await Promise.all(fleet.lab.hosts.map(inventory));
      await fleet.createPool();
      for (const host of fleet.lab.hosts) await fleet.join(host);
      await fleet.untilReady();
      const containers = await startContainers(fleet);
      const prove = async (when: string) => {
        for (const proof of await proveFleet(fleet, containers)) {
          t.true(proof.holds, `${when}: ${proof.claim}: ${proof.details.join('; ')}`);
        }
      };
      await prove('at first');

      // dockerd re-inserts its own rules at the top when it starts.
      await Promise.all(fleet.lab.hosts.map((host) => host.restartDockerd()));
      await Promise.all(containers.map(({ container }) => container.host.run(['docker', 'start', container.name])));
      await provenSoon(t, 'after dockerd was restarted', () => proveFleet(fleet, containers));

      // With containers on the subnet a host does not leave, and stays a member.
      const [first] = containers;
      if (first === undefined) return t.fail();
      const { host } = first.container;
      const refused = await fleet.xnetd(host, 'leave');
      t.not(refused.code, 0);
      t.regex(refused.stderr, new RegExp(first.container.name));
      const peer = containers.find(({ container }) => container.host !== host)?.subnet ?? '';
      const route = ['ip', 'route', 'show', peer] as const;
      const whole = await host.run(route);
      t.regex(whole, / proto 88 /);
      await host.run(['ip', 'route', 'del', peer]);
      // Without the controllers' state, which follows later.
      await until('the route is back', async () => (await host.run(route)) === whole);
      await prove('after a leave that was refused');

      await Promise.all(containers.map(({ container }) => container.remove()));
      if (mode === 'block') await removeComposeNetworks(t, fleet);
      if (line === engineLines[0] && mode === 'bip') await joinSoonAfterPublicPool(t, fleet);
      for (const host of fleet.lab.hosts) {
        const { code, stderr } = await fleet.xnetd(host, 'leave');
        t.is(code, 0, stderr);
      }
      t.deepEqual((await fleet.nodes()).length, 0);
      const after = await Promise.all(fleet.lab.hosts.map(inventory));
      t.deepEqual(after, before);
    });
  }
}
