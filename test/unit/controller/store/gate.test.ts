// Commits to a store that accepts none, or answers late.
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

test('a store that answers commits is writable, however late the proof is', async (t) => {
  const { core, store } = await restorableStore(t);
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  let proofs = 0;
  const busy = Object.assign(Object.create(store) as MemoryStore, {
    commit: async (commit: Commit) => {
      const isProof = commit.guards.some(
        (guard) => 'modRevision' in guard && guard.modRevision === Number.MAX_SAFE_INTEGER,
      );
      if (!isProof) return store.commit(commit);
      proofs += 1;
      return new Promise<never>(() => undefined);
    },
  });
  const gate = new Gate(busy, core.feed, silent, { everyMs: 1, againMs: 1, timeoutMs: 200 });
  const running = gate.run(stop.signal);
  await until('five proofs are late', async () => {
    await gate.commit(put('nodes/n-1'));
    t.is(gate.problem, undefined);
    return proofs > 5;
  });
  await until('without commits it is known', async () => gate.problem !== undefined);
  t.regex(gate.problem?.message ?? '', /does not answer in time/);
  stop.abort();
  await running;
});
