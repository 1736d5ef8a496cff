// What streams get when the table changes, whatever their readers do.
import test from 'ava';
import { absent, put } from '../../../../controller/registry/guards.js';
import { addRecord, Convergence } from '../../../../controller/session/convergence.js';
import { keys } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import { deltaFromWire } from '../../../../proto/rpc/convert.js';
import { fanoutRig } from '../../../support/fanout-rig.js';
import { until } from '../../../support/until.js';

const once = { operationId: '', dryRun: false };

test('a change is encoded once and the same buffer goes to all', async (t) => {
  const { add, attach, settled, close } = await fanoutRig();
  for (const index of [1, 2, 3]) await add(index);
  const readers = await Promise.all(['web-1', 'web-2', 'web-3'].map((name) => attach(name)));
  await settled();
  await add(4);
  await settled();
  const deltas = readers.map(({ reader }) => reader.written.at(-1));
  t.is(new Set(deltas).size, 1);
  for (const { reader } of readers) t.deepEqual(reader.kinds, ['assignment', 'snapshot', 'delta']);
  t.is(readers[0]?.reader.written[1], readers[1]?.reader.written[1], 'the snapshot too');
  await close();
});

test('each message of a stream continues the one before, also if it was encoded for other streams', async (t) => {
  const { core, add, attach, settled, close } = await fanoutRig();
  const web1 = (await add(1)).subject;
  await attach('web-1');
  // Each is sent the snapshot of the first and what came after it; the table goes on without a change in between.
  for (const index of [2, 3]) await add(index);
  const readers = [await attach('web-2')];
  await settled();
  await core.nodes.set(once, web1, { setLabels: { rack: 'r1' }, removeLabels: [] });
  readers.push(await attach('web-3'));
  await settled();
  await add(4);
  await settled();
  for (const { reader } of readers) {
    let at = 0;
    for (const { snapshot, delta } of reader.messages) {
      if (snapshot) at = Number(snapshot.version?.revision);
      if (!delta) continue;
      const { fromRevision, to, upserts } = deltaFromWire(delta);
      t.true(fromRevision <= at, `a delta since ${fromRevision} came to a table at ${at}`);
      t.true(upserts.length > 0);
      at = to.revision;
    }
    t.deepEqual(reader.kinds, ['assignment', 'snapshot', 'delta', 'delta']);
  }
  await close();
});

test('C15 a blocked reader has one message waiting, and gets the rest as one change', async (t) => {
  const { add, attach, settled, close } = await fanoutRig();
  for (const index of [1, 2]) await add(index);
  const slow = await attach('web-1', false);
  const quick = await attach('web-2');
  for (let index = 3; index <= 22; index++) {
    await add(index);
    await settled();
  }
  // Changes merge where a broadcast takes long: how many messages they come in depends on the machine.
  const heard = () => quick.reader.messages.flatMap(({ delta }) => (delta ? [deltaFromWire(delta)] : []));
  const subnets = () => new Set(heard().flatMap(({ upserts }) => upserts.map(({ subnet }) => formatPrefix(subnet))));
  await until('the other reader has heard all', async () => subnets().size === 20);
  t.true(heard().length > 1);
  t.is(slow.reader.written.length, 1);
  slow.reader.takeAll();
  await settled();
  t.deepEqual(slow.reader.kinds, ['assignment', 'snapshot', 'delta']);
  const last = slow.reader.messages.at(-1)?.delta;
  const upserts = last === null || last === undefined ? [] : deltaFromWire(last).upserts;
  t.deepEqual(
    upserts.map(({ subnet }) => formatPrefix(subnet)).sort(),
    Array.from({ length: 20 }, (_, index) => `10.76.${index + 2}.0/24`).sort(),
  );
  await close();
});

test('a node that has the newest table gets its confirmation at once', async (t) => {
  const { fanout, add, attach, settled, close } = await fanoutRig();
  await add(1);
  const at = fanout.table.revision;
  const { reader } = await attach('web-1', true, { kind: 'revision', revision: at });
  await settled();
  t.deepEqual(reader.kinds, ['assignment', 'bookmark']);
  t.is(Number(reader.messages.at(-1)?.bookmark?.version?.revision), at);
  await close();
});

test('simultaneous changes are sent together', async (t) => {
  const { add, attach, settled, close } = await fanoutRig();
  await add(1);
  const { reader } = await attach('web-1');
  await settled();
  await Promise.all(Array.from({ length: 30 }, (_, index) => add(index + 2)));
  await settled();
  const deltas = reader.messages.flatMap(({ delta }) => (delta ? [deltaFromWire(delta)] : []));
  t.true(deltas.length < 15, `${deltas.length} messages for 30 changes`);
  const subnets = deltas.flatMap(({ upserts }) => upserts.map(({ subnet }) => formatPrefix(subnet)));
  t.is(new Set(subnets).size, 30);
  await close();
});

