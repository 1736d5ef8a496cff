// Rules of the repository that no compiler checks.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { version } from '../../proto/process/version.js';
import { cyclesIn, fileGraph, folderGraph, importedPath, sourcesIn } from '../support/import-graph.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const parts = ['proto', 'controller', 'node', 'cli'] as const;

const sources = parts.flatMap((part) => sourcesIn(root, part));
const withDeploy = [...sources, ...sourcesIn(root, 'deploy')];

test('controller, node and cli import proto and themselves, proto imports none of them', (t) => {
  for (const { path, imports } of sources) {
    const own = path.split('/')[0] ?? '';
    for (const name of imports.filter((name) => name.startsWith('.'))) {
      const target = importedPath(path, name).split('/')[0] ?? '';
      t.true(target === own || target === 'proto', `${path} imports ${name}`);
    }
  }
});

test('each third-party library that touches the outside is imported by one file', (t) => {
  const only = new Map([
    ['etcd3', 'controller/store/etcd-client.ts'],
    ['dockerode', 'node/docker/engine/dockerode.ts'],
    ['syscall-napi', 'proto/process/syscall.ts'],
    ['node-netlink', 'node/kernel/second-reader.ts'],
    ['ip-cidr', 'proto/domain/input.ts'],
    ['sorted-btree/extended/index.js', 'proto/domain/prefix-map.ts'],
  ]);
  for (const [library, owner] of only) {
    const importers = sources.filter(({ imports }) => imports.includes(library)).map(({ path }) => path);
    t.deepEqual(importers, [owner], library);
  }
});

test('what the command line loads for help is small', (t) => {
  const heavy = ['@grpc/grpc-js', '@grpc/proto-loader', 'etcd3', 'dockerode', 'pino'];
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = sources.find((candidate) => candidate.path === path);
    // Static imports only: what is loaded by import() is loaded when it is needed.
    const text = source?.text ?? '';
    for (const [, name = ''] of text.matchAll(/^(?:import|export)(?! type)[^;]*?from '([^']+)'/gms)) {
      t.false(heavy.includes(name), `${path} loads ${name}`);
      if (name.startsWith('.')) walk(importedPath(path, name));
    }
  };
  walk('cli/main.ts');
  t.true(seen.size > 1);
});

