// Failures in modes bip and block, on real dockerds: whichever step fails or is killed, Docker runs afterwards, restarted a
// limited number of times.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import { dockerDefaults } from '../../node/docker/engine/settings.js';
import {
  addressOn,
  bipOf,
  blockOf,
  bridgeOf,
  dockerdPid,
  effectOn,
  freshFolder,
  isContainerRunning,
  networkRanges,
  reasonsOf,
  runIdle,
  stateFolderOn,
  stopContainer,
  turnUntil,
} from '../support/docker-lab.js';
import { dockerLines } from '../support/docker-lines.js';

const { each, oldest } = await dockerLines(9);
const never = new AbortController().signal;
const lease = bipOf('10.76.3.0/24');
const block = blockOf('10.86.0.0/20');
const former = '172.17.0.1/16';
// The limits of an installed xnetd.
const limited = { restarts: dockerDefaults.restarts } as const;
const restarting = { onRunning: 'restart' } as const;

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
  // The network is seen by then, and reported by name.
  t.regex((await effectOn(host).converge(lease, never)).findings[0]?.message ?? '', /network late/);
  await host.docker('network', 'rm', 'late');
  t.deepEqual((await effectOn(host).converge(lease, never)).findings, [], 'tried again, as the networks are others');
  t.not(await dockerdPid(host), pid);
});

