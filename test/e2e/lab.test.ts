// The lab itself, on real dockerds: the base of the other end-to-end tests.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { findDockerd, readDockerdRecord } from '../../deploy/lab/dockerd.js';
import { type EngineUnavailable, engineLines, tryEngine } from '../../deploy/lab/engines.js';
import { commandLine, untilEnded } from '../../deploy/lab/process-table.js';
import { listRecords, readRecord } from '../../deploy/lab/record.js';
import { removeLab, sweepLabs } from '../../deploy/lab/sweep.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { exec } from '../../proto/process/exec.js';
import { tracesOf } from '../support/lab-traces.js';
import { dockerdsOf, endBy, firstLine, startOwner, untilSo, withEngine, withLab } from '../support/owned-labs.js';
import { until } from '../support/until.js';

const asRoot = process.getuid?.() === 0;
const real = asRoot ? test.serial : test.serial.skip;
if (!asRoot) console.log('SKIP the lab: it needs root');

// The programs of others that remove it too may not have ended yet.
async function untilGone(t: ExecutionContext, id: string, when: string): Promise<void> {
  await t.notThrowsAsync(
    until(`nothing is left: ${when}`, async () => tracesOf(id).length === 0),
    tracesOf(id).join('; '),
  );
}

for (const line of engineLines) {
  real(`Docker ${line}: two hosts come up as fresh ones, and their containers answer`, (t) =>
    withEngine(t, line, { hosts: 2 }, async (lab) => {
      const [h1, h2] = [lab.host('h1'), lab.host('h2')];
      t.is(await h1.run(['cat', '/proc/sys/net/ipv4/ip_forward']), '0\n');
      t.is(await h1.run(['hostname']), 'h1\n');
      t.true((await h1.run(['ping', '-c1', 'h2'])).includes('192.168.83.12'), 'machines know each other by name');
      t.deepEqual(await h1.fetch(lab.outside.address), { ok: true, source: h1.address, server: 'outside' });
      await lab.startDockerds();
      t.is((await h1.docker('version', '--format={{.Server.Version}}')).startsWith(`${line}.`), true);
      // dockerd does this only if it was the first to turn forwarding on.
      t.regex(await h1.run(['iptables', '--list-rules', 'FORWARD']), /^-P FORWARD DROP$/m);
      const c1 = await h1.runContainer({ name: 'c1', publish: ['8080:80'] });
      const c2 = await h2.runContainer({ name: 'c2', publish: ['8080:80'] });
      t.is(await c1.address(), await c2.address(), 'fresh hosts have the same default bridge');
      t.is((await c1.exec(['hostname'])).stdout, 'c1\n');
      t.deepEqual(await lab.stranger.fetch(`${h1.address}:8080`), {
        ok: true,
        source: lab.stranger.address,
        server: 'c1',
      });
      t.deepEqual(await c1.fetch(`${h2.address}:8080`), { ok: true, source: h1.address, server: 'c2' });
      t.deepEqual(await c1.fetch('203.0.113.1'), { ok: true, source: h1.address, server: 'outside' });
      t.true(await c1.ping('203.0.113.1'));
      t.false((await lab.stranger.fetch(`${h1.address}:81`, 1)).ok, 'port 81 is not published');
      await lab.routeStranger('172.17.0.0/16', h1);
      t.false((await lab.stranger.fetch(`${await c1.address()}:81`, 1)).ok, 'nor open to who knows the way');
      await c1.remove();
      t.is(await h1.docker('ps', '--all', '--quiet'), '');
    }),
  );

  real(`Docker ${line}: a dockerd is restarted from inside and outside, and says why it does not start`, (t) =>
    withEngine(t, line, { hosts: 1 }, async (lab) => {
      const host = lab.host('h1');
      await host.startDockerd({ flags: ['--log-level=warn'] });
      const c1 = await host.runContainer({ name: 'c1', options: ['--restart=always'] });
      const first = findDockerd(readDockerdRecord(host.folder));
      t.deepEqual(await host.exec(host.restartCommand), { code: 0, stdout: '', stderr: '' });
      const second = findDockerd(readDockerdRecord(host.folder));
      t.truthy(second);
      t.notDeepEqual(second, first);
      t.true(commandLine(second ?? { pid: 0, startTime: '' }).includes('--log-level=warn'), 'with the same flags');

      writeFileSync(host.daemonJson, '{ "bip": "10.76.3.1/24", }\n');
      const refused = await host.exec(host.restartCommand);
      t.is(refused.code, 1);
      t.regex(refused.stderr, /dockerd on h1 did not start: exit code 1/);
      t.regex(refused.stderr, /unable to configure the Docker daemon with file .*daemon\.json/);
      t.is(dockerdsOf(host), 0);

      writeFileSync(host.daemonJson, '{ "bip": "nonsense" }\n');
      const error = await t.throwsAsync(host.restartDockerd(), { instanceOf: XnetError });
      t.regex((error?.problems ?? []).join('\n'), /failed to start daemon: .*invalid CIDR address: nonsense/);
      t.is(dockerdsOf(host), 0);

      writeFileSync(host.daemonJson, '{ "bip": "10.76.3.1/24" }\n');
      await host.restartDockerd();
      t.regex(await host.run(['ip', 'address', 'show', 'docker0']), /inet 10\.76\.3\.1\/24 /);
      // Docker starts its containers before its API answers.
      t.is((await c1.address()).replace(/\d+$/, ''), '10.76.3.');
    }),
  );

  real(`Docker ${line}: however it is killed and restarted, a host never has two dockerds`, (t) =>
    withEngine(t, line, { hosts: 1 }, async (lab) => {
      const host = lab.host('h1');
      await host.startDockerd({ flags: ['--live-restore'] });
      const c1 = await host.runContainer({ name: 'c1', publish: ['8080:80'] });
      const [before, address] = [await c1.enter(), await c1.address()];

      await host.killDockerd();
      t.is(dockerdsOf(host), 0);
      t.true((await host.fetch(address)).ok, 'its container lives on');
      await Promise.all([
        host.startDockerd({ flags: ['--live-restore'] }),
        host.restartDockerd(),
        host.restartDockerd(),
      ]);
      t.is(dockerdsOf(host), 1);

      // Killed while dockerd stops, and while it starts.
      for (const moment of ['stopping', 'starting']) {
        const [program, ...rest] = host.restartCommand;
        const running = findDockerd(readDockerdRecord(host.folder));
        const restarter = spawn(program, rest, { stdio: 'ignore' });
        if (moment === 'starting' && running !== undefined) await untilEnded([running], 180_000);
        restarter.kill('SIGKILL');
        await once(restarter, 'exit');
        await host.restartDockerd();
        t.is(dockerdsOf(host), 1, moment);
      }
      t.deepEqual(await c1.enter(), before, 'the same container, all the time');
      t.true((await lab.stranger.fetch(`${host.address}:8080`)).ok);
    }),
  );
}

