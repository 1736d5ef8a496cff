// Which store a controller acts on: the one it has seen, or one that an operator accepted. A store that went back is
// told by what is in it, however much was written to it since.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { deregisterController } from '../../../../controller/registry/controllers.js';
import { Gate } from '../../../../controller/store/gate.js';
import { encode } from '../../../../controller/store/record-codec.js';
import type { Commit } from '../../../../controller/store/store.js';
import { ViewFeed } from '../../../../controller/view/view-feed.js';
import { XnetError } from '../../../../proto/errors.js';
import { Core, silent } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { prefix } from '../../../support/pools.js';
import { restorableStore, sampleFleet } from '../../../support/restorable-store.js';
import { until } from '../../../support/until.js';

const { once, pool, networks, node, put, own } = sampleFleet;

const refused = (core: Core, pattern: RegExp) => until('it is refused', async () => pattern.test(core.feed.refusal));

test('a store that was restored is refused after any number of starts, and nothing is written to it', async (t) => {
  const { cluster, start, core, backup } = await restorableStore(t);
  const before = cluster.revision;
  await core.stop();
  cluster.restore(backup);
  for (let round = 0; round < 7; round++) {
    const again = start();
    await refused(again.core, /restored from an older backup/);
    const gate = new Gate(again.store, again.core.feed, silent);
    await t.throwsAsync(gate.commit(put('sessions/n-1')), { message: /refuses to act/ });
    await t.throwsAsync(gate.claim(5), { message: /refuses to act/ });
    await again.core.stop();
    t.is(cluster.revision, backup);
  }
  // Others write to it until its revision is beyond what was seen.
  const other = new MemoryStore(cluster);
  while (cluster.revision <= before + 5) await other.commit(put('statuses/foreign'));
  const late = start();
  await refused(late.core, /restored from an older backup and written to since/);
  await late.core.stop();

  const accepting = start({ acceptStore: true });
  await accepting.core.ready();
  t.true(accepting.core.feed.version.epoch > 1);
  t.is(accepting.core.feed.view.nodes.size, 1);
});

test('a fresh controller that starts before its store writes nothing until it has read it, and refuses nothing then', async (t) => {
  const cluster = new MemoryCluster();
  const store = new MemoryStore(cluster);
  store.connect(false);
  const core = Core.start(store, { ownKey: own });
  t.teardown(() => core.stop());
  const gate = new Gate(store, core.feed, silent);
  let sent = 0;
  const commit = store.commit.bind(store);
  store.commit = async (each) => {
    sent += 1;
    return commit(each);
  };
  await t.throwsAsync(gate.commit(put('sessions/n-1')), { message: /has not read the store yet/ });
  await t.throwsAsync(gate.claim(5), { message: /has not read the store yet/ });
  t.is(sent, 0);
  store.connect(true);
  await until('it has judged', async () => core.feed.ready || core.feed.refusal !== '');
  t.is(core.feed.refusal, '');
  await core.pools.create(once, { ...pool, ...networks });
  t.true((await gate.commit(put('sessions/n-1'))).committed);
  t.deepEqual(cluster.entries().filter(({ key }) => key === 'sessions/n-1').length, 1);
});

test('a running controller refuses a store whose revision went back, or that contradicts what it saw', async (t) => {
  for (const writes of [0, 60]) {
    const { cluster, core, store, backup } = await restorableStore(t);
    store.connect(false);
    await until('the cut is noticed', async () => !core.feed.connected);
    cluster.restore(backup);
    const other = new MemoryStore(cluster);
    for (let index = 0; index < writes; index++) await other.commit(put(`nodes/n-${index}`));
    store.connect(true);
    await refused(core, /restored from an older backup/);
    t.false(core.feed.ready);
    await t.throwsAsync(core.nodes.add(once, node(9)), { message: /refuses to act/ });
    t.is(cluster.get('names/web-9'), undefined);
    await core.stop();
  }
});

