// Hand-made hosts move to xnet, one after the other, on a real Docker: each keeps its subnet, Docker is not restarted,
// and flows between their containers lose no packet.
import { readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Container } from '../../deploy/lab/container.js';
import { tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { exec } from '../../proto/process/exec.js';
import { dockerdPid } from '../support/docker-lab.js';
import { PingFlow } from '../support/ping-flow.js';
import { until } from '../support/until.js';

// How each host has its subnet: by a flag of dockerd, by daemon.json, or by a Docker network with a bridge of the
// operator's.
const setups = [
  { by: 'flag', subnet: '10.100.0.0/24' },
  { by: 'file', subnet: '172.16.200.0/24' },
  { by: 'network', subnet: '10.76.1.0/24' },
  { by: 'file', subnet: '172.16.201.0/24' },
  { by: 'flag', subnet: '10.200.0.0/24' },
] as const;
type Setup = (typeof setups)[number];

// The container of each of these hosts sends a flow to that of the next: from flag to flag, from file to file, and
// between each kind and each other.
const ring = [0, 4, 1, 3, 2] as const;

const bipIn = (subnet: string) => subnet.replace(/0\/24$/, '1/24');
const daemonJson = (subnet: string) => `{ "bip" : "${bipIn(subnet)}" }\n`;

// Further networks of the hosts, by the host's index. Bridges are made by the operator, containers may communicate with
// each other.
const networks = [
  { at: 0, name: 'docker-br0', bridge: 'docker-br0', pool: 'br0', subnet: '172.172.0.0/24' },
  { at: 1, name: 'docker-br0', bridge: 'docker-br0', pool: 'br0', subnet: '172.172.1.0/24' },
  { at: 1, name: 'green', bridge: 'br02', pool: 'blue', subnet: '10.76.2.0/24' },
] as const;

type ByHand = Setup & { readonly host: LabHost; readonly container: Container; readonly pid: string };

async function madeByHand(host: LabHost, index: number, { by, subnet }: Setup): Promise<Container> {
  if (by === 'file') writeFileSync(host.daemonJson, daemonJson(subnet));
  await host.startDockerd({ flags: by === 'flag' ? [`--bip=${bipIn(subnet)}`] : [] });
  // The fleet is reached by the first of three interfaces.
  for (const [name, address] of [
    ['eth1', `192.168.201.${index + 1}/24`],
    ['eth2', `192.168.202.${index + 1}/24`],
  ] as const) {
    await host.run(['ip', 'link', 'add', name, 'type', 'bridge']);
    await host.run(['ip', 'address', 'add', address, 'dev', name]);
    await host.run(['ip', 'link', 'set', name, 'up']);
  }
  if (by === 'network') await networkByHand(host, { name: 'blue', bridge: 'br01', subnet });
  return host.runContainer({ name: `c-${host.name}`, ...(by === 'network' ? { network: 'blue' } : {}) });
}

async function networkByHand(
  host: LabHost,
  { name, bridge, subnet }: { readonly name: string; readonly bridge: string; readonly subnet: string },
): Promise<void> {
  const options = [`name=${bridge}`, 'enable_icc=true'].flatMap((each) => [
    '--opt',
    `com.docker.network.bridge.${each}`,
  ]);
  const gateway = subnet.replace(/0\/24$/, '1');
  await host.docker('network', 'create', '--subnet', subnet, '--gateway', gateway, ...options, name);
}

// Two more interfaces in a container, with addresses of its network; returns the last one's.
async function twoMoreInterfaces(container: Container, bridge: string): Promise<string> {
  const { host } = container;
  const inside = await container.enter();
  const pid = /\d+/.exec(inside[1] ?? '')?.[0] ?? '';
  const address = (await container.address()).replace(/\d+$/, '');
  for (const number of [1, 2]) {
    const [outer, inner] = [`hand${number}`, `eth${number}`];
    await host.run(['ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', pid]);
    await host.run(['ip', 'link', 'set', outer, 'master', bridge, 'up']);
    await exec([...inside, 'ip', 'address', 'add', `${address}${200 + number}/24`, 'dev', inner]);
    await exec([...inside, 'ip', 'link', 'set', inner, 'up']);
  }
  return `${address}202`;
}

// The manual setup: a route to each other host's subnets, and rules that accept packets from and to all of them, since
// Docker makes the policy DROP. Returns these rules.
async function routeByHand(hosts: readonly LabHost[]): Promise<readonly string[]> {
  const ofHost = hosts.map((_, at) => [
    ...setups.slice(at, at + 1).map(({ subnet }) => subnet),
    ...networks.filter((network) => network.at === at).map(({ subnet }) => subnet),
  ]);
  const all = ofHost.flat();
  await Promise.all(
    hosts.map(async (host, index) => {
      for (const [other, { address }] of hosts.entries()) {
        const theirs = other === index ? [] : (ofHost[other] ?? []);
        for (const subnet of theirs) await host.run(['ip', 'route', 'add', subnet, 'via', address]);
      }
      for (const side of ['-s', '-d']) await host.run(['iptables', '-A', 'FORWARD', side, all.join(), '-j', 'ACCEPT']);
    }),
  );
  return ['-s', '-d'].flatMap((side) => all.map((subnet) => `-A FORWARD ${side} ${subnet} -j ACCEPT`));
}

// Rules of FORWARD as iptables prints them.
async function forwardRules(host: LabHost): Promise<readonly string[]> {
  return (await host.run(['iptables', '-S', 'FORWARD'])).trim().split('\n');
}

// The changes of routes to a subnet on a host, as `ip monitor` prints them.
async function monitorOf(host: LabHost, subnet: string) {
  const monitor = await host.spawn(['ip', '-4', 'monitor', 'route'], { logFile: `${host.logs}/monitor.log` });
  return () => {
    const lines = monitor.output.split('\n').filter((line) => line.includes(subnet.replace(/\/.*$/, '/')));
    return lines.map((line) => line.trim());
  };
}

async function adopt(t: ExecutionContext, fleet: Fleet, { host, subnet, pid }: ByHand, ...flags: readonly string[]) {
  const said = JSON.parse(
    await fleet.xctl('nodes', 'add', host.name, '--address', host.address, '--adopt', '--subnet', subnet, '-o', 'json'),
  ) as { readonly join: { readonly token: string } };
  await fleet.joinHost(host, said.join.token);
  const node = (await fleet.nodes()).find(({ name }) => name === host.name);
  t.is(node?.subnet, subnet);
  await fleet.startDaemon(host, ...flags);
  for (const { name, bridge, pool, subnet: more } of networks.filter(({ at }) => host === fleet.lab.hosts[at])) {
    const as = ['--mode', 'bridge', '--network', name, '--bridge', bridge];
    await fleet.xctl('leases', 'add', host.name, '--pool', pool, '--subnet', more, ...as);
  }
  // A node may count as ready by a report from before its last lease.
  await fleet.until(`the leases of ${host.name} are in force`, (nodes) =>
    nodes.some(
      ({ name, leases }) => name === host.name && leases.every(({ state }) => state === 'LEASE_STATE_IN_FORCE'),
    ),
  );
  await fleet.untilReady([host]);
  t.is(await dockerdPid(host), pid, 'Docker was not restarted');
}

function setupOf(index: number): Setup {
  const setup = setups[index];
  if (setup === undefined) throw new Error('a host has no setup');
  return setup;
}

const engine = process.getuid?.() === 0 ? await tryEngine('20.10') : { line: '20.10', why: 'it needs root' };

if ('why' in engine) {
  console.log(`SKIP hosts by hand on Docker 20.10: ${engine.why}`);
  test.skip('hosts by hand on Docker 20.10', () => undefined);
} else {
  test('hosts configured by hand move to xnet one by one; Docker keeps running, and no flow loses a packet', async (t) => {
    t.timeout(600_000);
    const fleet = await Fleet.create({ hosts: setups.length, engine, mode: 'bip', pool: '10.100.0.0/16' });
    t.teardown(() => fleet.close());
    const { hosts } = fleet.lab;
    const [containers] = await Promise.all([
      Promise.all(hosts.map((host, index) => madeByHand(host, index, setupOf(index)))),
      fleet.startControllers().then(() => fleet.createPool()),
    ]);
    await fleet.xctl('pools', 'create', 'file', '172.16.200.0/22');
    await fleet.xctl('pools', 'create', 'flag', '10.200.0.0/16');
    await fleet.xctl('pools', 'create', 'blue', '10.76.0.0/16');
    await fleet.xctl('pools', 'create', 'br0', '172.172.0.0/16', '--mode', 'bridge');
    const more = await Promise.all(
      networks.map(async (network, index) => {
        const host = hosts[network.at];
        if (host === undefined) throw new Error('a host has no setup');
        await networkByHand(host, network);
        return host.runContainer({ name: `d-${index}`, network: network.name });
      }),
    );
    const rules = await routeByHand(hosts);
    const byHand = await Promise.all(
      hosts.map(async (host, index): Promise<ByHand> => {
        const container = containers[index];
        if (container === undefined) throw new Error('a host has no container');
        return { ...setupOf(index), host, container, pid: await dockerdPid(host) };
      }),
    );
    const [first, second, third, fourth, fifth] = byHand;
    if (first === undefined || second === undefined || third === undefined) return t.fail();
    if (fourth === undefined || fifth === undefined) return t.fail();
    const flows = await Promise.all(
      ring.map(async (from, at) => {
        const [source, target] = [byHand[from], byHand[ring[(at + 1) % ring.length] ?? -1]];
        if (source === undefined || target === undefined) throw new Error('the ring names other hosts');
        return PingFlow.start(source.container, await target.container.address());
      }),
    );
    const [onFirst, onSecond, green] = more;
    if (onFirst === undefined || onSecond === undefined || green === undefined) return t.fail();
    flows.push(await PingFlow.start(onFirst, await onSecond.address()));
    flows.push(await PingFlow.start(third.container, await twoMoreInterfaces(green, 'br02')));
    flows.push(await PingFlow.start(green, await twoMoreInterfaces(third.container, 'br01')));
    t.teardown(async () => {
      await Promise.all(flows.map((flow) => flow.stop()));
    });
    await Promise.all(flows.map((flow) => flow.seen(20)));

    // The first host under xnet routes the two by hand.
    const theirs = networks.filter(({ at }) => at === 1).map(({ subnet }) => ({ host: second.host, subnet }));
    for (const { host, subnet } of [second, third, fourth, fifth, ...theirs]) {
      await fleet.xctl('routes', 'add', subnet, 'via', host.address, '--name', host.name);
    }
    await adopt(t, fleet, first);
    const note = /note: .*not xnet's: .*10\.76\.1\.0\/24 of h3 by "10\.76\.1\.0\/24 via [\d.]+ dev eth0"/;
    await until('the note', async () => note.test((await fleet.xnetd(first.host, 'status')).stdout));
    t.regex(await fleet.xctl('routes', 'list'), /172\.16\.200\.0\/24 +[\d.]+ +h2 +static/);

    // The second takes its hand-made routes over; the first sees its static route become a lease, and changes nothing.
    const atFirst = await monitorOf(first.host, second.subnet);
    const atSecond = await monitorOf(second.host, third.subnet);
    await Promise.all(flows.map((flow) => flow.seen(100)));
    await adopt(t, fleet, second, '--take-over');
    await until('the hand-made route is taken over', async () => atSecond().some((line) => line.startsWith('Deleted')));
    const [made = '', taken = '', ...again] = atSecond();
    t.regex(made, /^10\.76\.1\.0\/24 .*proto 88/);
    t.regex(taken, /^Deleted 10\.76\.1\.0\/24 via [\d.]+ dev eth0/);
    t.deepEqual(again, []);
    t.deepEqual(atFirst(), []);

    // A Docker network of the third host keeps its names, and stays the operator's.
    await adopt(t, fleet, third);
    const shown = await fleet.xctl('nodes', 'show', third.host.name);
    t.regex(shown, /Subnet: +10\.76\.1\.0\/24 of pool blue,[\s\S]*Mode: +bridge/);
    t.regex(await third.host.docker('network', 'inspect', 'blue', '--format={{json .Labels}}'), /^\{\}/);
    for (const host of [fourth, fifth]) await adopt(t, fleet, host);
    const leases = (await fleet.nodes()).flatMap((node) => node.leases);
    for (const { subnet } of networks) {
      t.is(leases.find((lease) => lease.subnet === subnet)?.state, 'LEASE_STATE_IN_FORCE');
    }
    for (const { container, host } of [...byHand, ...more.map((container) => ({ container, host: container.host }))]) {
      const running = await host.docker('inspect', '--format={{.State.Running}} {{.RestartCount}}', container.name);
      t.is(running.trim(), 'true 0');
    }
    for (const { by, host, subnet } of byHand) {
      if (by === 'file') t.is(readFileSync(host.daemonJson, 'utf8'), daemonJson(subnet));
    }
    for (const host of hosts) {
      const [policy, ...seen] = await forwardRules(host);
      t.is(policy, '-P FORWARD DROP');
      t.deepEqual(seen.slice(-rules.length), rules, `the rules of ${host.name} are as they were`);
    }
    await fleet.untilReady();
    await Promise.all(flows.map((flow) => flow.seen(100)));
    for (const flow of flows) {
      const { sent, received } = await flow.stop();
      t.is(received, sent);
    }
    // Under their own addresses from now on, to ports that are not published as well.
    const seen = await first.container.fetch(`${await third.container.address()}:81`);
    t.like(seen, { ok: true, source: await first.container.address() });
  });
}
