// Tables, formats and durations as xctl prints them.
import test from 'ava';
import fc from 'fast-check';
import pc from 'picocolors';
import { parse as parseYaml } from 'yaml';
import { changesBetween } from '../../../../cli/client/watch.js';
import { type Format, formats } from '../../../../cli/output/formats.js';
import { nodeKind } from '../../../../cli/output/node.js';
import { Output } from '../../../../cli/output/output.js';
import { ProgressLine, Screen } from '../../../../cli/output/screen.js';
import { sortedBy } from '../../../../cli/output/sort.js';
import { ageOf, formatAge, formatDuration, formatLeft, isoTime, parseDuration } from '../../../../cli/output/time.js';
import { escaped } from '../../../../proto/domain/text.js';
import { problemLines } from '../../../../proto/process/problem.js';
import { formatTable } from '../../../../proto/process/table.js';
import { failing, node, nowMs, outputFor, plain } from '../../../support/cli-values.js';

// Any text at all, most of it harmless, some of it written to do harm.
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('\u001b[2J', 'a\u009b31mb', 'one\ntwo', '\u202egnp.exe', '\r\u0000', '\u2028'),
);

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const harmful = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test('durations survive formatting and parsing', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), (ms) => {
      t.is(parseDuration(formatDuration(ms)), ms);
    }),
  );
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['2d', 172_800_000],
    ['', undefined],
    ['5', undefined],
    ['h', undefined],
    ['1h 30m', undefined],
    ['-5s', undefined],
    ['1e3s', undefined],
    ['9'.repeat(20).concat('d'), undefined],
  ];
  for (const [text, ms] of cases) t.is(parseDuration(text), ms, text);
  t.is(formatDuration(5_400_000), '1h30m');
  t.is(formatDuration(84.7), '84ms');
});

test('ages have one unit, never shrink over time, and are never negative', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 40 }), (a, b) => {
      const [early, late] = [Math.min(a, b), Math.max(a, b)];
      const length = (ms: number) => parseDuration(formatAge(0, ms)) ?? Number.NaN;
      t.regex(formatAge(0, a), /^\d+[smhd]$/);
      t.true(length(early) <= length(late));
      t.true(length(late) <= late);
    }),
  );
  const ages = [8_000, 119_000, 180_000, 7_199_000, 7_200_000, 41 * 86_400_000].map((ms) => formatAge(0, ms));
  t.deepEqual(ages, ['8s', '119s', '3m', '119m', '2h', '41d']);
  t.is(formatAge(5_000, 0), '0s');
  t.is(formatLeft(nowMs + 3_599_100, nowMs), '1h');
  t.is(formatLeft(nowMs - 1, nowMs), '0s');
  t.is(isoTime(0), null);
  t.is(isoTime(Number.MAX_SAFE_INTEGER), null);
  t.is(ageOf(null, nowMs), '-');
});

test('table columns are aligned with their headers', (t) => {
  const cell = fc.stringMatching(/^[!-~]{1,12}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 20 }), (rows) => {
      const headers = ['NAME', 'B', 'LAST'];
      const [head = '', ...lines] = formatTable(headers, rows);
      const second = head.indexOf(' B') + 1;
      const third = head.indexOf('LAST');
      t.is(lines.length, rows.length);
      for (const [index, line] of lines.entries()) {
        const [a, b, c] = rows[index] ?? ['', '', ''];
        t.is(line, `${a.padEnd(second)}${b.padEnd(third - second)}${c}`);
      }
    }),
  );
});

test('a table fits its terminal: columns are dropped, the last is shortened, -o wide shows all', async (t) => {
  const rows = [['web-1', '192.168.83.11', '10.76.3.0/24', 'a message that is far too long for this']];
  const headers = ['NAME', 'ADDRESS', 'SUBNET', 'MESSAGE'];
  const at = (width: number | undefined, droppable: readonly number[] = []) =>
    formatTable(headers, rows, { width, droppable })[1];
  t.is(at(undefined), 'web-1  192.168.83.11  10.76.3.0/24  a message that is far too long for this');
  t.is(at(60), 'web-1  192.168.83.11  10.76.3.0/24  a message that is far t…');
  t.is(at(45, [1]), 'web-1  10.76.3.0/24  a message that is far t…', 'what is droppable goes first');
  t.is(at(40), 'web-1  192.168.83.11  10.76.3.0/24', 'then what stands last');
  t.is(at(8), 'web-1');
  t.is(at(3), 'we…');
  t.deepEqual(formatTable(headers, rows, { width: 60, headless: true }).length, 1);
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ maxLength: 30 }), { minLength: 4, maxLength: 4 })),
      fc.nat(200),
      (some, width) => {
        for (const line of formatTable(headers, some, { width, droppable: [2, 1] }))
          t.true(line.length <= Math.max(width, 1));
      },
    ),
  );
  const long = 'n'.repeat(40);
  const item = node({
    name: long,
    state: 'NODE_STATE_DEGRADED',
    conditions: [failing('Docker', 'RolledBack', 'x y '.repeat(40))],
  });
  const printed = async (format: Format) => {
    const sink = { write: () => true };
    const options = { format, colors: plain, quiet: false, data: sink, messages: sink, now: () => nowMs, width: 80 };
    return (await new Output(options).listText(nodeKind, [item])).split('\n');
  };
  const narrow = await printed('table');
  t.true(
    narrow.every((line) => line.length <= 80),
    narrow.join('\n'),
  );
  t.deepEqual(narrow[0]?.split(/ +/), ['NAME', 'SUBNET', 'STATE', 'ROUTES']);
  t.true((await printed('wide'))[0]?.includes('CONTROLLER'));
});

