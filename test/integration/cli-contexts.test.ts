// xctl and its contexts: their owner, the choice of one, and their file modes.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { until } from '../support/until.js';
import { json, part, Xctl, xctlMain } from '../support/xctl.js';
import { initialised, type Shared, sayer, tcp, unix } from '../support/xctl-context.js';

const test = anyTest as TestFn<Shared>;
const run = promisify(execFile);

// A controller without a cluster, and an operator without a context.
test.beforeEach(async (t) => {
  t.context = { controller: await ControllerProcess.start(), xctl: new Xctl() };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

test.serial('contexts of two clusters: their precedence and file modes', async (t) => {
  const { controller, xctl } = t.context;
  const other = await ControllerProcess.start();
  t.teardown(() => other.close());
  const says = sayer(t, xctl);
  await initialised(t.context, '--pool', '10.76.0.0/16');
  await says(`init --controller ${unix(other)} --pool other 10.80.0.0/16`, /context default is of another cluster/, 4);
  await says(`init --controller ${unix(other)} --pool other 10.80.0.0/16 --context lab`, /saved context lab/);
  await says('pools list -o name', /^default\n$/);
  await says('pools list -o name --context lab', /^other\n$/);
  const byEnv = await new Xctl({ env: { HOME: xctl.home, XCTL_CONTEXT: 'lab' } }).run('pools', 'list', '-o', 'name');
  t.is(byEnv.stdout, 'other\n');
  const flagFirst = new Xctl({ env: { HOME: xctl.home, XCTL_CONTEXT: 'nope' } });
  t.is((await flagFirst.run('pools', 'list', '-o', 'name', '-c', 'lab')).stdout, 'other\n');
  t.is((await flagFirst.run('pools', 'list')).code, 3);
  await says('contexts list', /^NAME .*\ndefault\* .* admin\/alice +in 90d +127\.0\.0\.1:\d+\nlab .* admin\/admin /);
  await says('context use lab', /^context lab is now the current one: admin\/admin\n$/);
  await says('pools list -o name', /^other\n$/);
  await says(
    `pools list -o name --controller ${tcp(controller)}`,
    /a controller of another cluster|not certified by the authority/,
    5,
  );
  await says(`pools list -o name --controller ${tcp(controller)} --context default`, /^default\n$/);
  await says(`pools list -o name --controller ${unix(controller)}`, /^default\n$/);
  await says('pools list --context nope', /there is no context nope\nthere are: default, lab/, 3);
  await says('context use nope', /there is no context nope/, 3);
  await says('pools list --context ../x', /not a name|has to/, 2);
  await says('context show', /Name: +lab \(the current one\)\n[\s\S]*File: +.*lab\.json\n$/);
  const shown = await xctl.run('context', 'show', '-o', 'json');
  t.notRegex(shown.stdout, /PRIVATE KEY/);

  await says('context export default --out -', /PRIVATE KEY/);
  t.regex(
    (await xctl.onTerminal(['context', 'export', '--out', '-'], /not shown/, '')).stdout,
    /not shown on a terminal/,
  );
  const file = join(xctl.home, 'moved.json');
  await says(`context export lab --out ${file}`, /^$/);
  t.is(statSync(file).mode & 0o777, 0o600);
  await says(`context export lab --out ${file}`, /already exists/, 4);
  const friend = new Xctl();
  t.teardown(() => friend.close());
  const theirs = sayer(t, friend);
  await theirs(`context import ${file} --name ../evil`, /name/, 2);
  await theirs(`context import ${file} --name prod`, /^saved context prod: admin\/admin at 127/);
  await theirs('pools list -o name', /^other\n$/);
  // From one user's xctl to another's, without a file.
  const bash = `'${process.execPath}' '${xctlMain}' context export default --out - | HOME='${friend.home}' '${process.execPath}' '${xctlMain}' context import -`;
  await run('bash', ['-o', 'pipefail', '-c', bash], { env: xctl.env });
  await theirs('pools list -o name -c default', /^default\n$/);
  await theirs(`context import ${file}`, /context default is admin\/alice of cluster .*\n.*--name NAME/, 4);
  await theirs('contexts list -o name', /^default\nprod\n$/);

  const broken: readonly (readonly [string, RegExp, number])[] = [
    ['{', /not JSON/, 2],
    ['{"controllers":["a"]}', /cluster: has to be/, 2],
    [readFileSync(file, 'utf8').replace(/"cluster": "[^"]*"/, '"cluster": "c"'), /it is of cluster .*, not of "c"/, 2],
    [JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), more: 1 }), /unknown setting "more"/, 2],
  ];
  for (const [text, problem, code] of broken) {
    writeFileSync(join(xctl.home, 'broken.json'), text, { mode: 0o600 });
    const ran = await theirs(`context import ${join(xctl.home, 'broken.json')} --name x`, problem, code);
    t.notRegex(ran.stderr, /PRIVATE KEY/);
  }
  writeFileSync(join(xctl.home, 'open.json'), readFileSync(file), { mode: 0o644 });
  await theirs(
    `context import ${join(xctl.home, 'open.json')} --name x`,
    /others can get at it \(mode 0644\)\n.*chmod 600/,
    4,
  );

  chmodSync(xctl.contexts.fileOf('lab'), 0o640);
  await says('pools list', /lab\.json holds a secret, and others can get at it \(mode 0640\)/, 4);
  await says('contexts list', /\n! lab: .*mode 0640/);
  await says(`pools list -o name --controller ${unix(controller)}`, /^default\n$/);
  await says('context use default', /default/);
  chmodSync(xctl.contexts.path, 0o755);
  await says('pools list', /contexts holds keys, and others can get into it \(mode 0755\)\n.*chmod 700/, 4);
  chmodSync(xctl.contexts.path, 0o700);
  await says('context remove lab', /without confirmation \(no terminal\)\nto confirm: --yes/, 2);
  await says('context remove lab --confirm lab', /^removed context lab\n/);
  await says('context rm default --yes', /^removed context default\n.*xctl certs revoke [0-9a-f]{32}\n$/);
  t.deepEqual(readdirSync(xctl.contexts.path), []);
  await says('context show', /no current context/, 3);
});

