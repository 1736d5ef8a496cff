// Mutations by one or several controllers at once: races, lost answers, repetition.
import test from 'ava';
import { outcomeOf, requestDigest } from '../../../../controller/registry/operation.js';
import { findNode, NodeFinder } from '../../../../controller/service/find-node.js';
import type { ViewFeed } from '../../../../controller/view/view-feed.js';
import { XnetError } from '../../../../proto/errors.js';
import { overlapsIn } from '../../../support/controller.js';
import { prefix } from '../../../support/pools.js';
import { newNode, newPool, once, rig, subnetOf } from '../../../support/registry-values.js';

test('64 nodes added at once through two controllers get 64 subnets', async (t) => {
  const { cores, cluster, close } = await rig(2);
  const added = await Promise.all(
    Array.from({ length: 64 }, (_, index) => {
      const core = cores[index % 2];
      if (core === undefined) throw new Error('no core');
      return core.nodes.add(once, newNode(`web-${index}`, index + 1));
    }),
  );
  const [core] = cores;
  if (core === undefined) throw new Error('no core');
  await core.feed.reached(cluster.revision, 1_000);
  t.is(new Set(added.map((done) => subnetOf(core, done.subject))).size, 64);
  t.deepEqual(overlapsIn(cluster.history), []);
  await close();
});

test('P9 P17 one of two requests gets the last subnet, the other learns why not', async (t) => {
  const { cores, close } = await rig(2, '10.76.0.0/24');
  // A /24 pool has four /26s; three are taken.
  const [a, b] = cores;
  if (a === undefined || b === undefined) throw new Error('no core');
  for (const index of [1, 2, 3]) await a.nodes.add(once, newNode(`web-${index}`, index));
  const results = await Promise.allSettled([
    a.nodes.add(once, newNode('web-8', 8)),
    b.nodes.add(once, newNode('web-9', 9)),
  ]);
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  t.is(failed.length, 1);
  const [error] = failed;
  t.true(error instanceof XnetError && error.code === 'PoolExhausted');
  t.regex(error instanceof Error ? error.message : '', /of 4, 4 are leased, 0 reserved, 0 in quarantine/);
  await close();
});

test('a lost answer is found again, however often the call is repeated', async (t) => {
  const { stores, core, cluster, close } = await rig();
  const [store] = stores;
  if (store === undefined) throw new Error('no store');
  store.lostAnswers = 1;
  const operation = { operationId: 'op-1', dryRun: false };
  const first = await core.nodes.add(operation, newNode('web-1', 1));
  const again = await core.nodes.add(operation, newNode('web-1', 1));
  t.is(again.subject, first.subject);
  t.is([...core.feed.view.nodes.keys()].length, 1);
  store.lostAnswers = 1;
  const removal = { operationId: 'op-2', dryRun: false };
  const removed = await core.nodes.remove(removal, first.subject, () => undefined);
  t.true(removed.repeated);
  t.is((await core.nodes.remove(removal, first.subject, () => undefined)).subject, first.subject);
  t.is(core.feed.view.nodes.size, 0);
  await t.throwsAsync(core.pools.create(removal, newPool('10.80.0.0/16', 'other')), {
    message: /used for another call/,
  });
  const asked = { ...operation, digest: requestDigest({ name: 'web-1', operationId: 'op-1' }) };
  const other = { ...operation, digest: requestDigest({ name: 'web-2', operationId: 'op-1' }) };
  t.true((await core.nodes.add({ ...asked, operationId: 'op-3' }, newNode('web-3', 3))).message !== '');
  t.true((await core.nodes.add({ ...asked, operationId: 'op-3' }, newNode('web-3', 3))).repeated);
  await t.throwsAsync(core.nodes.add({ ...other, operationId: 'op-3' }, newNode('web-4', 4)), {
    message: /operation id "op-3" was used with other arguments/,
  });
  await t.throwsAsync(outcomeOf(core.context.store, { ...other, operationId: 'op-2', call: 'SetNode' }), {
    message: /another call/,
  });
  t.is(core.feed.view.nodes.size, 1);
  t.deepEqual(overlapsIn(cluster.history), []);
  await close();
});

test('a request’s digest does not depend on the order of its fields', (t) => {
  const request = { name: 'web-1', labels: { a: '1', b: '2' }, uses: 3, operationId: 'x', dryRun: false };
  const digest = requestDigest(request);
  t.is(requestDigest({ uses: 3, dryRun: true, labels: { b: '2', a: '1' }, name: 'web-1', operationId: 'y' }), digest);
  for (const other of [{ name: 'web-2' }, { labels: { a: '1', b: '3' } }, { labels: { a: '1' } }, { uses: 4 }]) {
    t.not(requestDigest({ ...request, ...other }), digest);
  }
});