test('the fix of a problem is on a line of its own, which is never wrapped', (t) => {
  const fix = `ip route del 10.76.1.0/24 via 10.0.0.1 dev ${'eth0'.repeat(12)}`;
  const lines = problemLines({ text: 'one two three four five six seven eight nine ten', fix }, plain.bad, 30);
  t.deepEqual(lines, ['! one two three four five six', '  seven eight nine ten', `    fix: ${fix}`]);
  t.deepEqual(problemLines({ text: 'one', fix: null }, plain.bad), ['! one']);
});

test('lists sort by a field: natural order for names and addresses, missing values last', (t) => {
  const of = (field: string, ...items: readonly object[]) =>
    sortedBy(items, field).map((item) => Object.values(item)[0]);
  t.deepEqual(of('name', { name: 'web-10' }, { name: 'web-9' }), ['web-9', 'web-10']);
  t.deepEqual(of('subnet', { subnet: '10.76.10.0/24' }, { subnet: '10.76.9.0/24' }), ['10.76.9.0/24', '10.76.10.0/24']);
  t.deepEqual(
    of('a.b', { n: 1, a: { b: null } }, { n: 2, a: { b: 20 } }, { n: 3, a: { b: 3 } }, { n: 4, a: null }),
    [3, 2, 1, 4],
  );
  t.throws(() => of('size', { name: 'a' }), { message: /there is no field "size"/ });
  t.throws(() => of('toString', { name: 'a' }), { message: /there is no field/ });
  t.deepEqual(of('anything'), []);
});

test('colours add nothing to the width of a column', (t) => {
  const { green } = pc.createColors(true);
  const rows = [
    [{ text: 'up', paint: green }, 'x'],
    ['down', 'y'],
  ];
  t.deepEqual(formatTable(['A', 'B'], rows), ['A     B', '\u001b[32mup\u001b[39m    x', 'down  y']);
});

test('no format lets a control character through, and programs read back what it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, anyText, async (name, message, version) => {
      const conditions = [failing('Docker', 'RolledBack', message)];
      const item = node({ name, daemonVersion: version, state: 'NODE_STATE_DEGRADED', conditions });
      for (const format of formats) {
        const { output } = outputFor(format);
        const text = await output.listText(nodeKind, [item], { revision: 7 });
        t.notRegex(text, harmful, format);
        const list = { schemaVersion: 1, nodes: [item], revision: 7 };
        if (format === 'json') t.deepEqual(JSON.parse(text), list);
        if (format === 'jsonl') t.deepEqual(JSON.parse(text), { schemaVersion: 1, ...item });
        if (format === 'yaml') t.deepEqual(parseYaml(text), list);
        if (format === 'name') t.is(text, escaped(name));
        if (format === 'table') t.is(text.split('\n').length, 3, 'a header, a row and a remark');
      }
    }),
    { numRuns: 300 },
  );
});

test('an empty list is a header for people, an empty list in JSON, nothing in JSON lines', async (t) => {
  const printed = async (format: Format) => {
    const { output, written } = outputFor(format);
    await output.list(nodeKind, []);
    return written.join('');
  };
  t.is(await printed('table'), 'NAME  ADDRESS  SUBNET  STATE  ROUTES  DOCKER  AGE\n');
  t.deepEqual(JSON.parse(await printed('json')), { schemaVersion: 1, nodes: [] });
  t.is(await printed('jsonl'), '');
  t.is(await printed('name'), '');
});

test('the changes of a list lead from one version to the next', (t) => {
  const some = fc.uniqueArray(fc.record({ name: fc.constantFrom<string>('a', 'b', 'c', 'd'), address: fc.nat(2) }), {
    selector: ({ name }) => name,
  });
  const kind = { ...nodeKind, nameOf: (item: { name: string }) => item.name, columns: [], remarks: () => [] };
  fc.assert(
    fc.property(some, some, (before, after) => {
      const state = new Map(before.map((item) => [item.name, item]));
      for (const { event, ...item } of changesBetween(kind, before, after)) {
        const { name } = item;
        t.is(state.has(name), event !== 'added');
        if (event === 'removed') state.delete(name);
        else state.set(name, item);
      }
      const sorted = (items: Iterable<{ name: string }>) => [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
      t.deepEqual(sorted(state.values()), sorted(after));
      t.deepEqual(changesBetween(kind, after, after), []);
    }),
  );
});

test('on a terminal a screen is redrawn in place and cut to its size, elsewhere screens are appended', (t) => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, columns: 10, rows: 4, written, write: (text: string) => written.push(text) };
  };
  const tty = terminal(true);
  const screen = new Screen(tty, '');
  screen.draw('one\ntwo\nthree\nfour\nfive');
  screen.draw('a line that is too long');
  t.deepEqual(tty.written, [
    '\u001b[H\u001b[Jone\u001b[K\ntwo\u001b[K\n… 3 more\u001b[K\n\u001b[J',
    '\u001b[Ha line th…\u001b[K\n\u001b[J',
  ]);
  const file = terminal(false);
  const appended = new Screen(file, '---');
  appended.draw('one');
  appended.draw('two');
  t.is(file.written.join(''), 'one\n---\ntwo\n');
  const line = terminal(true);
  const progress = new ProgressLine(line);
  for (const text of ['1/2', '1/2', '2/2']) progress.set(text);
  progress.end();
  progress.end();
  t.is(line.written.join(''), '\r1/2\u001b[K\r2/2\u001b[K\n');
});
