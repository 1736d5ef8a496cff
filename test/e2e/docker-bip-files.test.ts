// daemon.json in mode bip, on real dockerds of every line: xnetd changes one key, keeps everything else, and refuses files
// that it or dockerd can't use before it changes anything.
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { askDockerd } from '../../node/docker/engine/validation.js';
import { type Exec, exec } from '../../proto/process/exec.js';
import { fixtureBytes, fixtures } from '../support/daemon-json-fixtures.js';
import {
  addressOn,
  bipOf,
  dockerdPid,
  effectOn,
  freshFolder,
  reasonsOf,
  type settingsOn,
  stateFolderOn,
} from '../support/docker-lab.js';
import { dockerLines } from '../support/docker-lines.js';
import { preflightOn, rating } from '../support/preflight-lab.js';

const { each } = await dockerLines(5);
const never = new AbortController().signal;
const lease = bipOf('10.76.3.0/24');
const former = '172.17.0.1/16';

each('N11 N12 a symlink, an owner, a mode and a layout are kept', [], async (t, host) => {
  const target = join(freshFolder(host, 'elsewhere'), 'real.json');
  const content = '{ "labels" :[ "a=1","b=2"\n ]  ,"log-opts":{"max-size":"1m" , "max-file":"2"}}';
  writeFileSync(target, content);
  chownSync(target, 1234, 2345);
  chmodSync(target, 0o640);
  const attributes = await exec([
    'python3',
    '-c',
    `import os; os.setxattr(${JSON.stringify(target)}, "user.a", b"1")`,
  ]).then(
    ({ code }) => code === 0,
    () => false,
  );
  if (!attributes) t.log('SKIP extended attributes: no python3 to set them, or a file system without');
  symlinkSync(target, host.daemonJson);
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(readFileSync(target, 'utf8'), `${content.slice(0, -1)},"bip":"10.76.3.1/24"}`);
  const same = async () => {
    const { mode, uid, gid } = statSync(target);
    t.deepEqual([mode & 0o777, uid, gid], [0o640, 1234, 2345]);
    t.true(lstatSync(host.daemonJson).isSymbolicLink());
    if (attributes)
      t.is((await exec(['python3', '-c', `import os; os.getxattr(${JSON.stringify(target)}, "user.a")`])).code, 0);
  };
  await same();
  t.deepEqual((await effect.remove(never)).findings, []);
  t.is(readFileSync(target, 'utf8'), content);
  await same();
  t.is(await addressOn(host, 'docker0'), former);
});

each('N7 foreign edits stay, and only xnet’s key is removed', [], async (t, host) => {
  writeFileSync(host.daemonJson, '{"debug": false}\n');
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  writeFileSync(host.daemonJson, '{"bip": "10.76.3.1/24", "debug": false, "mtu": 1400}\n');
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 0 });
  // Another tool replaces the file: docker0 keeps its address, so no restart is needed.
  writeFileSync(host.daemonJson, '{"mtu": 1400}');
  const pid = await dockerdPid(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1400,"bip": "10.76.3.1/24"}');
  t.is(await dockerdPid(host), pid);
  // An operator sets another bip: from then on the bip is the operator's.
  writeFileSync(host.daemonJson, '{"mtu": 1400, "bip": "10.99.0.1/24"}');
  t.deepEqual(reasonsOf(await effect.converge(lease, never)), ['DaemonJsonBipByHand']);
  writeFileSync(host.daemonJson, '{"mtu": 1400, "bip": "10.76.3.1/24", "debug": true}');
  t.deepEqual((await effect.remove(never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1400, "debug": true}');
  t.is(await addressOn(host, 'docker0'), former);
});

each(
  'N13 a daemon.json or a flag that rules it out is refused before anything is touched',
  ['--bip=10.50.0.1/24'],
  async (t, host) => {
    const pid = await dockerdPid(host);
    const flagged = await effectOn(host).converge(lease, never);
    t.deepEqual(reasonsOf(flagged), ['BipIsFlag']);
    t.regex(flagged.findings[0]?.message ?? '', /10\.50\.0\.1\/24.*command line of process \d+/);
    t.deepEqual(await effectOn(host).converge(bipOf('10.50.0.0/24'), never), { findings: [], changes: 0 }, 'as good');
    const foreseen = (await preflightOn(host)).find(({ reason }) => reason === 'BipIsFlag');
    t.like(foreseen, { severity: 'stops', message: flagged.findings[0]?.message });
    await host.stopDockerd();
    t.like((await effectOn(host).converge(lease, never)).findings[0], { reason: 'NotRunning', transient: true });
    t.is(rating(await preflightOn(host), 'NotRunning'), 'warns');
    await host.startDockerd();
    const restarted = await preflightOn(host);
    t.deepEqual([rating(restarted, 'BipIsFlag'), rating(restarted, 'NotRunning')], [undefined, undefined]);
    // Written since dockerd was started.
    for (const [content, reason] of [
      ['{"nosuchkey": 1}', 'DaemonJsonInvalid'],
      ['{"mtu": "wide"}', 'DaemonJsonInvalid'],
      ['{"pidfile": "/x"}', 'DaemonJsonInvalid'],
      ['{"mtu": 1400,}', 'DaemonJsonInvalid'],
      ['{"bridge": "br0"}', 'DaemonJsonBridgeSet'],
      ['{"bip": "10.1.1.1/24"}', 'DaemonJsonBipByHand'],
      ['{"bip": "10.76.3.1/24"}', 'RestartNeeded'],
    ] as const) {
      writeFileSync(host.daemonJson, content);
      const outcome = await effectOn(host).converge(lease, never);
      t.deepEqual([reasonsOf(outcome), outcome.changes], [[reason], 0], content);
      t.is(readFileSync(host.daemonJson, 'utf8'), content);
      // An error in the present file is reported before Docker is restarted with it, too.
      if (reason !== 'RestartNeeded') t.is(rating(await preflightOn(host), reason), 'stops', content);
    }
    t.not(await dockerdPid(host), pid);
    t.deepEqual(readdirSync(stateFolderOn(host)), []);
  },
);

