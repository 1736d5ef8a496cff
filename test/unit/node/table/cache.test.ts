// The cache on disk: what this version wrote, what a version that knew one lease per node reads and wrote.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { pino } from 'pino';
import { type Cached, cachePath, readCache, removeCache, writeCache } from '../../../../node/table/cache.js';
import { changesPath } from '../../../../node/table/cache-changes.js';
import { CacheWriter } from '../../../../node/table/cache-writer.js';
import { withSnapshot } from '../../../../node/table/node-table.js';
import { prefixKey } from '../../../../proto/domain/address.js';
import type { Assignment, Lease } from '../../../../proto/domain/network.js';
import { PrefixMap } from '../../../../proto/domain/prefix-map.js';
import { someRoute } from '../../../support/arbitrary.js';
import { address, prefix } from '../../../support/pools.js';

const bip: Lease = {
  pool: 'default',
  subnet: prefix('10.76.1.0/24'),
  generation: 3,
  mode: 'bip',
  networkName: '',
  bridgeName: '',
  state: 'in force',
};
const assignment: Assignment = {
  nodeId: 'n-1',
  nodeName: 'web-1',
  address: address('192.168.83.11'),
  availability: 'active',
  leases: [{ ...bip, subnet: prefix('10.76.0.0/24'), state: 'ending' }, bip],
  permit: { rollout: 'r-1', subnet: bip.subnet, generation: 3 },
  leave: true,
};

test('the cache has the leases, without the permit; a version that knows one lease reads and wrote the primary one', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-cache-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  t.is(await readCache(dir), undefined);
  await writeCache(dir, { assignment, table: undefined });
  t.deepEqual((await readCache(dir))?.assignment, { ...assignment, permit: undefined, leave: false });
  const nics = {
    epoch: 1,
    revision: 7,
    nics: [{ address: address('10.76.1.200'), container: 'db', interfaceName: 'nic0' }],
  };
  await writeCache(dir, { assignment: { ...assignment, nics }, table: undefined });
  t.deepEqual((await readCache(dir))?.assignment.nics, nics);
  await writeCache(dir, { assignment, table: undefined });

  const written = JSON.parse(readFileSync(cachePath(dir), 'utf8')) as { assignment: Record<string, unknown> };
  const { leases, ...flat } = written.assignment;
  t.is((leases as unknown[]).length, 2);
  t.deepEqual(flat, {
    ...{ nodeId: 'n-1', nodeName: 'web-1', address: '192.168.83.11', availability: 'active' },
    ...{ pool: 'default', subnet: '10.76.1.0/24', generation: 3, mode: 'bip', networkName: '', bridgeName: '' },
  });
  writeFileSync(cachePath(dir), JSON.stringify({ ...written, assignment: flat }));
  t.deepEqual((await readCache(dir))?.assignment.leases, [bip]);

  writeFileSync(cachePath(dir), '{"format":1');
  await t.throwsAsync(readCache(dir), { message: /is not a valid cache/ });
  t.is(await readCache(dir), undefined, 'it was set aside');
});

const someSubnets = fc.array(fc.constantFrom('10.76.2.0/24', '10.76.3.0/24', '10.77.0.0/26').map(prefix), {
  maxLength: 2,
});
const seldom = <V>(some: fc.Arbitrary<V>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: some });
const someStep = fc.record({
  changes: fc.array(fc.tuple(someRoute, fc.boolean()), { maxLength: 8 }),
  unresolved: seldom(someSubnets),
  held: seldom(someSubnets),
  pools: seldom(someSubnets),
  refused: seldom(fc.array(someRoute, { maxLength: 2 })),
  cordoned: seldom(fc.constant(true)),
  torn: fc.nat(),
});
type Step = typeof someStep extends fc.Arbitrary<infer S> ? S : never;

function after({ table, assignment: one }: Cached, step: Step, revision: number): Cached {
  const version = { clusterId: 'c', epoch: 1, revision };
  const before = table ?? withSnapshot(undefined, { version, routes: [], unresolved: [], pools: [], fresh: true });
  const { refused, unresolved, held } = step;
  const pools = step.pools?.map((each) => ({ ...each, subnetLength: 28 })) ?? before.pools;
  const problems = refused?.map((route) => [prefixKey(route.subnet), { route, problem: 'no' }] as const);
  return {
    assignment: step.cordoned ? { ...one, availability: one.availability === 'active' ? 'cordoned' : 'active' } : one,
    table: {
      version,
      routes: before.routes.with(
        step.changes.map(([route, stays]) => [prefixKey(route.subnet), stays ? route : undefined]),
      ),
      unresolved: new Set(unresolved?.map(prefixKey) ?? before.unresolved),
      held: new Map(held?.map((each) => [prefixKey(each), { version, isUnexplained: false }] as const) ?? before.held),
      pools,
      refused: { pools: [], routes: problems === undefined ? before.refused.routes : PrefixMap.from(problems) },
    },
  };
}

// What a cache keeps of a state.
function kept({ assignment: { availability }, table }: Cached): unknown {
  if (table === undefined) return { availability };
  const { version, routes, unresolved, held, pools, refused } = table;
  const lists = [routes, refused.routes, held].map((each) => [...each]);
  return { availability, version, lists, unresolved: [...unresolved].sort(), pools };
}

