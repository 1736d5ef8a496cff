// Stories of the units: how the controller and xnetd are started, and what their processes may do.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openPorts, openSockets } from '../../deploy/lab/open-ports.js';
import type { PreflightReport } from '../../node/commands/preflight.js';
import { exitCodes } from '../../proto/errors.js';
import { addressOn } from './docker-lab.js';
import type { ServiceStage } from './service-stage.js';

/** controllerIsConfined starts the controller and looks at what its process may do. */
export async function controllerIsConfined(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { control, installer, controlPrefix, xctl } = stage;
  await control.run('sh', installer, 'controller', '--prefix', controlPrefix);
  await control.ctl('start', 'xnet-controller');
  const pid = await control.show('xnet-controller', 'MainPID');
  const status = await control.run('cat', `/proc/${pid}/status`);
  const uid = (await control.run('id', '-u', 'xnet')).trim();
  t.not(uid, '0');
  t.is(/^Uid:\s+(.*)$/m.exec(status)?.[1], [uid, uid, uid, uid].join('\t'));
  for (const kind of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) {
    t.regex(status, new RegExp(`^${kind}:\\s+0+$`, 'm'), kind);
  }
  t.regex(status, /^NoNewPrivs:\s+1$/m);
  // Its etcd runs as the same user, and what both write is for them alone.
  const etcd = (await control.run('pgrep', '-x', 'etcd')).trim();
  t.regex(await control.run('cat', `/proc/${etcd}/status`), new RegExp(`^Uid:\\s+${uid}\\s`, 'm'));
  const open = 'find /var/lib/xnet-controller \\( ! -user xnet -o -perm /077 -type f \\) -printf "%p %u %m\\n"';
  t.is(await control.run('sh', '-c', open), '');
  t.is((await control.run('stat', '--format=%U %a', '/var/lib/xnet-controller')).trim(), 'xnet 700');
  t.is((await control.run('stat', '--format=%G %a', '/run/xnet-controller/controller.sock')).trim(), 'xnet 660');
  // Root may ask it, members of its group may, others may not.
  await xctl('pools', 'create', 'default', '10.76.0.0/16', '--docker-length', '25');
  const as = (...groups: readonly string[]) =>
    control.exec([
      ...(['setpriv', '--reuid=65534', '--regid=65534', ...groups] as const),
      ...['env', 'HOME=/nonexistent', join(controlPrefix, 'bin/xctl'), 'pools', 'list', '-o', 'json'],
    ] as unknown as readonly [string, ...string[]]);
  t.is((await as('--groups=xnet')).code, 0);
  t.is((await as('--clear-groups')).code, exitCodes.unavailable);
  await control.ctl('restart', 'xnet-controller');
  await control.until('it has what it had', async () => {
    const { stdout } = await control.exec([join(controlPrefix, 'bin/xctl'), 'pools', 'list']);
    return stdout.includes('10.76.0.0/16');
  });
  await control.ctl('stop', 'xnet-controller');
}

/** startsAsServices installs, enables and starts a controller and a node, and joins the host. */
export async function startsAsServices(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { host, node, control, peer, installer, controlPrefix, xctl, joinHost, untilReady } = stage;
  await control.run('sh', installer, 'controller', '--prefix', controlPrefix);
  const endpoint = `${control.machine.address}:7400`;
  appendFileSync(
    control.machine.inside('/etc/xnet/controller.yaml'),
    `\nlisten: [unix:/run/xnet-controller/controller.sock, "${endpoint}"]\n`,
  );
  await control.ctl('enable', '--now', 'xnet-controller');
  await xctl('init');
  const reached = JSON.parse(await xctl('context', 'list', '-o', 'json')) as unknown;
  t.regex(JSON.stringify(reached), new RegExp(endpoint), 'xctl speaks TLS from here on');

  await node.run('sh', installer, 'node');
  appendFileSync(host.inside('/etc/xnet/xnetd.yaml'), '\nlog-level: info\n');
  await joinHost();
  await xctl('nodes', 'add', 'h2', '--address', peer.address);
  const identity = 'cd /var/lib/xnet && stat --format="%U %a %n" identity identity/*';
  const lines = (await node.run('sh', '-c', identity)).trim().split('\n');
  t.deepEqual(
    lines.filter((line) => !/^root (700 identity|600 identity\/\S+)$/.test(line)),
    [],
  );
  await node.ctl('enable', '--now', 'docker.service');
  await node.ctl('enable', '--now', 'xnetd');
  await untilReady();
  const ports = [...(await openPorts(control.machine))].sort((one, other) => one.at.localeCompare(other.at));
  t.deepEqual(
    ports.map(({ at, plaintext, oldTls, tls, withoutCertificate }) => [at, plaintext, oldTls, tls, withoutCertificate]),
    [
      [endpoint, false, false, true, false],
      [`${control.machine.address}:7401`, false, false, true, true],
    ],
  );
  const sockets = [...(await openSockets(control.machine)), ...(await openSockets(host))];
  t.true(sockets.length >= 4, JSON.stringify(sockets));
  t.deepEqual(
    sockets.filter(({ forAll }) => forAll),
    [],
  );
  t.deepEqual(await openPorts(host), []);
  t.is(await addressOn(host, 'docker0'), '10.76.0.1/24');
  t.is(await node.show('xnet-online.target', 'ActiveState'), 'active');
  for (const [on, unit, line] of [
    [node, 'xnetd', /^1\/1 routes, revision \d+, connected$/],
    [control, 'xnet-controller', /^1 nodes connected of 2, revision \d+$/],
  ] as const) {
    await on.until(`${unit} says how it is`, async () => line.test(await on.show(unit, 'StatusText')));
    t.is(await on.show(unit, 'NRestarts'), '0');
  }
  t.regex(await host.run(['nft', 'list', 'tables']), /xnet/);
  t.is((await node.exec(['xnetd', 'status'])).code, 0);
  // There are no obstacles on a host that is a node, either.
  const looked = await node.exec(['xnetd', 'preflight', '--peer', peer.address, '-o', 'json']);
  const { findings } = JSON.parse(looked.stdout) as PreflightReport;
  t.deepEqual(
    findings.map(({ reason }) => reason),
    ['DockerFound'],
    looked.stdout,
  );
  t.is(looked.code, 0);
  for (const [on, folder] of [
    [node, '/usr/local/lib/systemd/system'],
    [control, '/etc/systemd/system'],
  ] as const) {
    const units = (await on.machine.run(['sh', '-c', `ls -d ${folder}/xnet*`])).trim().split('\n');
    const verified = await on.machine.exec(['systemd-analyze', 'verify', '--man=no', ...(units as [string])]);
    t.is(verified.code, 0);
    t.notRegex(verified.stderr, /xnet/);
  }
}