test('a refusal or a no-op decided on a stale view is checked against the store', async (t) => {
  const { stores, cores, core, cluster, close } = await rig(2);
  const [, late] = cores;
  const [, store] = stores;
  if (late === undefined || store === undefined) throw new Error('no second core');
  const web1 = (await core.nodes.add(once, newNode('web-1', 1))).subject;
  await late.feed.reached(cluster.revision, 1_000);
  // Its watch tells nothing any more, while the store answers.
  store.deaf = true;
  const web2 = (await core.nodes.add(once, newNode('web-2', 2))).subject;
  await core.nodes.remove(once, web1, () => undefined);
  await t.throwsAsync(late.nodes.add(once, newNode('web-3', 2)), { message: /192.168.80.2 is that of node web-2/ });
  const again = late.nodes.add(once, newNode('web-1', 1));
  await core.feed.reached(cluster.revision + 1, 5_000);
  store.deaf = false;
  store.connect(true);
  const { unchanged, subject } = await again;
  t.deepEqual([unchanged, subject === web1, subject === web2], [false, false, false]);
  store.connect(false);
  await t.throwsAsync(late.pools.remove(once, 'none', false), { message: /the store does not answer/ });
  store.connect(true);
  t.deepEqual(overlapsIn(cluster.history), []);
  await close();
});

test('P2 repeating a command changes nothing; a different one under the same name names the existing node', async (t) => {
  const { core, cluster, close } = await rig();
  const first = await core.nodes.add(once, newNode('web-1', 1));
  const { revision } = cluster;
  const same = await core.nodes.add(once, newNode('web-1', 1));
  t.true(same.unchanged);
  t.is(same.subject, first.subject);
  t.is(cluster.revision, revision);
  await t.throwsAsync(core.nodes.add(once, newNode('web-1', 2)), {
    message: /web-1 already exists: its address is 192.168.80.1/,
  });
  await t.throwsAsync(core.nodes.add(once, newNode('web-2', 1)), { message: /192.168.80.1 is that of node web-1/ });
  await t.throwsAsync(core.nodes.add(once, { ...newNode('web-1', 1), subnet: prefix('10.76.9.0/24') }), {
    message: /its subnet is 10.76.0.0\/24/,
  });
  t.true((await core.pools.create(once, newPool('10.76.0.0/16'))).unchanged);
  await t.throwsAsync(core.pools.create(once, newPool('10.99.0.0/16')), { message: /pool default already exists/ });
  t.is(cluster.revision, revision);
  await close();
});

test('a dry run changes nothing', async (t) => {
  const { core, cluster, close } = await rig();
  const { revision } = cluster;
  const dry = { operationId: 'dry', dryRun: true };
  await core.nodes.add(dry, newNode('web-1', 1));
  await core.pools.create(dry, newPool('10.77.0.0/16', 'other'));
  await core.pools.reserve(dry, { pool: 'default', cidr: prefix('10.76.4.0/24'), reason: '' });
  await core.pools.remove(dry, 'default', false);
  t.is(cluster.revision, revision);
  await close();
});

test('a node is found by id, name, address or subnet', async (t) => {
  const { core, close } = await rig();
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  await core.nodes.add(once, newNode('db-1', 2));
  const { view } = core.feed;
  for (const text of ['web-1', subject, subject.slice(0, 6), '192.168.80.1', '10.76.0.0/24', '10.76.0.17']) {
    t.is(findNode(view, text), subject, text);
  }
  t.throws(() => findNode(view, 'n-'), { message: /begins the ids of 2 nodes/ });
  const error = t.throws(() => findNode(view, 'wbe-1'));
  t.is(error instanceof XnetError ? error.hint : '', 'did you mean web-1?');
  t.throws(() => findNode(view, '\u001b[2J'), { message: /there is no node "\\u001b\[2J"/ });
  await close();
});

test('a call that changes a node finds one that its view does not have yet', async (t) => {
  const { cores, close } = await rig(1);
  const [core] = cores;
  if (core === undefined) return t.fail();
  const other = await rig(1);
  const view = other.cores[0]?.feed.view;
  if (view === undefined) return t.fail();
  const { subject } = await core.nodes.add(once, newNode('web-1', 1));
  const { feed } = core;
  const behind = {
    view,
    reached: feed.reached.bind(feed),
    caughtUp: feed.caughtUp.bind(feed),
  } as unknown as ViewFeed;
  const finder = new NodeFinder({ ...core.context, feed: behind });
  t.throws(() => findNode(behind.view, 'web-1'), { message: /there is no node "web-1"/ });
  t.is(await finder.find('web-1'), subject);
  await t.throwsAsync(finder.find('web-2'), { message: /there is no node "web-2"/ });
  await Promise.all([close(), other.close()]);
});
