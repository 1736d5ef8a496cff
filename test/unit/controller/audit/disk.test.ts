// The audit log on a disk that is full, slow or failing.
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Audit } from '../../../../controller/audit/audit.js';
import { all, call, facts, folder, newNode, only, open } from '../../../support/audit-values.js';
import { Core, silent } from '../../../support/controller.js';
import { FaultyDisk } from '../../../support/faulty-disk.js';
import { MemoryCluster, MemoryStore } from '../../../support/memory-store.js';
import { newDefaultPool } from '../../../support/pools.js';
import { until } from '../../../support/until.js';

test('a full disk blocks mutations, not reads, and pending entries are written once there is room', async (t) => {
  const dir = folder(t);
  const entries = await open(dir, { fileBytes: 1 });
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const done = (name: string) => audit.ended(call('SetNode', { name }), { outcome: 'OK', message: '' });
  await done('one');
  // The next entry needs a new file, and there is a folder in its place.
  const blocked = join(dir, '000000000002.jsonl');
  mkdirSync(blocked);
  await done('two');
  t.truthy(entries.problem);
  const refusal = await audit.before(call('SetNode', {}));
  t.is(refusal?.code, 'NotWritable');
  t.regex(refusal?.message ?? '', /audit log can't be written/);
  t.is(audit.before(call('ListNodes', {})), undefined);
  rmdirSync(blocked);
  t.is(await audit.before(call('SetNode', {})), undefined);
  t.is(entries.problem, undefined);
  await done('three');
  const verdict = await entries.verify();
  t.true(verdict.ok);
  t.deepEqual(
    (await entries.list(all)).map(({ subject }) => subject),
    ['one', 'two', 'three'],
  );
  await entries.close();
});

test('append returns once the entry is on disk; simultaneous entries share an fsync', async (t) => {
  const disk = new FaultyDisk();
  const log = await open(folder(t), { open: disk.open });
  await log.append(facts('node/first'));
  const before = disk.synced;
  let release: () => void = () => undefined;
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  let answered = 0;
  const appends = Array.from({ length: 50 }, (_, n) =>
    log.append(facts(`node/web-${n}`)).then(() => {
      answered += 1;
    }),
  );
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.is(answered, 0, 'nobody is answered before the fsync');
  release();
  await Promise.all(appends);
  t.is(disk.synced - before, 1, 'fsyncs for 50 entries');
  t.true((await log.verify()).ok);
  await log.close();
});

test('after a failed fsync, the lost entries are written again, once', async (t) => {
  const disk = new FaultyDisk();
  const dir = folder(t);
  const log = await open(dir, { open: disk.open });
  await log.append(facts('node/one'));
  disk.failingSyncs = 1;
  t.is((await log.append(facts('node/two')))?.written, false);
  t.regex(log.problem ?? '', /EIO/);
  t.is((await log.append(facts('node/three')))?.written, true);
  t.is(log.problem, undefined);
  // A disk that does not even let itself be cut: nothing is written behind what may not be there.
  disk.failingSyncs = 1;
  disk.failingTruncate = true;
  t.is((await log.append(facts('node/four')))?.written, false);
  t.is((await log.append(facts('node/five')))?.written, false);
  disk.failingTruncate = false;
  t.is((await log.append(facts('node/six')))?.written, true);
  const verdict = await log.verify();
  t.deepEqual([verdict.ok, verdict.entries, verdict.problems], [true, 6, []]);
  t.deepEqual(
    (await log.list(all)).map(({ subject }) => subject),
    ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => `node/${name}`),
  );
  await log.close();
});

test('a partial write on a full disk is removed and written again as a whole', async (t) => {
  for (const roomLeft of [0, 1, 100]) {
    const disk = new FaultyDisk();
    const dir = folder(t);
    const log = await open(dir, { open: disk.open });
    await log.append(facts('node/one'));
    disk.roomLeft = roomLeft;
    t.is((await log.append(facts('node/two')))?.written, false);
    t.is((await log.append(facts('node/three')))?.written, false);
    disk.roomLeft = undefined;
    // Without another change.
    await until('it is written', async () => log.problem === undefined);
    t.deepEqual((await log.verify()).problems, []);
    t.is(readFileSync(only(dir), 'utf8').split('\n').length, 4);
    await log.close();
  }
});

test('on a disk that hangs changes are refused, and what it writes late is a chain that verifies', async (t) => {
  const disk = new FaultyDisk();
  const entries = await open(folder(t), { open: disk.open, stallMs: 200 });
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const cluster = new MemoryCluster();
  const core = await Core.start(new MemoryStore(cluster), { audit }).ready();
  const once = { operationId: '', dryRun: false };
  // A disk that is merely busy may be taken for one that hangs.
  const done = (what: string, work: () => Promise<unknown>) =>
    until(what, async () => {
      await work();
      return true;
    });
  await done('a pool', () => core.pools.create(once, newDefaultPool));
  const { revision } = cluster;
  let release: () => void = () => undefined;
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  const refusal = { code: 'NotWritable', message: /audit log can't be written: the disk has not answered for 0.2 s/ };
  const first = await t.throwsAsync(core.nodes.add(once, newNode));
  t.like(first, { code: 'NotWritable' });
  t.regex(first?.message ?? '', refusal.message);
  t.regex(entries.problem ?? '', /has not answered/, 'xctl status shows it');
  // From now on at once, and before anything is decided.
  t.is((await audit.before(call('SetNode', {})))?.code, 'NotWritable');
  await t.throwsAsync(core.nodes.add(once, newNode), { message: refusal.message });
  t.is(cluster.revision, revision, 'nothing was committed');
  t.is(audit.before(call('ListNodes', {})), undefined, 'reading goes on');
  release();
  disk.hold = undefined;
  await until('it is written', async () => entries.problem === undefined);
  await done('a node', () => core.nodes.add(once, newNode));
  const verdict = await entries.verify();
  t.deepEqual([verdict.ok, verdict.problems], [true, []]);
  const outcomes = (await entries.list({ ...all, call: 'AddNode' })).map(({ outcome }) => outcome);
  t.deepEqual([outcomes[0], outcomes.at(-1)], ['NotWritable', 'OK'], 'what was announced and refused says so');
  await core.stop();
  await entries.close();
});

test('a log on a disk that hangs is closed without waiting for it', async (t) => {
  const disk = new FaultyDisk();
  const log = await open(folder(t), { open: disk.open, stallMs: 20 });
  let release: () => void = () => undefined;
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  t.is((await log.append(facts('node/one')))?.written, false);
  t.is((await log.append(facts('node/two')))?.written, false, 'at once');
  await log.close();
  release();
  await until('the late write is done', async () => log.problem === undefined);
  t.true((await log.verify()).ok);
});
