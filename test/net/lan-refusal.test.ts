// LAN mode on the real kernel beside a Docker that would refuse the network of mode lan: nothing on the host changes.
import { existsSync } from 'node:fs';
import test from 'ava';
import { needsIptables } from '../../node/docker/bridge/lan.js';
import { lanJournalPath } from '../../node/lan/journal.js';
import { signal } from '../support/kernel-story.js';
import { LanHost, lanDesired } from '../support/lan-host.js';
import { isRoot } from '../support/linux-route-host.js';

const converged = { findings: [], changes: 0 };

if (!isRoot('LAN mode beside a Docker that refuses it')) test.skip('SKIP lan-refusal: needs root', (t) => t.pass());
else {
  test('a Docker that would refuse the network keeps the interface from being moved, not from being put back', async (t) => {
    const lan = new LanHost();
    t.teardown(() => lan.close());
    const before = lan.inventory('eth0');
    const refusing = { refusal: async () => needsIptables };
    const refused = lan.effect(refusing);
    t.deepEqual(await refused.converge(lanDesired, signal), { findings: [needsIptables], changes: 0, inForce: false });
    t.false(lan.has('xnet-lan'));
    t.deepEqual(lan.inventory('eth0'), before);
    t.false(existsSync(lanJournalPath(lan.stateFolder)), 'nothing has begun');
    t.deepEqual(await refused.remove(signal), converged);
    t.deepEqual((await lan.effect().converge(lanDesired, signal)).findings, []);
    t.is(lan.masterOf('eth0'), 'xnet-lan');
    // A boot: the host gets the arrangement back that it had.
    lan.host.ipBatch(['link set eth0 nomaster', 'link delete xnet-lan', 'address add 192.168.61.11/24 brd + dev eth0']);
    const later = lan.effect({ ...refusing, boot: 'second' });
    t.deepEqual((await later.converge(lanDesired, signal)).findings, []);
    t.is(lan.masterOf('eth0'), 'xnet-lan');
    t.deepEqual((await later.remove(signal)).findings, []);
    t.is(lan.masterOf('eth0'), '');
  });
}
