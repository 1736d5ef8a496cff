// The audit log: what is written can't be changed unseen, and what can't be written stops changes.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Audit } from '../../controller/audit/audit.js';
import { AuditLog, type AuditLogOptions, type AuditQuery } from '../../controller/audit/audit-log.js';
import { type AuditFacts, hashOf, parseLine } from '../../controller/audit/chain.js';
import type { ObservedCall } from '../../proto/rpc/observe.js';
import type { Peer } from '../../proto/rpc/peer.js';
import { Core, silent } from '../support/controller.js';
import { FaultyDisk } from '../support/faulty-disk.js';
import { MemoryCluster, MemoryStore } from '../support/memory-store.js';
import { address, prefix } from '../support/pools.js';
import { until } from '../support/until.js';

const facts = (subject: string, more: Partial<AuditFacts> = {}): AuditFacts => ({
  timeMs: 1,
  actor: 'admin/alice',
  serial: '0a',
  source: '192.168.83.7',
  call: 'AddNode',
  operationId: 'op',
  subject,
  request: '{}',
  before: '',
  after: '',
  outcome: 'OK',
  message: '',
  controller: 'c-1',
  ...more,
});
const all: AuditQuery = { sinceMs: 0, subject: '', actor: '', call: '', limit: 100_000 };

function folder(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-audit-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'audit');
}

const open = (dir: string, more: Partial<AuditLogOptions> = {}) => AuditLog.open({ dir, log: silent, ...more });
const files = (dir: string) =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(dir, name));
const only = (dir: string) => files(dir)[0] ?? '';

async function filled(dir: string, count: number): Promise<void> {
  const log = await open(dir);
  for (let n = 1; n <= count; n++) await log.append(facts(`node/web-${n}`));
  await log.close();
}

test('entries are chained, each on its line, for their owner alone; the chain goes on after a restart', async (t) => {
  const dir = folder(t);
  await filled(dir, 3);
  const log = await open(dir);
  // Many at once go in one write, in order.
  const before = log.head.sequence;
  const heads = await Promise.all(Array.from({ length: 200 }, (_, n) => log.append(facts(`node/db-${n}`))));
  t.deepEqual(
    heads.map((head) => head?.sequence),
    Array.from({ length: 200 }, (_, n) => before + n + 1),
    'each is told its own place',
  );
  t.deepEqual(heads.at(-1), { ...log.head, written: true });
  const verdict = await log.verify();
  t.deepEqual([verdict.ok, verdict.entries, verdict.firstSequence, verdict.head.sequence], [true, 203, 1, 203]);
  t.deepEqual(verdict.problems, []);
  const listed = await log.list({ ...all, subject: 'node/db-7' });
  t.deepEqual(
    listed.map(({ sequence }) => sequence),
    [11],
  );
  t.deepEqual(
    (await log.list({ ...all, limit: 2 })).map(({ sequence }) => sequence),
    [202, 203],
  );
  t.is((await log.list({ ...all, actor: 'admin/bob' })).length, 0);
  t.is(statSync(dir).mode & 0o777, 0o700);
  t.is(statSync(only(dir)).mode & 0o777, 0o600);
  t.is(readFileSync(only(dir), 'utf8').split('\n').length, 204);
  await log.close();
});

test('whatever is changed in a line, verify names the entry', async (t) => {
  const dir = folder(t);
  await filled(dir, 5);
  const lines = readFileSync(only(dir), 'utf8').trimEnd().split('\n');
  const log = await open(dir);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(4),
      fc.constantFrom('actor', 'subject', 'before', 'outcome', 'timeMs', 'hash'),
      async (at, field) => {
        const edited = { ...(JSON.parse(lines[at] ?? '') as Record<string, unknown>) };
        edited[field] = field === 'timeMs' ? 2 : field === 'hash' ? 'f'.repeat(64) : 'another';
        writeFileSync(only(dir), `${lines.map((line, n) => (n === at ? JSON.stringify(edited) : line)).join('\n')}\n`);
        const verdict = await log.verify();
        t.false(verdict.ok);
        t.regex(verdict.problems[0] ?? '', new RegExp(`line ${at + 1}: entry ${at + 1} was changed`));
      },
    ),
    { numRuns: 40 },
  );
  // With the hash made to fit, the next entry does not.
  const original = parseLine(lines[1] ?? '');
  if (original === undefined) return t.fail();
  const entry = { ...original, actor: 'x' };
  writeFileSync(
    only(dir),
    `${[lines[0], JSON.stringify({ ...entry, hash: hashOf(entry) }), ...lines.slice(2)].join('\n')}\n`,
  );
  t.regex((await log.verify()).problems[0] ?? '', /line 3: entry 3 does not continue entry 2/);
  await log.close();
});

