// A network namespace made by a test, the demo or a benchmark, and the programs that run in it.
// Invariant: only namespaces that this module made, recognised by the prefix of their name, are ever removed.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { systemPath } from './paths.js';
import { isRunning, type ProcessRef, thisProcess } from './process-table.js';

const execFileAsync = promisify(execFile);

// Enough for a dump of 100,000 routes.
const longestOutputBytes = 64 * 1024 * 1024;

/** namespacePrefix is the prefix of the name of every namespace made here. */
export const namespacePrefix = 'xnet-';

/** namespaceFile returns the file on which `ip netns` mounts a namespace. */
export function namespaceFile(name: string): string {
  return `/run/netns/${name}`;
}

/** Namespace is one network namespace: a machine of the lab, its LAN, or the environment of a test. */
export class Namespace {
  /** "xnet-1f0c9a-h1" */
  readonly name: string;
  /** "/run/netns/xnet-1f0c9a-h1" */
  readonly path: string;

  private constructor(name: string) {
    this.name = name;
    this.path = namespaceFile(name);
  }

  /**
   * create makes a namespace with its loopback up. `label` ends its name: "h1". Unless a group is given, the name contains
   * the owning process, so that abandonedNamespaces finds the namespace after that process was killed.
   */
  static create(label: string, group: string = groupOf(thisProcess())): Namespace {
    const namespace = new Namespace(`${namespacePrefix}${group}-${label}`);
    execFileSync('ip', ['netns', 'add', namespace.name], { env: environment() });
    namespace.runSync(['ip', 'link', 'set', 'lo', 'up']);
    return namespace;
  }

  /** named returns the namespace of a name, which must exist before the first use. */
  static named(name: string): Namespace {
    return new Namespace(name);
  }

  /**
   * createAll makes many namespaces at once, by name, with no interface up.
   * @param env added to the environment of the program that makes them, which continues if this process is killed
   */
  static createAll(names: readonly string[], env: Readonly<Record<string, string>>): void {
    const lines = names.map((name) => `netns add ${name}\n`);
    execFileSync('ip', ['-batch', '-'], { input: lines.join(''), env: { ...environment(), ...env } });
  }

  /** enter returns a command prefix that runs a command in the namespace. */
  get enter(): readonly [string, ...string[]] {
    return ['nsenter', `--net=${this.path}`, '--'];
  }

  /** runSync runs a program in the namespace and returns its output. It throws if the program fails. */
  runSync(argv: readonly string[], input?: string): string {
    const [program, ...rest] = [...this.enter, ...argv];
    return execFileSync(program ?? '', rest, {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: longestOutputBytes,
      env: environment(),
      ...(input === undefined ? {} : { input }),
    });
  }

  /** run is runSync without blocking. */
  async run(argv: readonly string[]): Promise<string> {
    const [program, ...rest] = [...this.enter, ...argv];
    const { stdout } = await execFileAsync(program ?? '', rest, {
      encoding: 'utf8',
      maxBuffer: longestOutputBytes,
      env: environment(),
    });
    return stdout;
  }

  /** ipBatch applies lines of `ip -batch`, which stops at the first one that fails. */
  ipBatch(lines: readonly string[]): void {
    this.runSync(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** delete removes the namespace with its interfaces, routes and rules. */
  delete(): void {
    execFileSync('ip', ['netns', 'delete', this.name], { env: environment() });
  }
}

function groupOf(owner: ProcessRef): string {
  return `t${owner.pid}-${owner.startTime}-${randomBytes(3).toString('hex')}`;
}

/** abandonedNamespaces returns the namespaces that Namespace.create made for a process that is gone. */
export function abandonedNamespaces(names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    const [, pid, startTime] = /^xnet-t(\d+)-(\d+)-[0-9a-f]{6}-/.exec(name) ?? [];
    return pid !== undefined && startTime !== undefined && !isRunning({ pid: Number(pid), startTime });
  });
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: systemPath() };
}
