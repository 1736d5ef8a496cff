// A real dockerd under a real systemd, as on most hosts: flags from a unit's environment file, restarts by systemctl,
// the reason of a failure from the journal, and a unit that has hit its start limit.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import { type DockerSettings, dockerDefaults } from '../../node/docker/engine/settings.js';
import type { Outcome } from '../../node/reconcile/effect.js';
import { addressOn, bipOf, DockerLab, stateFolderOn } from '../support/docker-lab.js';
import type { DockerTurn } from '../support/docker-turn.js';
import { Systemd } from '../support/systemd.js';

const [lab] = await DockerLab.open(1, ['20.10']);
const lease = bipOf('10.76.3.0/24');

test.after.always(async () => {
  await lab?.close();
});

// Debian's docker.service, with the folders of the lab's engine.
function unit(host: LabHost, environmentFile: string): string {
  return `[Unit]
Description=Docker
StartLimitBurst=3
StartLimitIntervalSec=60s
[Service]
Type=notify
Environment="PATH=${host.path}" "UNUSED=--bip 10.1.1.1/24"
EnvironmentFile=-${environmentFile}
ExecStart=${host.engine?.dockerd} -H unix:///run/docker.sock --storage-driver=vfs $DOCKER_OPTS
TimeoutStartSec=0
Restart=always
RestartSec=2
Delegate=yes
KillMode=process
`;
}