test.serial("under sudo the context is root's, whosever HOME it is", async (t) => {
  const { controller, xctl } = t.context;
  if (process.geteuid?.() !== 0) {
    t.log('SKIP needs root, as sudo makes it');
    t.pass();
    return;
  }
  const home = join(xctl.home, 'users');
  mkdirSync(home);
  await run('chown', ['65534:65534', home]);
  const asSudo = new Xctl({
    env: { HOME: home, SUDO_UID: '65534', SUDO_USER: 'carol', XDG_CONFIG_HOME: join(xctl.home, 'root') },
  });
  t.teardown(() => asSudo.close());
  const made = json(await asSudo.run('init', '--controller', unix(controller), '-o', 'json'));
  t.like(part(made, 'context'), { identity: 'admin/carol' });
  for (const env of [{}, { XDG_CONFIG_HOME: join(home, '.config') }]) {
    const elsewhere = new Xctl({ env: { HOME: home, SUDO_UID: '65534', SUDO_USER: 'carol', ...env } });
    t.teardown(() => elsewhere.close());
    const { stdout } = await elsewhere.run('contexts', 'list', '-o', 'json');
    for (const { file } of (JSON.parse(stdout) as { contexts: { file: string }[] }).contexts)
      t.false(file.startsWith(home));
    t.is((await elsewhere.run('contexts', 'show', 'nope')).code, 3);
  }
  t.deepEqual(readdirSync(home), [], 'nothing of root lies where somebody else could exchange it');
});

test.serial('completion knows contexts, tokens and certificates', async (t) => {
  const { controller, xctl } = t.context;
  await initialised(t.context, '--pool', '10.76.0.0/16');
  const made = json(await xctl.run('tokens', 'create', '-o', 'json'));
  const { serial } = (await xctl.contexts.require('default')).certificate;
  const words = async (...typed: readonly string[]) => {
    const { stdout, stderr } = await xctl.run('__complete', 'words', ...typed);
    t.is(stderr, '');
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0])
      .join(' ');
  };
  // Completion asks a controller for a moment only: on a busy machine it may offer nothing.
  const offered = async (...typed: readonly string[]) => {
    let found = '';
    await until(`words after ${typed.join(' ')}`, async () => {
      found = await words(...typed);
      return found !== '';
    });
    return found;
  };
  t.is(await words('context', 'use', ''), 'default');
  t.is(await words('nodes', 'list', '--context', 'd'), 'default');
  t.is(await offered('tokens', 'revoke', ''), String(part(part(made, 'join'), 'record')['id']));
  t.is(await offered('certs', 'revoke', ''), serial);
  t.is(await offered('--controller', unix(controller), 'certs', 'revoke', ''), serial);
  t.is(await words('certs', 'issue', '--role', 'o'), 'operator');
  t.is(await words('context', 'use', '--context', 'nope', 'x'), '');
});
