// Contexts of xctl: what is in one, and their folder.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { ContextFolder } from '../../../../cli/contexts/folder.js';
import {
  formatContext,
  joinedControllers,
  parseContext,
  refreshedControllers,
} from '../../../../cli/contexts/saved.js';
import { contextKind, contextOutput } from '../../../../cli/output/context.js';
import { XnetError } from '../../../../proto/errors.js';
import { look, savedFor } from '../../../support/cli-security-values.js';

function folderFor(t: ExecutionContext): ContextFolder {
  const home = mkdtempSync(join(tmpdir(), 'xnet-contexts-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  return new ContextFolder(join(home, 'contexts'));
}

test('a context is the same after writing and reading, and invalid ones are refused', async (t) => {
  const saved = await savedFor('alice');
  const text = formatContext(saved);
  t.deepEqual(parseContext(text), { value: saved });
  const secret = saved.credentials.own.key.split('\n')[1] ?? '';
  t.true(secret.length > 20);
  const parts = JSON.parse(text) as Record<string, unknown>;
  const other = await savedFor('bob');
  const broken: readonly (readonly [string, unknown])[] = [
    ...Object.keys(parts).flatMap((key): [string, unknown][] => [
      [`without ${key}`, { ...parts, [key]: undefined }],
      [`${key} of another type`, { ...parts, [key]: 7 }],
      [`${key} empty`, { ...parts, [key]: Array.isArray(parts[key]) ? [] : '' }],
    ]),
    ["another's key", { ...parts, key: other.credentials.own.key }],
    ['a controller that is none', { ...parts, controllers: ['nowhere:99999'] }],
    ['an authority that is none', { ...parts, authority: ['PEM'] }],
    ['a certificate of nobody', { ...parts, certificate: saved.credentials.authority[0] }],
    ['more than a context', { ...parts, proxy: 'http://evil' }],
    ['a list', [parts]],
    ['null', null],
  ];
  for (const [what, value] of broken) {
    const checked = parseContext(JSON.stringify(value));
    t.true('problem' in checked, what);
    t.false(JSON.stringify(checked).includes(secret), what);
  }
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ unit: 'binary', maxLength: 3 }), (at, put) => {
      const checked = parseContext(text.slice(0, at) + put + text.slice(at + put.length));
      // Whatever was done to it, what is accepted has a key that belongs to its certificate.
      return 'problem' in checked || checked.value.identity.clusterId === checked.value.credentials.clusterId;
    }),
    { numRuns: 60 },
  );
  const shown = contextOutput({ name: 'a', current: true, file: '/f' }, saved);
  t.false(JSON.stringify(shown).includes(secret));
  t.deepEqual(shown.controllers, ['192.168.83.2:7400']);
  t.is(contextKind.columns[0]?.cell(shown, look), 'a*');
});

test('a renewed context learns new controllers, and keeps addresses set by hand', (t) => {
  const at = (host: string) => ({ kind: 'tcp', host, port: 7400 }) as const;
  const joined = joinedControllers([at('tunnel'), at('a')], [at('a'), at('b')]);
  t.deepEqual(joined, [at('tunnel'), at('a'), at('b')]);
  t.deepEqual(joinedControllers([at('a')], []), [at('a')]);
});

test('a context on a controller’s machine follows the addresses of the controllers', (t) => {
  const at = (host: string) => ({ kind: 'tcp', host, port: 7400 }) as const;
  const here = at('127.0.0.1');
  t.deepEqual(refreshedControllers([here], [at('a')]), [at('a')], 'nobody else reaches 127.0.0.1');
  t.deepEqual(refreshedControllers([here], [here, at('a')]), [at('a')]);
  t.deepEqual(refreshedControllers([at('tunnel'), at('b')], [at('a'), at('b')]), [at('a'), at('b'), at('tunnel')]);
  t.deepEqual(refreshedControllers([at('a')], [here]), [here, at('a')], 'this machine reaches it');
  t.deepEqual(refreshedControllers([at('a')], []), [at('a')]);
});

test('the context folder is written atomically, and readable by its owner only', async (t) => {
  const folder = folderFor(t);
  t.deepEqual([await folder.names(), await folder.current()], [[], undefined]);
  const [alice, bob] = [await savedFor('alice'), await savedFor('bob')];
  await Promise.all(['a', 'b', 'c'].map((name) => folder.write(name, alice)));
  // Many at once: one of them is there in the end.
  await Promise.all([alice, bob, alice, bob].map((saved) => folder.write('a', saved)));
  t.true(['alice', 'bob'].includes((await folder.require('a')).identity.id));
  t.deepEqual(readdirSync(folder.path).sort(), ['a.json', 'b.json', 'c.json'], 'nothing is left over');
  await folder.use('b');
  t.is(await folder.current(), 'b');
  // Of a process that was killed while it wrote, and of one that is writing at this moment.
  const killed = spawnSync('true').pid;
  for (const pid of [killed, process.ppid]) writeFileSync(join(folder.path, `.a.json.${pid}-0a.xnet-new`), '{');
  await folder.write('a', alice);
  t.deepEqual(
    readdirSync(folder.path).filter((name) => name.endsWith('.xnet-new')),
    [`.a.json.${process.ppid}-0a.xnet-new`],
  );
  writeFileSync(join(folder.path, 'Not_a_name.json'), '{');
  t.deepEqual(await folder.names(), ['a', 'b', 'c']);
  for (const name of ['..', '../a', '/etc/passwd', 'a/b', '', 'current\n']) {
    await t.throwsAsync(folder.find(name), { instanceOf: XnetError }, JSON.stringify(name));
  }
  await t.throwsAsync(folder.use('nope'), { message: 'there is no context nope' });
  t.is(await folder.remove('b'), true);
  t.is(await folder.remove('b'), false);
  t.is(await folder.current(), undefined, 'what is gone is not the current one');
  rmSync(folder.fileOf('c'));
  symlinkSync(folder.fileOf('a'), folder.fileOf('c'));
  await t.throwsAsync(folder.find('c'), { instanceOf: XnetError }, 'a link could lead anywhere');
  writeFileSync(folder.fileOf('a'), 'x');
  await t.throwsAsync(folder.find('a'), { message: /a\.json: it is no context/ });
  chmodSync(folder.fileOf('a'), 0o604);
  await t.throwsAsync(folder.find('a'), { message: /mode 0604/ });
  chmodSync(folder.path, 0o750);
  await t.throwsAsync(folder.names(), { message: /mode 0750/ });
  await t.throwsAsync(folder.write('a', alice), { message: /mode 0750/ });
});