test('a line that was taken out, put in or cut off shows', async (t) => {
  const dir = folder(t);
  await filled(dir, 5);
  const lines = readFileSync(only(dir), 'utf8').trimEnd().split('\n');
  const log = await open(dir);
  const verifyOf = async (texts: readonly (string | undefined)[]) => {
    writeFileSync(only(dir), `${texts.join('\n')}\n`);
    return log.verify();
  };
  t.regex((await verifyOf([...lines.slice(0, 2), ...lines.slice(3)])).problems[0] ?? '', /entry 4 follows entry 2/);
  t.regex((await verifyOf([lines[0], lines[0], ...lines.slice(1)])).problems[0] ?? '', /entry 1 follows entry 1/);
  const short = await verifyOf(lines.slice(0, 4));
  t.false(short.ok);
  t.regex(short.problems.join(), /ends with entry 4, the controller has written up to entry 5/);
  const garbled = await verifyOf([...lines.slice(0, 2), 'garbage', ...lines.slice(3)]);
  t.false(garbled.ok);
  t.true((await verifyOf(lines)).ok);
  truncateSync(only(dir), 0);
  t.false((await log.verify()).ok);
  await log.close();
});

test('a death in the middle of a line leaves it, and the chain goes on behind it', async (t) => {
  for (const bytes of [1, 40, 200]) {
    const dir = folder(t);
    await filled(dir, 3);
    const whole = readFileSync(only(dir), 'utf8');
    appendFileSync(only(dir), (whole.split('\n')[2] ?? '').slice(0, bytes));
    const log = await open(dir);
    await log.append(facts('node/after'));
    const verdict = await log.verify();
    t.true(verdict.ok, verdict.problems.join());
    t.deepEqual([verdict.entries, verdict.head.sequence], [4, 4]);
    t.regex(verdict.problems[0] ?? '', /line 4: is torn/);
    t.is((await log.list(all)).length, 4);
    await log.close();
  }
});

test('files are followed by others, and the oldest go', async (t) => {
  const dir = folder(t);
  const log = await open(dir, { fileBytes: 2_000, files: 3 });
  for (let n = 1; n <= 40; n++) await log.append(facts(`node/web-${n}`));
  t.is(files(dir).length, 3);
  const verdict = await log.verify();
  t.true(verdict.ok);
  t.true(verdict.firstSequence > 1);
  t.is(verdict.head.sequence, 40);
  t.is((await log.list(all)).length, verdict.entries);
  await log.close();
  const again = await open(dir, { fileBytes: 2_000, files: 3 });
  await again.append(facts('node/web-41'));
  t.true((await again.verify()).ok);
  // A file in the middle that is gone.
  rmSync(files(dir)[1] ?? '');
  t.false((await again.verify()).ok);
  await again.close();
});

const newPool = {
  name: 'default',
  cidr: prefix('10.76.0.0/16'),
  subnetLength: 24,
  mode: 'bip',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds: 60,
} as const;
const newNode = { name: 'web-1', address: address('192.168.83.11'), labels: {} };
const call = (name: string, request: unknown, actor: 'local' | 'node' = 'local'): ObservedCall => ({
  name,
  request,
  peer: actor === 'local' ? { kind: 'local' } : { kind: 'stranger', address: '192.168.83.66' },
});

