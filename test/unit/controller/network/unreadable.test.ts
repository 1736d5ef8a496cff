// Networks of a pool whose record can't be read, as of a newer version.
import test from 'ava';
import { dueMembers } from '../../../../controller/network/keeper.js';
import { NetworkRegistry } from '../../../../controller/network/networks.js';
import { networkProblems } from '../../../../controller/service/network-problems.js';
import { keys } from '../../../../controller/store/keys.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';
import { until } from '../../../support/until.js';

test('an unreadable pool affects no other network, and not xctl status', async (t) => {
  const { core, close } = await rig(1);
  t.teardown(close);
  const { feed, context } = core;
  for (const [cidr, name] of [
    ['10.90.0.0/16', 'edge'],
    ['10.91.0.0/16', 'side'],
  ] as const) {
    await core.pools.create(once, newPool(cidr, name));
    await new NetworkRegistry(context).create(once, {
      ...{ name: `of-${name}`, pool: name, selection: { all: true, labels: {}, nodes: [] } },
    });
  }
  await core.nodes.add(once, { ...newNode('web-1', 1), pool: 'default' });
  const newer = { kind: 'put', key: keys.pool('edge'), value: '{"cidr":{"format":2}}' } as const;
  await context.store.commit({ guards: [], operations: [newer] });
  await until('it is seen', async () => feed.view.undecodable.has(keys.pool('edge')));
  const facts = { nowMs: Date.now(), isConnected: () => false };
  t.deepEqual(
    dueMembers(feed.view, undefined, facts).map(({ network }) => network),
    ['of-side'],
  );
  const live = { statusOf: () => undefined, isConnected: () => false };
  const [problem, ...more] = networkProblems(feed.view, { live, nowMs: Date.now() });
  t.regex(problem?.text ?? '', /web-1 can't have network of-edge: the record pools\/edge can't be relied on/);
  t.deepEqual(more, []);
});