/** daemonIsConfined looks at what the process of xnetd may do and write. */
export async function daemonIsConfined(t: ExecutionContext, stage: ServiceStage): Promise<void> {
  const { node } = stage;
  const pid = await node.show('xnetd', 'MainPID');
  const status = await node.run('cat', `/proc/${pid}/status`);
  const bounds = BigInt(`0x${/^CapBnd:\s+(\w+)$/m.exec(status)?.[1] ?? ''}`);
  // Numbers of include/uapi/linux/capability.h: CHOWN, DAC_OVERRIDE, FOWNER, NET_ADMIN, NET_RAW, SYS_PTRACE,
  // SYS_ADMIN.
  t.is(
    bounds,
    [0n, 1n, 3n, 12n, 13n, 19n, 21n].reduce((sum, bit) => sum | (1n << bit), 0n),
  );
  t.regex(status, /^NoNewPrivs:\s+1$/m);
  t.regex(status, /^Seccomp:\s+2$/m);
  // As it sees the host's files itself.
  const writes = async (path: string) => {
    const script = 'if [ -d "$1" ]; then : >"$1/.xnet-probe" && rm "$1/.xnet-probe"; else : >>"$1"; fi';
    return (await node.exec(['nsenter', `--target=${pid}`, '--mount', 'sh', '-c', script, 'sh', path])).code === 0;
  };
  // In /etc/systemd/system: the drop-in of docker.service by which --bip moves to daemon.json.
  const written = ['/etc/docker', '/run', '/run/xnet', '/var/lib/xnet', '/etc/systemd/system'];
  for (const path of [...written, '/proc/sys/net/ipv4/ip_forward']) {
    t.true(await writes(path), path);
  }
  for (const path of [
    '/etc',
    '/etc/xnet',
    '/usr/local',
    '/usr/bin',
    '/var/lib',
    '/boot',
    '/proc/sys/kernel/hostname',
  ]) {
    t.false(await writes(path), path);
  }
  const seen = (path: string) => node.run('nsenter', `--target=${pid}`, '--mount', 'ls', '-A', path);
  t.is(await seen('/root'), '');
  await doesWhatItDoesSeldom(t, stage);
}

// What needs privileges that the routes do without.
async function doesWhatItDoesSeldom(
  t: ExecutionContext,
  { host, node, xctl, untilReady }: ServiceStage,
): Promise<void> {
  // It enters the network namespace of a container, to send from it and to give it another interface.
  const probe = await host.runContainer({ name: 'probe', options: ['--cgroupns=private'] });
  const nic = /added (\S+) as nic0/.exec(await xctl('nics', 'add', 'h1', 'probe'))?.[1] ?? '';
  await node.until('the container has the interface', async () => {
    return new RegExp(`${nic} .*\\bReady\\b`).test(await xctl('nics', 'list', '-o', 'wide'));
  });
  // Its process id is one of the machine's own.
  const within = await probe.enter();
  t.regex(await node.run(...within, 'ip', '-4', '-oneline', 'address', 'show', 'nic0'), new RegExp(`${nic}/`));
  await node.until('packets pass', async () =>
    /Fine|packets pass/.test(await xctl('ping', 'h1/probe', 'h1').catch((error: unknown) => String(error))),
  );
  await xctl('nics', 'remove', nic, '--yes');
  await probe.remove();
  // Forwarding that was turned off by hand, on a host whose Docker drops what no rule accepts.
  await host.run(['sysctl', '--quiet', '--write', 'net.ipv4.ip_forward=0']);
  await node.until('it forwards again', async () => {
    return (await host.run(['cat', '/proc/sys/net/ipv4/ip_forward'])).trim() === '1';
  });
  await untilReady();
}