test('an assignment is sent when it changes, and only then', async (t) => {
  const { core, add, attach, settled, close } = await fanoutRig();
  const { subject } = await add(1);
  const { reader } = await attach('web-1');
  await settled();
  await core.nodes.set(once, subject, { setLabels: { zone: 'a' }, removeLabels: [] });
  await settled();
  t.is(reader.kinds.filter((kind) => kind === 'assignment').length, 1, 'labels are none of its business');
  await core.nodes.set(once, subject, { setLabels: {}, removeLabels: [], availability: 'cordoned' });
  await settled();
  const assignments = reader.messages.flatMap(({ assignment }) => (assignment ? [assignment.availability] : []));
  t.deepEqual(assignments, ['AVAILABILITY_ACTIVE', 'AVAILABILITY_CORDONED']);
  await close();
});

test('changes that could not be sent while the store was refused are sent when it is accepted again', async (t) => {
  const { core, add, attach, settled, close } = await fanoutRig();
  const { subject } = await add(1);
  await add(2);
  await attach('web-1');
  const [quick, slow] = [await attach('web-2'), await attach('web-2', false)];
  await settled();
  const refuse = core.feed.onChange(() =>
    Object.defineProperty(core.feed, 'ready', { get: () => false, configurable: true }),
  );
  await add(3);
  await settled();
  slow.reader.takeAll();
  await settled();
  refuse();
  Reflect.deleteProperty(core.feed, 'ready');
  t.deepEqual(quick.reader.kinds, ['assignment', 'snapshot']);
  await core.nodes.set(once, subject, { setLabels: { rack: 'r1' }, removeLabels: [] });
  await settled();
  for (const { reader } of [quick, slow]) t.deepEqual(reader.kinds, ['assignment', 'snapshot', 'delta']);
  await close();
});

test('a table read from the store while a restored backup is adopted is not sent', async (t) => {
  const { core, fanout, add, attach, settled, close } = await fanoutRig({ most: 1, longestMs: 600_000 });
  for (const index of [1, 2]) await add(index);
  const slow = await attach('web-1', false);
  const fresh = attach('web-2', true, { kind: 'fresh', held: [] });
  const adoption = { backup: 'b', restore: 'r', madeMs: 1, sinceMs: 1, nodes: 9 };
  await core.context.store.commit({
    guards: [absent(keys.adoption)],
    operations: [put(keys.adoption, encode('adoption', adoption))],
  });
  slow.reader.takeAll();
  await t.throwsAsync(fresh, { message: /is being adopted/ });
  t.deepEqual(
    [...fanout.streams].flatMap(({ confirmed, nodeName }) => (confirmed ? [nodeName] : [])),
    ['web-1'],
  );
  await settled();
  await close();
});

test('nothing is written to a closed stream', async (t) => {
  const { add, attach, fanout, settled, close } = await fanoutRig();
  await add(1);
  const { reader, stream } = await attach('web-1');
  await settled();
  stream.close(new Error('over'));
  fanout.detach(stream);
  const { length } = reader.written;
  await add(2);
  await settled();
  t.is(reader.written.length, length);
  t.is(fanout.streams.size, 0);
  await close();
});

test('the number of nodes with a revision follows connects, disconnects and reports', (t) => {
  const convergence = new Convergence();
  for (const id of ['a', 'b', 'c']) convergence.joined(id, `web-${id}`);
  convergence.learnt(7);
  t.deepEqual(convergence.count(7, ''), { nodes: 3, applied: 0, behind: ['web-a', 'web-b', 'web-c'] });
  convergence.applied('a', 7);
  convergence.applied('b', 9);
  t.deepEqual(convergence.count(7, ''), { nodes: 3, applied: 2, behind: ['web-c'] });
  t.deepEqual(convergence.count(7, 'c'), { nodes: 2, applied: 2, behind: [] });
  t.deepEqual(convergence.record(9), {
    applied: [
      [9, 1],
      [7, 1],
      [0, 1],
    ],
    behind: ['web-a', 'web-c'],
  });
  convergence.left('c');
  const took = convergence.tookMs(7);
  t.true(took !== undefined);
  t.is(convergence.tookMs(7), took, 'it is done, so the time stands still');
  t.is(convergence.tookMs(3), undefined);
  t.deepEqual(
    addRecord(
      { nodes: 2, applied: 2, behind: [] },
      {
        applied: [
          [9, 5],
          [6, 1],
        ],
        behind: ['db-1'],
      },
      7,
    ),
    { nodes: 8, applied: 7, behind: ['db-1'] },
  );
});
