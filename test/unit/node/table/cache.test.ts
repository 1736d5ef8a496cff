// The cache on disk: what this version wrote, what a version that knew one lease per node reads and wrote.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { cachePath, RouteTexts, readCache, writeCache } from '../../../../node/table/cache.js';
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

test('what is remembered of the last table gives the same text as the whole table', (t) => {
  const changes = fc.array(fc.tuple(someRoute, fc.boolean()), { maxLength: 16 });
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 6 }), (history) => {
      const remembered = new RouteTexts();
      let routes = PrefixMap.from<typeof someRoute extends fc.Arbitrary<infer R> ? R : never>([]);
      for (const step of history) {
        routes = routes.with(step.map(([route, stays]) => [prefixKey(route.subnet), stays ? route : undefined]));
        t.deepEqual([...remembered.of(routes)].sort(), [...new RouteTexts().of(routes)].sort());
      }
      t.is([...remembered.of(routes)].length, routes.size);
    }),
  );
});

test('a table that was written after another is read as it was', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-cache-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const texts = new RouteTexts();
  const hop = (number: number, nodeName: string) => ({
    subnet: prefix(`10.76.${number}.0/24`),
    nextHop: address(`192.168.83.${number}`),
    nodeName,
  });
  for (const routes of [[hop(1, 'web-1'), hop(2, '"],"routes":[]')], [hop(2, '"],"routes":[]'), hop(3, 'é')], []]) {
    const version = { clusterId: 'c', epoch: 1, revision: 7 };
    const pools = [{ ...prefix('10.76.0.0/16'), subnetLength: 24 }];
    const table = withSnapshot(undefined, { version, routes, unresolved: [], pools, fresh: true });
    await writeCache(dir, { assignment, table }, texts);
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
