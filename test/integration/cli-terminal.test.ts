// xctl in its environment: settings, terminals, pipes, completion.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { completionScripts } from '../../cli/completion/scripts.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { type Json, list, type Ran, Xctl, xctlMain } from '../support/xctl.js';

type Shared = { controller: ControllerProcess; xctl: Xctl };
const test = anyTest as TestFn<Shared>;
const run = promisify(execFile);

// Each test has its own controller and etcd, so the tests run one after the other.
test.beforeEach(async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  t.context = { controller, xctl: new Xctl({ controller: `unix:${controller.socket}` }) };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

test.serial('reports of nodes can’t send control characters to a terminal', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  await controller.addNode('evil', '192.168.83.1');
  const client = await controller.joined('evil');
  const node = new SimulatedNode(client, 'evil').watch();
  await node.until('its assignment', () => node.table !== undefined);
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\nFAKE  192.168.83.9\r\u202egnp';
  await callUnary(
    client.report.bind(client),
    {
      nodeId: node.assignment?.nodeId ?? '',
      generation: 1,
      routes: { desired: 2, installed: 1 },
      conditions: [{ type: `Docker${evil}`, ok: false, transient: false, reason: evil, message: evil, sinceMs: 1 }],
      daemonVersion: evil,
      kernelVersion: evil,
      dockerVersion: evil,
      hostNetworks: ['10.90.0.0/16', '10.76.8.0/22'].map((cidr) => ({ cidr, source: evil })),
    },
    { timeoutMs: 60_000 },
  );
  await controller.until('degraded', (status) => status.nodes?.degraded === 1);
  const commands = ['nodes list', 'nodes list -o wide', 'nodes list -o json', 'nodes list -o yaml', 'nodes show evil'];
  const more = ['nodes show evil -o jsonl', 'events', 'events -o yaml', 'routes check', 'pools create p 10.90.0.0/16'];
  for (const args of [...commands, ...more]) {
    const ran = await xctl.run(...args.split(' '));
    const printed = ran.stdout + ran.stderr;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    t.notRegex(printed, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/, args);
    t.notRegex(printed, /^FAKE/m, args);
    t.regex(printed, /\\(u001b|e)\[2J/, args);
  }
  // A subnet that a host will not route to is leased when it is asked for, with a warning.
  for (const dryRun of [['--dry-run'], []]) {
    const args = ['nodes', 'add', 'web-2', '--address', '192.168.83.2', '--subnet', '10.76.9.0/24', ...dryRun];
    const { code, stderr } = await xctl.run(...args);
    t.is(code, 0);
    t.regex(
      stderr,
      /^warning: 10\.76\.9\.0\/24 overlaps 10\.76\.8\.0\/22 of \\.* on node evil: these hosts will not route to it/m,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    t.notRegex(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  const shown = JSON.parse((await xctl.run('nodes', 'show', 'evil', '-o', 'json')).stdout) as {
    node: { versions: Json };
  };
  t.is(shown.node.versions['kernel'], evil);
  node.leaveStream();
});

test.serial('settings: command line over environment over file', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  const folder = join(xctl.home, '.config', 'xctl');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'config.yaml');
  const here = `unix:${controller.socket}`;
  const withoutEnv = new Xctl({ env: { HOME: xctl.home } });
  writeFileSync(file, `controller: ['unix:/nonexistent', '${here}']\noutput: name\ntimeout: 10s\n`);
  t.is((await withoutEnv.run('pools', 'list')).stdout, 'default\n');
  t.is((await withoutEnv.run('pools', 'list', '-o', 'jsonl')).stdout.at(0), '{');
  const other = new Xctl({ controller: 'unix:/nonexistent', env: { HOME: xctl.home } });
  t.is((await other.run('pools', 'list')).code, 6, 'the environment goes before the file');
  t.is((await other.run('pools', 'list', '--controller', here)).stdout, 'default\n');
  writeFileSync(file, 'controller: nowhere:99999\ncolour: true\ntimeout: [5]\n');
  const wrong = await withoutEnv.run('pools', 'list');
  t.is(wrong.code, 2);
  t.is(wrong.stderr.match(/\n {2}- .*config\.yaml: /g)?.length, 3);
  writeFileSync(file, 'output: [');
  t.regex((await withoutEnv.run('pools', 'list')).stderr, /config\.yaml: .*line 1/s);
  for (const one of [withoutEnv, other]) one.close();
});

test.serial('questions on a terminal: yes, no, and Ctrl-C; colours only there', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  const ask = (args: string, typed: string) => xctl.onTerminal(args.split(' '), /\? .*(\[y\/N\]|to confirm:) /, typed);
  const no = await ask('nodes remove web-1', 'n\r');
  t.is(no.code, 9);
  t.regex(no.stdout, /nothing was changed/);
  t.is((await ask('nodes remove web-1', '\u0004')).code, 9, 'the end of the input is no');
  t.is((await ask('nodes remove web-1', '\u0003')).code, 130, 'Ctrl-C');
  const severe = await ask('nodes remove web-1 --force', 'y\r');
  t.is(severe.code, 9, 'severe: y is not enough');
  t.regex(severe.stdout, /This can't be undone\. Type web-1 to confirm: /, 'what --confirm takes');
  t.is((await ask('nodes remove web-1 --force', 'yes\r')).code, 9, 'nor is yes');
  t.is((await xctl.run('nodes', 'list', '-o', 'name')).stdout, 'web-1\n');
  t.is((await ask('nodes remove web-1 --force', 'web-1\r')).code, 0);
  t.is((await ask('pools remove default --force', 'default\r')).code, 0);
  await controller.createPool();
  const asked = await xctl.onTerminal(['pools', 'remove', 'default', '--no-input'], /without confirmation/, '');
  t.is(asked.code, 2);
  const coloured = await xctl.onTerminal(['status'], /all is well/, '');
  t.true(coloured.stdout.includes('\u001b[32mall is well'));
  const bare = await xctl.onTerminal(['status', '--no-color'], /all is well/, '');
  t.false(bare.stdout.includes('\u001b['));
  t.false((await xctl.run('status')).stdout.includes('\u001b['));
});

test.serial('a reader that closes the pipe early is no failure', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool('10.64.0.0/12');
  const hosts = Array.from({ length: 240 }, (_, index) => index + 1);
  await Promise.all(hosts.map((host) => controller.addNode(`web-${host}`, `192.168.83.${host}`)));
  // More than a pipe holds (pipe(7): 64 KiB), so that the reader is gone while it is written.
  const command = `set -o pipefail; '${process.execPath}' '${xctlMain}' nodes list -o json | head -n 1`;
  const { stdout, stderr } = await run('bash', ['-c', command], { env: xctl.env });
  t.deepEqual([stdout, stderr], ['{\n', '']);
  const whole = await run('bash', ['-c', `'${process.execPath}' '${xctlMain}' nodes list -o json | cat`], {
    env: xctl.env,
  });
  t.is(list(JSON.parse(whole.stdout) as Json, 'nodes').length, 240, 'and one that reads slowly gets it all');
});

test.serial('completion in a real bash, with names from the controller, and silence without one', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  for (const host of [1, 2]) await controller.addNode(`web-${host}`, `192.168.83.${host}`);
  await xctl.run('nodes', 'remove', 'web-2', '--yes');
  const bin = join(xctl.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'xctl'), `#!/bin/sh\nexec '${process.execPath}' '${xctlMain}' "$@"\n`);
  chmodSync(join(bin, 'xctl'), 0o755);
  const script = await xctl.run('completion', 'bash');
  t.is(script.stdout, completionScripts.bash);
  const complete = async (line: string, env: Record<string, string> = {}) => {
    const test = `${script.stdout}\nCOMP_LINE=$1 COMP_POINT=\${#1}; _xctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { env: { ...xctl.env, PATH: `${bin}:${xctl.env['PATH']}`, ...env } };
    const { stdout, stderr } = await run('bash', ['-c', test, 'bash', line], options);
    t.is(stderr, '', line);
    return stdout.trim().split('\n').join(' ');
  };
  // Completion gives up after half a second, because a user is typing: on a busy machine the test asks again.
  const offers = async (line: string, wanted: string, env?: Record<string, string>, tries = 60): Promise<void> => {
    const offered = await complete(line, env);
    if (offered === '' && tries > 0) await offers(line, wanted, env, tries - 1);
    else t.is(offered, wanted, line);
  };
  await offers('xctl nodes l', 'list');
  await offers('xctl nodes show w', 'web-1');
  await offers('sudo xctl nodes show w', 'web-1');
  await offers('xctl pools show ', 'default');
  await xctl.run('nodes', 'set', 'web-1', '--label', 'zone=a');
  await offers('xctl nodes show web-1 w', 'web-1');
  await offers('xctl nodes list -l zo', 'zone=a');
  await offers('xctl nodes set web-1 --remove-label ', 'zone');
  await offers(`xctl contexts import ${bin}/x`, `${bin}/xctl`);
  await offers(`xctl contexts import ${xctl.home}/b`, `${bin}/`);
  await offers('xctl leases release ', '10.76.1.0/24');
  await offers('xctl nodes add x --pool=d', 'default');
  t.is(await complete('xctl nodes show w', { XCTL_CONTROLLER: 'unix:/nonexistent' }), '');
  await offers(`xctl --controller unix:${controller.socket} nodes show w`, 'web-1', { XCTL_CONTROLLER: 'x:1' });
  t.is(await complete('xctl nodes show w', { XCTL_CONTROLLER: ':::' }), '', 'a wrong setting is no noise either');
  const words = async (tries: number): Promise<Ran> => {
    const ran = await xctl.run('__complete', 'words', 'nodes', 'show', '');
    return ran.stdout === '' && tries > 0 ? await words(tries - 1) : ran;
  };
  const { code, stdout } = await words(60);
  t.deepEqual([code, stdout], [0, 'web-1\t10.76.0.0/24\n']);
});
