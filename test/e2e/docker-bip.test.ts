// Mode bip on real dockerds of every line: docker0 gets the lease's address and gives it back, daemon.json is ours for
// one key only, and whatever fails or is killed in between, Docker runs afterwards.
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import { dockerDefaults } from '../../node/docker/engine/settings.js';
import { askDockerd } from '../../node/docker/engine/validation.js';
import { type Exec, exec } from '../../proto/process/exec.js';
import { fixtureBytes, fixtures } from '../support/daemon-json-fixtures.js';
import {
  addressOn,
  bipOf,
  bridgeOf,
  DockerLab,
  dockerdPid,
  effectOn,
  freshFolder,
  reasonsOf,
  runIdle,
  type settingsOn,
  stateFolderOn,
  turnUntil,
} from '../support/docker-lab.js';

const labs = await DockerLab.open(20);
const never = new AbortController().signal;
const lease = bipOf('10.76.3.0/24');
const former = '172.17.0.1/16';

test.after.always(async () => {
  await Promise.all(labs.map((lab) => lab.close()));
});

if (labs.length === 0) test.skip('no dockerd can be run here', () => undefined);

function each(
  title: string,
  flags: readonly string[],
  body: (t: ExecutionContext, host: LabHost, line: string) => Promise<void>,
) {
  for (const lab of labs) {
    test(`${title} (Docker ${lab.line})`, (t) => lab.onHost(flags, (host) => body(t, host, lab.line)));
  }
}

async function subnetOfDefault(host: LabHost): Promise<string> {
  const said = await host.docker('network', 'inspect', 'bridge', '--format={{(index .IPAM.Config 0).Subnet}}');
  return said.trim();
}

async function isRunning(host: LabHost, container: string): Promise<boolean> {
  return (await host.docker('inspect', '--format={{.State.Running}}', container)).trim() === 'true';
}

async function networkOf(host: LabHost, container: string): Promise<string> {
  const format = '--format={{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}';
  return (await host.docker('inspect', format, container)).trim();
}

each('N14 N19 join without daemon.json, again, leave', [], async (t, host) => {
  const effect = effectOn(host);
  // An old address, which Docker replaces.
  await host.run(['sh', '-c', 'ip address flush dev docker0 && ip address add 10.50.0.1/24 dev docker0']);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{\n  "bip": "10.76.3.1/24"\n}\n');
  t.is(statSync(host.daemonJson).mode & 0o777, 0o644);
  t.regex(await host.run(['ip', '-4', '-brief', 'address', 'show', 'docker0']), /^docker0 +\w+ +10\.76\.3\.1\/24 *\n$/);
  t.is(await subnetOfDefault(host), '10.76.3.0/24');
  const pid = await dockerdPid(host);
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 0 });
  t.is(await dockerdPid(host), pid, 'not restarted without need');
  t.deepEqual((await effect.remove(never)).findings, []);
  t.false(existsSync(host.daemonJson));
  t.is(await addressOn(host, 'docker0'), former);
  t.deepEqual(readdirSync(stateFolderOn(host)), []);
  t.deepEqual(await effect.remove(never), { findings: [], changes: 0 });
});

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

each("docker0 loses its address behind Docker's back: put back, Docker and containers go on", [], async (t, host) => {
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  await runIdle(host, 'one');
  const pid = await dockerdPid(host);
  await host.run(['ip', 'address', 'flush', 'dev', 'docker0']);
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 1 });
  t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
  t.true(await host.ping('10.76.3.2'));
  t.is(await dockerdPid(host), pid);
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 0 });
});

each('N7 what others edit meanwhile stays, and only our key goes', [], async (t, host) => {
  writeFileSync(host.daemonJson, '{"debug": false}\n');
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  writeFileSync(host.daemonJson, '{"bip": "10.76.3.1/24", "debug": false, "mtu": 1400}\n');
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 0 });
  // Somebody's tool puts its own version in place: docker0 keeps its address, so no restart is needed.
  writeFileSync(host.daemonJson, '{"mtu": 1400}');
  const pid = await dockerdPid(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1400,"bip": "10.76.3.1/24"}');
  t.is(await dockerdPid(host), pid);
  // By hand, to another one: theirs from then on.
  writeFileSync(host.daemonJson, '{"mtu": 1400, "bip": "10.99.0.1/24"}');
  t.deepEqual(reasonsOf(await effect.converge(lease, never)), ['DaemonJsonBipByHand']);
  writeFileSync(host.daemonJson, '{"mtu": 1400, "bip": "10.76.3.1/24", "debug": true}');
  t.deepEqual((await effect.remove(never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1400, "debug": true}');
  t.is(await addressOn(host, 'docker0'), former);
});

