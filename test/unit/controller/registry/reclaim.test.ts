// Leases of nodes that are down: kept unless their pool reclaims them, independent of clocks, and never reclaimed in an
// outage.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { mostDown, Reclaims } from '../../../../controller/registry/reclaim.js';
import { wasRemoved } from '../../../../controller/registry/restored.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { Downtimes, lookEveryMs } from '../../../../controller/view/downtimes.js';
import { type Core, silent } from '../../../support/controller.js';
import type { MemoryCluster } from '../../../support/memory-store.js';
import { newNode, newPool, once, reportNetworks, rig } from '../../../support/registry-values.js';

const hourMs = 3_600_000;

type Scene = {
  readonly cluster: MemoryCluster;
  readonly cores: readonly Core[];
  readonly core: Core;
  readonly ids: readonly string[];
  /** Looks for this long, in steps, on each of the controllers that are given. */
  readonly look: (ms: number, on?: readonly Watcher[]) => Promise<void>;
  readonly watchers: readonly Watcher[];
};

type Watcher = { readonly downtimes: Downtimes; readonly reclaims: Reclaims; readonly clock: { ms: number } };

function watcherOf(core: Core, controllerId: string, downtimes = new Downtimes()): Watcher {
  const clock = { ms: 0 };
  const parts = { context: core.context, downtimes, controllerId, monotonicMs: () => clock.ms };
  return { downtimes, reclaims: new Reclaims(parts), clock };
}

async function write(core: Core, key: string, value: string | undefined): Promise<void> {
  const operation = value === undefined ? { kind: 'delete' as const, key } : { kind: 'put' as const, key, value };
  const { revision } = await core.context.store.commit({ guards: [], operations: [operation] });
  await core.feed.reached(revision, 5_000);
}

const connect = (core: Core, id: string) =>
  write(core, keys.session(id), encode('session', { controller: 'c-1', fingerprint: '', sinceMs: 1 }));

async function goDown(core: Core, id: string): Promise<void> {
  await write(core, keys.session(id), undefined);
  await write(core, keys.absence(id), encode('absence', { sinceMs: Date.now(), told: true }));
}

async function scene(t: ExecutionContext, nodes: number, controllers = 1): Promise<Scene> {
  const { cluster, cores, core, close } = await rig(controllers);
  t.teardown(close);
  const ids: string[] = [];
  for (let index = 1; index <= nodes; index++) {
    const { subject } = await core.nodes.add(once, newNode(`web-${index}`, index));
    ids.push(subject);
    await reportNetworks(core, subject, []);
    await connect(core, subject);
  }
  const watchers = cores.map((each, index) => watcherOf(each, `c-${index + 1}`));
  const look = async (ms: number, on: readonly Watcher[] = watchers) => {
    for (let passed = 0; passed < ms; passed += lookEveryMs) {
      for (const { clock, reclaims } of on) {
        clock.ms += lookEveryMs;
        await reclaims.look();
      }
    }
    for (const each of cores) await each.feed.reached(cluster.revision, 5_000);
  };
  return { cluster, cores, core, ids, look, watchers };
}

const states = (core: Core) =>
  [...core.feed.view.subnets.values()].map(({ record }) => record.state).sort((a, b) => (a < b ? -1 : 1));

test('a node that is down keeps everything, unless its pool reclaims', async (t) => {
  const { core, ids, look, cluster } = await scene(t, 3);
  const [first = ''] = ids;
  await goDown(core, first);
  const before = cluster.revision;
  await look(3 * hourMs);
  t.is(cluster.revision, before, 'something was written because a node is down');
  t.deepEqual(states(core), ['leased', 'leased', 'leased']);
  t.true(core.feed.view.nodes.has(first));
});