test('every file opens with its role', (t) => {
  for (const { path, text } of withDeploy) t.regex(text, /^(#!.*\n)?\/\/ /, `${path} does not say what it is`);
});

const exported = /^export (?:async )?(?:function\*?|const|(?:abstract )?class|interface|type) (\w+)/gm;

test('every exported symbol has a comment that begins with its name', (t) => {
  for (const { path, text } of withDeploy) {
    for (const { 1: name = '', index } of text.matchAll(exported)) {
      const before = text.slice(0, index).trimEnd();
      const comment = before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : '';
      const first = /^\/\*\*[\s*]*(\w+)/.exec(comment)?.[1];
      t.is(first, name, `${path}: the comment of ${name} begins with ${first}`);
    }
  }
});

test('one exported name means one thing', (t) => {
  const owners = new Map<string, Set<string>>();
  for (const { path, text } of withDeploy) {
    for (const [, name = ''] of text.matchAll(exported)) owners.set(name, (owners.get(name) ?? new Set()).add(path));
  }
  for (const [name, paths] of owners) {
    t.true(paths.size === 1, `${name} is exported by ${[...paths].join(' and ')}`);
  }
});

test('no file imports itself by way of others', (t) => {
  const found = cyclesIn(fileGraph(withDeploy)).map((cycle) => cycle.join(' '));
  t.deepEqual(found, []);
});

test('no folder of a part imports itself by way of others', (t) => {
  const found = cyclesIn(folderGraph(fileGraph(sources))).flat();
  t.deepEqual(found, []);
});

test('files have at most 300 lines', (t) => {
  const messages = join('proto', 'xnet', 'v1');
  const protos = readdirSync(join(root, messages)).map((name) => join(messages, name));
  const read = protos.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  for (const { path, text } of [...withDeploy, ...sourcesIn(root, 'test'), ...read]) {
    const lines = text.split('\n').length - 1;
    t.true(lines <= 300, `${path} has ${lines} lines`);
  }
});

test('deploy imports nothing of node', (t) => {
  for (const { path, imports } of withDeploy.filter(({ path }) => path.startsWith('deploy/'))) {
    for (const name of imports.filter((name) => name.startsWith('.'))) {
      const target = importedPath(path, name);
      t.true(!target.startsWith('node/'), `${path} imports ${name}`);
    }
  }
});

test('no name is a catch-all word', (t) => {
  for (const { path, text } of sources) {
    const name = path.split('/').at(-1) ?? '';
    t.notRegex(name, /manager|handler|helper|util/i, path);
    t.notRegex(text, /\b(?:class|function|type|interface|const) \w*(?:Manager|Helper|Util)\w*/, path);
  }
});

test('fields are written out, not spread from a literal', (t) => {
  for (const { path, text } of withDeploy) t.notRegex(text, /\.\.\.\{/, `${path} spreads a literal of an object`);
});

test('names of users never reach a shell', (t) => {
  for (const { path, text } of sources) {
    t.notRegex(text, /shell:\s*true|\bexecSync\(|[^.\w]exec\(`/, path);
  }
});

test('the version is that of the package', (t) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  t.is(manifest['version'], version);
  for (const field of ['dependencies', 'devDependencies']) {
    for (const [name, wanted] of Object.entries(manifest[field] as Record<string, string>)) {
      t.regex(wanted, /^\d+\.\d+\.\d+$/, `${name} has no exact version`);
    }
  }
});

test('every dependency has its line in CONTRIBUTING', (t) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  for (const name of Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] })) {
    if (!name.startsWith('@types/')) t.true(text.includes(name), name);
  }
});

test('generated files are those of the .proto files', (t) => {
  t.notThrows(() => execFileSync(process.execPath, ['proto/scripts/generate.js', '--check'], { cwd: root }));
});

test('installed packages have checksums and permitted scripts', (t) => {
  type Locked = { readonly integrity?: string; readonly resolved?: string; readonly dev?: boolean };
  const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, unknown>;
  const packages = read('package-lock.json')['packages'] as Record<string, Locked & { hasInstallScript?: boolean }>;
  const { dependencies, allowScripts } = read('package.json') as Record<string, Record<string, unknown>>;
  for (const [path, { integrity, resolved, dev, hasInstallScript }] of Object.entries(packages)) {
    if (path === '') continue;
    if (dev !== true) t.regex(integrity ?? '', /^sha512-/, `${path} has no checksum`);
    t.regex(resolved ?? 'https://registry.npmjs.org/', /^https:\/\/registry\.npmjs\.org\//, path);
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (hasInstallScript === true) t.true(Object.hasOwn(allowScripts ?? {}, name), `${name} wants to run a script`);
  }
  t.true(Object.keys(dependencies ?? {}).every((name) => packages[`node_modules/${name}`] !== undefined));
});

type Threat = {
  readonly number: number;
  /** What prevents it, without the tests. */
  readonly text: string;
  readonly tests: readonly { readonly path: string; readonly title: string }[];
  /** List lines that are neither a test file nor a title under one. */
  readonly unreadable: readonly string[];
};

// A threat of SECURITY: a heading `### 1. …`, paragraphs, a list of test files with a list of titles under each.
function threatsIn(markdown: string): readonly Threat[] {
  const [, section = ''] = markdown.split(/^## Threats$/m);
  return section.split(/^### (?=\d+\. )/m).flatMap((part) => {
    const [heading = '', ...lines] = part.split('\n');
    const [, number] = /^(\d+)\. .+$/.exec(heading) ?? [];
    if (number === undefined) return [];
    const tests: { path: string; title: string }[] = [];
    const unreadable: string[] = [];
    let path: string | undefined;
    for (const line of lines.filter((line) => /^\s*- |“/.test(line))) {
      const [, file] = /^- `(test\/[^`]+\.test\.ts)`$/.exec(line) ?? [];
      const [, title] = /^ {2}- “([^”]+)”$/.exec(line) ?? [];
      if (file !== undefined) path = file;
      else if (title !== undefined && path !== undefined) tests.push({ path, title });
      else unreadable.push(line);
    }
    const text = lines.filter((line) => !/^\s*- /.test(line)).join(' ');
    return [{ number: Number(number), text: text.trim(), tests, unreadable }];
  });
}

test('every threat in SECURITY names existing tests, or states why it has none', (t) => {
  const threats = threatsIn(readFileSync(join(root, 'SECURITY.md'), 'utf8'));
  t.deepEqual(
    threats.map(({ number }) => number),
    Array.from({ length: 27 }, (_, index) => index + 1),
  );
  for (const { number, text, tests, unreadable } of threats) {
    t.deepEqual(unreadable, [], `threat ${number}`);
    t.not(text, '', `threat ${number} does not say what prevents it`);
    if (tests.length === 0) t.regex(text, /^Out of scope: .{100}/, `threat ${number}`);
    for (const { path, title } of tests) {
      const source = readFileSync(join(root, path), 'utf8');
      t.true(source.includes(`'${title}'`), `threat ${number}: ${path} has no test “${title}”`);
    }
  }
});