each('N18 running containers: refuse, wait, restart', [], async (t, host) => {
  await runIdle(host, 'once');
  await runIdle(host, 'always', '--restart=always');
  await runIdle(host, 'sidecar', '--network=container:once');
  await runIdle(host, 'stopped');
  await host.docker('stop', 'stopped');
  const pid = await dockerdPid(host);
  const refused = await effectOn(host).converge(lease, never);
  t.deepEqual(reasonsOf(refused), ['ContainersRunning']);
  t.true(/always/.test(refused.findings[0]?.message ?? ''), refused.findings[0]?.message);
  const waited = await effectOn(host, { onRunning: 'wait' }).converge(lease, never);
  t.like(waited.findings[0], { reason: 'WaitingForContainers', transient: true });
  t.false(existsSync(host.daemonJson));
  t.is(await dockerdPid(host), pid);
  t.true(await isRunning(host, 'once'));
  const restarting = effectOn(host, { onRunning: 'restart' });
  t.deepEqual((await restarting.converge(lease, never)).findings, []);
  for (const name of ['once', 'always', 'sidecar']) t.true(await isRunning(host, name), name);
  t.false(await isRunning(host, 'stopped'));
  t.is(await networkOf(host, 'once'), '10.76.3.1');
  t.is(await networkOf(host, 'always'), '10.76.3.1');
  // Leaving is held to the same rule.
  t.deepEqual(reasonsOf(await effectOn(host).leave(false, never)), ['ContainersRunning']);
  t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
  t.deepEqual((await effectOn(host).leave(true, never)).findings, []);
  for (const name of ['once', 'always', 'sidecar']) t.true(await isRunning(host, name), name);
  t.is(await networkOf(host, 'once'), '172.17.0.1');
  t.false(existsSync(host.daemonJson));
});

each(
  'N6 live-restore: containers are stopped first, or the change is deferred',
  ['--live-restore'],
  async (t, host) => {
    await runIdle(host, 'one');
    t.deepEqual(reasonsOf(await effectOn(host).converge(lease, never)), ['ContainersRunning']);
    t.true(await isRunning(host, 'one'));
    const restarting = effectOn(host, { onRunning: 'restart' });
    t.deepEqual((await restarting.converge(lease, never)).findings, []);
    t.true(await isRunning(host, 'one'));
    t.is(await networkOf(host, 'one'), '10.76.3.1');
    // One that comes up between the look and the restart.
    await host.docker('stop', 'one');
    const late = effectOn(host, {}, { reached: (step) => (step === 'stopped' ? start(host) : undefined) });
    const next = bipOf('10.76.9.0/24');
    const deferred = await late.converge(next, never);
    t.deepEqual(reasonsOf(deferred), ['Deferred']);
    t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
    t.true(readFileSync(host.daemonJson, 'utf8').includes('10.76.9.1/24'));
    t.deepEqual(reasonsOf(await effectOn(host).converge(next, never)), ['ContainersRunning']);
    await host.docker('stop', 'one');
    t.deepEqual((await effectOn(host).converge(next, never)).findings, []);
    t.is(await addressOn(host, 'docker0'), '10.76.9.1/24');
  },
);

async function start(host: LabHost): Promise<void> {
  await host.docker('start', 'one');
}

each('N4 N20 a bip that dockerd does not start with is rolled back, once', [], async (t, host) => {
  const content = '{\n\t"mtu": 1400\n}';
  writeFileSync(host.daemonJson, content);
  let restarts = 0;
  const racing = effectOn(
    host,
    {},
    {
      reached: async (step) => {
        if (step === 'stopped') await host.docker('network', 'create', '--subnet=10.76.3.128/25', 'late');
        if (step.startsWith('restarted')) restarts += 1;
      },
    },
  );
  const outcome = await racing.converge(lease, never);
  t.deepEqual(reasonsOf(outcome), ['RolledBack']);
  t.regex(outcome.findings[0]?.message ?? '', /overlaps with other one on this address space/);
  t.is(restarts, 2);
  t.is(readFileSync(host.daemonJson, 'utf8'), content);
  t.is(await addressOn(host, 'docker0'), former);
  const pid = await dockerdPid(host);
  // The network is seen by then, and told of by its name.
  t.regex((await effectOn(host).converge(lease, never)).findings[0]?.message ?? '', /network late/);
  await host.docker('network', 'rm', 'late');
  t.deepEqual((await effectOn(host).converge(lease, never)).findings, [], 'tried again, as the networks are others');
  t.not(await dockerdPid(host), pid);
});