test('after reclaim-after the leases of one node are in quarantine, and it is fenced; one controller does it', async (t) => {
  const { core, cores, ids, look, cluster } = await scene(t, 3, 2);
  await core.pools.set(once, 'default', { reclaimAfterSeconds: 3_600 });
  const [first = '', second = ''] = ids;
  await goDown(core, first);
  await look(hourMs - 2 * lookEveryMs);
  t.deepEqual(states(core), ['leased', 'leased', 'leased']);
  // It comes back in between: what it was down for is forgotten.
  await write(core, keys.absence(first), undefined);
  await connect(core, first);
  await look(2 * lookEveryMs);
  await goDown(core, first);
  await look(hourMs - 2 * lookEveryMs);
  t.deepEqual(states(core), ['leased', 'leased', 'leased']);
  await look(4 * lookEveryMs);
  t.deepEqual(states(core), ['leased', 'leased', 'quarantined']);
  for (const each of cores) {
    t.false(each.feed.view.nodes.has(first));
    t.true(wasRemoved(each.feed.view, first));
    t.true(each.feed.view.nodes.has(second));
  }
  const told = [...cluster.history].flatMap(({ changes }) =>
    changes.flatMap((change) => (change.kind === 'put' ? [change.entry.value] : [])),
  );
  t.is(told.filter((value) => value.includes('NodeReclaimed')).length, 1);
});

test('neither a stopped controller nor an outage counts, and an outage holds every reclaim', async (t) => {
  const { core, ids, look, watchers } = await scene(t, 10);
  const [watcher] = watchers;
  if (watcher === undefined) return t.fail();
  await core.pools.set(once, 'default', { reclaimAfterSeconds: 3_600 });
  const [first = '', ...others] = ids;
  await goDown(core, first);
  await look(hourMs / 2);
  // The process was stopped for a day.
  watcher.clock.ms += 24 * hourMs;
  await look(lookEveryMs);
  t.true(watcher.downtimes.of(first) < hourMs);
  t.is(mostDown(10), 3);
  // Three of four are rather on the other side of a cut than broken at once.
  t.deepEqual([2, 3, 4, 5, 6, 30].map(mostDown), [1, 1, 2, 2, 3, 6]);
  const down = others.slice(0, 3);
  for (const id of down) await goDown(core, id);
  await look(3 * hourMs);
  t.is(states(core).filter((state) => state === 'leased').length, 10);
  t.regex(watcher.reclaims.problem ?? '', /4 of 10 nodes are down at once: no lease is reclaimed/);
  for (const id of down) {
    await write(core, keys.absence(id), undefined);
    await connect(core, id);
  }
  await look(hourMs / 4);
  t.is(watcher.reclaims.problem, undefined);
  t.is(states(core).filter((state) => state === 'leased').length, 10);
  await look(hourMs / 2);
  t.is(states(core).filter((state) => state === 'leased').length, 9);
});

test('while no node is connected, nothing is reclaimed', async (t) => {
  const { core, ids, look } = await scene(t, 2);
  await core.pools.set(once, 'default', { reclaimAfterSeconds: 3_600 });
  for (const id of ids) await goDown(core, id);
  await look(3 * hourMs);
  t.deepEqual(states(core), ['leased', 'leased']);
});

test('a controller resumes with the time that it measured before its restart', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-downtimes-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'downtimes.json');
  const { core, ids, look, watchers } = await scene(t, 3);
  await core.pools.create(once, newPool('10.80.0.0/16', 'other'));
  await core.pools.set(once, 'default', { reclaimAfterSeconds: 3_600 });
  const [first = ''] = ids;
  const [watcher] = watchers;
  if (watcher === undefined) return t.fail();
  await goDown(core, first);
  await look(hourMs - 4 * lookEveryMs);
  await watcher.downtimes.save(path);
  const restarted = watcherOf(core, 'c-1', await new Downtimes().load(path, silent));
  await look(2 * lookEveryMs, [restarted]);
  t.deepEqual(states(core), ['leased', 'leased', 'leased']);
  await look(6 * lookEveryMs, [restarted]);
  t.deepEqual(states(core), ['leased', 'leased', 'quarantined']);
});
