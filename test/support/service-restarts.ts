// Stories of services that are stopped, restarted, killed or hang, and of a host that boots: the routes stay.
import { readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { addressOn } from './docker-lab.js';
import { movesInterface } from './service-lan.js';
import type { ServiceStage } from './service-stage.js';

/** keepsRoutesOverRestarts stops, restarts, kills and hangs xnetd, and watches the routes. */
export async function keepsRoutesOverRestarts(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { node, untilReady, dropIn, noDropIn, untilRestarted, untilBeats, signal, routeChangesDuring } = stage;
  const restarted = await routeChangesDuring(async () => {
    await node.ctl('restart', 'xnetd');
    await untilReady();
  });
  t.is(restarted, '');
  const killed = await routeChangesDuring(async () => {
    await untilRestarted(node, 'xnetd', () => signal(node, 'xnetd', 'KILL'));
    await untilReady();
  });
  t.is(killed, '');
  const stopped = await routeChangesDuring(async () => {
    await node.ctl('stop', 'xnetd');
    t.is(await node.show('xnetd', 'Result'), 'success');
    t.is(await node.show('docker', 'ActiveState'), 'active');
    await node.ctl('start', 'xnetd');
    await untilReady();
  });
  t.is(stopped, '');

  await dropIn(node, 'xnetd.service', '[Service]\nWatchdogSec=6\n');
  const hung = await routeChangesDuring(async () => {
    await node.ctl('restart', 'xnetd');
    const before = await node.show('xnetd', 'NRestarts');
    await untilBeats(node, 'xnetd', 4);
    t.is(await node.show('xnetd', 'NRestarts'), before, 'with the shorter time, its signs of life come oftener');
    await untilRestarted(node, 'xnetd', () => signal(node, 'xnetd', 'STOP'));
    await untilReady();
  });
  t.is(hung, '');
  t.regex(await node.journalOf('xnetd'), /xnetd\.service: Watchdog timeout/);
  await noDropIn(node, 'xnetd.service');
  await node.ctl('restart', 'xnetd');
}

/** controllerOutlivesItsStore hangs the store and the controller. */
export async function controllerOutlivesItsStore(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { control, untilReady, dropIn, noDropIn, untilRestarted, untilBeats, signal } = stage;
  await dropIn(control, 'xnet-controller.service', '[Service]\nWatchdogSec=6\n');
  await control.ctl('restart', 'xnet-controller');
  const etcd = async () => (await control.run('pgrep', '-x', 'etcd')).trim();
  const first = await etcd();
  await control.run('kill', '-STOP', first);
  await untilBeats(control, 'xnet-controller', 4);
  t.is(await control.show('xnet-controller', 'NRestarts'), '0');
  await control.run('kill', '-CONT', first);

  await untilRestarted(control, 'xnet-controller', () => signal(control, 'xnet-controller', 'STOP'));
  t.regex(await control.journalOf('xnet-controller'), /xnet-controller\.service: Watchdog timeout/);
  await noDropIn(control, 'xnet-controller.service');
  await untilRestarted(control, 'xnet-controller', () => signal(control, 'xnet-controller', 'KILL'));
  t.not(await etcd(), first);
  await untilReady();
  await control.ctl('stop', 'xnet-controller');
  t.is(await control.show('xnet-controller', 'Result'), 'success');
  t.is((await control.exec(['pgrep', '-x', 'etcd'])).code, 1);
  await control.ctl('start', 'xnet-controller');
  await untilReady();
}

/** restartsBesideDocker stops, restarts and kills xnetd while Docker is on its way down. */
export async function restartsBesideDocker(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, untilReady, untilRestarted, signal, whileDockerIsHeld } = stage;
  await whileDockerIsHeld(async () => {
    await node.ctl('--no-block', 'restart', 'xnetd');
    await node.until('xnetd is told to end', async () => /^stop/.test(await node.show('xnetd', 'SubState')));
  });
  await untilReady();
  await whileDockerIsHeld(async () => {
    await node.ctl('--no-block', 'stop', 'xnetd');
    await node.until('xnetd is told to end', async () => /^stop/.test(await node.show('xnetd', 'SubState')));
  });
  await node.until('xnetd has ended', async () => (await node.show('xnetd', 'ActiveState')) === 'inactive');
  t.is(await addressOn(host, 'docker0'), '10.76.0.1/24', 'what was begun was seen to its end');
  // Without a wait: systemd 252 may remove the cgroup of the former processes under the program that it starts (219/CGROUP),
  // and starts it again.
  await node.ctl('--no-block', 'start', 'xnetd');
  await untilReady();
  await whileDockerIsHeld(() => untilRestarted(node, 'xnetd', () => signal(node, 'xnetd', 'KILL')));
  await untilReady();
  t.notRegex(await node.journalOf('xnetd'), /stop-sigterm.*timed out/);
  t.is(await addressOn(host, 'docker0'), '10.76.0.1/24');
}

