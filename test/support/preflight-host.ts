// A host for preflight to look at: a network namespace of the real kernel with an underlay eth0 (192.168.83.11/24) and a
// peer (192.168.83.12), and a root folder with its files. No dockerd runs on it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Namespace } from '../../deploy/lab/namespace.js';
import { type DockerSettings, dockerDefaults } from '../../node/docker/engine/settings.js';
import { defaultMark } from '../../node/firewall/desired.js';
import type { ProcFiles } from '../../node/firewall/proc.js';
import type { PreflightFinding } from '../../node/preflight/finding.js';
import { openPlace, type PlaceOptions, type PlaceSettings } from '../../node/preflight/place.js';
import { preflight } from '../../node/preflight/preflight.js';
import { type PreflightGiven, requestFrom } from '../../node/preflight/request.js';
import type { Cached } from '../../node/table/cache.js';
import { XnetError } from '../../proto/errors.js';
import { type Exec, execThrough } from '../../proto/process/exec.js';
import { type EngineAnswers, EngineSocket } from './engine-socket.js';
import { procThrough } from './firewall-host.js';
import { HandshakePort } from './handshake-port.js';
import { LinuxRouteHost } from './linux-route-host.js';

/** PreflightLook changes the input of preflight. */
export type PreflightLook = Partial<PreflightGiven> & {
  readonly underlay?: PlaceSettings['underlay'];
  readonly stateDir?: string;
  readonly docker?: Partial<DockerSettings>;
  /** What the host knows from a controller. */
  readonly cached?: Cached;
  /** The host's clock is ahead by so many ms. */
  readonly aheadMs?: number;
  /** Parts of the kernel that are not those of this machine. */
  readonly kernel?: Pick<PlaceOptions, 'kernelAs' | 'lookupAs'>;
};

/** PreflightHost is such a host. It needs root. */
export class PreflightHost {
  readonly host = new LinuxRouteHost();
  readonly peer: Namespace;
  readonly root = mkdtempSync(join(tmpdir(), 'xnet-root-'));
  readonly daemonJson = join(this.root, 'etc/docker/daemon.json');
  /** Units that systemd says run: "NetworkManager". */
  readonly active = new Set<string>();
  /** Docker's socket, once dockerAnswers() has been called. */
  readonly socket = join(this.root, 'run/docker.sock');
  #engine: EngineSocket | undefined;
  /** Whether systemctl gives an answer. */
  hasSystemd = true;
  /** Files and folders below the root in the place of those of the machine, by path: "/usr/sbin/nft". */
  readonly instead = new Map<string, string>();
  readonly controller = new HandshakePort();
  readonly #disks: string[] = [];

  constructor() {
    this.peer = this.host.addNeighbour('eth0', ['192.168.83.12/24']);
    this.host.addAddress('eth0', '192.168.83.11/24');
    this.sh('sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0');
    for (const program of ['nft', 'iptables', 'conntrack', 'dockerd']) this.write(`usr/sbin/${program}`, '', 0o755);
  }

  /** write writes a file below the root: "etc/ufw/ufw.conf". */
  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text, { mode });
  }

  /** remove removes a file below the root. */
  remove(path: string): void {
    rmSync(join(this.root, path), { force: true });
  }

  /** dockerAnswers makes an engine answer at the socket, see EngineSocket. */
  async dockerAnswers(answers: EngineAnswers): Promise<void> {
    mkdirSync(dirname(this.socket), { recursive: true });
    this.#engine ??= await EngineSocket.open(this.socket);
    this.#engine.answers = answers;
  }

  /** dockerIsGone removes the socket. */
  async dockerIsGone(): Promise<void> {
    await this.#engine?.close();
    this.#engine = undefined;
  }

  /** mount mounts a file system of its own at a folder below the root, until the host is closed: "size=1m". */
  mount(folder: string, options: string): void {
    const path = join(this.root, folder);
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'xnet-test', path]);
    this.#disks.push(path);
  }

  /** sh runs a command line in the namespace, with files of /etc and programs of /usr/local/sbin below the root. */
  sh(line: string): string {
    const text = line.replaceAll(/(?<=[ >])\/etc\//g, `${this.root}/etc/`);
    return this.host.namespace.runSync(this.#seeing(['sh', '-ec', `PATH=${this.root}/usr/local/sbin:$PATH; ${text}`]));
  }

  /** proc is access to /proc of the host. */
  get proc(): ProcFiles {
    return procThrough(this.#exec());
  }

  // The command in a mount namespace in which files below the root take the place of others.
  #seeing(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
    if (this.instead.size === 0) return argv;
    const mounts = [...this.instead].map(([path, file]) => `mount --bind ${join(this.root, file)} ${path}`);
    return ['unshare', '--mount', '--', 'sh', '-ec', [...mounts, 'exec "$@"'].join('; '), 'sh', ...argv];
  }

  /** look runs preflight, without the rules of the firewall unless `quick` is false. */
  async look(look: PreflightLook = {}): Promise<readonly PreflightFinding[]> {
    const {
      underlay = {},
      stateDir = this.root,
      docker: changes = {},
      cached,
      aheadMs = 0,
      kernel = {},
      ...given
    } = look;
    const missing = join(this.root, 'none');
    const docker = {
      ...dockerDefaults,
      socket: this.socket,
      pidFile: missing,
      daemonJson: this.daemonJson,
      stateFolder: stateDir,
      ...changes,
    };
    const settings = { docker, underlay, stateDir, routeProtocol: 88, mark: defaultMark };
    const exec = this.#exec();
    const place = openPlace(settings, {
      namespace: this.host.namespace.path,
      root: this.root,
      exec,
      proc: procThrough(exec),
      now: () => Date.now() + aheadMs,
      ...kernel,
    });
    try {
      const request = requestFrom({ mode: 'bip', controllers: [], quick: true, ...given }, cached);
      return await preflight(place, request, () => undefined, new AbortController().signal);
    } finally {
      await place.close();
    }
  }

  // The namespace has no systemd to ask, and its programs are below the root.
  #exec(): Exec {
    const inside = execThrough(this.host.namespace.enter);
    return async (argv, options) => {
      const [program, verb, ...units] = argv;
      if (program === 'sh') {
        return inside(
          ['sh', '-c', (units[0] ?? '').replace('=$PATH', '=').replaceAll(':/', `:${this.root}/`)],
          options,
        );
      }
      if (program !== 'systemctl') return inside(this.#seeing(argv), options);
      if (!this.hasSystemd) throw new XnetError('DeadlineExceeded', 'systemctl did not end in time');
      if (verb !== 'is-active') return { code: 1, stdout: '', stderr: '' };
      const states = units.map((unit) => (this.active.has(unit.replace(/\.service$/, '')) ? 'active' : 'inactive'));
      return { code: states.includes('inactive') ? 3 : 0, stdout: `${states.join('\n')}\n`, stderr: '' };
    };
  }

  async close(): Promise<void> {
    await this.dockerIsGone();
    await this.controller.close();
    await this.host.close();
    for (const path of this.#disks) execFileSync('umount', [path]);
    rmSync(this.root, { recursive: true, force: true });
  }
}