each('N11 N15 N16 a full disk, a file that changes, an immutable one', [], async (t, host) => {
  const folder = freshFolder(host, 'small');
  const file = join(folder, 'daemon.json');
  const changes = { daemonJson: file };
  const unchanged = async (changed: Partial<ReturnType<typeof settingsOn>>, reason: string, says: RegExp) => {
    const outcome = await effectOn(host, { ...changes, ...changed }).converge(lease, never);
    t.deepEqual(reasonsOf(outcome), [reason]);
    t.regex(outcome.findings[0]?.message ?? '', says);
    t.is(readFileSync(file, 'utf8'), '{"mtu": 1400}');
    t.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    );
  };
  await exec(['mount', '-t', 'tmpfs', '-o', 'size=8k,mode=755', 'xnet-test', folder]);
  try {
    writeFileSync(file, '{"mtu": 1400}');
    writeFileSync(join(folder, 'filler'), 'x'.repeat(4096));
    t.throws(() => appendFileSync(join(folder, 'filler'), 'x'), { code: 'ENOSPC' });
    await unchanged({}, 'DaemonJsonNotWritten', /disk is full \(ENOSPC\)/);
    // The journal's disk is full: nothing is begun.
    const pid = await dockerdPid(host);
    await unchanged({ stateFolder: join(folder, 'state') }, 'DockerFailed', /ENOSPC/);
    t.is(await dockerdPid(host), pid);
    await exec(['mount', '-o', 'remount,ro', folder]);
    await unchanged({}, 'DaemonJsonNotWritten', /read-only \(EROFS\)/);
  } finally {
    await exec(['umount', folder]);
  }
  writeFileSync(file, '{"mtu": 1400}');
  if ((await exec(['chattr', '+i', file])).code === 0) {
    try {
      await unchanged({}, 'DaemonJsonNotWritten', /immutable/);
    } finally {
      await exec(['chattr', '-i', file]);
    }
  } else {
    t.log('SKIP immutable files: chattr does not work here');
  }
  symlinkSync(join(folder, 'nowhere'), host.daemonJson);
  t.like((await effectOn(host).converge(lease, never)).findings[0], { reason: 'DaemonJsonUnreadable' });
  await exec(['rm', host.daemonJson]);
  mkdirSync(host.daemonJson);
  t.like((await effectOn(host).converge(lease, never)).findings[0], { reason: 'DaemonJsonUnreadable' });
  await exec(['rmdir', host.daemonJson]);
  // Somebody writes between our look and our rename; or makes the file.
  for (const content of ['{"mtu": 1401}', '{"mtu": 1402}']) {
    const racing = effectOn(
      host,
      {},
      {
        reached: (step) => (step === 'temporary-written' ? writeFileSync(host.daemonJson, content) : undefined),
      },
    );
    t.like((await racing.converge(lease, never)).findings[0], { reason: 'DaemonJsonChanged', transient: true });
    t.is(readFileSync(host.daemonJson, 'utf8'), content);
  }
  t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1402,"bip": "10.76.3.1/24"}');
});

each('dockerd judges the fixtures as we do', [], async (t, host, line) => {
  const { engine } = host;
  if (engine === undefined) return t.fail('no engine');
  const dockerd = { program: engine.dockerd, argv: [], major: Number.parseInt(line, 10) };
  const folder = freshFolder(host, 'asked');
  const ask: Exec = (argv, options) => host.exec(argv, options);
  // Before 23.0 dockerd reads neither empty files nor any byte order mark, and nothing behind the first object.
  const alike = (bytes: Buffer | undefined) =>
    dockerd.major >= 23 || (bytes !== undefined && bytes.toString('latin1').trim() !== '' && (bytes[0] ?? 0) < 0x80);
  for (const fixture of fixtures) {
    const input = fixtureBytes(fixture.input);
    const output = fixtureBytes(fixture.output);
    if (output !== undefined && alike(output)) {
      t.is(await askDockerd(ask, dockerd, output, folder), undefined, `${fixture.name}: our output`);
    }
    if (!alike(input)) continue;
    const judged = (await askDockerd(ask, dockerd, input, folder)) === undefined ? 'accepts' : 'refuses';
    if (dockerd.major < 23 && fixture.refused === 'Invalid') continue;
    t.is(judged, fixture.dockerd === 'refuses' ? 'refuses' : 'accepts', fixture.name);
  }
  for (const fixture of fixtures.filter((candidate) => candidate.dockerd === 'not-with-bip')) {
    const settings = JSON.parse(fixtureBytes(fixture.input)?.toString() ?? '');
    writeFileSync(host.daemonJson, JSON.stringify({ ...settings, bip: '10.76.3.1/24' }));
    await t.throwsAsync(host.restartDockerd(), undefined, fixture.name);
  }
  for (const name of ['fixed-cidr-inside.out', 'default-gateway-inside.out']) {
    writeFileSync(host.daemonJson, fixtureBytes(name) ?? '');
    await t.notThrowsAsync(host.restartDockerd(), name);
    t.is(await addressOn(host, 'docker0'), '10.76.3.1/24', name);
  }
});