each('N4 an edit of others that dockerd does not start with is set aside', [], async (t, host) => {
  const spoiling = effectOn(
    host,
    {},
    {
      reached: (step) => {
        if (step === 'stopped') writeFileSync(host.daemonJson, '{"bip": "10.76.3.1/24", "nosuchkey": 1}');
      },
    },
  );
  const outcome = await spoiling.converge(lease, never);
  t.deepEqual(reasonsOf(outcome), ['RolledBack']);
  t.regex(outcome.findings[0]?.message ?? '', /nosuchkey/);
  t.false(existsSync(host.daemonJson));
  const aside = join(stateFolderOn(host), 'daemon.json.set-aside');
  t.is(readFileSync(aside, 'utf8'), '{"bip": "10.76.3.1/24", "nosuchkey": 1}');
  const pid = await dockerdPid(host);
  t.deepEqual(reasonsOf(await effectOn(host).converge(lease, never)), ['RolledBack'], 'not tried again');
  t.is(await dockerdPid(host), pid);
  // A good edit beside a bip that does not work is kept.
  const other = bipOf('10.76.5.0/24');
  const racing = effectOn(
    host,
    {},
    {
      reached: async (step) => {
        if (step !== 'stopped') return;
        writeFileSync(host.daemonJson, '{"bip": "10.76.5.1/24", "mtu": 1399}');
        await host.docker('network', 'create', '--subnet=10.76.5.0/24', 'late');
      },
    },
  );
  t.deepEqual(reasonsOf(await racing.converge(other, never)), ['RolledBack']);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1399}');
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
    await host.stopDockerd();
    t.like((await effectOn(host).converge(lease, never)).findings[0], { reason: 'NotRunning', transient: true });
    await host.startDockerd();
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
    }
    t.not(await dockerdPid(host), pid);
    t.deepEqual(readdirSync(stateFolderOn(host)), []);
  },
);

each("docker0's former subnet is another network's by the time of leaving", [], async (t, host) => {
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  await host.docker('network', 'create', 'shop');
  t.regex(await host.docker('network', 'inspect', 'shop'), /172\.17\.0\.0\/16/);
  t.deepEqual((await effect.remove(never)).findings, []);
  t.is(await addressOn(host, 'docker0'), '172.18.0.1/16');
  t.false(existsSync(host.daemonJson));
});

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

each('Docker is brought up by a later turn where the one that rolled back could not', [], async (t, host) => {
  const broken = { restartCommand: ['false'] as const };
  const killing = effectOn(host, broken, { reached: (step) => (step === 'stopped' ? host.killDockerd() : undefined) });
  const outcome = await killing.converge(lease, never);
  t.deepEqual(reasonsOf(outcome), ['DockerDown']);
  t.false(existsSync(host.daemonJson), 'restored all the same');
  t.deepEqual(reasonsOf(await effectOn(host, broken).converge(lease, never)), ['DockerDown']);
  t.deepEqual(reasonsOf(await effectOn(host).converge(lease, never)), ['RolledBack']);
  t.is(await addressOn(host, 'docker0'), former);
  t.deepEqual(await effectOn(host).remove(never), { findings: [], changes: 0 });
  t.deepEqual(readdirSync(stateFolderOn(host)), []);
});

each('leaving while Docker is down', [], async (t, host) => {
  writeFileSync(host.daemonJson, '{}');
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  await host.stopDockerd();
  t.true(reasonsOf(await effect.remove(never)).every((reason) => reason === 'NotRunning'));
  t.true(readFileSync(host.daemonJson, 'utf8').includes('10.76.3.1/24'));
  const left = await effect.leave(true, never);
  t.true(reasonsOf(left).includes('AddressKept'));
  t.true(left.findings.some(({ fix }) => fix?.includes(`give docker0 ${former}`)));
  t.is(readFileSync(host.daemonJson, 'utf8'), '{}');
  t.deepEqual(readdirSync(stateFolderOn(host)), []);
});

