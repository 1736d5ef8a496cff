// The page of faults: it names each fault once, and tests that exist.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { importedPath, sourcesIn } from '../support/import-graph.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(join(root, 'test/faults/README.md'), 'utf8');
const sources = new Map(sourcesIn(root, 'test').map((source) => [source.path, source]));

// Controllers and etcd, hosts and Docker, routes and the network, identities and pools.
const series = { C: 21, N: 27, R: 18, P: 17 } as const;
const ids = Object.entries(series).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

type NamedTest = { readonly path: string; readonly title: string };
type Row = { readonly id: string; readonly fault: string; readonly tests: readonly NamedTest[]; readonly note: string };

// A row: "- **C1** what goes wrong", with a list below of "`test/….test.ts`: TITLE", or of why there is none.
const rows: readonly Row[] = page
  .split(/^- (?=\*\*)/m)
  .slice(1)
  .map((part) => {
    const [first = '', ...lines] = part.split(/^## /m)[0]?.trimEnd().split('\n') ?? [];
    const [, id = '', fault = ''] = /^\*\*(\w+)\*\* (.+)$/.exec(first) ?? [];
    const tests = lines.flatMap((line) => {
      const [, path = '', title = ''] = /^ {2}- `(test\/[^`]+\.test\.ts)`: (.+)$/.exec(line) ?? [];
      return path === '' ? [] : [{ path, title }];
    });
    const note = lines.filter((line) => !line.startsWith('  - `')).map((line) => line.replace(/^ {2}- /, '').trim());
    return { id, fault, tests, note: note.join(' ') };
  });

// A test file, and the files of test/support that it takes its tests from.
function textsOf(path: string, seen = new Set<string>()): readonly string[] {
  const source = sources.get(path);
  if (source === undefined || seen.has(path)) return [];
  seen.add(path);
  const support = source.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => importedPath(path, name))
    .filter((target) => target.startsWith('test/support/'));
  return [source.text, ...support.flatMap((target) => textsOf(target, seen))];
}

test('every fault has one row, with its tests or the reason why it has none', (t) => {
  t.deepEqual(
    rows.map(({ id }) => id),
    ids,
  );
  for (const { id, fault, tests, note } of rows) {
    t.not(fault, '', id);
    if (tests.length === 0) t.regex(note, /^Not tested: .{20}/, id);
    else t.true(note === '' || note.startsWith('Note: '), `${id}: ${note}`);
  }
});

test('every test of a row exists, and its title begins with the id', (t) => {
  for (const { id, tests } of rows) {
    for (const { path, title } of tests) {
      const texts = textsOf(path);
      t.true(texts.length > 0, `${id}: there is no ${path}`);
      const begins = ["'", '"', '`'].map((quote) => `${quote}${title}`);
      t.true(
        texts.some((text) => begins.some((begin) => text.includes(begin))),
        `${id}: ${path} has no test “${title}”`,
      );
      const named = /^((?:[CNRP]\d+ )+)/.exec(title)?.[1]?.trim().split(' ') ?? [];
      t.true(named.includes(id), `${id}: the title “${title}” does not begin with it`);
    }
  }
});

test('every id that a title begins with is that of a fault', (t) => {
  const known = new Set(ids);
  for (const { path, text } of sources.values()) {
    for (const [, named = ''] of text.matchAll(/\b(?:test|serial|story|each|netTest)\(\s*['"`]((?:[CNRP]\d+ )+)/g)) {
      for (const id of named.trim().split(' ')) t.true(known.has(id), `${path}: there is no fault ${id}`);
    }
  }
});

test('the counts of the page are those of its rows', (t) => {
  const counts = (of: readonly Row[]) => {
    const tested = of.filter(({ tests }) => tests.length > 0).length;
    return [of.length, tested, of.length - tested];
  };
  const shown = [...page.matchAll(/^\| .+? \| (\d+) +\| (\d+) +\| (\d+) +\|$/gm)].map((cells) =>
    cells.slice(1).map(Number),
  );
  const each = Object.keys(series).map((letter) => counts(rows.filter(({ id }) => id.startsWith(letter))));
  t.deepEqual(shown, [...each, counts(rows)]);
});

test('only tests pass steps to programs', (t) => {
  const programs = ['proto', 'controller', 'node', 'cli', 'deploy'].flatMap((part) => sourcesIn(root, part));
  for (const { path, imports } of programs) {
    t.false(
      imports.some((name) => name.startsWith('.') && importedPath(path, name).startsWith('test/')),
      `${path} imports a test`,
    );
  }
  // Where a program is put together from its parts, nothing is said of steps.
  const composed = programs.filter(({ path }) => /^(\w+\/main|node\/commands\/.+|node\/host\/host)\.ts$/.test(path));
  t.true(composed.length > 5);
  for (const { path, text } of composed) t.notRegex(text, /\bsteps\b/i, `${path} passes steps`);
});
