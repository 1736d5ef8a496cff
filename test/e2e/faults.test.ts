// A fleet whose parts die, on real Docker engines with real traffic.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { engineLines, tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { type FleetContainer, proveTraffic, startContainers } from '../../deploy/lab/proofs.js';
import { FleetPaths } from '../support/path-fleet.js';
import { PingFlow } from '../support/ping-flow.js';
import { provenSoon } from '../support/proven.js';
import { until } from '../support/until.js';

const rooted = process.getuid?.() === 0;
// One engine is enough here: matrix.test.ts covers differences between engines.
const engine = rooted ? await tryEngine('28') : { line: '28' as const, why: 'it needs root' };
// All engines before the first test: ava accepts no test once a file has awaited something after its first one.
const engines = rooted ? await Promise.all(engineLines.map((line) => tryEngine(line))) : [];

type Parts = { readonly fleet: Fleet; readonly containers: readonly FleetContainer[]; readonly host: LabHost };

function onFleet(title: string, run: (t: ExecutionContext, parts: Parts) => Promise<void>): void {
  if ('why' in engine) {
    console.log(`SKIP ${title}: ${engine.why}`);
    test.skip(title, () => undefined);
    return;
  }
  test.serial(title, async (t) => {
    const fleet = await Fleet.start({ hosts: 3, engine, mode: 'bip', pool: '10.76.0.0/16' });
    t.teardown(() => fleet.close());
    const containers = await startContainers(fleet);
    const [host] = fleet.lab.hosts;
    if (host === undefined) throw new Error('no host');
    await run(t, { fleet, containers, host });
  });
}

const proven = (t: ExecutionContext, { fleet, containers }: Parts, when: string) =>
  provenSoon(t, when, () => proveTraffic(fleet, containers));

const routesOf = (host: LabHost) => host.run(['ip', '-o', 'route', 'show', 'proto', '88']);

// `xctl ping` gives each of its reasons, and `xctl check` names the cause of lost packets, while the cause exists.
async function pathIsExplained(t: ExecutionContext, { fleet, containers }: Parts): Promise<void> {
  const { lab } = fleet;
  const [first, second] = containers;
  if (first === undefined || second === undefined) return t.fail();
  t.deepEqual(await new FleetPaths(fleet, first, second).pingsEveryReason(), []);
  const { host } = second.container;
  await host.run(['ip', 'link', 'set', 'eth0', 'mtu', '1400']);
  try {
    await until('the check finds it', async () => {
      const { code, stdout } = await lab.control.exec(['xctl', 'check', '-o', 'json']);
      return code === 8 && JSON.parse(stdout).findings[0]?.reason === 'LargePacketsLost';
    });
  } finally {
    await host.run(['ip', 'link', 'set', 'eth0', 'mtu', '1500']);
  }
  await until('the check finds nothing', async () => (await lab.control.exec(['xctl', 'check'])).code === 0);
  // A daemon that was too busy to end a trace does so after 30 s.
  for (const each of lab.hosts) {
    const tables = async () => (await each.run(['nft', 'list', 'tables'])).includes('xnet_look');
    await t.notThrowsAsync(until('no trace is left', async () => !(await tables())));
  }
  await fleet.untilReady();
}

onFleet(
  'C5 C7 no packet is lost with controller and etcd dead, nor when daemons are killed and started',
  async (t, parts) => {
    const { fleet, containers, host } = parts;
    const [from, to] = containers;
    const [controller] = fleet.controllers;
    if (from === undefined || to === undefined || controller === undefined) return t.fail();
    const flows = await Promise.all([
      PingFlow.start(from.container, to.address),
      PingFlow.start(to.container, from.address),
    ]);
    for (const flow of flows) await flow.seen(200);
    controller.process.kill('SIGKILL');
    await controller.process.exited;
    for (const flow of flows) await flow.seen(2_000);
    for (const each of fleet.lab.hosts) {
      const daemon = fleet.daemons.get(each.name);
      daemon?.kill('SIGKILL');
      await daemon?.exited;
    }
    for (const flow of flows) await flow.seen(1_000);
    const before = await routesOf(host);
    const monitor = await host.spawn(['ip', 'monitor', 'route', 'nexthop'], {
      logFile: join(host.logs, 'monitor.log'),
    });
    for (const each of fleet.lab.hosts) await fleet.startDaemon(each);
    for (const flow of flows) await flow.seen(3_000);
    t.is(await routesOf(host), before);
    await monitor.stop();
    t.is(monitor.output, '', 'a daemon that starts changes no route');
    // A controller, and with it its etcd, that dies again and again.
    for (let crashes = 0; crashes < 3; crashes += 1) {
      await fleet.restartController(controller);
      const { process: running } = fleet.controllers[0] ?? controller;
      running.kill('SIGKILL');
      await running.exited;
    }
    t.is(await routesOf(host), before);
    await fleet.restartController(controller);
    await fleet.untilReady();
    for (const flow of flows) {
      const { sent, received } = await flow.stop();
      t.is(received, sent, `${sent - received} of ${sent} lost`);
      t.true(sent > 6_000);
    }
    await pathIsExplained(t, parts);
  },
);