// Real limits, on the engine that restarts fastest.
const limited = { restarts: dockerDefaults.restarts } as const;

// The engines do not differ in what happens between two steps of ours; the oldest restarts fastest.
const [oldest] = labs;
const restarting = { onRunning: 'restart' } as const;

if (oldest !== undefined) {
  test(`N1 N2 killed at any step of a join, the next turn finishes (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], async (host) => {
      await runIdle(host, 'once');
      writeFileSync(host.daemonJson, '{"mtu": 1400}');
      const steps = ['journaled', 'temporary-written', 'renamed', 'stopped', 'restarted', 'verified', 'finished'];
      let before = '{"mtu": 1400}';
      for (const [index, step] of [...steps, 'containers-started'].entries()) {
        const desired = bipOf(`10.76.${index}.0/24`);
        const after = `{"mtu": 1400,"bip": "10.76.${index}.1/24"}`;
        t.true(await turnUntil(host, step, { turn: 'converge', desired }, restarting), step);
        t.true([before, after].includes(readFileSync(host.daemonJson, 'utf8')), step);
        t.deepEqual((await effectOn(host, restarting).converge(desired, never)).findings, [], step);
        t.is(await addressOn(host, 'docker0'), `10.76.${index}.1/24`, step);
        t.is(readFileSync(host.daemonJson, 'utf8'), after, step);
        t.true(await isRunning(host, 'once'), step);
        t.deepEqual(
          readdirSync(join(host.daemonJson, '..')).filter((name) => name.startsWith('.')),
          [],
          step,
        );
        t.deepEqual(await effectOn(host, restarting).converge(desired, never), { findings: [], changes: 0 }, step);
        before = after;
      }
      t.deepEqual((await effectOn(host).leave(true, never)).findings, []);
      t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1400}');
      t.is(await addressOn(host, 'docker0'), former);
    }));

  test(`Docker ${oldest.line}: killed before the restart, and the lease is gone, or a container has come up: withdrawn`, (t) =>
    oldest.onHost([], async (host) => {
      t.true(await turnUntil(host, 'renamed', { turn: 'converge', desired: lease }));
      const first = await dockerdPid(host);
      t.deepEqual(reasonsOf(await effectOn(host).converge(bridgeOf('10.90.3.0/24'), never)), ['ChangeWithdrawn']);
      t.deepEqual([await dockerdPid(host), existsSync(host.daemonJson)], [first, false]);
      t.true(await turnUntil(host, 'renamed', { turn: 'converge', desired: lease }));
      await runIdle(host, 'new');
      // As long as Docker can't say what runs, it is not restarted.
      const pid = await dockerdPid(host);
      const busy = createServer((_request, response) => response.writeHead(503).end());
      const socket = join(freshFolder(host, 'busy'), 'docker.sock');
      await new Promise<void>((resolve) => busy.listen(socket, resolve));
      t.deepEqual(reasonsOf(await effectOn(host, { socket }).converge(lease, never)), ['NotAnswering']);
      busy.close();
      t.is(await dockerdPid(host), pid);
      t.true(await isRunning(host, 'new'));
      t.deepEqual(reasonsOf(await effectOn(host).converge(lease, never)), ['ContainersRunning']);
      t.false(existsSync(host.daemonJson));
      t.true(await isRunning(host, 'new'));
      await host.docker('stop', 'new');
      t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
    }));

  test(`Docker ${oldest.line}: after a rollback no network has it restarted; an operator always can`, (t) =>
    oldest.onHost([], async (host) => {
      const racing = effectOn(host, limited, {
        reached: async (step) => {
          if (step === 'stopped') await host.docker('network', 'create', '--subnet=10.76.3.128/25', 'late');
        },
      });
      t.deepEqual(reasonsOf(await racing.converge(lease, never)), ['RolledBack']);
      await host.docker('network', 'rm', 'late');
      const pid = await dockerdPid(host);
      // Each in a daemon that was started anew.
      for (const name of ['one', 'two', 'three']) {
        await host.docker('network', 'create', name);
        t.deepEqual(reasonsOf(await effectOn(host, limited).converge(lease, never)), ['RestartsLimited'], name);
      }
      t.is(await dockerdPid(host), pid);
      const reloaded = effectOn(host, limited);
      reloaded.retry();
      t.deepEqual((await reloaded.converge(lease, never)).findings, []);
      t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
      // A leave whose restart fails, and the same command again.
      const failing = effectOn(host, { ...limited, restartCommand: ['false'] });
      t.deepEqual(reasonsOf(await failing.leave(false, never)), ['RolledBack']);
      t.deepEqual((await effectOn(host, limited).leave(false, never)).findings, []);
      t.is(await addressOn(host, 'docker0'), '172.17.0.1/16');
      t.deepEqual(readdirSync(stateFolderOn(host)), []);
    }));

  test(`Docker ${oldest.line}: an xnetd that dies each time it restarts Docker has it restarted three times, no more`, (t) =>
    oldest.onHost([], async (host) => {
      // Right before the first restart; then Docker does not answer, and each xnetd dies when it has restarted it.
      t.true(await turnUntil(host, 'stopped', { turn: 'converge', desired: lease }, limited));
      const folder = freshFolder(host, 'counted');
      const count = join(folder, 'restarts');
      const restartCommand = ['sh', '-c', `echo restarted >>${count}`] as const;
      for (let death = 0; death < 6; death += 1) {
        const dying = effectOn(
          host,
          { ...limited, restartCommand, socket: join(folder, 'docker.sock'), waitMs: 0 },
          {
            reached: (step) => {
              if (/^restarted/.test(step)) throw new Error('died');
            },
          },
        );
        await dying.converge(lease, never);
      }
      t.is(readFileSync(count, 'utf8').split('\n').filter(Boolean).length, 2, 'one was about to be made before');
      // It answers again: nothing is left under way, and daemon.json is as it was.
      t.deepEqual(reasonsOf(await effectOn(host, limited).converge(lease, never)), ['RolledBack']);
      t.false(existsSync(host.daemonJson));
      t.is(await addressOn(host, 'docker0'), former);
    }));

  test(`N1 killed at any step of a rollback, the next turn goes on with it (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], async (host) => {
      await runIdle(host, 'once');
      const content = '{\r\n  "mtu": 1400\r\n}';
      writeFileSync(host.daemonJson, content);
      for (const [index, step] of ['going-back', 'restored', 'restarted-back', 'rolled-back'].entries()) {
        const desired = bipOf(`10.76.${index}.0/24`);
        const spoil = { step: 'stopped', content: `{"bip": "10.76.${index}.1/24", "nosuchkey": 1}` };
        t.true(await turnUntil(host, step, { turn: 'converge', desired, spoil }, restarting), step);
        const outcome = await effectOn(host, restarting).converge(desired, never);
        t.deepEqual(reasonsOf(outcome), ['RolledBack'], step);
        t.is(readFileSync(host.daemonJson, 'utf8'), content, step);
        t.is(await addressOn(host, 'docker0'), former, step);
        t.true(await isRunning(host, 'once'), step);
        const pid = await dockerdPid(host);
        t.deepEqual(reasonsOf(await effectOn(host, restarting).converge(desired, never)), ['RolledBack'], step);
        t.is(await dockerdPid(host), pid, step);
      }
    }));

  test(`P7 killed at any step of leaving, it can be gone on with, or turned back (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], async (host) => {
      const steps = ['journaled', 'renamed', 'restarted', 'verified', 'taken-out', 'finished'];
      for (const step of steps) {
        t.deepEqual((await effectOn(host).converge(lease, never)).findings, [], step);
        t.true(await turnUntil(host, step, { turn: 'leave', desired: lease }), step);
        t.deepEqual((await effectOn(host).remove(never)).findings, [], step);
        t.is(await addressOn(host, 'docker0'), former, step);
        t.false(existsSync(host.daemonJson), step);
        t.deepEqual(readdirSync(stateFolderOn(host)), [], step);
      }
      t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
      t.true(await turnUntil(host, 'renamed', { turn: 'leave', desired: lease }));
      t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
      t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
      t.deepEqual((await effectOn(host).remove(never)).findings, []);
      t.is(await addressOn(host, 'docker0'), former);
      t.false(existsSync(host.daemonJson));
    }));
}

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
