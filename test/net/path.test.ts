// Produces each reason of `xctl ping` on the real kernel by its exact cause, and checks that it is gone after the
// repair.
import test from 'ava';
import { reasons } from '../../cli/diagnosis/reasons.js';
import { Poller } from '../../node/kernel/poller.js';
import { isRoot } from '../support/linux-route-host.js';
import { apiOf, pathFixtures } from '../support/path-fixtures.js';
import { PathHosts } from '../support/path-hosts.js';

// Each needs a second or two, most of it to wait for a reply that does not come: several pairs of hosts at the same time.
const groups = 5;

if (isRoot('reasons of a path on the real kernel')) {
  test('every reason of a path has a fixture', (t) => {
    t.deepEqual(
      Object.keys(pathFixtures).sort(),
      Object.keys(reasons)
        .filter((name) => name !== 'Fine')
        .sort(),
    );
  });

  const pairs: PathHosts[] = [];
  const poller = new Poller();
  test.before('the hosts', () => {
    for (let group = 0; group < groups; group += 1) pairs.push(new PathHosts(poller));
  });
  test.after.always('the hosts go', async () => {
    await Promise.all(pairs.map((hosts) => hosts.close()));
    await poller.close();
  });

  for (let group = 0; group < groups; group += 1) {
    const its = Object.entries(pathFixtures).filter((_, index) => index % groups === group);
    const names = its.map(([reason]) => reason).join(', ');
    test(`reasons of a path, each found when its cause exists, and gone after the repair: ${names}`, async (t) => {
      const hosts = pairs[group];
      if (hosts === undefined) return t.fail();
      const fine = async () => t.like(await hosts.verdict('h0/api', 'h1/api'), { reason: 'Fine', fix: '' });
      await fine();
      for (const [reason, { breaks, repairs, from, to, on, says }] of its) {
        await breaks(hosts);
        const verdict = await hosts.verdict(from?.(hosts) ?? apiOf(hosts.h0), to?.(hosts) ?? apiOf(hosts.h1));
        t.like(verdict, { reason, node: on }, `${reason}: ${verdict.message}`);
        for (const part of says?.(hosts) ?? []) t.true(verdict.message.includes(part), verdict.message);
        t.not(verdict.fix, '', reason);
        await repairs(hosts);
        await fine();
      }
    });
  }
}
