// A store in memory with a pool and four nodes, a backup made when it had one node, and controllers over it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Commit } from '../../controller/store/store.js';
import { Core, type CoreOptions } from './controller.js';
import { MemoryCluster, MemoryStore } from './memory-store.js';
import { address, prefix } from './pools.js';

const once = { operationId: '', dryRun: false };
const pool = { name: 'default', cidr: prefix('10.76.0.0/16'), subnetLength: 24, mode: 'bip' as const };
const networks = { networkName: 'xnet', bridgeName: 'xnet0', quarantineSeconds: 60 };
const node = (index: number) => ({ name: `web-${index}`, address: address(`192.168.83.${index}`), labels: {} });
const put = (key: string, value = '{}'): Commit => ({ guards: [], operations: [{ kind: 'put', key, value }] });
const own = 'registrations/c-1';

/** sampleFleet holds the content that tests of restored stores use: a pool, nodes, and the controller's own key. */
export const sampleFleet = { once, pool, networks, node, put, own };

/** restorableStore creates such a store, with the controller that wrote it and a function to start others. */
export async function restorableStore(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-feed-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const cluster = new MemoryCluster();
  const seenPath = join(dir, 'store.json');
  const start = (options: CoreOptions = {}, store = new MemoryStore(cluster)) => {
    const core = Core.start(store, { seenPath, ownKey: own, ...options });
    t.teardown(() => core.stop());
    return { core, store };
  };
  const { core, store } = start();
  await core.ready();
  await core.pools.create(once, { ...pool, ...networks });
  await core.nodes.add(once, node(1));
  const backup = cluster.revision;
  for (const index of [2, 3, 4]) await core.nodes.add(once, node(index));
  await core.context.store.commit(put(own));
  return { cluster, start, core, store, backup, seenPath, dir };
}
