// Modes bip and block on real dockerds of every line: docker0 gets the lease's address and gives it back; what happens to
// the containers, and to networks.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { LabHost } from '../../deploy/lab/host.js';
import {
  addressOn,
  bipOf,
  blockOf,
  containerGateway,
  dockerdPid,
  effectOn,
  isContainerRunning,
  networkRanges,
  reasonsOf,
  runIdle,
  stateFolderOn,
  stopContainer,
} from '../support/docker-lab.js';
import { dockerLines } from '../support/docker-lines.js';
import { prefix } from '../support/docker-values.js';
import { preflightOn, rating } from '../support/preflight-lab.js';

const { each } = await dockerLines(7);
const never = new AbortController().signal;
const lease = bipOf('10.76.3.0/24');
const block = blockOf('10.86.0.0/20');
const former = '172.17.0.1/16';

async function subnetOf(host: LabHost, network: string): Promise<string> {
  return (await host.docker('network', 'inspect', '--format={{(index .IPAM.Config 0).Subnet}}', network)).trim();
}

each('N14 N19 join without daemon.json, again, leave', [], async (t, host) => {
  const effect = effectOn(host);
  const before = await preflightOn(host, { quick: false });
  t.is(rating(before, 'DockerFound'), 'info');
  t.deepEqual(
    before.filter(({ severity }) => severity === 'stops'),
    [],
  );
  // An old address, which Docker replaces.
  await host.run(['sh', '-c', 'ip address flush dev docker0 && ip address add 10.50.0.1/24 dev docker0']);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(readFileSync(host.daemonJson, 'utf8'), '{\n  "bip": "10.76.3.1/24"\n}\n');
  t.is(statSync(host.daemonJson).mode & 0o777, 0o644);
  t.regex(await host.run(['ip', '-4', '-brief', 'address', 'show', 'docker0']), /^docker0 +\w+ +10\.76\.3\.1\/24 *\n$/);
  t.is(await subnetOf(host, 'bridge'), '10.76.3.0/24');
  const pid = await dockerdPid(host);
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 0 });
  t.is(await dockerdPid(host), pid, 'not restarted without need');
  t.deepEqual((await effect.remove(never)).findings, []);
  t.false(existsSync(host.daemonJson));
  t.is(await addressOn(host, 'docker0'), former);
  t.deepEqual(readdirSync(stateFolderOn(host)), []);
  t.deepEqual(await effect.remove(never), { findings: [], changes: 0 });
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

each('N18 running containers: refuse, wait, restart', [], async (t, host) => {
  await runIdle(host, 'once');
  await runIdle(host, 'always', '--restart=always');
  await runIdle(host, 'sidecar', '--network=container:once');
  await runIdle(host, 'stopped');
  await stopContainer(host, 'stopped');
  const pid = await dockerdPid(host);
  const refused = await effectOn(host).converge(lease, never);
  t.deepEqual(reasonsOf(refused), ['ContainersRunning']);
  const foreseen = (await preflightOn(host)).find(({ reason }) => reason === 'ContainersRunning');
  t.like(foreseen, { severity: 'warns', message: refused.findings[0]?.message, fix: refused.findings[0]?.fix });
  t.is(rating(await preflightOn(host, { docker: { onRunning: 'restart' } }), 'ContainersRestart'), 'info');
  t.true(/always/.test(refused.findings[0]?.message ?? ''), refused.findings[0]?.message);
  const waited = await effectOn(host, { onRunning: 'wait' }).converge(lease, never);
  t.like(waited.findings[0], { reason: 'WaitingForContainers', transient: true });
  t.false(existsSync(host.daemonJson));
  t.is(await dockerdPid(host), pid);
  t.true(await isContainerRunning(host, 'once'));
  const restarting = effectOn(host, { onRunning: 'restart' });
  t.deepEqual((await restarting.converge(lease, never)).findings, []);
  t.is(rating(await preflightOn(host), 'ContainersRunning'), undefined, 'docker0 has the lease');
  for (const name of ['once', 'always', 'sidecar']) t.true(await isContainerRunning(host, name), name);
  t.false(await isContainerRunning(host, 'stopped'));
  t.is(await containerGateway(host, 'once'), '10.76.3.1');
  t.is(await containerGateway(host, 'always'), '10.76.3.1');
  // Leaving is held to the same rule.
  t.deepEqual(reasonsOf(await effectOn(host).leave(false, [], never)), ['ContainersRunning']);
  t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
  t.deepEqual((await effectOn(host).leave(true, [], never)).findings, []);
  for (const name of ['once', 'always', 'sidecar']) t.true(await isContainerRunning(host, name), name);
  t.is(await containerGateway(host, 'once'), '172.17.0.1');
  t.false(existsSync(host.daemonJson));
});

