// xnet as it is on real hosts: packed, installed, under a real systemd beside a real dockerd on a machine of the lab,
// its controller under systemd on another.
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { tryEngine } from '../../deploy/lab/engines.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { Lab } from '../../deploy/lab/lab.js';
import { openPorts, openSockets } from '../../deploy/lab/open-ports.js';
import { repositoryRoot } from '../../deploy/lab/paths.js';
import { addedNodeFrom } from '../../deploy/lab/programs.js';
import type { HostStatus } from '../../node/commands/status.js';
import { exitCodes } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { version } from '../../proto/process/version.js';
import { addressOn } from '../support/docker-lab.js';
import { ServiceHost } from '../support/service-host.js';

const execute = promisify(execFile);
const root = repositoryRoot();
const newer = '0.9.9';

const target = (wants: string) => `[Unit]\nDescription=What a host boots to\n${wants}`;
const boots = {
  // What poweroff.target does to services, and no more: all the machine underneath has one kernel.
  'off.target': '[Unit]\nDefaultDependencies=no\nRequires=shutdown.target\nAfter=shutdown.target\n',
  'multi-user.target': target(''),
  'default.target': target('Wants=multi-user.target systemd-journald.service\nAfter=multi-user.target\n'),
};

// Where the lab's engine is seen on the host: a service sees neither /tmp nor homes, one of which has the repository.
const engineFolder = '/usr/local/libexec/docker-engine';

// Debian's docker.service, with the lab's engine. It tells what the kernel had before Docker, and can be held on its
// way down.
function dockerUnit(host: LabHost): string {
  return `[Unit]
Description=Docker
[Service]
Type=notify
Environment="PATH=${engineFolder}/usr/sbin:${engineFolder}/usr/bin:${host.path}"
ExecStartPre=/bin/sh -c 'ip -4 route show proto 88 >/run/routes-before-docker'
ExecStart=${engineFolder}/usr/sbin/dockerd -H unix:///run/docker.sock --storage-driver=vfs
ExecStopPost=/bin/sh -c 'while [ -e /run/hold-docker ]; do sleep 0.05; done'
TimeoutStartSec=0
TimeoutStopSec=600
Restart=always
RestartSec=2
Delegate=yes
KillMode=process
[Install]
WantedBy=multi-user.target
`;
}

type Stage = { readonly lab: Lab; readonly host: LabHost; readonly node: ServiceHost; readonly control: ServiceHost };

async function makeStage(): Promise<Stage | { readonly why: string }> {
  if (process.getuid?.() !== 0) return { why: 'it needs root' };
  const engine = await tryEngine('20.10');
  if ('why' in engine) return engine;
  const lab = await Lab.create({ hosts: 2, engine });
  const made = await stageIn(lab).catch((error: unknown) => ({ why: String(error) }));
  if ('why' in made) await lab.close();
  return made;
}

async function stageIn(lab: Lab): Promise<Stage | { readonly why: string }> {
  const host = lab.host('h1');
  const node = await ServiceHost.prepare(host, { ...boots, 'docker.service': dockerUnit(host) });
  if ('why' in node) return node;
  await host.run(['mkdir', '-p', engineFolder]);
  await host.run(['mount', '--bind', join(dirname(host.engine?.dockerd ?? ''), '../..'), engineFolder]);
  const control = await ServiceHost.prepare(lab.control, boots);
  if ('why' in control) return control;
  const why = (await node.boot()) ?? (await control.boot());
  return why === undefined ? { lab, host, node, control } : { why };
}

const work = mkdtempSync(join(tmpdir(), 'xnet-systemd-'));
chmodSync(work, 0o755);
const stage = await makeStage();
test.after.always(async () => {
  if (!('why' in stage)) await stage.lab.close();
  rmSync(work, { recursive: true, force: true });
});

