// The bundle of xctl.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import test from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { Xctl } from '../support/xctl.js';
import { closing, unix } from '../support/xctl-pair.js';

const run = promisify(execFile);

// The output of two programs differs only in ages and in the width of their column.
const ageless = (text = '') => text.replace(/\b\d+[smhd]\b/g, 'AGE').replace(/[ -]+/g, ' ');

test.serial('the bundle prints what the program prints, needs no modules, and trusts no foreign cache', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-bundle-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const script = fileURLToPath(new URL('../../../cli/scripts/bundle.js', import.meta.url));
  await run(process.execPath, [script, folder], { cwd: tmpdir() });
  t.deepEqual(readdirSync(folder).sort(), ['package.json', 'xctl.bundle.js', 'xctl.js', 'xnetd.bundle.js', 'xnetd.js']);
  t.is(statSync(join(folder, 'xctl.js')).mode & 0o111, 0o111);
  const controller = closing(t, await ControllerProcess.startWithAuthority());
  const options = { controller: unix(controller) };
  const unbundled = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  const program = closing(t, new Xctl({ ...options, main: unbundled }));
  const bundle = closing(t, new Xctl({ ...options, main: join(folder, 'xctl.js') }));
  const changes = [
    'pools create default 10.76.0.0/16 --quarantine 90m',
    'pools reserve default 10.76.4.0/22 --node web-9 --reason why',
    'nodes add web-1 --address 192.168.83.1 --label a=b --label __proto__=c --mode bridge',
    'nodes add web-2 --address 192.168.83.2',
    'nodes set web-2 --address 192.168.83.3 --availability cordoned',
    'nodes remove web-2 --yes',
    'tokens create --uses 3 --source 192.168.83.0/24',
    `certs issue alice --role operator --out ${join(folder, 'alice')}`,
    `contexts import ${join(folder, 'alice')}`,
  ];
  for (const args of changes) {
    const ran = await bundle.run(...args.split(' '));
    t.is(ran.code, args.includes('__proto__') ? 2 : 0, `${args}: ${ran.stderr}`);
  }
  t.is((await bundle.run('nodes', 'add', 'web-1', '--address', '192.168.83.1', '--label', 'a=b')).code, 0);
  const node = new SimulatedNode(await controller.joined('web-1'), 'web-1').watch();
  await node.until('its table', () => node.table !== undefined);
  await node.report([
    { type: 'Docker', ok: false, transient: true, reason: 'Restarting', message: 'é\u0007', sinceMs: 1 },
  ]);
  await controller.until('reported', (status) => status.nodes?.progressing === 1);
  const looks = [
    ...['nodes list -o json', 'nodes list -o yaml', 'nodes show web-1 -o json', 'pools show default -o json'],
    ...['tokens list', 'certs list -o json', 'ca show', 'audit -o json', 'audit --verify'],
    ...['pools list', 'leases list -o json', 'routes list -o json', 'events -o json', 'status -o json', 'routes check'],
    ...[
      'nodes show nope',
      'nodes lst',
      '--help',
      'nodes add --help',
      'completion zsh',
      '__complete words nodes show w',
    ],
  ];
  for (const args of looks) {
    const both = async () => {
      const ran = await Promise.all([program, bundle].map((xctl) => xctl.run(...args.split(' '))));
      return ran.map(({ code, stdout, stderr }) => ({ code, stdout: ageless(stdout), stderr: ageless(stderr) }));
    };
    // The controller writes on its own, too: if two answers have different revisions, both are requested again.
    const settled = async (tries: number): ReturnType<typeof both> => {
      const pair = await both();
      return tries === 0 || isDeepStrictEqual(pair[0], pair[1]) ? pair : await settled(tries - 1);
    };
    const [one, other] = await settled(5);
    t.deepEqual(one, other, args);
  }
  const cache = join(bundle.home, '.cache', 'xctl');
  const [name = ''] = readdirSync(cache);
  t.is(readdirSync(cache).length, 1);
  t.is(statSync(cache).mode & 0o777, 0o700);
  const list = () => bundle.run('nodes', 'list', '-o', 'name');
  const written = statSync(join(cache, name)).mtimeMs;
  await list();
  t.is(statSync(join(cache, name)).mtimeMs, written, 'not made anew');
  writeFileSync(join(cache, name), 'not a cache');
  t.is((await list()).stdout, 'web-1\n');
  t.true(statSync(join(cache, name)).size > 10_000, 'made anew where it is none');
  chmodSync(join(cache, name), 0o666);
  t.is((await list()).stdout, 'web-1\n', 'one that others can write is not read');
  t.is(statSync(join(cache, name)).mode & 0o777, 0o600, 'but replaced');
  chmodSync(cache, 0o777);
  const before = statSync(join(cache, name)).mtimeMs;
  rmSync(join(cache, name));
  t.is((await list()).stdout, 'web-1\n');
  t.false(existsSync(join(cache, name)), `nothing is written where others can write (${before})`);
  const homeless = closing(t, new Xctl({ ...options, main: join(folder, 'xctl.js'), env: { HOME: '/nonexistent' } }));
  t.deepEqual((await homeless.run('nodes', 'list', '-o', 'name')).stdout, 'web-1\n');
  if (process.geteuid?.() === 0) {
    const theirs = closing(t, new Xctl({ ...options, main: join(folder, 'xctl.js') }));
    chownSync(theirs.home, 12_345, 12_345);
    t.is((await theirs.run('nodes', 'list', '-o', 'name')).stdout, 'web-1\n');
    t.false(existsSync(join(theirs.home, '.cache')), 'root makes nothing in the home of a user');
  }
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  for (const file of ['xctl.js', 'xctl.bundle.js']) await run('cp', [join(folder, file), elsewhere]);
  const moved = closing(t, new Xctl({ ...options, main: join(elsewhere, 'xctl.js') }));
  t.is((await moved.run('nodes', 'list', '-o', 'yaml')).code, 0);
  node.leaveStream();
});
