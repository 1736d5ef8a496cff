// Decisions that change what a node is, or end it, on cores over one store in memory.
import test from 'ava';
import { isNamed } from '../../../../controller/registry/rename-node.js';
import { prefix } from '../../../support/pools.js';
import { newNode, once, rig, subnetOf } from '../../../support/registry-values.js';

test('a renamed node keeps its id, subnet and reservations; its former name is free, and its host is understood', async (t) => {
  const { core, close } = await rig();
  const { feed, nodes, pools } = core;
  const { subject: id } = await nodes.add(once, newNode('web-1', 1));
  await nodes.add(once, newNode('web-2', 2));
  const subnet = subnetOf(core, id);
  await pools.reserve(once, { pool: 'default', cidr: prefix('10.76.8.0/24'), nodeName: 'web-1', reason: '' });
  await t.throwsAsync(nodes.rename(once, id, 'web-2'), { message: /there is a node web-2 already/ });
  const { message } = await nodes.rename(once, id, 'web-9');
  t.is(message, 'name: web-1 → web-9');
  t.is(feed.view.nodeOfName.get('web-9'), id);
  t.is(subnetOf(core, id), subnet);
  t.is(feed.view.pools.get('default')?.record.reservations[0]?.nodeName, 'web-9');
  t.true((await nodes.rename(once, id, 'web-9')).unchanged);
  const { subject: other } = await nodes.add(once, newNode('web-1', 3));
  t.true(isNamed(feed.view, id, 'web-1') && isNamed(feed.view, other, 'web-1') && isNamed(feed.view, id, 'web-9'));
  t.false(isNamed(feed.view, other, 'web-9'));
  t.deepEqual([...feed.view.contradictions], []);
  await close();
});

test('of two names given at once to one node, or of two nodes that want one name, one wins and the store is consistent', async (t) => {
  const { cores, cluster, close } = await rig(2);
  const [a, b] = cores;
  if (a === undefined || b === undefined) throw new Error('no core');
  const { subject: one } = await a.nodes.add(once, newNode('web-1', 1));
  const { subject: two } = await a.nodes.add(once, newNode('web-2', 2));
  await b.feed.reached(cluster.revision, 1_000);
  await Promise.all([a.nodes.rename(once, one, 'x-1'), b.nodes.rename(once, one, 'y-1')]);
  const results = await Promise.allSettled([a.nodes.rename(once, one, 'z-1'), b.nodes.rename(once, two, 'z-1')]);
  t.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await a.feed.reached(cluster.revision, 1_000);
  t.is(a.feed.view.nodes.size, 2);
  t.is(a.feed.view.nodeOfName.size, 2);
  t.deepEqual([...a.feed.view.contradictions], []);
  await close();
});
