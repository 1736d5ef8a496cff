// Stories of a package on a real host: packed, installed, replaced by another version, uninstalled.
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { repositoryRoot } from '../../deploy/lab/paths.js';
import { exitCodes } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { version } from '../../proto/process/version.js';
import type { ServiceStage } from './service-stage.js';
import { patientMs } from './until.js';

// An installation copies some 100 MiB.
const patient = { timeoutMs: patientMs };

const execute = promisify(execFile);
const root = repositoryRoot();
const newer = '0.9.9';

/** packsReproducibly packs twice, compares, and looks for what a package must not have. */
export async function packsReproducibly(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { work, packageName, unpacked } = stage;
  const pack = join(root, 'deploy/pack.sh');
  const packed = await execute('sh', [pack, '--output', work], { maxBuffer: 1 << 24 });
  const archive = packed.stdout.trim();
  t.is(archive, join(work, `${packageName}.tar.gz`));
  await execute('sh', [pack, '--output', work, '--unpacked']);
  const second = readFileSync(join(unpacked, 'SHA256SUMS'), 'utf8');
  rmSync(unpacked, { recursive: true });
  await execute('tar', ['--extract', '--gzip', '--file', archive, '--directory', work]);
  t.is(readFileSync(join(unpacked, 'SHA256SUMS'), 'utf8'), second);
  const { stdout } = await execute('tar', ['--list', '--verbose', '--numeric-owner', '--file', archive]);
  const lines = stdout.trim().split('\n');
  t.deepEqual(
    lines.filter((line) => !/^[-d]rw[-x]r-[-x]r-[-x] 0\/0 /.test(line)),
    [],
  );
  const readme = readFileSync(join(unpacked, 'README.md'), 'utf8');
  const pages = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, page = '']) => page);
  t.true(pages.includes('SECURITY.md'));
  for (const page of pages) t.true(existsSync(join(unpacked, page)), `README links to ${page}`);
  const unwanted = new RegExp(
    `${packageName}/(dist/(test|deploy)|node_modules/(ava|typescript|esbuild|@biomejs|@types))/`,
  );
  t.deepEqual(
    lines.filter((line) => unwanted.test(line)),
    [],
  );
}

/** refusesToInstall tries each obstacle to installing, and looks for traces. */
export async function refusesToInstall(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, work, unpacked, installer } = stage;
  const before = await node.inventory();
  const refused = async (argv: readonly [string, ...string[]]) => {
    const { code, stderr, stdout } = await host.exec(argv, patient);
    t.is(code, 1, stdout);
    t.deepEqual(await node.inventory(), before);
    return stderr;
  };
  // Not executable is not there.
  for (const program of ['nft', 'conntrack']) {
    await host.run(['mount', '--bind', '/dev/null', `/usr/sbin/${program}`]);
  }
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
  const missing = await refused([...nobody, 'sh', installer, 'node']);
  t.regex(missing, /nothing was changed/);
  t.regex(missing, /this needs root/);
  t.regex(missing, /apt-get install nftables conntrack /);
  t.regex(missing, /\/usr\/local\/lib\/xnet: .* can't be written/);
  for (const program of ['nft', 'conntrack']) await host.run(['umount', `/usr/sbin/${program}`]);

  const copy = join(work, 'damaged');
  cpSync(unpacked, copy, { recursive: true });
  appendFileSync(join(copy, 'dist/bin/xnetd.js'), '\n');
  writeFileSync(join(copy, 'PLATFORM'), 'linux-s390x\n');
  const damaged = await refused(['sh', join(copy, 'install.sh'), 'all']);
  t.regex(damaged, /this package is not whole/);
  t.regex(damaged, /this package is for linux-s390x/);
  rmSync(copy, { recursive: true });

  await host.run(['sh', '-c', 'mkdir -p /usr/local/bin && echo >/usr/local/bin/xctl']);
  t.regex(
    (await host.exec(['sh', installer, 'node'])).stderr,
    /\/usr\/local\/bin\/xctl exists and was not made by install\.sh/,
  );
  await host.run(['rm', '/usr/local/bin/xctl']);
  for (const prefix of ['relative', '/a b', '/a;b', '/a/../b', '/']) {
    t.is((await host.exec(['sh', installer, 'node', '--prefix', prefix])).code, exitCodes.usage, prefix);
  }
  t.is((await host.exec(['sh', installer])).code, exitCodes.usage);
  t.regex((await host.exec(['sh', installer, '--uninstall'])).stderr, /nothing of xnet is installed below/);
}

