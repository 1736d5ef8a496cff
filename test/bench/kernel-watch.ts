// Records when the kernels of many network namespaces add and delete routes, by their own notifications: one `ip monitor`
// for all of them timestamps each notification.
// Invariant: that one process is the only disturbance of the measurement. It has priority over all others (SCHED_FIFO), so
// that its timestamps are those of the notifications under any load. It writes to a file that is read later, and its own
// processor time is reported with the result.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Namespace } from '../../deploy/lab/namespace.js';
import { systemPath } from '../../deploy/lab/paths.js';
import { pause } from '../../proto/process/backoff.js';

/** Sighting is one notification of a route. */
export type Sighting = {
  /** Milliseconds since 1970, with a fraction; WallClock returns other times in the same unit. */
  readonly at: number;
  /** Index of its namespace in the list of watched ones. */
  readonly namespace: number;
  /** "10.76.3.0/24" */
  readonly destination: string;
  readonly removed: boolean;
};

/** Seen holds the sightings since the last look. */
export type Seen = {
  readonly sightings: readonly Sighting[];
  /** Processor time of `ip monitor` since the last look, in milliseconds. */
  readonly cpuMs: number;
};

// Reading the file takes time from what is measured, so it should be read after the measurement.
const lookEveryMs = 400;
const patienceMs = 10_000;

// "[2026-11-21T03:23:14.021976] [nsid 7]Deleted 10.1.0.0/24 nhid 4 via 192.168.83.12 dev eth0 proto 88"
const line = /^\[(\S{19})\.(\d{6})\] \[nsid (\d+)\](Deleted )?(?:[a-z]+ )?(\d[\d./]+) /;

/** sightingOf parses a line of `ip -tshort -oneline monitor all-nsid route`; undefined if it is not an IPv4 route. */
export function sightingOf(text: string): Sighting | undefined {
  const [, second = '', micros = '', nsid, deleted, destination = ''] = line.exec(text) ?? [];
  if (nsid === undefined) return undefined;
  const at = Date.parse(`${second}Z`) + Number(micros) / 1000;
  return { at, namespace: Number(nsid), destination, removed: deleted !== undefined };
}

/** KernelWatch watches until it is closed. */
export class KernelWatch {
  readonly #place: Namespace;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #read = 0;
  #cpuMs = 0;

  private constructor(names: readonly string[]) {
    this.#place = Namespace.create('watch');
    this.#place.ipBatch(names.map((name, index) => `netns set ${name} ${index}`));
    this.#folder = mkdtempSync(join(tmpdir(), 'xnet-bench-'));
    const [program, ...rest] = this.#place.enter;
    const monitor = ['ip', '-tshort', '-oneline', '-4', 'monitor', 'all-nsid', 'route'];
    const file = openSync(this.#file, 'w');
    this.#child = spawn(program, [...rest, 'setpriv', '--pdeathsig', 'KILL', 'chrt', '--fifo', '10', ...monitor], {
      env: { PATH: systemPath(), TZ: 'UTC' },
      stdio: ['ignore', file, 'inherit'],
    });
    closeSync(file);
  }

  get #file(): string {
    return join(this.#folder, 'sightings');
  }

  /** start watches namespaces by name, "xnet-1f0c9a-h1". Needs root. */
  static async start(names: readonly string[]): Promise<KernelWatch> {
    const watch = new KernelWatch(names);
    const [first] = names;
    if (first !== undefined) await watch.#untilItSees(Namespace.named(first));
    watch.look();
    return watch;
  }

  // No event announces that a monitor listens, so a route is added and removed until the monitor reports it.
  async #untilItSees(namespace: Namespace): Promise<void> {
    const probe = 'blackhole 198.51.100.0/24 metric 4000';
    while (readFileSync(this.#file).length === 0) {
      if (this.#child.exitCode !== null) throw new Error(`ip monitor ended with ${this.#child.exitCode}`);
      namespace.ipBatch([`route add ${probe}`, `route delete ${probe}`]);
      await pause(20);
    }
  }

  /** look returns the sightings since the last look. It throws if notifications were lost. */
  look(): Seen {
    const all = readFileSync(this.#file);
    const text = all.toString('latin1', this.#read);
    this.#read = all.length;
    if (/No buffer space/.test(text)) throw new Error('notifications were lost: what was measured does not count');
    const [ns = '0'] = readFileSync(`/proc/${this.#child.pid}/schedstat`, 'utf8').split(' ');
    const cpuMs = Number(ns) / 1e6 - this.#cpuMs;
    this.#cpuMs += cpuMs;
    return { sightings: text.split('\n').flatMap((row) => sightingOf(row) ?? []), cpuMs };
  }

  /**
   * arrivals waits until `count` namespaces have a route, and returns the time of each, as `at` of a sighting. It returns
   * fewer times if some have no route after 10 s.
   */
  async arrivals(
    destination: string,
    count: number,
  ): Promise<{ readonly at: readonly number[]; readonly cpuMs: number }> {
    const first = new Map<number, number>();
    let spentMs = 0;
    for (let waited = 0; ; waited += lookEveryMs) {
      const { sightings, cpuMs } = this.look();
      spentMs += cpuMs;
      for (const { at, namespace, destination: seen, removed } of sightings) {
        if (seen === destination && !removed && !first.has(namespace)) first.set(namespace, at);
      }
      if (first.size >= count || waited >= patienceMs) return { at: [...first.values()], cpuMs: spentMs };
      await pause(lookEveryMs);
    }
  }

  /** close ends the watch. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
    this.#place.delete();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