onFleet('a host whose controllers are gone boots into its routes and its bip', async (t, parts) => {
  const { fleet, containers, host } = parts;
  const [own] = containers;
  const [controller] = fleet.controllers;
  if (own === undefined || controller === undefined) return t.fail();
  controller.process.kill('SIGKILL');
  await controller.process.exited;
  fleet.daemons.get(host.name)?.kill('SIGKILL');
  await host.stopDockerd();
  // A reboot clears the kernel's state.
  await host.run(['ip', 'link', 'delete', 'docker0']);
  await host.run(['ip', 'nexthop', 'flush', 'proto', '88']);
  await host.run(['nft', 'flush', 'ruleset']);
  await host.run(['ip', 'route', 'del', 'unreachable', '10.76.0.0/16', 'proto', '88', 'metric', '4294967295']);
  await host.run(['sysctl', '-w', 'net.ipv4.ip_forward=0']);
  t.is(await routesOf(host), '');
  await fleet.startDaemon(host);
  await t.notThrowsAsync(until('routes from the cache', async () => (await routesOf(host)).split('\n').length > 3));
  await host.startDockerd();
  await host.run(['docker', 'start', own.container.name]);
  await until('the bip is in use', async () => / src 10\.76\.0\.1/.test(await routesOf(host)));
  t.regex(await host.run(['ip', '-br', 'address', 'show', 'docker0']), /10\.76\.0\.1\/24/);
  await until(
    'the host forwards',
    async () => (await host.run(['sysctl', '-n', 'net.ipv4.ip_forward'])).trim() === '1',
  );
  await proven(t, parts, 'after the boot');
});

