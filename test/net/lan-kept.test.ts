// LAN mode on the real kernel beside a Docker that would not start without the bridge: the bridge stays.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { whyKept } from '../../node/docker/bip/over-bridge.js';
import { signal } from '../support/kernel-story.js';
import { LanHost, lanDesired } from '../support/lan-host.js';
import { isRoot } from '../support/linux-route-host.js';

if (!isRoot('LAN mode beside a Docker that needs its bridge')) test.skip('SKIP lan-kept: needs root', (t) => t.pass());
else {
  test('the bridge stays while Docker’s default network is on it', async (t) => {
    const lan = new LanHost();
    t.teardown(() => lan.close());
    const before = lan.inventory('eth0');
    const { stateFolder } = lan;
    const daemonJson = join(stateFolder, 'daemon.json');
    const effect = lan.effect({ whyKept: (bridge) => whyKept({ stateFolder, daemonJson }, bridge) });
    t.deepEqual((await effect.converge(lanDesired, signal)).findings, []);
    writeFileSync(daemonJson, '{"bridge": "xnet-lan"}');
    for (const to of [undefined, { ...lanDesired, bridgeName: 'other' }]) {
      const outcome = await effect.converge(to, signal);
      t.like(outcome, { changes: 0, inForce: false, findings: [{ reason: 'LanBridgeInUse' }] });
    }
    t.is(lan.masterOf('eth0'), 'xnet-lan');
    t.deepEqual(lan.inventory('xnet-lan'), before);
    writeFileSync(daemonJson, '{"bridge": "br0"}');
    t.deepEqual((await effect.remove(signal)).findings, []);
    t.false(lan.has('xnet-lan'));
    t.deepEqual(lan.inventory('eth0'), before);
  });
}
