// Hosts that are killed while they leave, on a real Docker engine: the next xnetd leave finishes it, and no credential
// of the host is left.
import test, { type ExecutionContext } from 'ava';
import { engineLines, tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { until } from '../support/until.js';

const rooted = process.getuid?.() === 0;
const [line = '28'] = engineLines.slice(-1);
const engine = rooted ? await tryEngine(line) : { line, why: 'it needs root' };

const stateDir = '/var/lib/xnet';

const leave = (fleet: Fleet, host: LabHost, ...args: readonly string[]) =>
  fleet.xnetd(host, 'leave', '--docker-restart', JSON.stringify(host.restartCommand), ...args);

function statusOf({ stdout }: { readonly stdout: string }) {
  return JSON.parse(stdout) as {
    readonly daemonRuns: boolean;
    readonly problems: readonly { readonly text: string }[];
  };
}

async function gone(t: ExecutionContext, fleet: Fleet, host: LabHost, when: string): Promise<void> {
  t.deepEqual((await host.run(['ls', '-A', stateDir])).trim().split('\n').sort(), ['identity.lock', 'lock'], when);
  t.is(await host.run(['ip', 'route', 'show', 'proto', '88']), '', when);
  t.notRegex(await host.run(['nft', 'list', 'tables']), /xnet/, when);
  t.notRegex(await host.run(['iptables-save']), /--comment xnet/, when);
  t.deepEqual(await fleet.nodes(), [], when);
}

if ('why' in engine) {
  console.log(`SKIP hosts that are killed while they leave: ${engine.why}`);
  test.skip('hosts that are killed while they leave', () => undefined);
} else {
  test('P7 a leave that was killed is finished by the next one, and one without a cache leaves nothing', async (t) => {
    const fleet = await Fleet.create({ hosts: 1, engine, mode: 'bip', pool: '10.76.0.0/16' });
    t.teardown(() => fleet.close());
    await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
    await fleet.createPool();
    const [host] = fleet.lab.hosts;
    if (host === undefined) return t.fail();

    for (const step of ['removing the firewall rules', 'ending the lease']) {
      await fleet.join(host);
      await fleet.untilReady();
      const daemon = fleet.daemons.get(host.name);
      const before = daemon?.output.length ?? 0;
      const asked = leave(fleet, host);
      await until(step, async () => daemon?.output.slice(before).includes(`"${step}"`) === true);
      daemon?.kill('SIGKILL');
      await daemon?.exited;
      const cut = await asked;
      const { code, stderr } = await leave(fleet, host);
      // The last step may be done before the daemon is killed: then there is nothing left to finish, whether or not the
      // command was told so.
      t.true((cut.code === 0 ? [12] : [0, 12]).includes(code), `${step}: ${code} after ${cut.code}: ${stderr}`);
      await gone(t, fleet, host, step);
    }

    await fleet.join(host);
    await fleet.untilReady();
    const daemon = fleet.daemons.get(host.name);
    daemon?.kill('SIGKILL');
    await daemon?.exited;
    await host.run(['rm', `${stateDir}/cache.json`]);
    t.regex(await host.run(['iptables-save']), /--comment xnet/);
    const killed = statusOf(await fleet.xnetd(host, 'status', '-o', 'json'));
    t.false(killed.daemonRuns, 'its status file is still there');
    t.true(killed.problems.some(({ text }) => text.startsWith('xnetd does not run')));
    // Docker is restarted as the daemon was told to.
    const without = await fleet.xnetd(host, 'leave');
    t.is(without.code, 0, without.stderr);
    await gone(t, fleet, host, 'without a cache');

    // Resumed while Docker is down: pending until Docker is back.
    await fleet.join(host);
    await fleet.untilReady();
    const first = fleet.daemons.get(host.name);
    first?.kill('SIGKILL');
    await first?.exited;
    // Docker still reports the subnet when its interface has lost the address.
    const shown = async () => (await fleet.xnetd(host, 'status')).stdout;
    t.regex(await shown(), /, subnet in force\n/);
    await host.run(['ip', 'address', 'flush', 'dev', 'docker0']);
    t.regex(await shown(), /, subnet not in force\n(.*\n)*! docker0 does not have \d/);
    await host.stopDockerd();
    // What a process leaves that is killed while it writes these files, or while it asks dockerd.
    const halves = [
      '.cache.json',
      '.cache.changes',
      '.leaving',
      '.docker.json',
      '.lan.json',
      '.joining.key.4194304-0a',
      '.daemon.json.asked',
    ];
    await host.run([
      'sh',
      '-c',
      `cd ${stateDir}; touch daemon.json.asked /etc/docker/.daemon.json.xnet-new; for name; do echo { > $name.xnet-new; done`,
      'sh',
      ...halves,
    ]);
    await host.run(['sh', '-c', `echo '{"force":false,"localOnly":false}' > ${stateDir}/leaving`]);
    const second = await fleet.startDaemon(host);
    await until('it is tried', async () => second.output.includes('leaving: not done yet'));
    await until('the status says it', async () => {
      const { daemonRuns, problems } = statusOf(await fleet.xnetd(host, 'status', '-o', 'json'));
      return daemonRuns && problems.some(({ text }) => text.includes('this host is leaving: xnetd continues'));
    });
    const asked = await leave(fleet, host);
    t.is(asked.code, 6, asked.stderr);
    t.regex(asked.stderr, /Docker is not running/);
    t.is((await fleet.nodes()).length, 1);
    await host.startDockerd();
    t.is((await second.exited).code, 11);
    await gone(t, fleet, host, 'pending');
    t.notRegex(await host.run(['ls', '-A', '/etc/docker']), /xnet-new/);

    // Killed right after the lease ended, and right after the identity was removed.
    for (const left of [true, false]) {
      const { token } = await fleet.addNode(host);
      await fleet.joinHost(host, token);
      await host.run(['sh', '-c', `echo '{"force":false,"localOnly":false}' > ${stateDir}/leaving`]);
      const { admin } = fleet;
      await callUnary(admin.removeNode.bind(admin), { node: host.name, force: true }, { timeoutMs: 60_000 });
      if (!left) await host.run(['rm', '-r', `${stateDir}/identity`]);
      const { code, stderr } = await leave(fleet, host);
      t.is(code, 0, stderr);
      await gone(t, fleet, host, left ? 'lease ended' : 'identity removed');
    }
    // What a join leaves that is killed.
    await host.run(['mkdir', `${stateDir}/identity.making`]);
    for (const name of [
      'joining.key',
      '.joining.key.4194304-0a.xnet-new',
      'identity.making/key.pem',
      '.cache.json.xnet-new',
    ]) {
      await host.run(['touch', `${stateDir}/${name}`]);
    }
    const never = await leave(fleet, host);
    t.is(never.code, 12, never.stderr);
    t.regex(never.stderr, /has not joined/);
    await gone(t, fleet, host, 'not joined');
  });
}