real('on a host with iptables-legacy, Docker uses it', (t) =>
  withEngine(t, '28', { hosts: 1, iptables: 'legacy' }, async (lab) => {
    const host = lab.host('h1');
    await host.startDockerd();
    t.regex(await host.run(['iptables', '--version']), /\(legacy\)/);
    t.regex(await host.run(['iptables-legacy', '--list-rules']), /DOCKER-USER/);
    t.notRegex(await host.run(['iptables-nft', '--list-rules']), /DOCKER-USER/);
  }),
);

real('two labs at once have the same addresses and do not see each other', (t) =>
  withLab(t, { hosts: 1 }, (one) =>
    withLab(t, { hosts: 1 }, async (other) => {
      t.is(one.host('h1').address, other.host('h1').address);
      await Promise.all([one.host('h1').serve(9000), other.host('h1').serve(9000)]);
      const marker = '/run/only-here';
      await one.host('h1').run(['touch', marker]);
      t.is((await other.host('h1').exec(['test', '-e', marker])).code, 1);
      t.true((await one.control.fetch(`${one.host('h1').address}:9000`)).ok);
      t.true((await other.control.fetch(`${other.host('h1').address}:9000`)).ok);
    }),
  ),
);

real('what a machine of the lab writes to its own folders stays there', (t) =>
  withLab(t, { hosts: 2 }, async (lab) => {
    const [h1, h2] = [lab.host('h1'), lab.host('h2')];
    for (const path of ['/etc/docker/a', '/etc/xnet/b', '/var/lib/xnet/c', '/run/d', '/etc/e', '/var/lib/f']) {
      await h1.run(['touch', path]);
      t.is((await h2.exec(['test', '-e', path])).code, 1, path);
      t.throws(() => readFileSync(path), { code: 'ENOENT' });
      t.is(readFileSync(h1.inside(path), 'utf8'), '');
    }
  }),
);

real('a lab of many hosts is one LAN', (t) =>
  withLab(t, { hosts: 100, lan: '192.168.80.0/20' }, async (lab) => {
    const [first, last] = [lab.host('h1'), lab.host('h100')];
    t.true(await first.ping(last.address));
    t.deepEqual(await last.fetch('203.0.113.1'), { ok: true, source: last.address, server: 'outside' });
  }),
);

