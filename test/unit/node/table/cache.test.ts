// The cache on disk: what this version wrote, what a version that knew one lease per node reads and wrote.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { cachePath, readCache, writeCache } from '../../../../node/table/cache.js';
import type { Assignment, Lease } from '../../../../proto/domain/network.js';
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
