// Restores over a store in memory: killed half way, repeated, two at once, and into stores that are not to be replaced.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Recorder } from '../../../../controller/audit/audit.js';
import { Restoration } from '../../../../controller/backup/restoration.js';
import { digestOfRecords, isRestored, partsOf, type SavedRecord } from '../../../../controller/backup/saved-records.js';
import { parseKey } from '../../../../controller/store/keys.js';
import type { Listing } from '../../../../controller/store/store.js';
import { XnetError } from '../../../../proto/errors.js';
import { Core, type CoreOptions, silent } from '../../../support/controller.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { restorableStore, sampleFleet } from '../../../support/restorable-store.js';

const { once, pool, networks, node } = sampleFleet;
const audit: Recorder = { record: () => ({ begin: async () => undefined, settle: async () => undefined }) };
const clusterKey = Buffer.alloc(0);

function restorationOf(t: ExecutionContext, cluster: MemoryCluster, core: Core, store = new MemoryStore(cluster)) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-restore-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const keyPath = join(dir, 'cluster.key');
  return new Restoration({ store, feed: core.feed, keyPath, audit, now: Date.now, log: silent });
}

// A backup of a fleet of four nodes, and an empty store with a controller.
async function emptyStore(t: ExecutionContext) {
  const source = await restorableStore(t);
  const listing = await source.store.list();
  const records = [...partsOf(listing)].flat().filter(({ key }) => isRestored(key));
  const cluster = new MemoryCluster();
  const start = async (options: CoreOptions = {}) => {
    const core = Core.start(new MemoryStore(cluster), options);
    t.teardown(() => core.stop());
    return core.ready();
  };
  const core = await start();
  const backup = { id: 'b-1', clusterId: 'cluster-0', epoch: 1, revision: listing.revision, storeId: 's', madeMs: 1 };
  const sent = { records: records.length, digest: digestOfRecords(records) };
  return { cluster, core, start, records, backup, sent, restoration: restorationOf(t, cluster, core), listing };
}

const contentOf = ({ entries }: Pick<Listing, 'entries'>): readonly SavedRecord[] =>
  entries.filter(({ key }) => isRestored(key)).map(({ key, value }) => ({ key, value }));

const beginning = (restore: string) => ({ restore, dryRun: false, clusterKey, force: false });

test('the restored store equals the backup, whichever step is repeated after a lost answer', async (t) => {
  const { cluster, core, restoration, records, backup, sent, listing } = await emptyStore(t);
  const half = Math.ceil(records.length / 2);
  for (let times = 0; times < 2; times++) await restoration.begin({ ...beginning('r-1'), backup });
  for (const part of [records.slice(0, half), records.slice(half)]) {
    for (let times = 0; times < 2; times++) await restoration.write('r-1', part);
  }
  await t.throwsAsync(restoration.finish('r-1', { ...sent, records: sent.records + 1 }), { message: /were sent$/ });
  const first = await restoration.finish('r-1', sent);
  t.deepEqual(await restoration.finish('r-1', sent), first);
  t.is(first.nodes, 4);
  t.deepEqual(contentOf({ entries: cluster.entries() }), contentOf(listing));
  t.deepEqual(await restoration.begin({ ...beginning('r-2'), backup }), { unchanged: true, nodes: 4 });
  await core.feed.reached(cluster.revision, 5_000);
  t.is(core.feed.refusal, '');
  t.is(core.feed.version.epoch, first.epoch);
  t.true([...core.feed.view.nodes.keys()].every((id) => core.feed.view.isAwaited(id)));
});

