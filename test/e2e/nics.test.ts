// Containers with further interfaces on a real Docker engine, from a pool with a docker length to a host that leaves:
// declared before the container exists, reached by HTTP from another host, and restored after every start.
import { writeFileSync } from 'node:fs';
import test from 'ava';
import { tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { Fetched } from '../../deploy/lab/probe.js';
import { inventory } from '../support/inventory.js';
import { until } from '../support/until.js';

const rooted = process.getuid?.() === 0;
const engine = rooted ? await tryEngine('28') : { line: '28' as const, why: 'it needs root' };
const title = 'a container has an address that other hosts reach beside those that Docker gave it';
const live = { flags: ['--live-restore'] };
const daemonJson = '{\n\t"labels" : ["rack=7"],\r\n   "max-concurrent-downloads":2 }  \n\n';

if ('why' in engine) {
  console.log(`SKIP ${title}: ${engine.why}`);
  test.skip(title, () => undefined);
} else {
  test(title, async (t) => {
    const fleet = await Fleet.create({ hosts: 2, engine, mode: 'bip', pool: '10.76.0.0/16' });
    t.teardown(() => fleet.close());
    const [host, other] = fleet.lab.hosts;
    if (host === undefined || other === undefined) return t.fail();
    // A bridge reports that it has no port only after it had one.
    const state = async () => JSON.parse(JSON.stringify(await inventory(host)).replaceAll(' linkdown', ''));
    writeFileSync(host.daemonJson, daemonJson);
    await Promise.all([host.startDockerd(live), other.startDockerd(), fleet.startControllers()]);
    await host.restartDockerd();
    await host.docker('network', 'create', 'shop');
    const before = await state();
    await fleet.xctl('pools', 'create', 'default', '10.76.0.0/16', '--docker-length', '25');
    const { token, subnet } = await fleet.addNode(host);
    const address = subnet.replace('.0/24', '.128');
    // Declared while there is neither a host nor a container.
    t.regex(await fleet.xctl('nics', 'add', host.name, 'db'), new RegExp(`^added ${address} as nic0 of container db`));
    await fleet.joinHost(host, token);
    await fleet.startDaemon(host);
    await fleet.join(other);
    await fleet.untilReady();
    const range = await host.docker('network', 'inspect', 'bridge', '--format={{(index .IPAM.Config 0).IPRange}}');
    t.is(range.trim(), subnet.replace('/24', '/25'), 'Docker hands out the first half');
    const said = (reason: string) =>
      until(`nics list: ${reason}`, async () =>
        new RegExp(`${address} .*\\b${reason}\\b`).test(await fleet.xctl('nics', 'list', '-o', 'wide')),
      );
    await said('ContainerNotFound');

    const db = await host.runContainer({ name: 'db', network: 'shop' });
    const web = await other.runContainer({ name: 'web' });
    const webAddress = await web.address();
    const sourceOf = (fetched: Fetched) => (fetched.ok ? fetched.source : fetched.reason);
    const answers = (what: string) =>
      until(what, async () => sourceOf(await web.fetch(`${address}:81`, 3)) === webAddress);
    await said('Ready');
    await answers('the nic is reached under the own address');
    t.is(sourceOf(await db.fetch(`${webAddress}:81`)), address, 'and the container reaches others by it');
    await host.run(['docker', 'restart', '--time=0', 'db']);
    await answers('it is there again after a restart of the container');
    await host.restartDockerd();
    await answers('and while dockerd was restarted');
    // Recreated while no daemon runs.
    const daemon = fleet.daemons.get(host.name);
    daemon?.kill('SIGKILL');
    await daemon?.exited;
    await db.remove();
    await host.runContainer({ name: 'db', network: 'shop' });
    await fleet.startDaemon(host);
    await answers('and in a container of the same name');

    await fleet.until('it counts as a container that uses the subnet', (nodes) =>
      nodes.some(({ containers }) => containers.some(({ name }) => name === 'db')),
    );
    await fleet.xctl('nics', 'remove', address, '--yes');
    const ends = async () => (await host.run(['ip', '-oneline', 'link'])).match(/ xn[0-9a-f]{8}@/g) ?? [];
    await until('the interface is gone', async () => (await ends()).length === 0);
    t.regex(await fleet.xctl('nics', 'add', host.name, 'db', '--name', 'lan0'), /as lan0 of container db/);
    await said('Ready');
    t.is((await ends()).length, 1);
    // A leave removes it, and restores everything else.
    const left = await fleet.xnetd(host, 'leave', '--docker-restart', JSON.stringify(host.restartCommand), '--force');
    t.is(left.code, 0, left.stderr);
    t.deepEqual(await ends(), []);
    await host.run(['docker', 'rm', '--force', 'db']);
    // The kernel notices that a bridge has lost its last port within a second.
    const bridges = () => host.run(['ip', '-oneline', 'link', 'show', 'type', 'bridge']);
    await until('no bridge has a port', async () => !/ state UP /.test(await bridges()));
    t.deepEqual(await state(), before);
    return t.notRegex(await fleet.xctl('nics', 'list'), /10\.76/);
  });
}