/** resumesAfterShutdown shuts the host down while Docker is restarted, and boots it. */
export async function resumesAfterShutdown(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, untilReady, whileDockerIsHeld } = stage;
  await whileDockerIsHeld(async () => {
    await node.ctl('--no-block', '--job-mode=replace-irreversibly', 'start', 'off.target');
    // The restart that it waits for is cancelled. It ends after Docker.
    await node.until('xnetd knows', async () => /"HostStops"/.test(await node.journalOf('xnetd')));
    await node.run('rm', '/run/hold-docker');
    await node.until('xnetd has ended', async () => (await node.show('xnetd', 'ActiveState')) === 'inactive');
    t.notRegex(await node.journalOf('xnetd'), /rolling back/);
    t.is(await node.boot(), undefined);
  });
  await untilReady();
  t.is(await addressOn(host, 'docker0'), '10.76.0.1/24');
}

/** bootsBeforeDocker boots the host with an xnetd that works, fails and hangs. */
export async function bootsBeforeDocker(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, control, untilReady, dropIn, noDropIn } = stage;
  const boot = async () => {
    const why = await node.boot();
    if (why !== undefined) throw new Error(why);
    await node.until('Docker is up', async () => (await node.show('docker', 'ActiveState')) === 'active');
  };
  const lan = await movesInterface(t, stage);
  // No controller is asked for that.
  await control.ctl('stop', 'xnet-controller');
  await boot();
  await lan.provenAtBoot();
  t.regex(readFileSync(host.inside('/run/routes-before-docker'), 'utf8'), /^10\.76\.1\.0\/24 /m);
  t.is(await addressOn(host, 'docker0'), '10.76.0.1/24');
  const started = async (unit: string, property: string) => Number(await node.show(unit, property));
  t.true(
    (await started('xnetd', 'ActiveEnterTimestampMonotonic')) <=
      (await started('docker', 'ExecMainStartTimestampMonotonic')),
  );
  await control.ctl('start', 'xnet-controller');
  await untilReady();
  await lan.undone();

  // It fails: an unknown setting.
  const settings = host.inside('/etc/xnet/xnetd.yaml');
  const good = readFileSync(settings, 'utf8');
  writeFileSync(settings, `${good}\nnosuchsetting: 1\n`);
  await boot();
  t.is(readFileSync(host.inside('/run/routes-before-docker'), 'utf8'), '');
  t.regex(await node.journalOf('xnetd'), /unknown setting "nosuchsetting"/);
  writeFileSync(settings, good);
  await node.until(
    'xnetd is tried again and again',
    async () => (await node.show('xnetd', 'ActiveState')) === 'active',
  );
  await untilReady();

  // It hangs before it is ready.
  await dropIn(node, 'xnetd.service', '[Service]\nExecStart=\nExecStart=/bin/sleep infinity\nTimeoutStartSec=2\n');
  await boot();
  t.regex(await node.journalOf('xnetd'), /xnetd\.service: start operation timed out/);
  await noDropIn(node, 'xnetd.service');
  await node.until('xnetd is ready', async () => (await node.show('xnetd', 'ActiveState')) === 'active');
  await untilReady();
}
