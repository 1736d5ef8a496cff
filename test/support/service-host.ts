// A machine of the lab set up like a real host: its own systemd, and xnet installed from a package by its installer.
// Invariant: the installed files are visible on this machine only, at the paths that they have on a real one.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../deploy/lab/machine.js';
import { pause } from '../../proto/process/backoff.js';
import type { ExecResult } from '../../proto/process/exec.js';
import { Systemd } from './systemd.js';
import { patientMs } from './until.js';

const unitFolders = ['/etc/systemd/system', '/usr/local/lib/systemd/system'];

// Lists what installing, running and leaving may touch. Sizes and times of folders are ignored.
const inventoryScript = `
for folder in /usr/local /etc /var/lib/xnet /run/xnet; do
  [ ! -e "$folder" ] || find "$folder" -xdev ! -type d -printf '%p %l %m %U %s\\n' -o -type d -printf '%p %m %U\\n'
done | sort
`;

/** ServiceHost is one machine. Its systemd can be booted and killed repeatedly. */
export class ServiceHost {
  readonly machine: Machine;
  readonly #units: Readonly<Record<string, string>>;
  #systemd: Systemd | undefined;

  private constructor(machine: Machine, units: Readonly<Record<string, string>>) {
    this.machine = machine;
    this.#units = units;
  }

  /**
   * prepare gives a machine what a host has: its own /usr/local and /etc/systemd/system, without anything of xnet.
   * @param units units of the host besides those of xnet; it boots to "multi-user.target"
   */
  static async prepare(
    machine: Machine,
    units: Readonly<Record<string, string>>,
  ): Promise<ServiceHost | { readonly why: string }> {
    const host = new ServiceHost(machine, units);
    const upper = join(machine.store, 'usr-local');
    const work = join(machine.store, 'usr-local.work');
    for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
    const options = `lowerdir=/usr/local,upperdir=${upper},workdir=${work}`;
    const overlay = await machine.exec(['mount', '-t', 'overlay', '-o', options, 'overlay', '/usr/local']);
    if (overlay.code !== 0) return { why: `no overlay file system here: ${overlay.stderr.trim()}` };
    await machine.run(['mount', '-t', 'tmpfs', 'tmpfs', '/etc/systemd/system']);
    // The lab has mounted these folders.
    for (const folder of ['/etc/xnet', '/var/lib/xnet']) {
      await machine.run(['umount', folder]);
      await machine.run(['rmdir', folder]);
    }
    // A machine of the lab has 64 MB for /var/lib, which the write-ahead log of etcd alone fills.
    const data = join(machine.store, 'xnet-controller');
    mkdirSync(data, { recursive: true });
    await machine.run(['mkdir', '/var/lib/xnet-controller']);
    await machine.run(['mount', '--bind', data, '/var/lib/xnet-controller']);
    return host;
  }

  /** boot starts systemd on empty kernel tables, as after a power failure. If systemd does not run, it returns the reason. */
  async boot(): Promise<string | undefined> {
    await this.#systemd?.kill();
    await this.machine.run(['sh', '-c', afterReboot]);
    const systemd = await Systemd.start(this.machine, this.#units, { unitPath: unitFolders });
    if ('why' in systemd) return systemd.why;
    this.#systemd = systemd;
    return undefined;
  }

  /** exec runs a program on this machine, with `input` on its standard input. A non-zero exit code is a result. */
  exec(argv: readonly [string, ...string[]], input = ''): Promise<ExecResult> {
    if (this.#systemd === undefined) return this.machine.exec(argv, { input });
    return this.#systemd.exec(argv, input);
  }

  /** run runs a program and returns its output. It throws with the program's message if the program fails. */
  async run(...argv: readonly [string, ...string[]]): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}: ${stderr}${stdout}${await this.#journal()}`);
    return stdout;
  }

  /** ctl runs systemctl: ctl('restart', 'xnetd'). */
  ctl(...args: readonly string[]): Promise<string> {
    return this.run('systemctl', ...args);
  }

  /** show returns one property of a unit: show('xnetd', 'MainPID'). */
  async show(unit: string, property: string): Promise<string> {
    return (await this.ctl('show', '--value', `--property=${property}`, unit)).trim();
  }

  /** until polls until a condition holds: outside of systemd, no event announces it. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + patientMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`not so: ${what}\n${await this.#journal()}`);
      await pause(50);
    }
  }

  /** journalOf returns the log of a unit since the boot, with systemd's messages about it. */
  journalOf(unit: string): Promise<string> {
    return this.run('journalctl', '--no-pager', '--output=cat', `--unit=${unit}`);
  }

  async #journal(): Promise<string> {
    const { stdout } = await this.exec(['journalctl', '--no-pager', '--output=short-monotonic', '--lines=60']);
    return stdout;
  }

  /** inventory lists every file that installing, running or leaving may have touched. */
  async inventory(): Promise<readonly string[]> {
    return (await this.run('sh', '-c', inventoryScript)).trim().split('\n');
  }
}

// After a reboot, memory is empty: the kernel's tables, and /run except for the lab's mounts.
const afterReboot = `
ip route flush proto 88
ip nexthop flush >/dev/null 2>&1
nft flush ruleset
# The bridge of LAN mode is gone, and the host's own configuration gives its interface what it had.
if [ -e /sys/class/net/xnet-lan ]; then
  addresses=$(ip -4 -o address show dev xnet-lan scope global | awk '{ print $4 }')
  gateway=$(ip -4 route show default dev xnet-lan | awk '{ print $3 }')
  ip link delete xnet-lan
  for address in $addresses; do ip address add "$address" brd + dev eth0; done
  [ -z "$gateway" ] || ip route replace default via "$gateway" dev eth0
fi
for link in docker0 xnet0; do ip link delete "$link" 2>/dev/null; done
echo 0 >/proc/sys/net/ipv4/ip_forward
find /run -mindepth 1 -maxdepth 1 ! -name xnet-lab ! -name lock -exec rm -rf {} +
`;