each(
  'N6 live-restore: containers are stopped first, or the change is deferred',
  ['--live-restore'],
  async (t, host) => {
    await runIdle(host, 'one');
    t.deepEqual(reasonsOf(await effectOn(host).converge(lease, never)), ['ContainersRunning']);
    t.true(await isContainerRunning(host, 'one'));
    t.is(rating(await preflightOn(host), 'LiveRestore'), 'warns');
    const restarting = effectOn(host, { onRunning: 'restart' });
    t.deepEqual((await restarting.converge(lease, never)).findings, []);
    t.true(await isContainerRunning(host, 'one'));
    t.is(await containerGateway(host, 'one'), '10.76.3.1');
    // A container that starts between the observation and the restart.
    await stopContainer(host, 'one');
    t.is(rating(await preflightOn(host, { subnet: prefix('10.76.9.0/24') }), 'LiveRestore'), undefined, 'none runs');
    const late = effectOn(host, {}, { reached: (step) => (step === 'stopped' ? start(host) : undefined) });
    const next = bipOf('10.76.9.0/24');
    const deferred = await late.converge(next, never);
    t.deepEqual(reasonsOf(deferred), ['Deferred']);
    t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
    t.true(readFileSync(host.daemonJson, 'utf8').includes('10.76.9.1/24'));
    t.deepEqual(reasonsOf(await effectOn(host).converge(next, never)), ['ContainersRunning']);
    await stopContainer(host, 'one');
    t.deepEqual((await effectOn(host).converge(next, never)).findings, []);
    t.is(await addressOn(host, 'docker0'), '10.76.9.1/24');
  },
);

async function start(host: LabHost): Promise<void> {
  await host.docker('start', 'one');
}

each("docker0's former subnet is another network's by the time of leaving", [], async (t, host) => {
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  await host.docker('network', 'create', 'shop');
  t.regex(await host.docker('network', 'inspect', 'shop'), /172\.17\.0\.0\/16/);
  t.deepEqual((await effect.remove(never)).findings, []);
  t.is(await addressOn(host, 'docker0'), '172.18.0.1/16');
  t.false(existsSync(host.daemonJson));
});

each('leaving while Docker is down', [], async (t, host) => {
  writeFileSync(host.daemonJson, '{}');
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  await host.stopDockerd();
  t.true(reasonsOf(await effect.remove(never)).every((reason) => reason === 'NotRunning'));
  t.true(readFileSync(host.daemonJson, 'utf8').includes('10.76.3.1/24'));
  const left = await effect.leave(true, [], never);
  t.true(reasonsOf(left).includes('AddressKept'));
  t.true(left.findings.some(({ fix }) => fix?.includes(`give docker0 ${former}`)));
  t.is(readFileSync(host.daemonJson, 'utf8'), '{}');
  t.deepEqual(readdirSync(stateFolderOn(host)), []);
});

each(
  'N4 both keys of mode block are rolled back; a network that was made within the block meanwhile stays',
  [],
  async (t, host) => {
    const content = '{\n\t"mtu": 1400\n}';
    writeFileSync(host.daemonJson, content);
    const making = (subnet: string) =>
      effectOn(
        host,
        {},
        {
          reached: async (step) => {
            if (step === 'stopped') await host.docker('network', 'create', `--subnet=${subnet}`, 'late');
          },
        },
      );
    // docker0 gets the first /24.
    const outcome = await making('10.86.0.128/25').converge(block, never);
    t.deepEqual(reasonsOf(outcome), ['RolledBack']);
    t.is(readFileSync(host.daemonJson, 'utf8'), content);
    t.deepEqual([await addressOn(host, 'docker0'), await networkRanges(host)], [former, null]);
    const pid = await dockerdPid(host);
    t.regex((await effectOn(host).converge(block, never)).findings[0]?.message ?? '', /network late/);
    t.is(await dockerdPid(host), pid);
    await host.docker('network', 'rm', 'late');
    // Docker skips what is taken.
    t.deepEqual((await making('10.86.1.0/26').converge(block, never)).findings, []);
    t.deepEqual(
      [await addressOn(host, 'docker0'), await networkRanges(host)],
      ['10.86.0.1/24', [{ Base: '10.86.0.0/20', Size: 26 }]],
    );
    await host.docker('network', 'create', 'next');
    t.is(await subnetOf(host, 'next'), '10.86.1.64/26');
    t.is(await subnetOf(host, 'late'), '10.86.1.0/26');
    const leaving = await effectOn(host).leave(false, [], never);
    t.deepEqual(reasonsOf(leaving), ['NetworksInBlock']);
    await host.docker('network', 'rm', 'late', 'next');
    t.deepEqual((await effectOn(host).leave(false, [], never)).findings, []);
    t.is(readFileSync(host.daemonJson, 'utf8'), content);
    t.deepEqual([await addressOn(host, 'docker0'), await networkRanges(host)], [former, null]);
  },
);