test('a change has an entry with the records before and after it, without secrets', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const core = await Core.start(new MemoryStore(new MemoryCluster()), { audit }).ready();
  const run = async (name: string, request: object, work: () => Promise<unknown>) => {
    const observed = call(name, request);
    const done = await new Promise<unknown>((resolve) =>
      audit.around(observed, () => resolve(work().catch((error: unknown) => error))),
    );
    const failed = done instanceof Error;
    await audit.ended(observed, { outcome: failed ? 'InvalidArgument' : 'OK', message: failed ? done.message : '' });
  };
  const id = (operationId: string) => ({ operationId, dryRun: false });
  await run('CreatePool', { operationId: 'op-1', name: 'default' }, () => core.pools.create(id('op-1'), newPool));
  await run('AddNode', { operationId: 'op-2', name: 'web-1', token: 'XJT1-secret' }, () =>
    core.nodes.add(id('op-2'), newNode),
  );
  await run('AddNode', { name: 'web-1' }, () =>
    core.nodes.add(id(''), { ...newNode, address: address('192.168.83.12') }),
  );
  await run('ListNodes', {}, async () => undefined);
  await run('AddNode', { name: 'web-9', dryRun: true }, () =>
    core.nodes.add({ operationId: '', dryRun: true }, { ...newNode, name: 'web-9', address: address('192.168.83.19') }),
  );
  const listed = await entries.list(all);
  t.deepEqual(
    listed.map(({ call: name, subject, outcome, operationId }) => [name, subject, outcome, operationId]),
    [
      ['CreatePool', 'pool/default', 'OK', 'op-1'],
      ['AddNode', 'node/web-1', 'OK', 'op-2'],
      ['AddNode', 'web-1', 'InvalidArgument', ''],
    ],
  );
  const [, added] = listed;
  const before = JSON.parse(added?.before ?? '{}') as Record<string, unknown>;
  const after = JSON.parse(added?.after ?? '{}') as Record<string, Record<string, unknown> | null>;
  t.deepEqual(Object.values(before), [null, null]);
  t.is(after['subnets/default/10.76.0.0-24']?.['state'], 'leased');
  t.false(added?.request.includes('XJT1'));
  t.deepEqual([added?.actor, added?.source, added?.serial], ['local', '', '']);
  await core.stop();
  await entries.close();
});

test('refused calls of strangers are told, and a flood of them is counted', async (t) => {
  const entries = await open(folder(t));
  let now = 0;
  const audit = new Audit({ entries, controllerId: 'c-1', now: () => now, log: silent });
  const refuse = (name: string) =>
    audit.ended(call(name, undefined, 'node'), { outcome: 'PermissionDenied', message: 'no' });
  await refuse('ListNodes');
  t.is((await entries.list(all))[0]?.source, '192.168.83.66');
  for (let n = 0; n < 1_000; n++) await refuse('Join');
  t.is((await entries.list(all)).length, 100);
  now = 10_000;
  await refuse('Join');
  t.is((await entries.list({ ...all, limit: 1 }))[0]?.message, '901 refused calls before this one are not told; no');
  // What changes something is told however much is refused.
  for (let n = 0; n < 500; n++) await audit.ended(call('SetNode', {}), { outcome: 'OK', message: '' });
  t.is((await entries.list({ ...all, call: 'SetNode' })).length, 500);
  await entries.close();
});

test('a flood of refusals uses up nothing of what others’ refusals are recorded with', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: () => 1_000, log: silent });
  const refused = async (peer: Peer, times: number) => {
    const observed = { name: 'SetNode', request: undefined, peer };
    for (let n = 0; n < times; n++) await audit.ended(observed, { outcome: 'PermissionDenied', message: 'no' });
  };
  const person = (id: string): Peer => ({
    kind: 'certificate',
    identity: { clusterId: 'c', role: 'viewer', id },
    serial: '0a',
    address: '192.168.83.7',
  });
  const told = async (actor: string) => (await entries.list({ ...all, actor })).length;
  for (let host = 0; host < 250; host++) await refused({ kind: 'stranger', address: `10.0.1.${host}` }, 20);
  t.is((await entries.list(all)).length, 200, 'all strangers together');
  await refused(person('mallory'), 5_000);
  await refused(person('bob'), 3);
  await refused({ kind: 'local' }, 3);
  t.deepEqual([await told('viewer/mallory'), await told('viewer/bob'), await told('local')], [100, 3, 3]);
  await entries.close();
});