real('programs on a machine end with the lab, and are told apart by their exit', (t) =>
  withLab(t, { hosts: 1 }, async (lab) => {
    const host = lab.host('h1');
    const failing = await host.spawn(['sh', '-c', 'echo "$GREETING from $(hostname)"; exit 3'], {
      env: { GREETING: 'hello' },
    });
    t.deepEqual(await failing.exited, { code: 3, signal: null });
    t.is(failing.output, 'hello from h1\n');
    const sleeper = await host.spawn(['sleep', 'infinity']);
    t.deepEqual(await sleeper.stop(), { code: null, signal: 'SIGTERM' });
    const stubborn = await host.spawn(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done']);
    t.deepEqual(
      host.started.map(({ pid }) => pid),
      [stubborn.pid],
    );
    const error = await t.throwsAsync(host.run(['sh', '-c', 'echo wrong >&2; exit 4']), { instanceOf: XnetError });
    t.regex(messageOf(error), /on h1: exit code 4: wrong/);
  }),
);

real('what a killed owner has left is removed by the next one, and by two at once', async (t) => {
  for (const line of ['28', '20.10'] as const) {
    const engine = await tryEngine(line);
    if ('why' in engine) console.log(`SKIP a killed owner with Docker ${line}: ${engine.why}`);
    const owner = startOwner('2', 'why' in engine ? 'none' : line);
    const id = await firstLine(owner);
    // While its owner runs: later any lab that is made on this machine removes it.
    t.true(tracesOf(id).some((trace) => trace.startsWith('namespace')));
    if (!('why' in engine)) t.true(tracesOf(id).some((trace) => trace.includes('dockerd')));
    await endBy(owner, 'SIGKILL');
    await Promise.all([sweepLabs(), sweepLabs()]);
    await untilGone(t, id, 'killed');
  }
});

real('an owner killed while it makes its lab leaves nothing that is not removed', async (t) => {
  // When there is one namespace, some of them, all of them, and when there are some machines in them.
  for (const moment of [1, 17, 34, 'h4', 'h20']) {
    const owner = startOwner('30', 'none');
    const id = await untilSo('/run/xnet-lab', () => {
      const found = listRecords().find((one) => 'record' in one && one.record.owner.pid === owner.pid);
      return found?.id;
    });
    const made = () => readdirSync('/run/netns').filter((name) => name.includes(id)).length;
    if (typeof moment === 'number') await untilSo('/run/netns', () => made() >= moment || undefined);
    else await untilSo(`/run/xnet-lab/${id}`, () => existsSync(`/run/xnet-lab/${id}/${moment}`) || undefined);
    await endBy(owner, 'SIGKILL');
    await sweepLabs();
    await untilGone(t, id, String(moment));
  }
});

real('an owner that is asked to end removes its lab first, and ends by that signal', async (t) => {
  const owner = startOwner('2', 'none');
  const id = await firstLine(owner);
  t.is(await endBy(owner, 'SIGTERM'), 'SIGTERM');
  t.deepEqual(tracesOf(id), []);
});

real('a lab that is kept stays when its owner ends, until somebody removes it', async (t) => {
  const owner = startOwner('1', 'none');
  const id = await firstLine(owner);
  const found = readRecord(id);
  if (found === undefined || !('record' in found)) throw new Error('it has no record');
  const { record } = found;
  // Before its owner ends: from then on any lab that is made on this machine would remove it.
  writeFileSync(`/run/xnet-lab/${id}/lab.json`, JSON.stringify({ ...record, keep: true }));
  await endBy(owner, 'SIGKILL');
  const { removed } = await sweepLabs();
  t.false(removed.includes(id));
  t.true(listRecords().some((one) => one.id === id));
  await removeLab(record);
  t.deepEqual(tracesOf(id), []);
  await t.notThrowsAsync(removeLab(record), 'once more is fine');
});

real('what a lab of an earlier boot has left on disk is removed', async (t) => {
  const id = randomBytes(3).toString('hex');
  const store = `/var/cache/xnet-lab/${id}`;
  mkdirSync(`${store}/h1/docker`, { recursive: true });
  await sweepLabs();
  t.true(existsSync(store), 'it may be one that is being made');
  writeFileSync(`${store}/boot-id`, 'of another boot');
  await sweepLabs();
  t.deepEqual(tracesOf(id), []);
});

real('an engine that can not be had is told with the reason, and leaves nothing half done', async (t) => {
  const folder = mkdtempSync('/var/tmp/xnet-engines-');
  try {
    const script = fileURLToPath(new URL('../support/engine-attempt.js', import.meta.url));
    const { code, stdout } = await exec(['unshare', '--net', process.execPath, script, '26', folder]);
    t.is(code, 0);
    const { line, why }: Partial<EngineUnavailable> = JSON.parse(stdout);
    t.is(line, '26');
    t.regex(why ?? '', /^Docker 26 can't be had: can't read Debian trixie from http/);
    t.deepEqual(readdirSync(folder), ['lock']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
