// A real systemd on a machine of the lab, as the first process of a PID namespace, with only the units of a test.
// Invariant: it sees the lab machine's files and network, can change neither kernel settings outside net nor foreign
// cgroups, and ends with the lab. Those of the machine are at /run/cgroup, for a dockerd that runs containers.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import type { Argv, Machine } from '../../deploy/lab/machine.js';
import { cgroupOf } from '../../deploy/lab/paths.js';
import { pause } from '../../proto/process/backoff.js';
import { type ExecResult, exec } from '../../proto/process/exec.js';
import { patientMs } from './until.js';

const program = '/lib/systemd/systemd';
const copied = [
  'systemd-journald.service',
  'systemd-journald.socket',
  'systemd-journald-dev-log.socket',
  'sysinit.target',
  'basic.target',
  'sockets.target',
  'shutdown.target',
  'umount.target',
];

const defaultTarget = `[Unit]
Description=A systemd for a test
Wants=systemd-journald.service
`;

// Writes nothing to disk, and reads nothing of the kernel's log, which all machines share.
const journald = `[Journal]
Storage=volatile
ReadKMsg=no
Audit=no
`;

// $1: a cgroup of the hierarchy in which systemd keeps its units.
const beginning = `
set -e
mkdir -p "$1"
echo $$ > "$1/cgroup.procs"
shift
exec unshare --pid --fork --kill-child=SIGKILL --mount-proc --cgroup -- sh -c '
  mkdir -p /run/sys-net
  mount --bind /proc/sys/net /run/sys-net
  mount --bind /proc/sys /proc/sys
  mount -o remount,bind,ro /proc/sys
  mount --bind /run/sys-net /proc/sys/net
  mkdir -p /run/cgroup
  mount --rbind /sys/fs/cgroup /run/cgroup
  if [ -d /sys/fs/cgroup/systemd ]; then
    mount -t tmpfs -o mode=0755 tmpfs /sys/fs/cgroup
    mkdir /sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  else
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  fi
  exec "$@"' sh "$@"
`;

/** SystemdOptions configure the start of a systemd. */
export type SystemdOptions = {
  /** Folders of units besides those of the test: ["/etc/systemd/system"]. Default: none. */
  readonly unitPath?: readonly string[];
};

/** Systemd is a running systemd. */
export class Systemd {
  readonly #enter: Argv;
  readonly #started: LabProcess;

  private constructor(enter: Argv, started: LabProcess) {
    this.#enter = enter;
    this.#started = started;
  }

  /**
   * start starts a systemd with these units, {"docker.service": "[Unit]…"}. If systemd can't run, it returns the reason.
   */
  static async start(
    host: Machine,
    units: Readonly<Record<string, string>>,
    options: SystemdOptions = {},
  ): Promise<Systemd | { readonly why: string }> {
    if (!existsSync(program)) return { why: `no ${program} on this machine` };
    const folder = join(host.store, 'units');
    mkdirSync(folder, { recursive: true });
    for (const name of copied) copyFileSync(join('/lib/systemd/system', name), join(folder, name));
    for (const [name, content] of Object.entries({ 'default.target': defaultTarget, ...units })) {
      writeFileSync(join(folder, name), content);
    }
    const settings = join(host.folder, 'run/systemd/journald.conf.d');
    mkdirSync(settings, { recursive: true });
    writeFileSync(join(settings, 'test.conf'), journald);
    const root = existsSync('/sys/fs/cgroup/systemd') ? '/sys/fs/cgroup/systemd' : '/sys/fs/cgroup';
    const cgroup = join(root, cgroupOf(host.labId), `${host.name}-systemd`);
    const flags = ['--system', '--unit=default.target', '--log-target=journal', '--show-status=0'];
    const started = await host.spawn(['sh', '-c', beginning, 'sh', cgroup, program, ...flags], {
      env: { container: 'lab', SYSTEMD_UNIT_PATH: [folder, ...(options.unitPath ?? [])].join(':') },
    });
    for (let attempt = 0; attempt < 1_200 && started.running; attempt += 1) {
      const pid = firstProcessBelow(started.pid);
      if (pid !== undefined) {
        const enter = ['nsenter', `--target=${pid}`, '--mount', '--pid', '--net', '--uts', '--'] as const;
        const systemd = new Systemd(
          [...enter, 'env', '-i', `PATH=${host.path}`, `HOME=${host.environment()['HOME']}`],
          started,
        );
        if ((await systemd.exec(['systemctl', 'is-active', 'systemd-journald.service'])).code === 0) return systemd;
      }
      await pause(50);
    }
    return { why: `systemd does not come up: ${started.output.slice(-500)}` };
  }

  /** exec runs a program next to this systemd, with `input` on its standard input; systemctl there controls this systemd. */
  exec(argv: readonly string[], input = ''): Promise<ExecResult> {
    return exec([...this.#enter, ...argv], { timeoutMs: patientMs, input });
  }

  /** kill ends systemd and everything that it has started at once, as a power failure does. */
  async kill(): Promise<void> {
    const first = firstProcessBelow(this.#started.pid);
    this.#started.kill('SIGKILL');
    await this.#started.exited;
    // The first process of a PID namespace is gone when all other processes in it are.
    while (first !== undefined && existsSync(`/proc/${first}/status`)) await pause(20);
  }
}

// The spawned nsenter and sh become unshare, whose only child is the systemd once it has reported its start.
function firstProcessBelow(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const child = Number(children.split(' ')[0]);
    return child > 0 && readFileSync(`/proc/${child}/comm`, 'utf8') === 'systemd\n' ? child : undefined;
  } catch {
    return undefined;
  }
}
