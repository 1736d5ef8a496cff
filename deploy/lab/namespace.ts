// A network namespace that a test, the demo or a benchmark made, and everything that is run in it.
// Invariant: only namespaces that this module made, recognised by their name's beginning, are ever removed.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** namespacePrefix begins the name of every namespace we make. */
export const namespacePrefix = 'xnet-';

/** Namespace is one network namespace: a host of the lab, its LAN, or the place of a test. */
export class Namespace {
  /** "xnet-1f0c9a-h1" */
  readonly name: string;
  /** "/run/netns/xnet-1f0c9a-h1" */
  readonly path: string;

  private constructor(name: string) {
    this.name = name;
    this.path = `/run/netns/${name}`;
  }

  /** create makes a namespace with its loopback up. `label` ends its name: "h1". */
  static create(label: string, group: string = randomBytes(3).toString('hex')): Namespace {
    const namespace = new Namespace(`${namespacePrefix}${group}-${label}`);
    execFileSync('ip', ['netns', 'add', namespace.name]);
    namespace.runSync(['ip', 'link', 'set', 'lo', 'up']);
    return namespace;
  }

  /** enter is the beginning of a command line that runs the rest of it in the namespace. */
  get enter(): readonly [string, ...string[]] {
    return ['nsenter', `--net=${this.path}`, '--'];
  }

  /** runSync runs a program in the namespace and returns what it printed; throws when it fails. */
  runSync(argv: readonly string[], input?: string): string {
    const [program, ...rest] = [...this.enter, ...argv];
    return execFileSync(program ?? '', rest, {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    });
  }

  /** run is runSync without blocking. */
  async run(argv: readonly string[]): Promise<string> {
    const [program, ...rest] = [...this.enter, ...argv];
    const { stdout } = await execFileAsync(program ?? '', rest, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  /** ipBatch applies lines of `ip -batch`, which stops at the first that fails. */
  ipBatch(lines: readonly string[]): void {
    this.runSync(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** delete removes the namespace, and with it its interfaces, routes and rules. */
  delete(): void {
    execFileSync('ip', ['netns', 'delete', this.name]);
  }
}
