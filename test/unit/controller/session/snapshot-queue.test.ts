// A whole fleet that needs the table at the same moment gets it a few nodes at a time, each in its turn.
import test from 'ava';
import { SnapshotQueue } from '../../../../controller/session/snapshot-queue.js';
import { fanoutRig, type Reader } from '../../../support/fanout-rig.js';
import { until } from '../../../support/until.js';

const most = 4;
const fleet = 10;
// Longer than the test: only what readers take counts.
const limits = { most, longestMs: 3_600_000 };

const haveTables = (readers: readonly Reader[]) =>
  readers.filter(({ kinds }) => kinds.includes('snapshot')).map((reader) => readers.indexOf(reader));
const first = (count: number) => Array.from({ length: count }, (_, index) => index);

test('C17 a fleet that reconnects at once gets its tables in turn, with later changes, and a node that left gets none', async (t) => {
  const { fanout, add, attach, settled, close } = await fanoutRig(limits);
  for (const index of first(fleet)) await add(index + 1);
  const nodes = [];
  for (const index of first(fleet)) nodes.push(await attach(`web-${index + 1}`, false));
  const readers = nodes.map(({ reader }) => reader);
  // Each has read its assignment, which is not queued.
  for (const reader of readers) reader.takeOne();
  await settled();
  t.deepEqual(haveTables(readers), first(most), 'in the order in which they came');
  // A change has none of them overtaken.
  await add(fleet + 1);
  await settled();
  t.deepEqual(haveTables(readers), first(most));
  // Two have their tables; the next but one has gone meanwhile.
  const gone = nodes[most + 1];
  if (gone !== undefined) fanout.detach(gone.stream);
  for (const reader of readers.slice(0, 2)) reader.takeAll();
  await settled();
  t.deepEqual(haveTables(readers), [...first(most), most, most + 2]);
  for (const { reader } of nodes) reader.takeAll();
  await settled();
  const served = nodes.filter((node) => node !== gone);
  t.deepEqual(haveTables(readers).length, served.length);
  const { changedAt } = fanout.table;
  t.true(served.every(({ stream }) => stream.cursor !== undefined && stream.cursor >= changedAt));
  await close();
});

test('C17 nodes that ask for a table that was read from the store wait in the same queue', async (t) => {
  const { add, attach, settled, close } = await fanoutRig(limits);
  for (const index of first(fleet)) await add(index + 1);
  const attached = first(fleet).map((index) => attach(`web-${index + 1}`, false, { kind: 'fresh', held: [] }));
  const served: Reader[] = [];
  for (const next of attached) {
    const { reader } = await next;
    served.push(reader);
    reader.takeAll();
  }
  await settled();
  for (const reader of served) {
    t.deepEqual(reader.kinds, ['assignment', 'snapshot']);
    t.true(reader.messages.at(-1)?.snapshot?.fresh);
  }
  t.is(new Set(served.slice(0, most).map((reader) => reader.written.at(-1))).size, 1, 'one reading, encoded once');
  await close();
});

test('C15 a reader that takes nothing loses its place, and a stream that has gone leaves none behind', async (t) => {
  const queue = new SnapshotQueue<{ readonly name: string }>({ most: 1, longestMs: 20 });
  const [stuck, next, gone, last] = ['stuck', 'next', 'gone', 'last'].map((name) => ({ name }));
  if (stuck === undefined || next === undefined || gone === undefined || last === undefined) return t.fail();
  const turns: string[] = [];
  t.true(queue.admit(stuck, t.fail));
  for (const stream of [next, gone, last]) t.false(queue.admit(stream, () => turns.push(stream.name)));
  t.false(queue.admit(next, t.fail), 'asked again, it keeps its place');
  queue.done(gone);
  turns.length = 0;
  await until('the others have had their turns', async () => turns.length === 2);
  t.deepEqual(turns, ['next', 'last']);
  return t.true(queue.admit(last, t.fail));
});
