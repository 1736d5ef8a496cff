// Commits to a store that accepts none.
import test from 'ava';
import { Gate } from '../../../../controller/store/gate.js';
import type { Commit } from '../../../../controller/store/store.js';
import { XnetError } from '../../../../proto/errors.js';
import { silent } from '../../../support/controller.js';
import type { MemoryStore } from '../../../support/memory-store.js';
import { restorableStore, sampleFleet } from '../../../support/restorable-store.js';
import { until } from '../../../support/until.js';

const { put } = sampleFleet;

test('a read-only store refuses commits at once, and accepts them again once it is writable', async (t) => {
  const { core, store } = await restorableStore(t);
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  let full = true;
  const failing = Object.assign(Object.create(store) as MemoryStore, {
    commit: async (commit: Commit) => {
      if (full) throw new XnetError('NotWritable', 'its disk quota is used up');
      return store.commit(commit);
    },
  });
  const gate = new Gate(failing, core.feed, silent);
  const running = gate.run(stop.signal);
  await until('it is known', async () => gate.problem !== undefined);
  await t.throwsAsync(gate.commit(put('nodes/n-1')), { message: /quota/ });
  full = false;
  await until('it is over', async () => gate.problem === undefined);
  stop.abort();
  await running;
});