onFleet('N17 N23 N24 R1 R2 objects that others delete are restored', async (t, parts) => {
  const { fleet, containers, host } = parts;
  const [own, other] = containers;
  if (own === undefined || other === undefined) return t.fail();
  const whole = await routesOf(host);
  const harm: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['one route deleted', () => host.run(['ip', 'route', 'del', other.subnet])],
    // `ip route flush` of iproute2 6.1 fails on routes by next-hop objects; this deletes the routes too.
    ['all next hops flushed', () => host.run(['ip', 'nexthop', 'flush', 'proto', '88'])],
    ['routes flushed', () => host.exec(['ip', 'route', 'flush', 'proto', '88'])],
    ['nftables flushed', () => host.run(['nft', 'delete', 'table', 'ip', 'xnet'])],
    ['DOCKER-USER flushed', () => host.run(['iptables', '-F', 'DOCKER-USER'])],
    ['raw flushed of our rule', () => host.run(['iptables', '-t', 'raw', '-D', 'PREROUTING', '1'])],
    ['forwarding turned off', () => host.run(['sysctl', '-w', 'net.ipv4.ip_forward=0'])],
    ["docker0's address deleted", () => host.run(['ip', 'address', 'flush', 'dev', 'docker0'])],
    [
      'interface bounced',
      async () => {
        await host.run(['ip', 'link', 'set', 'eth0', 'down']);
        await host.run(['ip', 'link', 'set', 'eth0', 'up']);
        await host.run(['ip', 'route', 'replace', 'default', 'via', fleet.lab.outside.address]);
      },
    ],
    [
      'dockerd restarted',
      async () => {
        await host.restartDockerd();
        await host.run(['docker', 'start', own.container.name]);
      },
    ],
  ];
  for (const [what, make] of harm) {
    await make();
    await t.notThrowsAsync(until(`routes: ${what}`, async () => (await routesOf(host)) === whole));
    await t.notThrowsAsync(until(`out: ${what}`, async () => (await own.container.fetch(`${other.address}:81`, 1)).ok));
    await t.notThrowsAsync(until(`in: ${what}`, async () => (await other.container.fetch(`${own.address}:81`, 1)).ok));
  }
  await fleet.untilReady();
  // A network of the host itself with a peer's subnet: the route to the peer is removed, and returns when the network
  // is gone.
  const local = other.subnet.replace(/0\/24$/, '128/25');
  await host.docker('network', 'create', `--subnet=${local}`, '--opt=com.docker.network.bridge.name=shop0', 'shop');
  await fleet.until('the overlap is told', (nodes) =>
    nodes.some(
      ({ name, conditions }) =>
        name === host.name &&
        conditions.some(({ reason, message }) => reason === 'OverlapsHost' && message.includes(`${local} of shop0`)),
    ),
  );
  t.false((await routesOf(host)).includes(other.subnet));
  await host.docker('network', 'rm', 'shop');
  await t.notThrowsAsync(until('the peer is routed again', async () => (await routesOf(host)) === whole));
  await fleet.untilReady();
  await proven(t, parts, 'after all of it');

  // Every route and rule is there, and no packet comes from the second host any more.
  const daemon = fleet.daemons.get(host.name);
  daemon?.kill('SIGKILL');
  await daemon?.exited;
  await fleet.startDaemon(host, '--probe-interval', '1');
  await fleet.untilReady();
  const split = `add table ip split; add chain ip split in { type filter hook prerouting priority -500; };
    add rule ip split in ip saddr { ${other.subnet}, ${fleet.lab.host('h2').address} } drop`;
  await host.run(['nft', split]);
  const cutOff = (state: string, reason: string) =>
    fleet.until(`${host.name} is ${state}`, (nodes) => {
      const node = nodes.find(({ name }) => name === host.name);
      const path = node?.conditions.find(({ type }) => type === 'DataPath');
      return node?.state === state && (path?.reason ?? 'Ready') === reason;
    });
  await cutOff('NODE_STATE_DEGRADED', 'NoAnswer');
  // The host behind the container's gateway is probed after it, and the status is written later than it is reported.
  const nor = /no answer from h2 at 10\.76\.\d\.1 \(nor does its host/;
  await until('xctl names both', async () => nor.test(await fleet.xctl('nodes', 'show', host.name)));
  const note = /note: no answer to probes from h2/;
  await until('so does the status', async () => note.test((await fleet.xnetd(host, 'status')).stdout));
  await host.run(['nft', 'delete', 'table', 'ip', 'split']);
  await cutOff('NODE_STATE_READY', 'Ready');
});

if (!('why' in engine)) {
  for (const each of engines) {
    const { line } = each;
    if ('why' in each) {
      console.log(`SKIP a refused daemon.json on Docker ${line}: ${each.why}`);
      continue;
    }
    test.serial(
      `a daemon.json that Docker ${line} does not start with is rolled back, and xctl says why`,
      async (t) => {
        const fleet = await Fleet.create({ hosts: 1, engine: each, mode: 'bip', pool: '10.76.0.0/16' });
        t.teardown(() => fleet.close());
        const [host] = fleet.lab.hosts;
        if (host === undefined) return t.fail();
        const original = '{ "labels": ["a=b"] }\n';
        writeFileSync(host.daemonJson, original);
        await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
        await fleet.createPool();
        await fleet.joinHost(host, (await fleet.addNode(host)).token);
        // A configuration management tool edits the file between our write and dockerd's start.
        const wrapper = join(host.folder, 'restart-and-break.sh');
        const marker = join(host.folder, 'broken-once');
        writeFileSync(
          wrapper,
          `#!/bin/sh\nif [ ! -e ${marker} ]; then\n  touch ${marker}\n  printf '{"nosuchkey": 1}' > ${host.daemonJson}\nfi\n` +
            `exec ${host.restartCommand.map((word) => `'${word}'`).join(' ')}\n`,
        );
        chmodSync(wrapper, 0o755);
        await fleet.startDaemon(host, '--docker-restart', wrapper);
        await fleet.until('rolled back', ([node]) =>
          (node?.conditions ?? []).some(({ type, reason }) => type === 'Docker' && reason === 'RolledBack'),
        );
        t.is(readFileSync(host.daemonJson, 'utf8'), original);
        await host.run(['docker', 'version']);
        t.regex(await host.run(['ip', '-br', 'address', 'show', 'docker0']), /172\.17\.0\.1\/16/);
        const shown = await fleet.xctl('nodes', 'show', host.name);
        t.regex(shown, /RolledBack/);
        t.regex(shown, /nosuchkey/);
      },
    );
  }
}
