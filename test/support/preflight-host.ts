// A host for preflight to look at: a network namespace of the real kernel with an underlay eth0 (192.168.83.11/24) and a
// peer (192.168.83.12), and a root folder with its files. No dockerd runs on it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Namespace } from '../../deploy/lab/namespace.js';
import { type DockerSettings, dockerDefaults } from '../../node/docker/engine/settings.js';
import { defaultMark } from '../../node/firewall/desired.js';
import type { ProcFiles } from '../../node/firewall/proc.js';
import type { PreflightFinding } from '../../node/preflight/finding.js';
import { openPlace, type PlaceSettings } from '../../node/preflight/place.js';
import { preflight } from '../../node/preflight/preflight.js';
import { type PreflightGiven, requestFrom } from '../../node/preflight/request.js';
import type { Cached } from '../../node/table/cache.js';
import { type Exec, execThrough } from '../../proto/process/exec.js';
import { type EngineAnswers, EngineSocket } from './engine-socket.js';
import { procThrough } from './firewall-host.js';
import { LinuxRouteHost } from './linux-route-host.js';

/** PreflightLook changes the input of preflight. */
export type PreflightLook = Partial<PreflightGiven> & {
  readonly underlay?: PlaceSettings['underlay'];
  readonly stateDir?: string;
  readonly docker?: Partial<DockerSettings>;
  /** What the host knows from a controller. */
  readonly cached?: Cached;
  /** Files of /proc that are not those of the namespace: "sys/net/ipv4/neigh/default/gc_thresh3" to "1024". */
  readonly proc?: ReadonlyMap<string, string>;
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

  /** sh runs a command line in the namespace, with files of /etc below the root. */
  sh(line: string): string {
    return this.host.namespace.runSync(['sh', '-ec', line.replaceAll(/(?<=[ >])\/etc\//g, `${this.root}/etc/`)]);
  }

  /** look runs preflight, without the rules of the firewall unless `quick` is false. */
  async look(look: PreflightLook = {}): Promise<readonly PreflightFinding[]> {
    const { underlay = {}, stateDir = this.root, docker: changes = {}, cached, proc, ...given } = look;
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
      proc: withFiles(procThrough(exec), proc ?? new Map()),
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
      if (program !== 'systemctl') return inside(argv, options);
      if (verb !== 'is-active') return { code: 1, stdout: '', stderr: '' };
      const states = units.map((unit) => (this.active.has(unit.replace(/\.service$/, '')) ? 'active' : 'inactive'));
      return { code: states.includes('inactive') ? 3 : 0, stdout: `${states.join('\n')}\n`, stderr: '' };
    };
  }

  async close(): Promise<void> {
    await this.dockerIsGone();
    await this.host.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

function withFiles(proc: ProcFiles, files: ReadonlyMap<string, string>): ProcFiles {
  return {
    read: async (path) => files.get(path) ?? (await proc.read(path)),
    write: (path, text) => proc.write(path, text),
  };
}