test('after any history and a kill within any write, the cache has the state before or after that write', async (t) => {
  const log = pino({ level: 'silent' });
  let appended = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { minLength: 1, maxLength: 8 }), async (steps) => {
      const dir = mkdtempSync(join(tmpdir(), 'xnet-cache-'));
      const writer = new CacheWriter(dir, log);
      const read = async (at = dir) => kept((await readCache(at)) ?? { assignment, table: undefined });
      const contents = (path: string) => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));
      try {
        let state: Cached = { assignment, table: undefined };
        let files = { whole: Buffer.alloc(0), changes: Buffer.alloc(0) };
        for (const [index, step] of steps.entries()) {
          const next = after(state, step, index + 1);
          writer.keep(next);
          await writer.flush();
          t.deepEqual(await read(), kept(next));
          const now = { whole: contents(cachePath(dir)), changes: contents(changesPath(dir)) };
          if (now.whole.equals(files.whole)) {
            appended += 1;
            const continued = now.changes.subarray(0, files.changes.length).equals(files.changes);
            const from = continued ? files.changes.length : 0;
            writeFileSync(changesPath(dir), now.changes.subarray(0, from + (step.torn % (now.changes.length - from))));
            t.deepEqual(await read(), kept(state), 'a record that is torn');
            const behind = [now.changes.subarray(0, step.torn % 50), Buffer.alloc(9)];
            writeFileSync(changesPath(dir), Buffer.concat([now.changes, ...behind]));
            t.deepEqual(await read(), kept(next), 'what is no record behind it');
          } else {
            writeFileSync(changesPath(dir), files.changes);
            t.deepEqual(await read(), kept(next), 'changes of another cache');
          }
          writeFileSync(changesPath(dir), now.changes);
          [state, files] = [next, now];
        }
      } finally {
        rmSync(dir, { recursive: true });
      }
    }),
    { numRuns: 25 },
  );
  t.true(appended > 0);
});

test('the whole cache is rewritten when the changes have grown, were removed or could not be written', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-cache-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const writer = new CacheWriter(dir, pino({ level: 'silent' }));
  let table = withSnapshot(undefined, {
    ...{ routes: [], unresolved: [], pools: [], fresh: true },
    version: { clusterId: 'c', epoch: 1, revision: 1 },
  });
  const step = async (names = 1) => {
    const revision = table.version.revision + 1;
    const changes = Array.from({ length: names }, (_, index) => {
      const subnet = prefix(`10.${64 + (index >> 8)}.${index & 255}.0/24`);
      return [prefixKey(subnet), { subnet, nextHop: address('192.168.83.12'), nodeName: `web-${revision}` }] as const;
    });
    table = { ...table, version: { ...table.version, revision }, routes: table.routes.with(changes) };
    writer.keep({ assignment, table });
    await writer.flush();
    t.deepEqual((await readCache(dir))?.table?.version, table.version);
    t.deepEqual([...((await readCache(dir))?.table?.routes ?? [])], [...table.routes]);
    return readFileSync(cachePath(dir), 'utf8');
  };
  const first = await step();
  t.is(await step(), first, 'the change is appended');
  t.is(statSync(changesPath(dir)).mode & 0o777, 0o600);
  rmSync(changesPath(dir));
  const second = await step();
  t.not(second, first, 'somebody has removed the changes');
  t.is(await step(), second);
  t.not(await step(400), second, 'a change that is longer than a quarter of the whole');
  rmSync(changesPath(dir));
  mkdirSync(changesPath(dir));
  const third = await step();
  t.not(await step(), third, 'there is something else in its place');
  rmSync(changesPath(dir), { recursive: true });
  const fourth = await step();
  rmSync(cachePath(dir));
  t.not(await step(), fourth, 'somebody has removed the cache');
  writeFileSync(cachePath(dir), fourth);
  t.not(await step(), fourth, 'somebody has put back an older one');
  t.deepEqual(writer.findings, []);
  await removeCache(dir);
  t.is(await readCache(dir), undefined);
  t.deepEqual(readdirSync(dir), []);
});

test('a table that was written after another one is read unchanged', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-cache-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const hop = (number: number, nodeName: string) => ({
    subnet: prefix(`10.76.${number}.0/24`),
    nextHop: address(`192.168.83.${number}`),
    nodeName,
  });
  for (const routes of [[hop(1, 'web-1'), hop(2, '"],"routes":[]')], [hop(2, '"],"routes":[]'), hop(3, 'é')], []]) {
    const version = { clusterId: 'c', epoch: 1, revision: 7 };
    const pools = [{ ...prefix('10.76.0.0/16'), subnetLength: 24 }];
    const table = withSnapshot(undefined, { version, routes, unresolved: [], pools, fresh: true });
    await writeCache(dir, { assignment, table });
    const read = (await readCache(dir))?.table;
    t.deepEqual([...(read?.routes.values() ?? [])], [...table.routes.values()]);
    t.deepEqual([read?.version, read?.pools], [table.version, table.pools]);
  }
});

test('a static route is one again after the daemon restarts, also one that the host refuses', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-cache-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const route = (number: number) => ({
    subnet: prefix(`10.76.${number}.0/24`),
    nextHop: address(`192.168.83.${number}`),
    nodeName: 'db-1',
  });
  const version = { clusterId: 'c', epoch: 1, revision: 7 };
  const routes = [route(1), { ...route(2), isStatic: true as const }];
  const whole = withSnapshot(undefined, { version, routes, unresolved: [], pools: [], fresh: true });
  const refused = { route: { ...route(3), isStatic: true as const }, problem: 'no' };
  const table = {
    ...whole,
    refused: { pools: [], routes: PrefixMap.from([[prefixKey(refused.route.subnet), refused]]) },
  };
  await writeCache(dir, { assignment, table });
  const read = (await readCache(dir))?.table;
  t.deepEqual([...(read?.routes.values() ?? [])], routes);
  t.deepEqual([...(read?.refused.routes.values() ?? [])], [refused]);
});