if (lab === undefined) test.skip('no dockerd can be run here', () => undefined);
else {
  test('N5 dockerd under systemd', (t) =>
    lab.onHost([], async (host) => {
      await host.stopDockerd();
      const environmentFile = join(host.store, 'default-docker');
      const units = '/etc/systemd/system';
      const systemd = await Systemd.start(
        host,
        { 'docker.service': unit(host, environmentFile) },
        { unitPath: [units] },
      );
      if ('why' in systemd) {
        console.log(`SKIP dockerd under systemd: ${systemd.why}`);
        return t.pass();
      }
      const settings: DockerSettings = {
        ...dockerDefaults,
        daemonJson: '/etc/docker/daemon.json',
        stateFolder: stateFolderOn(host),
        // More restarts than a host has in an hour.
        restarts: { mostPerHour: 1_000, mostPermittedPerHour: 1_000, pauseMs: 0 },
      };
      const turn = async (told: Partial<DockerTurn>): Promise<Outcome | undefined> => {
        const whole: DockerTurn = { settings, enter: ['env'], turn: 'converge', desired: lease, dieAt: '', ...told };
        const script = fileURLToPath(new URL('../support/docker-turn.js', import.meta.url));
        const { code, stdout, stderr } = await systemd.exec([process.execPath, script, JSON.stringify(whole)]);
        if (code !== 0 && told.dieAt === undefined) throw new Error(stderr);
        return code === 0 ? JSON.parse(stdout) : undefined;
      };
      const isActive = async () => (await systemd.exec(['systemctl', 'is-active', 'docker.service'])).stdout.trim();

      t.like((await turn({}))?.findings[0], { reason: 'NotRunning', transient: true });
      writeFileSync(environmentFile, '# DOCKER_OPTS="--bip 10.2.2.1/24"\nDOCKER_OPTS="--debug --bip 10.9.9.1/24"\n');
      t.is((await systemd.exec(['systemctl', 'start', 'docker.service'])).code, 0);
      const flagged = (await turn({}))?.findings[0];
      t.is(flagged?.reason, 'BipIsFlag');
      t.true(flagged?.message.includes(`"10.9.9.1/24" by ${environmentFile}, line 2`), flagged?.message);
      // Written, but not in force yet.
      rmSync(environmentFile);
      t.is((await systemd.exec(['systemctl', 'restart', 'docker.service'])).code, 0);
      t.deepEqual((await turn({}))?.findings, []);
      t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
      writeFileSync(environmentFile, 'DOCKER_OPTS="--bip=10.9.9.1/24"\n');
      t.is((await turn({}))?.findings[0]?.reason, 'BipIsFlag', 'Docker would not start the next time');
      rmSync(environmentFile);

      const next = bipOf('10.76.4.0/24');
      const spoil = { step: 'stopped', content: '{"bip": "10.76.4.1/24", "nosuchkey": 1}' };
      const before = readFileSync(host.daemonJson, 'utf8');
      const back = (await turn({ desired: next, spoil }))?.findings[0];
      t.is(back?.reason, 'RolledBack');
      t.regex(back?.message ?? '', /the following directives don't match any configuration option: nosuchkey/);
      t.is(readFileSync(host.daemonJson, 'utf8'), before);
      t.is(await isActive(), 'active');

      // Killed with Docker down; systemd retries until its start limit.
      const third = bipOf('10.76.5.0/24');
      const spoilAgain = { step: 'stopped', content: '{"bip": "10.76.5.1/24", "nosuchkey": 1}' };
      t.is(await turn({ desired: third, spoil: spoilAgain, dieAt: 'going-back' }), undefined);
      for (let attempt = 0; attempt < 4; attempt += 1) await systemd.exec(['systemctl', 'restart', 'docker.service']);
      const limited = await systemd.exec(['systemctl', 'start', 'docker.service']);
      t.not(limited.code, 0);
      t.is((await turn({ desired: third }))?.findings[0]?.reason, 'RolledBack');
      t.is(await isActive(), 'active');
      t.is(readFileSync(host.daemonJson, 'utf8'), before);

      t.deepEqual((await turn({ turn: 'leave' }))?.findings, []);
      // The bip of the flag: Docker keeps its address.
      t.is(await addressOn(host, 'docker0'), '10.9.9.1/24');
      t.false(existsSync(host.daemonJson));

      // A flag of the unit itself moves to daemon.json, and back, and Docker is not restarted for it.
      const ran = async (...argv: readonly string[]) => {
        const { code, stdout, stderr } = await systemd.exec(argv);
        if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
        return stdout;
      };
      const shown = (property: string) => ran('systemctl', 'show', 'docker.service', '-p', property, '--value');
      await ran('mount', '-t', 'tmpfs', 'tmpfs', units);
      const byHand = `[Service]\nExecStart=\nExecStart=${host.engine?.dockerd} -H unix:///run/docker.sock --bip 10.9.9.1/24 --storage-driver=vfs\n`;
      await ran('mkdir', `${units}/docker.service.d`);
      await systemd.exec(['tee', `${units}/docker.service.d/10-bip.conf`], byHand);
      await ran('systemctl', 'daemon-reload');
      await ran('systemctl', 'restart', 'docker.service');
      const flag = { settings: { ...settings, moveBip: true }, desired: bipOf('10.9.9.0/24') };
      const pid = await shown('MainPID');
      t.is(await turn({ ...flag, dieAt: 'drop-in-written' }), undefined);
      t.is(await turn({ ...flag, dieAt: 'flag-taken-out' }), undefined);
      t.false(existsSync(host.daemonJson), 'Docker would not start with the key and the flag');
      t.is(await shown('NeedDaemonReload'), 'no\n');
      t.deepEqual((await turn(flag))?.findings, []);
      t.deepEqual(await turn(flag), { findings: [], changes: 0 });
      t.is(readFileSync(host.daemonJson, 'utf8').replace(/\s/g, ''), '{"bip":"10.9.9.1/24"}');
      t.notRegex(await shown('ExecStart'), /--bip/);
      t.is(await shown('MainPID'), pid);
      // The dockerd that runs still has the flag; it does not count against another lease.
      t.deepEqual((await turn({ ...flag, desired: bipOf('10.76.6.0/24') }))?.findings, []);
      t.is(await addressOn(host, 'docker0'), '10.76.6.1/24');
      t.deepEqual((await turn(flag))?.findings, []);
      t.is(await addressOn(host, 'docker0'), '10.9.9.1/24');
      const restarted = await shown('MainPID');
      t.deepEqual((await turn({ ...flag, turn: 'leave' }))?.findings, []);
      t.false(existsSync(host.daemonJson));
      t.is(await ran('ls', `${units}/docker.service.d`), '10-bip.conf\n');
      t.regex(await shown('ExecStart'), /--bip 10\.9\.9\.1\/24/);
      return t.is(await shown('MainPID'), restarted);
    }));
}
