// A named network on two hosts with a real Docker engine: its containers, also those that are on docker0 as well, reach each other
// across hosts under their own addresses; it is not removed while they are attached, and --disconnect detaches them.
import test from 'ava';
import { tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { dockerdPid, isContainerRunning, networkNames } from '../support/docker-lab.js';
import { leaveEndpoint } from '../support/half-dead.js';
import { until } from '../support/until.js';

const rooted = process.getuid?.() === 0;
const engine = rooted ? await tryEngine('28') : { line: '28' as const, why: 'it needs root' };
const title =
  'containers on a named network and on docker0 reach each other across hosts; the network is removed with --disconnect';

if ('why' in engine) {
  console.log(`SKIP ${title}: ${engine.why}`);
  test.skip(title, () => undefined);
} else {
  test(title, async (t) => {
    const fleet = await Fleet.start({
      hosts: 2,
      engine,
      mode: 'bip',
      pool: '10.76.0.0/16',
      dockerdFlags: ['--live-restore'],
    });
    t.teardown(() => fleet.close());
    const { hosts } = fleet.lab;
    await fleet.xctl('pools', 'create', 'edge', '10.90.0.0/16');
    t.regex(
      await fleet.xctl('networks', 'create', 'blue', '--pool', 'edge', '--all', '--wait'),
      /^created network blue/,
    );
    // Its container is gone: it keeps Docker, and no xnet, from removing the network.
    await leaveEndpoint(hosts[0] as LabHost, 'blue', 'former');
    const pids = await Promise.all(hosts.map(dockerdPid));
    const start = async (host: LabHost) => {
      const both = await host.runContainer({ name: `both-${host.name}` });
      await host.docker('network', 'connect', 'blue', both.name);
      const blue = await host.runContainer({ name: `blue-${host.name}`, network: 'blue' });
      return {
        ...{ host, both, blue },
        docker0Address: await both.address('bridge'),
        blueAddress: await both.address('blue'),
        address: await blue.address('blue'),
      };
    };
    const [one, two] = await Promise.all(hosts.map(start));
    if (one === undefined || two === undefined) throw new Error('two hosts');
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      for (const at of [to.address, to.blueAddress, to.docker0Address]) {
        t.like(await from.blue.fetch(`${at}:81`), { ok: true, source: from.address }, `a container on blue to ${at}`);
        // Docker's default gateway decides which of its addresses it has.
        const fetched = await from.both.fetch(`${at}:81`);
        t.true(fetched.ok, `a container on both to ${at}: ${JSON.stringify(fetched)}`);
        if (fetched.ok) t.true([from.docker0Address, from.blueAddress].includes(fetched.source), fetched.source);
        t.log(`both -> ${at}: ${fetched.ok ? fetched.source : ''}`);
      }
    }
    const users = (host: LabHost) => new RegExp(`${host.name}: blue-${host.name}, both-${host.name}`);
    for (const { host } of [one, two]) await untilShown(fleet, users(host));
    const refused = await t.throwsAsync(fleet.xctl('networks', 'remove', 'blue', '--yes'), {
      message: /has active endpoints on 2 nodes/,
    });
    for (const { host } of [one, two]) t.regex(refused.message, users(host));
    t.true((await networkNames(one.host)).includes('blue'));

    t.regex(
      await fleet.xctl('networks', 'remove', 'blue', '--disconnect', '--confirm', 'blue', '--wait'),
      /^removing network blue from 2 nodes/,
    );
    for (const { host, both, blue } of [one, two]) {
      t.false((await networkNames(host)).includes('blue'));
      t.true(await isContainerRunning(host, both.name));
      t.true(await isContainerRunning(host, blue.name));
    }
    t.like(await one.both.fetch(`${two.docker0Address}:81`), { ok: true, source: one.docker0Address });
    t.deepEqual(await Promise.all(hosts.map(dockerdPid)), pids, 'no dockerd was restarted');
  });
}

// Waits until a host has reported its containers.
function untilShown(fleet: Fleet, users: RegExp): Promise<void> {
  return until(`it is refused because of ${users}`, async () => {
    const shown = await fleet.xctl('networks', 'remove', 'blue', '--dry-run').catch((error: unknown) => String(error));
    return users.test(shown);
  });
}