if ('why' in stage) {
  console.log(`SKIP xnet under systemd: ${stage.why}`);
  test.skip('xnet under systemd', () => undefined);
} else {
  const { lab, host, node, control } = stage;
  const name = `xnet-${version}-linux-${process.arch}`;
  const unpacked = join(work, name);
  const installer = join(unpacked, 'install.sh');
  const controlPrefix = join(control.machine.store, 'prefix');
  const peer = lab.host('h2');

  const xctl = (...args: readonly string[]) => control.run(join(controlPrefix, 'bin/xctl'), ...args);
  // As an operator does it: one command there, one here, and between them a token that is in nobody's command line.
  const joinHost = async () => {
    const { token } = addedNodeFrom(await xctl('nodes', 'add', 'h1', '--address', host.address, '-o', 'json'));
    const join = [
      '/usr/local/bin/xnetd',
      'join',
      '--controller',
      control.machine.address,
      '--token-file',
      '-',
    ] as const;
    const { code, stderr } = await node.exec(join, `${token}\n`);
    if (code !== 0) throw new Error(`xnetd join: exit code ${code}: ${stderr}`);
  };
  const status = async (): Promise<HostStatus> =>
    JSON.parse((await node.exec(['/usr/local/bin/xnetd', 'status', '-o', 'json'])).stdout) as HostStatus;
  const routed = async () => (await host.run(['ip', '-4', 'route', 'show', 'proto', '88'])).includes(peer.address);
  const untilReady = () =>
    node.until('the host is a node with nothing left to do', async () => {
      const { daemon, docker, routes, problems } = await status();
      const done = daemon?.connection?.connected === true && docker.subnetInForce && routes.pending === 0;
      return done && problems.length === 0 && (await routed());
    });
  const dropIn = async (on: ServiceHost, unit: string, content: string) => {
    await on.run('mkdir', '-p', `/etc/systemd/system/${unit}.d`);
    writeFileSync(on.machine.inside(`/etc/systemd/system/${unit}.d/test.conf`), content);
    await on.ctl('daemon-reload');
  };
  const noDropIn = async (on: ServiceHost, unit: string) => {
    await on.run('rm', '-rf', `/etc/systemd/system/${unit}.d`);
    await on.ctl('daemon-reload');
  };
  const untilRestarted = async (on: ServiceHost, unit: string, act: () => Promise<unknown>) => {
    const before = Number(await on.show(unit, 'NRestarts'));
    await act();
    await on.until(`${unit} was started again`, async () => Number(await on.show(unit, 'NRestarts')) > before);
    await on.until(`${unit} is ready again`, async () => (await on.show(unit, 'ActiveState')) === 'active');
  };
  const signal = (on: ServiceHost, unit: string, what: string) =>
    on.ctl('kill', '--kill-who=main', `--signal=${what}`, unit);

  // Makes a whole package of one that was changed.
  const seal = async (folder: string) => {
    const script = 'cd "$1" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + >"$2" && mv "$2" SHA256SUMS';
    await execute('sh', ['-c', script, 'sh', folder, join(work, 'sums')]);
  };

  // What the kernel says of routes and next hops while something is done; markers of our own tell where that begins
  // and ends in what it says.
  let markers = 0;
  const routeChangesDuring = async (act: () => Promise<unknown>): Promise<string> => {
    const monitor = await host.spawn(['ip', '-4', 'monitor', 'route', 'nexthop'], {
      logFile: join(host.logs, `monitor-${markers}.log`),
    });
    const mark = async () => {
      markers += 1;
      const route = `198.51.100.${markers}`;
      while (!monitor.output.includes(route)) {
        await host.run(['ip', 'route', 'replace', 'blackhole', route]);
        await host.run(['ip', 'route', 'delete', 'blackhole', route]);
        await pause(20);
      }
      return monitor.output;
    };
    const before = await mark();
    await act();
    const after = await mark();
    await monitor.stop();
    return after
      .slice(before.length)
      .split('\n')
      .filter((line) => line !== '' && !line.includes('198.51.100.'))
      .join('\n');
  };

  test.serial('a package is made twice with the same content, and runs by itself', async (t) => {
    const pack = join(root, 'deploy/pack.sh');
    const packed = await execute('sh', [pack, '--output', work], { maxBuffer: 1 << 24 });
    const archive = packed.stdout.trim();
    t.is(archive, join(work, `${name}.tar.gz`));
    await execute('sh', [pack, '--output', work, '--unpacked']);
    const second = readFileSync(join(unpacked, 'SHA256SUMS'), 'utf8');
    rmSync(unpacked, { recursive: true });
    await execute('tar', ['--extract', '--gzip', '--file', archive, '--directory', work]);
    t.is(readFileSync(join(unpacked, 'SHA256SUMS'), 'utf8'), second);
    const { stdout } = await execute('tar', ['--list', '--verbose', '--numeric-owner', '--file', archive]);
    const lines = stdout.trim().split('\n');
    t.deepEqual(
      lines.filter((line) => !/^[-d]rw[-x]r-[-x]r-[-x] 0\/0 /.test(line)),
      [],
    );
    const readme = readFileSync(join(unpacked, 'README.md'), 'utf8');
    const pages = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, page = '']) => page);
    t.true(pages.includes('SECURITY.md'));
    for (const page of pages) t.true(existsSync(join(unpacked, page)), `README links to ${page}`);
    const unwanted = new RegExp(`${name}/(dist/(test|deploy)|node_modules/(ava|typescript|esbuild|@biomejs|@types))/`);
    t.deepEqual(
      lines.filter((line) => unwanted.test(line)),
      [],
    );
  });

  test.serial('what keeps it from being installed is told at once, and nothing is touched', async (t) => {
    const before = await node.inventory();
    const refused = async (argv: readonly [string, ...string[]]) => {
      const { code, stderr, stdout } = await host.exec(argv);
      t.is(code, 1, stdout);
      t.deepEqual(await node.inventory(), before);
      return stderr;
    };
    // Not executable is not there.
    for (const program of ['nft', 'conntrack']) {
      await host.run(['mount', '--bind', '/dev/null', `/usr/sbin/${program}`]);
    }
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
    const missing = await refused([...nobody, 'sh', installer, 'node']);
    t.regex(missing, /nothing was changed/);
    t.regex(missing, /this needs root/);
    t.regex(missing, /apt-get install nftables conntrack /);
    t.regex(missing, /\/usr\/local\/lib\/xnet: .* can't be written/);
    for (const program of ['nft', 'conntrack']) await host.run(['umount', `/usr/sbin/${program}`]);

    const copy = join(work, 'damaged');
    cpSync(unpacked, copy, { recursive: true });
    appendFileSync(join(copy, 'dist/node/main.js'), '\n');
    writeFileSync(join(copy, 'PLATFORM'), 'linux-s390x\n');
    const damaged = await refused(['sh', join(copy, 'install.sh'), 'all']);
    t.regex(damaged, /this package is not whole/);
    t.regex(damaged, /this package is for linux-s390x/);
    rmSync(copy, { recursive: true });

    await host.run(['sh', '-c', 'mkdir -p /usr/local/bin && echo >/usr/local/bin/xctl']);
    t.regex(
      (await host.exec(['sh', installer, 'node'])).stderr,
      /\/usr\/local\/bin\/xctl exists and was not made by install\.sh/,
    );
    await host.run(['rm', '/usr/local/bin/xctl']);
    for (const prefix of ['relative', '/a b', '/a;b', '/a/../b', '/']) {
      t.is((await host.exec(['sh', installer, 'node', '--prefix', prefix])).code, exitCodes.usage, prefix);
    }
    t.is((await host.exec(['sh', installer])).code, exitCodes.usage);
    t.regex((await host.exec(['sh', installer, '--uninstall'])).stderr, /nothing of xnet is installed below/);
  });

  test.serial('installed without systemd, by two at once, killed at any moment; gone without a trace', async (t) => {
    const before = await node.inventory();
    await host.run(['mount', '--bind', '/dev/null', '/usr/bin/systemctl']);
    const install = ['sh', installer, 'all'] as const;
    for (const afterMs of [30, 100, 200, 400, 800]) {
      const killed = await host.spawn(install, { logFile: join(host.logs, 'install.log') });
      await Promise.race([pause(afterMs), killed.exited]);
      killed.kill('SIGKILL');
      await killed.exited;
      const left = await host.exec(['sh', '-c', 'if [ -e /usr/local/bin/xnetd ]; then xnetd --version; fi']);
      t.is(left.code, 0, left.stderr);
    }
    const both = await Promise.all([host.exec(install), host.exec(install)]);
    for (const { code, stdout, stderr } of both) {
      t.is(code, 0, stderr);
      t.regex(stdout, new RegExp(`xnet ${version} is installed in /usr/local/lib/xnet/${version}\n`));
      t.regex(stdout, /xnetd run {4}by whatever starts your services, before Docker/);
      t.regex(stdout, /not done, as there is no systemd here:\n {2}no units: .*\n {2}no user xnet: /);
    }
    for (const program of ['xctl', 'xnetd', 'xnet-controller']) {
      t.is(await host.run([program, '--version']), `${version}\n`);
    }
    t.is((await host.exec(['test', '-e', '/usr/local/lib/systemd'])).code, 1);
    const gone = await host.exec(['sh', '/usr/local/lib/xnet/current/install.sh', '--uninstall']);
    t.is(gone.stdout, 'xnet is removed from /usr/local\nkept:\n  /var/lib/xnet-controller\n', gone.stderr);
    await host.run(['umount', '/usr/bin/systemctl']);
    t.deepEqual(await node.inventory(), before);
  });

  test.serial('a controller runs as a user of its own, that can do nothing but that', async (t) => {
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
    await xctl('pools', 'create', 'default', '10.76.0.0/16');
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
  });

  test.serial('installed, enabled, started: a controller and a node', async (t) => {
    await control.run('sh', installer, 'controller', '--prefix', controlPrefix);
    const endpoint = `${control.machine.address}:7400`;
    appendFileSync(
      control.machine.inside('/etc/xnet/controller.yaml'),
      `\nlisten: [unix:/run/xnet-controller/controller.sock, "${endpoint}"]\n`,
    );
    await control.ctl('enable', '--now', 'xnet-controller');
    await xctl('init', '--pool', '10.76.0.0/16');
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
      ports.map(({ at, plaintext, oldTls, tls, withoutCertificate }) => [
        at,
        plaintext,
        oldTls,
        tls,
        withoutCertificate,
      ]),
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
    for (const [on, folder] of [
      [node, '/usr/local/lib/systemd/system'],
      [control, '/etc/systemd/system'],
    ] as const) {
      const units = (await on.machine.run(['sh', '-c', `ls -d ${folder}/xnet*`])).trim().split('\n');
      const verified = await on.machine.exec(['systemd-analyze', 'verify', '--man=no', ...(units as [string])]);
      t.is(verified.code, 0);
      t.notRegex(verified.stderr, /xnet/);
    }
  });

  test.serial('xnetd can do what it has to, and write nowhere else', async (t) => {
    const pid = await node.show('xnetd', 'MainPID');
    const status = await node.run('cat', `/proc/${pid}/status`);
    const bounds = BigInt(`0x${/^CapBnd:\s+(\w+)$/m.exec(status)?.[1] ?? ''}`);
    // Numbers of include/uapi/linux/capability.h: CHOWN, DAC_OVERRIDE, FOWNER, NET_ADMIN, NET_RAW, SYS_PTRACE.
    t.is(
      bounds,
      [0n, 1n, 3n, 12n, 13n, 19n].reduce((sum, bit) => sum | (1n << bit), 0n),
    );
    t.regex(status, /^NoNewPrivs:\s+1$/m);
    t.regex(status, /^Seccomp:\s+2$/m);
    // As it sees the host's files itself.
    const writes = async (path: string) => {
      const script = 'if [ -d "$1" ]; then : >"$1/.xnet-probe" && rm "$1/.xnet-probe"; else : >>"$1"; fi';
      return (await node.exec(['nsenter', `--target=${pid}`, '--mount', 'sh', '-c', script, 'sh', path])).code === 0;
    };
    for (const path of ['/etc/docker', '/run', '/run/xnet', '/var/lib/xnet', '/proc/sys/net/ipv4/ip_forward']) {
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
    // What it does seldom: forwarding that somebody has turned off, on a host whose Docker drops what nobody let in.
    await host.run(['sysctl', '--quiet', '--write', 'net.ipv4.ip_forward=0']);
    await node.until('it forwards again', async () => {
      return (await host.run(['cat', '/proc/sys/net/ipv4/ip_forward'])).trim() === '1';
    });
    await untilReady();
  });

  test.serial('N25 stopped, started again, killed, hanging: no route changes', async (t) => {
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

    await dropIn(node, 'xnetd.service', '[Service]\nWatchdogSec=3\n');
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
  });

  async function untilBeats(on: ServiceHost, unit: string, beats: number): Promise<void> {
    const seen = new Set<string>();
    await on.until(`${unit} gives ${beats} signs of life`, async () => {
      seen.add(await on.show(unit, 'WatchdogTimestampMonotonic'));
      return seen.size > beats;
    });
  }

  test.serial('a controller lives without its store, not without answering; its etcd goes with it', async (t) => {
    await dropIn(control, 'xnet-controller.service', '[Service]\nWatchdogSec=3\n');
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
  });

  // Somebody gives Docker another subnet, so that xnetd has it restarted; Docker is held on its way down meanwhile. Each time
  // daemon.json is another one: what an operator has changed is no reason to wait.
  let held = 0;
  async function whileDockerIsHeld(act: () => Promise<unknown>): Promise<void> {
    held += 1;
    await node.ctl('stop', 'xnetd');
    // Docker keeps the last address that it was given.
    writeFileSync(host.daemonJson, '{"bip": "10.9.9.1/24"}\n');
    await node.ctl('restart', 'docker');
    writeFileSync(host.daemonJson, `{"labels": ["held=${held}"]}\n`);
    await node.run('touch', '/run/hold-docker');
    await node.ctl('start', 'xnetd');
    await node.until('Docker is on its way down', async () => /^stop/.test(await node.show('docker', 'SubState')));
    await act();
    await node.run('rm', '-f', '/run/hold-docker');
    await node.until('Docker is up', async () => (await node.show('docker', 'ActiveState')) === 'active');
  }

  test.serial(
    'xnetd stopped, started again or killed while it has Docker restarted: neither waits for the other',
    async (t) => {
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
      await node.ctl('start', 'xnetd');
      await untilReady();
      await whileDockerIsHeld(() => untilRestarted(node, 'xnetd', () => signal(node, 'xnetd', 'KILL')));
      await untilReady();
      t.notRegex(await node.journalOf('xnetd'), /stop-sigterm.*timed out/);
      t.is(await addressOn(host, 'docker0'), '10.76.0.1/24');
    },
  );

  test.serial('a host that is shut down while Docker is restarted goes on at the next boot', async (t) => {
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
  });

  test.serial('at boot Docker is started after the routes are there, and when xnetd fails or hangs', async (t) => {
    const boot = async () => {
      const why = await node.boot();
      if (why !== undefined) throw new Error(why);
      await node.until('Docker is up', async () => (await node.show('docker', 'ActiveState')) === 'active');
    };
    // No controller is asked for that.
    await control.ctl('stop', 'xnet-controller');
    await boot();
    t.regex(readFileSync(host.inside('/run/routes-before-docker'), 'utf8'), /^10\.76\.1\.0\/24 /m);
    t.is(await addressOn(host, 'docker0'), '10.76.0.1/24');
    const started = async (unit: string, property: string) => Number(await node.show(unit, property));
    t.true(
      (await started('xnetd', 'ActiveEnterTimestampMonotonic')) <=
        (await started('docker', 'ExecMainStartTimestampMonotonic')),
    );
    await control.ctl('start', 'xnet-controller');
    await untilReady();

    // It fails: a setting that nobody knows.
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
  });

  test.serial('N26 another version is installed under a running daemon, and back', async (t) => {
    const exe = async () => (await node.run('readlink', `/proc/${await node.show('xnetd', 'MainPID')}/exe`)).trim();
    const copy = join(work, 'newer');
    cpSync(unpacked, copy, { recursive: true });
    writeFileSync(join(copy, 'VERSION'), `${newer}\n`);
    writeFileSync(join(copy, 'dist/proto/process/version.js'), `export const version = '${newer}';\n`);
    await seal(copy);
    const edited = readFileSync(host.inside('/etc/xnet/xnetd.yaml'), 'utf8');
    const changes = await routeChangesDuring(async () => {
      const { stdout, stderr, code } = await node.exec(['sh', join(copy, 'install.sh')]);
      t.is(code, 0, stderr);
      t.regex(stdout, /systemctl restart xnetd/);
      t.is(await node.run('xnetd', '--version'), `${newer}\n`);
      t.is(await exe(), `/usr/local/lib/xnet/${version}/bin/node`);
      t.is((await node.exec(['xnetd', 'status'])).code, 0, 'one version of the command, another of the daemon');
      await node.ctl('restart', 'xnetd');
      t.is(await exe(), `/usr/local/lib/xnet/${newer}/bin/node`);
      await untilReady();
      await node.run('sh', installer, 'node');
      t.is(await node.run('xnetd', '--version'), `${version}\n`);
      await node.ctl('restart', 'xnetd');
      t.is(await exe(), `/usr/local/lib/xnet/${version}/bin/node`);
      await untilReady();
    });
    t.is(changes, '');
    t.is(readFileSync(host.inside('/etc/xnet/xnetd.yaml'), 'utf8'), edited);
    // Another build of the same version does not go where a daemon runs from.
    writeFileSync(join(copy, 'VERSION'), `${version}\n`);
    await seal(copy);
    const { stdout } = await node.exec(['sh', join(copy, 'install.sh')]);
    t.regex(stdout, new RegExp(`installed in /usr/local/lib/xnet/${version}\\+[0-9a-f]{8}\n`));
    await node.run('sh', installer);
    t.is((await node.run('readlink', '/usr/local/lib/xnet/current')).trim(), version);
  });

  test.serial('a host that has left is not started again, joins again when told to, and keeps nothing', async (t) => {
    const refused = await node.exec(['sh', '/usr/local/lib/xnet/current/install.sh', '--uninstall']);
    t.is(refused.code, 1);
    t.regex(refused.stderr, /nothing was removed: this host is a node/);
    t.is(await node.show('xnetd', 'ActiveState'), 'active');

    const ended = async () => {
      await node.until('xnetd has ended', async () => (await node.show('xnetd', 'ActiveState')) !== 'active');
      await node.until('xnetd is on its way nowhere', async () => {
        const state = await node.show('xnetd', 'ActiveState');
        return state === 'inactive' || state === 'failed';
      });
      t.is(await node.show('xnetd', 'SubState'), 'dead');
      t.is(await node.show('xnetd', 'Result'), 'success');
      t.is(await node.show('xnetd', 'ExecMainStatus'), String(exitCodes.left));
    };
    await node.run('xnetd', 'leave');
    await ended();
    t.notRegex(await xctl('nodes', 'list', '-o', 'name'), /h1/);
    t.is(await host.run(['ip', '-4', 'route', 'show', 'proto', '88']), '');

    await joinHost();
    await node.ctl('start', 'xnetd');
    await untilReady();
    await node.run('xnetd', 'leave');
    await ended();

    const { stdout, code } = await node.exec(['sh', '/usr/local/lib/xnet/current/install.sh', '--uninstall']);
    t.is(code, 0);
    t.is(stdout, 'xnet is removed from /usr/local\nkept:\n  /etc/xnet/xnetd.yaml\n  /var/lib/xnet-controller\n');
    await node.run('rm', '-r', '/etc/xnet');
    const left = (await node.inventory()).filter((line) => /xnet/.test(line));
    t.deepEqual(left, []);
    t.is(await node.show('xnetd', 'LoadState'), 'not-found');
    t.is(await node.show('docker', 'ActiveState'), 'active');

    const controller = await control.exec([
      'sh',
      join(controlPrefix, 'lib/xnet/current/install.sh'),
      '--uninstall',
      '--prefix',
      controlPrefix,
    ]);
    t.regex(controller.stderr, /a controller runs here/);
    await control.ctl('disable', '--now', 'xnet-controller');
    const gone = await control.run(
      'sh',
      join(controlPrefix, 'lib/xnet/current/install.sh'),
      '--uninstall',
      '--prefix',
      controlPrefix,
    );
    t.is(
      gone,
      `xnet is removed from ${controlPrefix}\nkept:\n  /etc/xnet/controller.yaml\n  /var/lib/xnet-controller\n`,
    );
    t.is((await control.exec(['test', '-e', controlPrefix])).code, 1);
  });
}
