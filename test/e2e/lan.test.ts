// Mode lan on a real Docker engine: containers of three hosts are on the hosts' own network, with a router and a
// network beyond it. They reach all others, and are reached, under their own addresses. On one of the hosts, the LAN is Docker's
// default network. Leaving leaves no trace.
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Container } from '../../deploy/lab/container.js';
import { engineLines, tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { proveFleet, startContainers } from '../../deploy/lab/proofs.js';
import { formatPrefix } from '../../proto/domain/address.js';
import { inventory } from '../support/inventory.js';
import { PingFlow } from '../support/ping-flow.js';
import { provenSoon } from '../support/proven.js';
import { until } from '../support/until.js';

const rooted = process.getuid?.() === 0;
const [line = '28'] = engineLines.slice(-1);
const engine = rooted ? await tryEngine(line) : { line, why: 'it needs root' };
const title = `containers of mode lan on Docker ${line} are on the hosts' own network`;

// A container of another network of the host, which is not on the LAN, and a port of it.
async function startBeside(host: LabHost): Promise<Container<LabHost>> {
  await host.run(['docker', 'network', 'create', 'shop_default']);
  return host.runContainer({ name: 'beside', network: 'shop_default', publish: ['9090:80'] });
}

// Joins a host whose firewall drops what arrives by the bridge, which exists only after the move: the move is undone, and
// is made again once an operator has removed the rule and asked for it.
async function joinAgainstFirewall(t: ExecutionContext, fleet: Fleet, host: LabHost): Promise<void> {
  const { addresses, routes, daemonJson } = await inventory(host);
  const drop = 'chain in { type filter hook input priority -300; iifname "xnet-lan" counter drop; };';
  await host.run(['nft', `table ip broken { ${drop} }`]);
  const { token } = await fleet.addNode(host, '--pool', 'plain');
  await fleet.joinHost(host, token);
  await fleet.startDaemon(host, '--lan-wait', '5');
  const conditionOf = async () => {
    const node = (await fleet.nodes()).find(({ name }) => name === host.name);
    return node?.conditions.find(({ reason }) => reason === 'LanRolledBack');
  };
  await until('the move is undone', async () => (await conditionOf()) !== undefined);
  const { message } = (await conditionOf()) ?? {};
  t.regex(message ?? '', /^a controller .*did not answer within 5 s after eth0 became a port of xnet-lan/);
  t.regex(await host.run(['nft', 'list', 'table', 'ip', 'broken']), /counter packets [1-9]/);
  const isBack = async (when: string) => {
    const now = await inventory(host);
    t.deepEqual([now.addresses, now.routes, now.daemonJson], [addresses, routes, daemonJson], when);
    t.not((await host.exec(['ip', 'link', 'show', 'xnet-lan'])).code, 0, when);
    const networks = await host.docker('network', 'ls', '--format', '{{.Name}}');
    t.notRegex(networks, /xnet-lan/, when);
  };
  await isBack('when the move was undone');
  await host.run(['nft', 'delete', 'table', 'ip', 'broken']);
  // It waits for an operator, also after a restart of the daemon, which now has the usual time.
  await fleet.daemons.get(host.name)?.stop();
  const daemon = await fleet.startDaemon(host);
  await until('the new daemon says so', async () =>
    /did not answer within 5 s after eth0/.test((await fleet.xnetd(host, 'status')).stdout),
  );
  await isBack('after a restart of the daemon');
  daemon.kill('SIGHUP');
}

async function proveBeside(t: ExecutionContext, fleet: Fleet, beside: Container<LabHost>, when: string): Promise<void> {
  const { stranger, outside } = fleet.lab;
  const { host } = beside;
  await until(`networks of Docker reach the LAN, ${when}`, async () => (await beside.fetch(outside.address, 3)).ok);
  const out = await beside.fetch(outside.address);
  t.is(out.ok ? out.source : out.reason, host.address, `masqueraded as before, ${when}`);
  const back = await stranger.fetch(`${host.address}:9090`);
  t.is(back.ok ? back.source : back.reason, stranger.address, `its published port shows the client's address, ${when}`);
}

if ('why' in engine) {
  console.log(`SKIP ${title}: ${engine.why}`);
  test.skip(title, () => undefined);
} else {
  test(title, async (t) => {
    const fleet = await Fleet.create({ hosts: 3, engine, mode: 'lan', pool: '192.168.83.0/24' });
    t.teardown(() => fleet.close());
    await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
    const { hosts, stranger, outside } = fleet.lab;
    const [first, second, third] = hosts;
    if (first === undefined || second === undefined || third === undefined) return t.fail();
    const beside = await startBeside(first);
    await Promise.all(hosts.map((host) => host.restartDockerd()));
    await first.docker('start', beside.name);
    const before = await Promise.all(hosts.map(inventory));
    const { lan, router } = fleet.lab.plan;
    const ofLan = ['--mode', 'lan', '--lan', formatPrefix(lan), '--subnet-length', '27', '--gateway', router];
    await fleet.xctl('pools', 'create', 'default', '192.168.83.0/25', ...ofLan);
    await fleet.xctl('pools', 'create', 'plain', '192.168.83.128/25', ...ofLan, '--default-network');
    await fleet.xctl('pools', 'reserve', 'default', '192.168.83.100/30', '--reason', 'DHCP');
    const own = { enter: () => Promise.resolve(first.enter) };
    const flows = await Promise.all([own, beside].map((from) => PingFlow.start(from, outside.address)));
    for (const flow of flows) t.teardown(() => flow.stop());
    await Promise.all(flows.map((flow) => flow.seen(10)));
    for (const host of [first, second]) await fleet.join(host);
    await joinAgainstFirewall(t, fleet, third);
    await fleet.untilReady();
    await Promise.all(flows.map((flow) => flow.seen(50)));
    const [ofHost, masqueraded] = await Promise.all(flows.map((flow) => flow.stop()));
    t.is(ofHost?.received, ofHost?.sent, 'the moves of interfaces lost nothing');
    // The kernel forgets a masqueraded flow whose interface changes, with what is in transit.
    const lost = (masqueraded?.sent ?? 0) - (masqueraded?.received ?? 0);
    t.true(lost <= 500, `${lost} of ${masqueraded?.sent} lost`);

    // .0 has hosts, and .96 the range of the DHCP server.
    const nodes = await fleet.nodes();
    t.deepEqual(nodes.map(({ name, subnet, mode }) => `${name} ${subnet} ${mode}`).sort(), [
      'h1 192.168.83.32/27 MODE_LAN',
      'h2 192.168.83.64/27 MODE_LAN',
      'h3 192.168.83.128/27 MODE_LAN',
    ]);
    for (const host of hosts) t.is(await host.run(['ip', 'route', 'show', 'proto', '88']), '', 'no route is needed');
    const taken = await second.docker('network', 'inspect', 'xnet-lan', '--format', '{{json .IPAM.Config}}');
    t.true(taken.includes(stranger.address), `what answers ARP is kept from Docker: ${taken}`);

    const containers = await startContainers(fleet, (host) => (host === third ? undefined : fleet.network));
    t.deepEqual(
      containers.map(({ address }) => address),
      ['192.168.83.32', '192.168.83.64', '192.168.83.128'],
    );
    t.deepEqual(JSON.parse(readFileSync(third.daemonJson, 'utf8')), {
      bridge: 'xnet-lan',
      'fixed-cidr': '192.168.83.128/27',
      'default-gateway': router,
      'ip-masq': false,
    });
    t.not((await third.exec(['docker', 'network', 'inspect', 'xnet-lan'])).code, 0, 'it has no named network');
    // Its other networks go on to see who their clients are.
    const besideThird = await startBeside(third);
    await proveBeside(t, fleet, besideThird, "where the LAN is Docker's default network");
    await besideThird.remove();
    await third.docker('network', 'rm', 'shop_default');
    const prove = async (when: string) => {
      await provenSoon(t, when, () => proveFleet(fleet, containers));
      await proveBeside(t, fleet, beside, when);
      for (const { container, address } of containers) {
        t.true(await outside.ping(address), `${when}: the router reaches ${container.name}`);
      }
    };
    await prove('at first');
    await Promise.all(hosts.map((host) => host.restartDockerd()));
    await first.docker('start', beside.name);
    await Promise.all(containers.map(({ container }) => container.host.run(['docker', 'start', container.name])));
    await fleet.untilReady();
    await prove('after dockerd was restarted');

    const refused = await fleet.xnetd(first, 'leave');
    t.not(refused.code, 0);
    t.regex(refused.stderr, /c-h1/);
    for (const { container } of containers) await container.remove();
    for (const host of hosts) {
      const { code, stderr } = await fleet.xnetd(host, 'leave');
      t.is(code, 0, stderr);
    }
    t.deepEqual(await fleet.nodes(), []);
    t.deepEqual(await Promise.all(hosts.map(inventory)), before);
    await proveBeside(t, fleet, beside, 'after all have left');
  });
}
