// The recorded events that a call gets: the newest that it asks for, without reading those of the whole day.
import test from 'ava';
import fc from 'fast-check';
import { eventsOf } from '../../../../controller/service/event-calls.js';
import { eventOperation } from '../../../../controller/store/events.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';

const now = 2_000_000_000_000;
const day = 24 * 3_600_000;
const agesMs = [0, 1, 59_999, 60_000, 60_001, 600_000, 3_600_000, 6_000_001, day];

function recorded(events: readonly { readonly ageMs: number; readonly node: string }[]) {
  const cluster = new MemoryCluster();
  for (const [index, { ageMs, node }] of events.entries()) {
    const event = { reason: 'NodeAdded', subject: `node/${node}`, message: String(index) };
    cluster.commit({ guards: [], operations: [eventOperation(event, now - ageMs)] });
  }
  return cluster;
}

test('listed events are the newest of all that fit, whatever their age', async (t) => {
  const events = fc.array(fc.record({ ageMs: fc.constantFrom(...agesMs), node: fc.constantFrom('a', 'b') }), {
    maxLength: 30,
  });
  const queries = fc.record({
    sinceMs: fc.constantFrom(0, now - day, now - 60_000, now - 1, now, now + 1),
    subject: fc.constantFrom('', 'node/a', 'node/c'),
    limit: fc.constantFrom(1, 3, 1_000),
  });
  await fc.assert(
    fc.asyncProperty(events, queries, async (all, query) => {
      const cluster = recorded(all);
      const plain = cluster
        .entries()
        .map(
          ({ value }) =>
            JSON.parse(value) as { readonly timeMs: number; readonly subject: string; readonly message: string },
        )
        .filter(({ timeMs, subject }) => timeMs >= query.sinceMs && (query.subject === '' || subject === query.subject))
        .slice(-query.limit);
      const listed = await eventsOf(new MemoryStore(cluster), query, now);
      t.deepEqual(
        listed.map(({ message }) => message),
        plain.map(({ message }) => message),
      );
    }),
  );
});

test('the newest events are read without the older ones', async (t) => {
  const store = new MemoryStore(recorded(agesMs.map((ageMs) => ({ ageMs, node: 'a' }))));
  const read: number[] = [];
  const counting = {
    scan: async (...asked: Parameters<MemoryStore['scan']>) => {
      const entries = await store.scan(...asked);
      read.push(entries.length);
      return entries;
    },
  };
  t.is((await eventsOf(counting, { sinceMs: 0, subject: '', limit: 2 }, now)).length, 2);
  t.deepEqual(read, [4]);
  t.is((await eventsOf(counting, { sinceMs: 0, subject: '', limit: 1_000 }, now)).length, agesMs.length);
  t.deepEqual(read.slice(1), [4, 2, 1, 2], 'none is read twice');
});
