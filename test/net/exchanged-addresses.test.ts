// Real daemons on hosts that boot with each other's addresses, as a DHCP server may hand them out after all have been off.
import test from 'ava';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { isRoot } from '../support/linux-route-host.js';

const pool = '10.76.0.0/16';
const follow = '--follow-address';

if (isRoot('hosts that exchange addresses')) {
  test('R9 hosts that boot with each other’s addresses keep their subnets; peers reach each by its new address', async (t) => {
    const fleet = await Fleet.create({ hosts: 3, controllers: 2, mode: 'bip', pool });
    t.teardown(() => fleet.close());
    const { control, hosts } = fleet.lab;
    const [one, other, peer] = hosts;
    if (one === undefined || other === undefined || peer === undefined) return t.fail();
    await fleet.startControllers();
    await fleet.createPool();
    await fleet.xctl('pools', 'set', 'default', '--follow-address', 'on');
    for (const host of hosts) await fleet.join(host, follow);
    const routesOf = async (host: LabHost) =>
      [...(await host.run(['ip', '-o', 'route', 'show', 'root', pool])).matchAll(/^(10\S+) .*via (\S+)/gm)]
        .map(([, subnet, gateway]) => `${subnet} via ${gateway}`)
        .sort();
    const isRouted = async () => (await Promise.all(hosts.map(routesOf))).every(({ length }) => length === 2);
    await pollUntil('every host has routes to the others', isRouted);
    const [subnet, second, third] = ['10.76.0.0/24', '10.76.1.0/24', '10.76.2.0/24'];
    t.deepEqual(await routesOf(peer), [`${subnet} via ${one.address}`, `${second} via ${other.address}`]);

    for (const host of [one, other]) {
      fleet.daemons.get(host.name)?.kill('SIGKILL');
      await fleet.daemons.get(host.name)?.exited;
    }
    const boots = async (host: LabHost, from: string, to: string) => {
      await host.run(['ip', 'address', 'delete', `${from}/24`, 'dev', 'eth0']);
      await host.run(['ip', 'address', 'add', `${to}/24`, 'broadcast', '+', 'dev', 'eth0']);
    };
    await boots(one, one.address, other.address);
    await boots(other, other.address, one.address);
    for (const machine of [control, ...hosts]) await machine.run(['ip', 'neighbour', 'flush', 'dev', 'eth0']);
    await fleet.startDaemon(one, follow);
    await pollUntil('the first is refused the address of the second', async () =>
      (await fleet.xctl('events', '--node', one.name)).includes('AddressRefused'),
    );
    t.deepEqual(await routesOf(peer), [`${subnet} via ${one.address}`, `${second} via ${other.address}`]);
    await fleet.startDaemon(other, follow);
    await fleet.until('each has its new address', (nodes) =>
      nodes.every(
        ({ name, address }) =>
          (name === one.name ? other.address : name === other.name ? one.address : peer.address) === address,
      ),
    );
    const expected = new Map([
      [one, [`${second} via ${one.address}`, `${third} via ${peer.address}`]],
      [other, [`${subnet} via ${other.address}`, `${third} via ${peer.address}`]],
      [peer, [`${subnet} via ${other.address}`, `${second} via ${one.address}`]],
    ]);
    for (const [host, routes] of expected) {
      await pollUntil(`the routes of ${host.name}`, async () => (await routesOf(host)).join() === routes.join());
    }
    const events = await fleet.xctl('events', '-o', 'jsonl');
    t.is(events.match(/"AddressFollowed"/g)?.length, 2);
  });
}
