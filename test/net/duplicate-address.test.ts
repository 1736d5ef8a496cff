// Another machine of the LAN has the address of a peer, and takes the packets that are for it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import test from 'ava';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { imageRoot } from '../../deploy/lab/image.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { isRoot } from '../support/linux-route-host.js';

const pool = '10.76.0.0/16';
// Not of the pool: a route that a test adds shows that the monitor has told of all before it.
const marks = ['203.0.113.1', '203.0.113.2'] as const;

if (isRoot('an address that exists twice')) {
  test('R14 another machine has a peer’s address: the peer is reported silent, and no route changes', async (t) => {
    t.timeout(1_200_000);
    const fleet = await Fleet.create({ hosts: 2, mode: 'bip', pool });
    t.teardown(() => fleet.close());
    const { hosts, stranger } = fleet.lab;
    const [host, peer] = hosts;
    if (host === undefined || peer === undefined) return t.fail();
    await fleet.startControllers();
    await fleet.createPool();
    await fleet.join(host, '--probe-interval', '1');
    // A peer that asks for this host by ARP takes its address back for a moment.
    await fleet.join(peer, '--probe-interval', '0');
    // Without Docker, the gateway addresses are the test's.
    for (const [each, gateway] of [
      [host, '10.76.0.1'],
      [peer, '10.76.1.1'],
    ] as const) {
      each.namespace.ipBatch([
        'link add docker0 type bridge',
        `address add ${gateway}/24 dev docker0`,
        'link set docker0 up',
      ]);
    }
    const probes = async () => {
      const { stdout } = await fleet.xnetd(host, 'status');
      if (!stdout.includes('1/1 installed')) throw new Error(stdout);
      return stdout.match(/note: no answer to probes from .*/)?.[0];
    };
    const macOf = async (machine: { run: LabHost['run'] }) =>
      (await machine.run(['cat', '/sys/class/net/eth0/address'])).trim();
    const neighbour = () => host.run(['ip', 'neighbour', 'show', peer.address, 'dev', 'eth0']);
    const routes = async () =>
      `${await host.run(['ip', 'route'])}${await host.run(['ip', 'nexthop'])}`
        .split('\n')
        .filter((line) => !line.startsWith(marks[0]));
    await pollUntil('the peer is routed', async () => (await host.run(['ip', 'route'])).includes('10.76.1.0/24 nhid'));
    await pollUntil('the peer answers', () => host.ping('10.76.1.1'));
    await pollUntil('no peer is silent', async () => (await probes()) === undefined);

    const [enter, ...rest] = host.namespace.enter;
    const monitor = spawn(enter, [...rest, 'ip', '-4', 'monitor', 'route', 'nexthop'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => monitor.kill());
    const told: string[] = [];
    createInterface({ input: monitor.stdout }).on('line', (line) => told.push(line));
    const indexOf = (mark: string) => told.findIndex((line) => line.startsWith(mark));
    const tell = (mark: string) =>
      pollUntil(`the monitor tells of ${mark}`, async () => {
        await host.run(['ip', 'route', 'replace', mark, 'dev', 'lo']);
        return indexOf(mark) >= 0;
      });
    await tell(marks[0]);
    const before = await routes();

    // Both answer ARP requests. The other machine also announces the address again and again, as keepalived does.
    await stranger.run(['ip', 'address', 'add', `${peer.address}/24`, 'dev', 'eth0']);
    const arping = ['chroot', imageRoot(fleet.lab.id), '/bin/arping', '-U', '-I', 'eth0'] as const;
    const announcing = await stranger.spawn([...arping, '-s', peer.address, peer.address]);
    const [own, others] = [await macOf(peer), await macOf(stranger)];
    await pollUntil('the other machine has the address', async () => (await neighbour()).includes(others));
    const silent = `h2 (10.76.1.1; its host ${peer.address} answers)`;
    await pollUntil('the daemon reports the peer', async () => (await probes())?.includes(silent) === true);
    await fleet.until('controllers know it', (nodes) =>
      nodes.some(({ name, conditions }) =>
        conditions.some(({ type, message }) => name === host.name && type === 'DataPath' && message.includes('h2')),
      ),
    );

    announcing.kill('SIGKILL');
    await announcing.exited;
    await stranger.run(['ip', 'address', 'delete', `${peer.address}/24`, 'dev', 'eth0']);
    await pollUntil('the peer has its address back', async () => (await neighbour()).includes(own));
    await pollUntil('no peer is silent any more', async () => (await probes()) === undefined);
    t.deepEqual(await routes(), before);
    await tell(marks[1]);
    const changes = told.slice(0, indexOf(marks[1])).filter((line) => !line.includes(marks[0]));
    t.deepEqual(changes, []);
  });
}
