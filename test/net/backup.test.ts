// A fleet of real daemons whose control plane is lost altogether and restored from one file, with the kernels of its
// hosts watched all the time.
import test from 'ava';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { readStream } from '../../proto/rpc/channel.js';
import { isRoot } from '../support/linux-route-host.js';

const socket = 'unix:/run/xnet-controller/controller.sock';
const file = '/var/lib/xnet/fleet.backup';
const secret = '/var/lib/xnet/backup.pass';
const pool = '10.76.0.0/16';

// The routes to the subnets of the pool that are routed to other hosts.
async function routesOf(host: LabHost): Promise<readonly string[]> {
  const shown = await host.run(['ip', '-o', 'route', 'show', 'root', pool, 'proto', '88']);
  return shown
    .split('\n')
    .filter((line) => line.includes(' via ') || line.includes('nhid'))
    .sort();
}

const leases = async (fleet: Fleet) =>
  (await fleet.nodes()).map(({ id, name, subnet, generation }) => `${id} ${name} ${subnet} ${generation}`).sort();

if (isRoot('a fleet that is restored from a backup')) {
  test('C8 etcd and the controller’s folder are deleted and restored from a file: no route changes, no lease is lost, three joins since are adopted', async (t) => {
    const fleet = await Fleet.create({ hosts: 5, mode: 'bip', pool });
    t.teardown(() => fleet.close());
    const { control, hosts } = fleet.lab;
    await fleet.startControllers();
    await fleet.createPool();
    for (const host of hosts.slice(0, 2)) await fleet.join(host);
    await control.run(['sh', '-c', `(umask 077; echo 'correct horse battery' >${secret})`]);
    const backup = (...args: readonly string[]) =>
      fleet.xctl('--controller', socket, 'backup', ...args, '--passphrase-file', secret);
    await backup('save', file);
    for (const host of hosts.slice(2)) await fleet.join(host);
    const isRouted = async () => (await Promise.all(hosts.map(routesOf))).every(({ length }) => length === 4);
    await pollUntil('every host has routes to the four others', isRouted);
    const routes = await Promise.all(hosts.map(routesOf));
    const before = await leases(fleet);
    t.is(before.length, 5);
    const monitors = await Promise.all(hosts.map((host) => host.spawn(['ip', 'monitor', 'route', 'nexthop'])));

    const [controller] = fleet.controllers;
    if (controller === undefined) return t.fail();
    controller.process.kill('SIGKILL');
    await controller.process.exited;
    // Everything except the backup, which is kept on another machine.
    await control.run(['sh', '-c', 'rm -rf /var/lib/xnet/controller-1']);
    await fleet.restartController(controller);
    t.deepEqual(await leases(fleet), [], 'nothing is left');
    await backup('restore', file, '--adopt', '--yes');

    t.deepEqual(await leases(fleet), before);
    await fleet.until('all are connected', (nodes) => nodes.every(({ controller: at }) => at !== ''));
    for (const { name } of hosts) {
      // Ends when every host has applied its table of the new epoch.
      for await (const { done } of readStream(fleet.admin.watchConvergence({ node: name })))
        t.is(typeof done, 'boolean');
    }
    t.deepEqual(await Promise.all(hosts.map(routesOf)), routes);
    for (const [index, monitor] of monitors.entries()) {
      const changes = monitor.output.split('\n').filter((line) => line.includes('10.76.') || line.includes('proto 88'));
      t.deepEqual(changes, [], hosts[index]?.name);
    }
    const { code, stdout } = await control.exec(['xctl', 'events', '-o', 'jsonl']);
    t.is(code, 0);
    t.is(stdout.match(/"NodeAdopted"/g)?.length, 3);
  });
}
