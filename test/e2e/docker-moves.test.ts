// docker0 moves from one lease to another with the permit of a rollout, and xnetd is killed at each step, on a real dockerd.
// Invariant: whether or not the permit is there afterwards, Docker runs, docker0 has one of the two subnets, and daemon.json
// says the same.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import {
  addressOn,
  bipLease,
  bipOf,
  DockerLab,
  dockerdPid,
  dockerWith,
  effectOn,
  permitFor,
  reasonsOf,
  runIdle,
  turnUntil,
} from '../support/docker-lab.js';

const labs = await DockerLab.open(1, ['20.10']);
const never = new AbortController().signal;
const restarting = { onRunning: 'restart' } as const;

test.after.always(async () => {
  await Promise.all(labs.map((lab) => lab.close()));
});

// "10.76.3.0/24" becomes "10.76.3.1/24".
const gatewayOf = (cidr: string) => cidr.replace('.0/', '.1/');

const contentWith = (cidr: string) => `{"mtu": 1400,"bip": "${gatewayOf(cidr)}"}`;

async function restsOn(t: ExecutionContext, host: LabHost, cidr: string, when: string): Promise<void> {
  t.is(await addressOn(host, 'docker0'), gatewayOf(cidr), when);
  t.is(readFileSync(host.daemonJson, 'utf8'), contentWith(cidr), when);
  const running = await host.docker('inspect', '--format={{.State.Running}} {{.NetworkSettings.Gateway}}', 'once');
  t.is(running.trim(), `true ${gatewayOf(cidr).replace('/24', '')}`, when);
  const left = readdirSync(join(host.daemonJson, '..')).filter((name) => name.startsWith('.'));
  t.deepEqual(left, [], when);
}

async function moves(t: ExecutionContext, host: LabHost): Promise<void> {
  writeFileSync(host.daemonJson, '{"mtu": 1400}');
  await runIdle(host, 'once');
  const turn = (desired: ReturnType<typeof bipOf>) => effectOn(host, restarting).converge(desired, never);
  let from = '10.76.0.0/24';
  t.deepEqual((await turn(bipOf(from))).findings, []);
  await restsOn(t, host, from, 'at first');

  for (const [index, step] of ['journaled', 'renamed', 'stopped', 'restarted', 'verified'].entries()) {
    const to = `10.77.${index}.0/24`;
    const leases = [bipLease(from, 'ending'), bipLease(to)];
    const permitted = dockerWith(leases, permitFor(`r-${index}`, bipLease(to)));
    t.true(await turnUntil(host, step, { turn: 'converge', desired: permitted }, restarting), step);
    // No permit is on disk: until a controller answers there is none.
    const without = await turn(dockerWith(leases));
    // From the change of daemon.json on, a change ends as it would have with the permit.
    t.deepEqual(reasonsOf(without), step === 'journaled' ? ['WaitingForRollout'] : [], step);
    await restsOn(t, host, step === 'journaled' ? from : to, `${step}, without a permit`);
    const pid = await dockerdPid(host);
    t.is((await turn(dockerWith(leases))).changes, 0, step);
    t.is(await dockerdPid(host), pid, step);
    t.deepEqual((await turn(permitted)).findings, [], step);
    await restsOn(t, host, to, step);
    from = to;
  }

  // dockerd refuses the new lease, and xnetd is killed while it returns to the former one.
  for (const [index, step] of ['going-back', 'restarted-back'].entries()) {
    const to = `10.78.${index}.0/24`;
    const leases = [bipLease(from, 'ending'), bipLease(to)];
    const permitted = dockerWith(leases, permitFor(`back-${index}`, bipLease(to)));
    const spoil = { step: 'stopped', content: `{"bip": "${gatewayOf(to)}", "nosuchkey": 1}` };
    t.true(await turnUntil(host, step, { turn: 'converge', desired: permitted, spoil }, restarting), step);
    t.deepEqual(reasonsOf(await turn(dockerWith(leases))), ['RolledBack'], step);
    await restsOn(t, host, from, step);
    const pid = await dockerdPid(host);
    t.deepEqual(reasonsOf(await turn(permitted)), ['RolledBack'], `${step}: not tried again in the same rollout`);
    t.is(await dockerdPid(host), pid, step);
  }
}

const [lab] = labs;
if (lab === undefined) test.skip('no dockerd can be run here', () => undefined);
else {
  test(`N1 killed at any step between two leases, with a permit: it ends on one of them (Docker ${lab.line})`, (t) =>
    lab.onHost([], (host) => moves(t, host)));
}
