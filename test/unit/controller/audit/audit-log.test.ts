// The audit log on disk: its chain, its files, and what faults of the disk leave.
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { Audit } from '../../../../controller/audit/audit.js';
import { hashOf, parseLine } from '../../../../controller/audit/chain.js';
import { all, call, facts, files, folder, only, open } from '../../../support/audit-values.js';
import { silent } from '../../../support/controller.js';

async function filled(dir: string, count: number): Promise<void> {
  const log = await open(dir);
  for (let n = 1; n <= count; n++) await log.append(facts(`node/web-${n}`));
  await log.close();
}

test('entries are chained, one per line, readable by their owner alone; the chain continues after a restart', async (t) => {
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

test('verify names the entry whose line was changed', async (t) => {
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

test('verify detects lines that were removed, inserted or truncated', async (t) => {
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

test('after a crash in the middle of a line, the chain continues behind it', async (t) => {
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
    t.regex(verdict.problems[0] ?? '', /line 4: is incomplete/);
    t.is((await log.list(all)).length, 4);
    await log.close();
  }
});

test('log files are rotated, and the oldest are deleted', async (t) => {
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

test('a truncated log is reported after a restart, and for as long as it is kept', async (t) => {
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