test('an entry that is too large is cut', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  await audit.ended(call('AddNode', { name: 'x'.repeat(100_000) }), {
    outcome: 'InvalidArgument',
    message: 'y'.repeat(9_000),
  });
  const [entry] = await entries.list(all);
  t.true(JSON.stringify(entry).length < 10_000);
  t.regex(entry?.request ?? '', /"characters":100011/);
  await entries.close();
});

test('a disk that is full stops changes, not reading, and all that was done is written when there is room', async (t) => {
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

test('append returns when the disk has the entry; those that come at once share an fsync', async (t) => {
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
  await new Promise((resolve) => setImmediate(resolve));
  t.is(answered, 0, 'nobody is answered before the fsync');
  release();
  await Promise.all(appends);
  t.true(disk.synced - before <= 2, `${disk.synced - before} fsyncs for 50 entries`);
  t.true((await log.verify()).ok);
  await log.close();
});

test('after an fsync that failed, what it lost is written anew, once', async (t) => {
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

test('a write that a full disk tore leaves nothing behind, and goes again whole', async (t) => {
  for (const roomLeft of [0, 1, 100]) {
    const disk = new FaultyDisk();
    const dir = folder(t);
    const log = await open(dir, { open: disk.open });
    await log.append(facts('node/one'));
    disk.roomLeft = roomLeft;
    t.is((await log.append(facts('node/two')))?.written, false);
    t.is((await log.append(facts('node/three')))?.written, false);
    disk.roomLeft = undefined;
    // By itself, though nobody asks for another change.
    await until('it is written', async () => log.problem === undefined);
    t.deepEqual((await log.verify()).problems, []);
    t.is(readFileSync(only(dir), 'utf8').split('\n').length, 4);
    await log.close();
  }
});

test('a log that was cut off shows after a restart, and for as long as it is kept', async (t) => {
  const dir = folder(t);
  await filled(dir, 5);
  const lines = readFileSync(only(dir), 'utf8').split('\n');
  // In the middle of the fourth line.
  truncateSync(only(dir), lines.slice(0, 3).join('\n').length + 40);
  for (const [entries, problem] of [
    [3, /ends with entry 3, the controller has written up to entry 5/],
    [4, /entry 6 follows entry 3/],
    [5, /entry 6 follows entry 3/],
  ] as const) {
    const log = await open(dir);
    const verdict = await log.verify();
    t.deepEqual([verdict.ok, verdict.entries], [false, entries]);
    t.regex(verdict.problems.join('; '), problem);
    await log.append(facts('node/after'));
    await log.close();
  }
  // One that is cut while it is open goes on, each entry on its line.
  const open2 = await open(dir);
  await open2.append(facts('node/last'));
  truncateSync(only(dir), statSync(only(dir)).size - 10);
  await open2.append(facts('node/behind'));
  t.is((await open2.list({ ...all, subject: 'node/behind' })).length, 1);
  t.false((await open2.verify()).ok);
  await open2.close();
});

test('a change has its entries although nobody waits for the answer any more', async (t) => {
  const dir = folder(t);
  const entries = await open(dir);
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const core = await Core.start(new MemoryStore(new MemoryCluster()), { audit }).ready();
  // The handler runs, and gRPC tells nobody how the call ended.
  const change = (name: string, work: () => Promise<unknown>) =>
    new Promise<unknown>((resolve) =>
      audit.around(call(name, {}), () => resolve(work().catch((error: unknown) => error))),
    );
  await change('CreatePool', () => core.pools.create({ operationId: 'op-1', dryRun: false }, newPool));
  await change('AddNode', () => core.nodes.add({ operationId: 'op-2', dryRun: false }, newNode));
  t.deepEqual(
    (await entries.list(all)).map(({ call: name, subject, outcome }) => [name, subject, outcome]),
    [
      ['CreatePool', 'pool/default', 'OK'],
      ['AddNode', 'node/web-1', 'OK'],
    ],
  );
  const written = readFileSync(only(dir), 'utf8').trimEnd().split('\n').map(parseLine);
  t.deepEqual(
    written.map((entry) => [entry?.outcome, entry?.settles]),
    [
      ['Begun', undefined],
      ['OK', 1],
      ['Begun', undefined],
      ['OK', 3],
    ],
  );
  await core.stop();
  await entries.close();
});

test('what a call changes beside what it is for is told by its own name, and so is the refusal of the call', async (t) => {
  const entries = await open(folder(t));
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const watching = call('WatchNodes', { nodeId: 'n-1' });
  await new Promise<void>((resolve) =>
    audit.around(watching, () => {
      const recording = audit.record({ call: 'AdoptNode', operationId: '' });
      const about = { subject: 'node/web-1', message: 'taken back' };
      void recording
        .begin(about)
        .then(() => recording.settle({ outcome: 'OK', ...about }))
        .then(resolve);
    }),
  );
  await audit.ended(watching, { outcome: 'PermissionDenied', message: 'revoked' });
  await audit.record({ call: 'Sweep', operationId: '' }).begin({ subject: 'x', message: '' });
  t.deepEqual(
    (await entries.list(all)).map(({ actor, call: name, outcome }) => [actor, name, outcome]),
    [
      ['local', 'AdoptNode', 'OK'],
      ['local', 'WatchNodes', 'PermissionDenied'],
    ],
    'what goes on is not told yet',
  );
  await entries.close();
});

test('a death between the commit and its entry shows: what was begun is listed', async (t) => {
  const dir = folder(t);
  const entries = await open(dir);
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const store = new MemoryStore(new MemoryCluster());
  const core = await Core.start(store, { audit }).ready();
  await core.pools.create({ operationId: '', dryRun: false }, newPool);
  const dead = new Promise<void>((resolve) => {
    const commit = store.commit.bind(store);
    store.commit = async (what) => {
      await commit(what);
      resolve();
      return new Promise(() => undefined);
    };
  });
  void core.nodes.add({ operationId: 'op-1', dryRun: false }, newNode);
  await dead;
  t.is((await entries.list(all)).length, 1, 'what goes on at this moment is not told');
  const after = await open(dir);
  const [, left] = await after.list(all);
  t.deepEqual([left?.call, left?.operationId, left?.outcome], ['AddNode', 'op-1', 'Begun']);
  t.regex(left?.message ?? '', /leased 10\.76\.0\.0\/24/);
  await after.close();
  await core.stop();
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
  await done('a pool', () => core.pools.create(once, newPool));
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

test('nothing is committed that was not announced on the disk', async (t) => {
  const disk = new FaultyDisk();
  const entries = await open(folder(t), { open: disk.open });
  const audit = new Audit({ entries, controllerId: 'c-1', now: Date.now, log: silent });
  const cluster = new MemoryCluster();
  const core = await Core.start(new MemoryStore(cluster), { audit }).ready();
  const once = { operationId: '', dryRun: false };
  await core.pools.create(once, newPool);
  const { revision } = cluster;
  for (const fail of ['sync', 'write'] as const) {
    if (fail === 'sync') disk.failingSyncs = 2;
    else disk.roomLeft = 0;
    await t.throwsAsync(core.nodes.add(once, newNode), { message: /nothing is changed as long as the audit log/ });
    t.is(cluster.revision, revision);
    disk.roomLeft = undefined;
    disk.failingSyncs = 0;
  }
  await core.nodes.add(once, newNode);
  t.deepEqual((await entries.list(all)).map(({ outcome }) => outcome).at(-1), 'OK');
  t.true((await entries.verify()).ok);
  await core.stop();
  await entries.close();
});