test('a restore that ends half way leaves a store that no controller acts on, until it is run again', async (t) => {
  const { core, start, restoration, records, backup, sent } = await emptyStore(t);
  await restoration.begin({ ...beginning('r-1'), backup });
  await restoration.write('r-1', records.slice(0, 5));
  const refused = async (one: Core) => {
    while (!/a backup is being restored/.test(one.feed.refusal)) {
      await new Promise<void>((resolve) => {
        const off = one.feed.onStanding(() => resolve(off() as never));
      });
    }
  };
  await refused(core);
  await t.throwsAsync(core.pools.create(once, { ...pool, ...networks }), { message: /refuses to act/ });
  const later = start({ acceptStore: true });
  // The one that was interrupted goes on meanwhile.
  await restoration.begin({ ...beginning('r-2'), backup });
  await t.throwsAsync(restoration.write('r-1', records), { message: 'another restore has begun since' });
  await t.throwsAsync(restoration.finish('r-1', sent), { message: 'another restore has begun since' });
  await restoration.write('r-2', records);
  await restoration.finish('r-2', sent);
  await t.throwsAsync(restoration.write('r-2', records), { message: 'no restore is under way' });
  t.is((await later).feed.view.nodes.size, 4);
});

test('a restore that has begun is not reported as not writable: something was written', async (t) => {
  const { cluster, core, restoration, records, backup, sent } = await emptyStore(t);
  await restoration.begin({ ...beginning('r-1'), backup });
  await restoration.write('r-1', records);
  await restoration.finish('r-1', sent);
  const store = new MemoryStore(cluster);
  const own = store.commit.bind(store);
  const full = () => Promise.reject(new XnetError('NotWritable', 'its disk quota is used up'));
  const begin = () =>
    restorationOf(t, cluster, core, store).begin({
      ...beginning('r-2'),
      backup: { ...backup, id: 'b-2' },
      force: true,
    });
  store.commit = full;
  await t.throwsAsync(begin(), { code: 'NotWritable' });
  store.commit = (commit) => {
    store.commit = full;
    return own(commit);
  };
  const message = "the restore has begun, and can't continue: its disk quota is used up";
  await t.throwsAsync(begin(), { code: 'Unavailable', message });
  await t.throwsAsync(begin(), { code: 'Unavailable', message }, 'repeated');
});

test('during an adoption nothing is allocated, and existing nodes may be changed', async (t) => {
  const { core, restoration, records, backup, sent } = await emptyStore(t);
  await restoration.begin({ ...beginning('r-1'), backup });
  await restoration.write('r-1', records);
  await restoration.finish('r-1', sent);
  const { view } = core.feed;
  await t.throwsAsync(core.nodes.add(once, node(9)), { message: /being adopted \(4 have not been seen\): a lease/ });
  const id = view.nodeOfName.get('web-1') ?? '';
  await core.nodes.confirm(id);
  t.is((await core.nodes.set(once, id, { setLabels: { zone: 'a' }, removeLabels: [] })).unchanged, false);
  await t.throwsAsync(core.nodes.add(once, node(9)), { message: /\(3 have not been seen\)/ });
});

test('a store with another cluster is never replaced, one that is in use only on demand', async (t) => {
  const { cluster, core, restoration, records, backup, sent } = await emptyStore(t);
  await core.pools.create(once, { ...pool, ...networks });
  const before = cluster.entries();
  await t.throwsAsync(restoration.begin({ ...beginning('r-1'), backup, force: true }), { message: /holds cluster/ });
  t.deepEqual(cluster.entries(), before, 'nothing was changed');
  await core.pools.remove(once, 'default', false);
  await restoration.begin({ ...beginning('r-1'), backup });
  await restoration.write('r-1', records);
  const { epoch } = await restoration.finish('r-1', sent);
  const other = { ...backup, id: 'b-2' };
  const inUse = { message: /in use: it holds this cluster with 4 nodes/ };
  await t.throwsAsync(restoration.begin({ ...beginning('r-3'), backup: other }), inUse);
  t.true((await restoration.begin({ ...beginning('r-3'), backup: other, dryRun: true, force: true })).nodes === 4);
  await restoration.begin({ ...beginning('r-3'), backup: other, force: true });
  t.false(
    cluster.entries().some(({ key }) => parseKey(key)?.kind === 'node'),
    'what the backup lacks is gone',
  );
  await restoration.write('r-3', records);
  t.true((await restoration.finish('r-3', sent)).epoch > epoch, 'hosts have seen the other epoch');
});
