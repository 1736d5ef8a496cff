// Decisions that must not rest on a view that lags behind: when the store is listed for them, and when not.
import test from 'ava';
import { Core } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { address, newDefaultPool } from '../../../support/pools.js';

const once = { operationId: '', dryRun: false };
const web = { name: 'web-1', address: address('192.168.83.11'), labels: {} };

class CountingStore extends MemoryStore {
  listings = 0;
  positions = 0;

  override list() {
    this.listings += 1;
    return super.list();
  }

  override position() {
    this.positions += 1;
    return super.position();
  }
}

async function rig() {
  const cluster = new MemoryCluster();
  const store = new CountingStore(cluster);
  const core = await Core.start(store).ready();
  const other = await Core.start(new MemoryStore(cluster)).ready();
  await core.pools.create(once, newDefaultPool);
  const { subject } = await core.nodes.add(once, web);
  await other.feed.reached(cluster.revision, 5_000);
  const stop = async () => {
    await core.stop();
    await other.stop();
  };
  return { cluster, store, core, other, subject, stop };
}

test('a call that is refused, or has nothing to change, lists nothing', async (t) => {
  const { store, core, subject, stop } = await rig();
  const before = store.listings;
  for (let n = 0; n < 20; n++) {
    await t.throwsAsync(core.nodes.add(once, { ...web, name: 'web-2' }), { message: /is that of node web-1/ });
    t.true((await core.nodes.set(once, subject, { setLabels: {}, removeLabels: [] })).unchanged);
  }
  t.is(store.listings, before);
  t.is(store.positions, 40);
  await stop();
});

test('a view waits for what the store has and the watch has not delivered, and is read if need be', async (t) => {
  const { store, core, other, stop } = await rig();
  const before = store.listings;
  await other.nodes.add(once, { ...web, name: 'web-2', address: address('192.168.83.12') });
  t.true((await core.feed.caughtUp()).nodeOfName.has('web-2'));
  t.is(store.listings, before);
  // The watch delivers nothing: only the store itself knows.
  store.deaf = true;
  await other.nodes.add(once, { ...web, name: 'web-3', address: address('192.168.83.13') });
  t.true((await core.feed.caughtUp()).nodeOfName.has('web-3'));
  t.is(store.listings, before + 1);
  await stop();
});

test('a store that is behind what was seen of it gives no view', async (t) => {
  const { cluster, store, core, stop } = await rig();
  cluster.restore(1);
  await t.throwsAsync(core.feed.caughtUp(), {
    code: 'Unavailable',
    message: /another one, or older than what the controller has seen/,
  });
  store.connect(false);
  await t.throwsAsync(core.feed.caughtUp(), { code: 'Unavailable' });
  await stop();
});