test('changes made while a reconnected store can’t be read are not lost', async (t) => {
  const { cluster } = await restorableStore(t);
  const store = new MemoryStore(cluster);
  let failing = false;
  let asked = 0;
  const shaky = Object.assign(Object.create(store) as MemoryStore, {
    list: async () => {
      if (!failing) return store.list();
      asked += 1;
      throw new XnetError('DeadlineExceeded', 'etcd did not answer in time');
    },
    watch: (signal: AbortSignal) => store.watch(signal),
  });
  const core = Core.start(shaky, {});
  t.teardown(() => core.stop());
  const { feed } = core;
  await until('it is ready', async () => feed.ready);
  const other = new MemoryStore(cluster);
  failing = true;
  store.connect(false);
  await until('the cut is noticed', async () => !feed.connected);
  store.connect(true);
  await until('it is looked at', async () => asked > 0);
  failing = false;
  const { revision } = await other.commit(put('revoked/n-77'));
  const { revision: next } = await other.commit(put('revoked/n-78'));
  await feed.reached(next, 5_000);
  t.is(feed.view.modRevisionOf('revoked/n-77'), revision);
  // Nor is the store taken for another one because of it.
  store.connect(false);
  await until('the cut is noticed', async () => !feed.connected);
  store.connect(true);
  await until('it is connected', async () => feed.connected);
  t.is(feed.refusal, '');
});

test('--accept-store holds for the store at start, once; other controllers follow its epoch by themselves', async (t) => {
  const { cluster, start, core, store, backup, dir } = await restorableStore(t);
  await core.stop();
  const other = start({ seenPath: join(dir, 'other.json'), ownKey: 'registrations/c-2' });
  await other.core.ready();
  other.store.connect(false);
  cluster.restore(backup);
  other.store.connect(true);
  await refused(other.core, /restored/);
  const accepting = start({ acceptStore: true }, store);
  await accepting.core.ready();
  await until('the other one follows', async () => other.core.feed.ready);
  t.is(other.core.feed.version.epoch, accepting.core.feed.version.epoch);
  t.true(other.core.feed.version.epoch > 1);
  t.is(other.core.feed.view.nodes.size, 1);
  await accepting.core.pools.create(once, { ...pool, ...networks, name: 'other', cidr: prefix('10.77.0.0/16') });

  // A store that steps back later is refused by the controller that was started with the flag, too.
  store.connect(false);
  cluster.restore(cluster.revision - 1);
  store.connect(true);
  await refused(accepting.core, /restored from an older backup/);
});

test('a controller that was removed while it was down registers again', async (t) => {
  const { cluster, start, core, seenPath, dir } = await restorableStore(t);
  const registration: Commit = {
    guards: [],
    operations: [{ kind: 'put', key: own, value: encode('registration', { version: '0', addresses: [], clockMs: 0 }) }],
  };
  const { revision } = await core.context.store.commit(registration);
  await until('remembered', async () => JSON.parse(readFileSync(seenPath, 'utf8')).revision === revision);
  await core.stop();
  const { core: other } = start({ seenPath: join(dir, 'other.json'), ownKey: 'registrations/c-2' });
  await other.ready();
  await deregisterController(other.context, once, 'c-1');
  t.is(cluster.get(own), undefined);
  const { core: again } = start();
  await until('it has judged', async () => again.feed.ready || again.feed.refusal !== '');
  t.is(again.feed.refusal, '');
});

test('the seen revision is written to disk soon, and an unreadable file ends the feed', async (t) => {
  const { core, seenPath, cluster } = await restorableStore(t);
  const { revision } = cluster;
  await until('remembered', async () => JSON.parse(readFileSync(seenPath, 'utf8')).revision === revision);
  await core.stop();
  writeFileSync(seenPath, '{"epoch":');
  const feed = new ViewFeed({
    store: new MemoryStore(cluster),
    log: silent,
    seenPath,
    acceptStore: false,
    newClusterId: () => 'cluster-1',
  });
  const error = await t.throwsAsync(feed.run(new AbortController().signal));
  t.is(error instanceof XnetError ? error.code : '', 'Corrupt');
});

test('a view older than its bound is not served as current until the store answers again', async (t) => {
  const { cluster, dir } = await restorableStore(t);
  const store = new MemoryStore(cluster);
  const feed = new ViewFeed({
    store,
    log: silent,
    seenPath: join(dir, 'late.json'),
    acceptStore: false,
    staleAfterMs: 100,
    newClusterId: () => 'cluster-1',
  });
  const stop = new AbortController();
  const running = feed.run(stop.signal);
  await feed.untilReady(stop.signal);
  let told = 0;
  feed.onStanding(() => (told += 1));
  await until('it is stale', async () => !feed.serving);
  t.true(feed.ready, 'what was seen can still be read');
  t.false(feed.connected);
  t.true(told > 0);
  const back = new Promise<void>((resolve) => feed.onStanding(() => feed.serving && resolve()));
  await store.commit(put('nodes/n-1'));
  await t.notThrowsAsync(back);
  stop.abort();
  await running;
});
