// The stage of the tests under systemd: a machine of the lab with systemd, a real dockerd and xnet from its package, and
// a second one for the controller.
// Invariant: one stage per test file; its tests run one after the other and each leaves the host a node that is ready.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { tryEngine } from '../../deploy/lab/engines.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { Lab } from '../../deploy/lab/lab.js';
import { cgroupOf } from '../../deploy/lab/paths.js';
import { addedNodeFrom } from '../../deploy/lab/programs.js';
import type { HostStatus } from '../../node/commands/status.js';
import { formatPrefix } from '../../proto/domain/address.js';
import { pause } from '../../proto/process/backoff.js';
import { version } from '../../proto/process/version.js';
import { ServiceHost } from './service-host.js';

const execute = promisify(execFile);

const target = (wants: string) => `[Unit]\nDescription=What a host boots to\n${wants}`;
const boots = {
  // The effect of poweroff.target on services only: all the machine underneath has one kernel.
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
ExecStartPre=/bin/sh -c 'ip -4 route show proto 88 >/run/routes-before-docker; ip -4 -o address >/run/addresses-before-docker'
ExecStart=${engineFolder}/usr/sbin/dockerd -H unix:///run/docker.sock --storage-driver=vfs --cgroup-parent=${cgroupOf(host.labId)}/${host.name} --exec-opt=native.cgroupdriver=cgroupfs
BindPaths=/run/cgroup:/sys/fs/cgroup
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

/** ServiceStage is the two machines, and what the tests do on them. */
export type ServiceStage = ReturnType<typeof stageOn>;

/** makeServiceStage creates the stage in a new lab; `why`: what it needs and this machine lacks. */
export async function makeServiceStage(): Promise<ServiceStage | { readonly why: string }> {
  if (process.getuid?.() !== 0) return { why: 'it needs root' };
  const engine = await tryEngine('20.10');
  if ('why' in engine) return engine;
  const lab = await Lab.create({ hosts: 2, engine });
  const made = await stageIn(lab).catch((error: unknown) => ({ why: String(error) }));
  if ('why' in made) await lab.close();
  return made;
}

async function stageIn(lab: Lab): Promise<ServiceStage | { readonly why: string }> {
  const host = lab.host('h1');
  const node = await ServiceHost.prepare(host, { ...boots, 'docker.service': dockerUnit(host) });
  if ('why' in node) return node;
  await host.run(['mkdir', '-p', engineFolder]);
  await host.run(['mount', '--bind', join(dirname(host.engine?.dockerd ?? ''), '../..'), engineFolder]);
  const control = await ServiceHost.prepare(lab.control, boots);
  if ('why' in control) return control;
  const why = (await node.boot()) ?? (await control.boot());
  return why === undefined ? stageOn(lab, node, control) : { why };
}

function stageOn(lab: Lab, node: ServiceHost, control: ServiceHost) {
  const [host, peer] = [lab.host('h1'), lab.host('h2')];
  const work = mkdtempSync(join(tmpdir(), 'xnet-systemd-'));
  chmodSync(work, 0o755);
  const packageName = `xnet-${version}-linux-${process.arch}`;
  const unpacked = join(work, packageName);
  const installer = join(unpacked, 'install.sh');
  const controlPrefix = join(control.machine.store, 'prefix');

  const xctl = (...args: readonly string[]) => control.run(join(controlPrefix, 'bin/xctl'), ...args);
  // As an operator does it: one command on each machine, and a token that is in no command line.
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

  // The kernel's notifications of routes and next hops during an action; markers of our own delimit it.
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

  async function untilBeats(on: ServiceHost, unit: string, beats: number): Promise<void> {
    const seen = new Set<string>();
    await on.until(`${unit} gives ${beats} signs of life`, async () => {
      seen.add(await on.show(unit, 'WatchdogTimestampMonotonic'));
      return seen.size > beats;
    });
  }

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

  const close = async () => {
    await lab.close();
    rmSync(work, { recursive: true, force: true });
  };
  const { lan, router } = lab.plan;
  const machines = { host, peer, node, control, lan: formatPrefix(lan), router };
  const files = { work, packageName, unpacked, installer, controlPrefix, seal };
  const units = { dropIn, noDropIn, signal, untilRestarted, untilBeats, untilReady, whileDockerIsHeld };
  return { ...machines, ...files, ...units, xctl, joinHost, routeChangesDuring, close };
}