/** installsWithoutSystemd installs without systemd, twice at once and killed at any moment, and uninstalls. */
export async function installsWithoutSystemd(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, installer } = stage;
  const before = await node.inventory();
  await host.run(['mount', '--bind', '/dev/null', '/usr/bin/systemctl']);
  // With these settings a daemon needs no identity; with that option, V8 refuses compiled code of a daemon without it.
  const settings = [
    'XNETD_CONTROLLER=unix:/run/none.sock',
    'XNETD_NODE=web-1',
    'NODE_OPTIONS=--max-old-space-size=300',
  ];
  const install = ['env', ...settings, 'sh', installer, 'all'] as const;
  for (const afterMs of [30, 100, 200, 400, 800]) {
    const killed = await host.spawn(install, { logFile: join(host.logs, 'install.log') });
    await Promise.race([pause(afterMs), killed.exited]);
    killed.kill('SIGKILL');
    await killed.exited;
    const left = await host.exec(['sh', '-c', 'if [ -e /usr/local/bin/xnetd ]; then xnetd --version; fi']);
    t.is(left.code, 0, left.stderr);
  }
  const both = await Promise.all([host.exec(install, patient), host.exec(install, patient)]);
  for (const { code, stdout, stderr } of both) {
    t.is(code, 0, stderr);
    t.regex(stdout, new RegExp(`xnet ${version} is installed in /usr/local/lib/xnet/${version}\n`));
    t.regex(stdout, /xnetd run {4}by whatever starts your services, before Docker/);
    t.regex(stdout, /not done, as there is no systemd here:\n {2}no units: .*\n {2}no user xnet: /);
  }
  for (const program of ['xctl', 'xnetd', 'xnet-controller']) {
    t.is(await host.run([program, '--version']), `${version}\n`);
  }
  t.is((await host.exec(['test', '-e', '/usr/local/lib/systemd'])).code, 1);
  const started = await host.exec(['env', 'NODE_DEBUG=xnetd', 'xnetd', '--version']);
  t.regex(started.stderr, /compile cache: used/);
  const gone = await host.exec(['sh', '/usr/local/lib/xnet/current/install.sh', '--uninstall'], patient);
  t.is(gone.stdout, 'xnet is removed from /usr/local\nkept:\n  /var/lib/xnet-controller\n', gone.stderr);
  await host.run(['umount', '/usr/bin/systemctl']);
  t.deepEqual(await node.inventory(), before);
}