each('N4 a foreign edit that dockerd does not start with is set aside', [], async (t, host) => {
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

// The engines do not differ in what happens between two steps of xnetd; the oldest restarts fastest.
if (oldest !== undefined) {
  test(`N1 N2 killed at any step of a join, the next turn finishes (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], async (host) => {
      await runIdle(host, 'once');
      writeFileSync(host.daemonJson, '{"mtu": 1400}');
      const steps = ['journaled', 'temporary-written', 'renamed', 'stopped', 'restarted', 'verified', 'finished'];
      let before = '{"mtu": 1400}';
      for (const [index, step] of [...steps, 'containers-started'].entries()) {
        // Before and after the restart, in mode block as well, from mode bip and back to it.
        const isBlock = ['renamed', 'stopped', 'verified'].includes(step);
        const desired = isBlock ? blockOf(`10.76.${index * 16}.0/20`) : bipOf(`10.76.${index * 16}.0/24`);
        const networks = `,"default-address-pools": [{"base":"10.76.${index * 16}.0/20","size":26}]`;
        const after = `{"mtu": 1400,"bip": "10.76.${index * 16}.1/24"${isBlock ? networks : ''}}`;
        t.true(await turnUntil(host, step, { turn: 'converge', desired }, restarting), step);
        t.true([before, after].includes(readFileSync(host.daemonJson, 'utf8')), step);
        t.deepEqual((await effectOn(host, restarting).converge(desired, never)).findings, [], step);
        t.is(await addressOn(host, 'docker0'), `10.76.${index * 16}.1/24`, step);
        const ranges = isBlock ? [{ Base: `10.76.${index * 16}.0/20`, Size: 26 }] : null;
        t.deepEqual(await networkRanges(host), ranges, step);
        t.is(readFileSync(host.daemonJson, 'utf8'), after, step);
        t.true(await isContainerRunning(host, 'once'), step);
        t.deepEqual(
          readdirSync(join(host.daemonJson, '..')).filter((name) => name.startsWith('.')),
          [],
          step,
        );
        t.deepEqual(await effectOn(host, restarting).converge(desired, never), { findings: [], changes: 0 }, step);
        before = after;
      }
      t.deepEqual((await effectOn(host).leave(true, [], never)).findings, []);
      t.is(readFileSync(host.daemonJson, 'utf8'), '{"mtu": 1400}');
      t.is(await addressOn(host, 'docker0'), former);
    }));

  test(`Docker ${oldest.line}: killed before the restart, then the lease is gone or a container runs: the change is withdrawn`, (t) =>
    oldest.onHost([], async (host) => {
      const first = await dockerdPid(host);
      for (const desired of [lease, block]) {
        t.true(await turnUntil(host, 'renamed', { turn: 'converge', desired }));
        t.is(readFileSync(host.daemonJson, 'utf8').includes('default-address-pools'), desired === block);
        t.deepEqual(reasonsOf(await effectOn(host).converge(bridgeOf('10.90.3.0/24'), never)), ['ChangeWithdrawn']);
        t.deepEqual([await dockerdPid(host), existsSync(host.daemonJson)], [first, false]);
      }
      // Nor is Docker restarted for a change that a network has come in the way of meanwhile.
      t.true(await turnUntil(host, 'renamed', { turn: 'converge', desired: block }));
      await host.docker('network', 'create', '--subnet=10.86.0.128/25', 'late');
      t.deepEqual(reasonsOf(await effectOn(host).converge(block, never)), ['SubnetTaken']);
      t.deepEqual([await dockerdPid(host), existsSync(host.daemonJson)], [first, false]);
      await host.docker('network', 'rm', 'late');
      t.true(await turnUntil(host, 'renamed', { turn: 'converge', desired: lease }));
      await runIdle(host, 'new');
      // As long as Docker can't list running containers, it is not restarted.
      const pid = await dockerdPid(host);
      const busy = createServer((_request, response) => response.writeHead(503).end());
      const socket = join(freshFolder(host, 'busy'), 'docker.sock');
      await new Promise<void>((resolve) => busy.listen(socket, resolve));
      t.deepEqual(reasonsOf(await effectOn(host, { socket }).converge(lease, never)), ['NotAnswering']);
      busy.close();
      t.is(await dockerdPid(host), pid);
      t.true(await isContainerRunning(host, 'new'));
      t.deepEqual(reasonsOf(await effectOn(host).converge(lease, never)), ['ContainersRunning']);
      t.false(existsSync(host.daemonJson));
      t.true(await isContainerRunning(host, 'new'));
      await stopContainer(host, 'new');
      t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
    }));

  test(`Docker ${oldest.line}: after a rollback no network causes a restart; an operator can always request one`, (t) =>
    oldest.onHost([], async (host) => {
      const racing = effectOn(host, limited, {
        reached: async (step) => {
          if (step === 'stopped') await host.docker('network', 'create', '--subnet=10.76.3.128/25', 'late');
        },
      });
      t.deepEqual(reasonsOf(await racing.converge(lease, never)), ['RolledBack']);
      await host.docker('network', 'rm', 'late');
      const pid = await dockerdPid(host);
      // Each in a new daemon.
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
      t.deepEqual(reasonsOf(await failing.leave(false, [], never)), ['RolledBack']);
      t.deepEqual((await effectOn(host, limited).leave(false, [], never)).findings, []);
      t.is(await addressOn(host, 'docker0'), '172.17.0.1/16');
      t.deepEqual(readdirSync(stateFolderOn(host)), []);
    }));

  test(`Docker ${oldest.line}: an xnetd that dies at each restart of Docker restarts it three times, no more`, (t) =>
    oldest.onHost([], async (host) => {
      // Killed right before the first restart; then Docker does not answer, and each xnetd dies after it has restarted
      // Docker.
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

  test(`N1 killed at any step of a rollback, the next turn continues it (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], async (host) => {
      await runIdle(host, 'once');
      const content = '{\r\n  "mtu": 1400\r\n}';
      writeFileSync(host.daemonJson, content);
      for (const [index, step] of ['going-back', 'restored', 'restarted-back', 'rolled-back'].entries()) {
        const isBlock = index % 2 === 1;
        const desired = isBlock ? blockOf(`10.76.${index * 16}.0/20`) : bipOf(`10.76.${index * 16}.0/24`);
        const networks = isBlock ? `, "default-address-pools": [{"base": "10.76.${index * 16}.0/20", "size": 26}]` : '';
        const spoilt = `{"bip": "10.76.${index * 16}.1/24"${networks}, "nosuchkey": 1}`;
        const spoil = { step: 'stopped', content: spoilt };
        t.true(await turnUntil(host, step, { turn: 'converge', desired, spoil }, restarting), step);
        const outcome = await effectOn(host, restarting).converge(desired, never);
        t.deepEqual(reasonsOf(outcome), ['RolledBack'], step);
        t.is(readFileSync(host.daemonJson, 'utf8'), content, step);
        t.is(await addressOn(host, 'docker0'), former, step);
        t.true(await isContainerRunning(host, 'once'), step);
        const pid = await dockerdPid(host);
        t.deepEqual(reasonsOf(await effectOn(host, restarting).converge(desired, never)), ['RolledBack'], step);
        t.is(await dockerdPid(host), pid, step);
      }
    }));

  test(`P7 killed at any step of leaving, it can be continued or reverted (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], async (host) => {
      const steps = ['journaled', 'renamed', 'restarted', 'verified', 'taken-out', 'finished'];
      for (const [index, step] of steps.entries()) {
        const desired = index % 2 === 1 ? block : lease;
        t.deepEqual((await effectOn(host).converge(desired, never)).findings, [], step);
        t.true(await turnUntil(host, step, { turn: 'leave', desired }), step);
        t.deepEqual((await effectOn(host).remove(never)).findings, [], step);
        t.deepEqual([await addressOn(host, 'docker0'), await networkRanges(host)], [former, null], step);
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