/** changesVersion installs another version and goes back. */
export async function changesVersion(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, work, unpacked, installer, untilReady, seal, routeChangesDuring } = stage;
  const exe = async () => (await node.run('readlink', `/proc/${await node.show('xnetd', 'MainPID')}/exe`)).trim();
  const copy = join(work, 'newer');
  cpSync(unpacked, copy, { recursive: true });
  writeFileSync(join(copy, 'VERSION'), `${newer}\n`);
  for (const path of ['dist/proto/process/version.js', 'dist/bin/xnetd.bundle.js', 'dist/bin/xctl.bundle.js']) {
    const text = readFileSync(join(copy, path), 'utf8');
    // `version = '0.1.0'`, and in a bundle `Pa="0.1.0"`.
    const parts = text.split(new RegExp(`(?<== ?['"])${version.replaceAll('.', '\\.')}(?=['"])`));
    t.is(parts.length, 2, path);
    writeFileSync(join(copy, path), parts.join(newer));
  }
  await seal(copy);
  const edited = readFileSync(host.inside('/etc/xnet/xnetd.yaml'), 'utf8');
  const changes = await routeChangesDuring(async () => {
    const { stdout, stderr, code } = await node.exec(['sh', join(copy, 'install.sh')]);
    t.is(code, 0, stderr);
    t.regex(stdout, /systemctl restart xnetd/);
    t.is(await node.run('xnetd', '--version'), `${newer}\n`);
    t.is(await exe(), `/usr/local/lib/xnet/${version}/bin/node`);
    t.is((await node.exec(['xnetd', 'status'])).code, 0, 'one version of the command, another of the daemon');
    await node.ctl('restart', 'xnetd');
    t.is(await exe(), `/usr/local/lib/xnet/${newer}/bin/node`);
    await untilReady();
    await node.run('sh', installer, 'node');
    t.is(await node.run('xnetd', '--version'), `${version}\n`);
    await node.ctl('restart', 'xnetd');
    t.is(await exe(), `/usr/local/lib/xnet/${version}/bin/node`);
    await untilReady();
  });
  t.is(changes, '');
  t.is(readFileSync(host.inside('/etc/xnet/xnetd.yaml'), 'utf8'), edited);
  // Another build of the same version does not overwrite the files of a running daemon.
  writeFileSync(join(copy, 'VERSION'), `${version}\n`);
  await seal(copy);
  const { stdout } = await node.exec(['sh', join(copy, 'install.sh')]);
  t.regex(stdout, new RegExp(`installed in /usr/local/lib/xnet/${version}\\+[0-9a-f]{8}\n`));
  await node.run('sh', installer);
  t.is((await node.run('readlink', '/usr/local/lib/xnet/current')).trim(), version);
}

/** leavesForGood leaves, joins again, leaves and uninstalls. */
export async function leavesForGood(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, control, controlPrefix, xctl, joinHost, untilReady } = stage;
  const refused = await node.exec(['sh', '/usr/local/lib/xnet/current/install.sh', '--uninstall']);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /nothing was removed: this host is a node/);
  t.is(await node.show('xnetd', 'ActiveState'), 'active');

  const ended = async () => {
    await node.until('xnetd has ended', async () => (await node.show('xnetd', 'ActiveState')) !== 'active');
    await node.until('xnetd is on its way nowhere', async () => {
      const state = await node.show('xnetd', 'ActiveState');
      return state === 'inactive' || state === 'failed';
    });
    t.is(await node.show('xnetd', 'SubState'), 'dead');
    t.is(await node.show('xnetd', 'Result'), 'success');
    t.is(await node.show('xnetd', 'ExecMainStatus'), String(exitCodes.left));
  };
  await node.run('xnetd', 'leave');
  await ended();
  t.notRegex(await xctl('nodes', 'list', '-o', 'name'), /h1/);
  t.is(await host.run(['ip', '-4', 'route', 'show', 'proto', '88']), '');

  await joinHost();
  await node.ctl('start', 'xnetd');
  await untilReady();
  await node.run('xnetd', 'leave');
  await ended();

  const { stdout, code } = await node.exec(['sh', '/usr/local/lib/xnet/current/install.sh', '--uninstall']);
  t.is(code, 0);
  t.is(stdout, 'xnet is removed from /usr/local\nkept:\n  /etc/xnet/xnetd.yaml\n  /var/lib/xnet-controller\n');
  await node.run('rm', '-r', '/etc/xnet');
  const left = (await node.inventory()).filter((line) => /xnet/.test(line));
  t.deepEqual(left, []);
  t.is(await node.show('xnetd', 'LoadState'), 'not-found');
  t.is(await node.show('docker', 'ActiveState'), 'active');

  const controller = await control.exec([
    'sh',
    join(controlPrefix, 'lib/xnet/current/install.sh'),
    '--uninstall',
    '--prefix',
    controlPrefix,
  ]);
  t.regex(controller.stderr, /a controller runs here/);
  await control.ctl('disable', '--now', 'xnet-controller');
  const gone = await control.run(
    'sh',
    join(controlPrefix, 'lib/xnet/current/install.sh'),
    '--uninstall',
    '--prefix',
    controlPrefix,
  );
  t.is(gone, `xnet is removed from ${controlPrefix}\nkept:\n  /etc/xnet/controller.yaml\n  /var/lib/xnet-controller\n`);
  t.is((await control.exec(['test', '-e', controlPrefix])).code, 1);
}
