// One machine of a lab: a network namespace, and mount and UTS namespaces that a process holds open.
// Invariant: whatever is started here carries the lab's mark in its environment, so that removing the lab finds it.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { basename, join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import { type ExecOptions, type ExecResult, exec } from '../../proto/process/exec.js';
import { machineFolders } from './holder.js';
import { LabProcess } from './lab-process.js';
import { Namespace } from './namespace.js';
import { labMark, programsFolder, systemPath } from './paths.js';
import type { MachinePlan, MachineRole } from './plan.js';
import { type Fetched, fetchSource, ping, serveSource } from './probe.js';
import { isRunning, type ProcessRef } from './process-table.js';

/** Argv is a program and its arguments. */
export type Argv = readonly [string, ...string[]];

/** SpawnOptions are how a program is started on a machine. */
export type SpawnOptions = {
  /** Added to PATH, HOME, LANG and the lab's mark, which are all it gets otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints is appended there. Default: PROGRAM.log in the machine's `logs`. */
  readonly logFile?: string;
};

/** MachineParts are what a machine consists of when it is up. */
export type MachineParts = {
  readonly labId: string;
  readonly plan: MachinePlan;
  /** The process that keeps it, see holdMachine. */
  readonly holder: ProcessRef;
  /** Put before the system's PATH: where this machine's engine is. */
  readonly programs?: string;
};

/** Machine is one machine of a lab that is up. It lives until its lab is removed. */
export class Machine {
  /** "h1": its hostname too, and in /etc/hosts of every machine. */
  readonly name: string;
  readonly role: MachineRole;
  /** On the LAN: "192.168.83.11". */
  readonly address: string;
  readonly namespace: Namespace;
  /** Below /run/xnet-lab, the same inside and outside; `folder`/run is the machine's /run. */
  readonly folder: string;
  /** On disk, the same inside and outside. */
  readonly store: string;
  /** Folder of what its programs print. */
  readonly logs: string;
  readonly labId: string;
  /** PATH of everything that is started here. */
  readonly path: string;
  readonly #holder: ProcessRef;
  readonly #started: LabProcess[] = [];

  constructor(parts: MachineParts) {
    const { labId, plan, holder } = parts;
    const { folder, store } = machineFolders(labId, plan.name);
    this.name = plan.name;
    this.role = plan.role;
    this.address = plan.address;
    this.namespace = Namespace.named(plan.namespace);
    this.folder = folder;
    this.store = store;
    this.logs = join(store, 'log');
    this.labId = labId;
    this.path = systemPath(`${programsFolder(labId)}:${parts.programs ?? ''}`);
    this.#holder = holder;
  }

  /**
   * enter is the beginning of a command line that runs the rest of it on this machine, from its /.
   * @throws XnetError FailedPrecondition when the lab was removed
   */
  get enter(): Argv {
    if (!isRunning(this.#holder)) {
      throw new XnetError('FailedPrecondition', `the lab ${this.labId} is not there any more`);
    }
    return ['nsenter', `--target=${this.#holder.pid}`, '--mount', '--net', '--uts', '--'];
  }

  /** inside is where a file of this machine is seen from outside: /etc/xnet as "/proc/4711/root/etc/xnet". */
  inside(path: string): string {
    return join(`/proc/${this.#holder.pid}/root`, path);
  }

  /**
   * exec runs a program to its end; a non-zero exit code is a result.
   * @throws XnetError DeadlineExceeded and Cancelled as Exec does; FailedPrecondition when the lab was removed
   */
  exec(argv: Argv, options?: ExecOptions & { readonly env?: Readonly<Record<string, string>> }): Promise<ExecResult> {
    const variables = Object.entries(this.environment(options?.env)).map(([name, value]) => `${name}=${value}`);
    return exec([...this.enter, 'env', '-i', ...variables, ...argv], options);
  }

  /**
   * run runs a program to its end and returns what it printed on standard output.
   * @throws XnetError FailedPrecondition with what it said when its exit code is not 0
   */
  async run(argv: Argv, options?: ExecOptions): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code === 0) return stdout;
    const said = stderr.trim() || stdout.trim() || 'it said nothing';
    throw new XnetError('FailedPrecondition', `${argv.join(' ')} on ${this.name}: exit code ${code}: ${said}`);
  }

  /** spawn starts a program that goes on, e.g. xnetd. It ends with the lab at the latest. */
  async spawn(argv: Argv, options: SpawnOptions = {}): Promise<LabProcess> {
    const [program, ...rest] = [...this.enter, ...argv] as const;
    const file = options.logFile ?? join(this.logs, `${basename(argv[0])}.log`);
    const log = openSync(file, 'a');
    const { size: offset } = fstatSync(log);
    try {
      const child = spawn(program, rest, {
        cwd: '/',
        // A session of its own: Ctrl-C at a terminal ends the lab in order, not its parts in none.
        detached: true,
        env: this.environment(options.env),
        stdio: ['ignore', log, log],
      });
      const started = await LabProcess.of(child, { file, offset });
      this.#started.push(started);
      return started;
    } finally {
      closeSync(log);
    }
  }

  /**
   * serve starts a web server on this machine that tells whom it sees (fetchSource); it listens when this returns.
   * @throws XnetError FailedPrecondition when the port is taken
   */
  async serve(port: number): Promise<void> {
    const { code, stderr } = await serveSource(this, port);
    if (code !== 0) {
      throw new XnetError('FailedPrecondition', `no web server on ${this.name}:${port}: ${stderr.trim()}`);
    }
  }

  /** fetch asks a server of the lab whom it sees. */
  fetch(at: string, timeoutSeconds?: number): Promise<Fetched> {
    return fetchSource(this, at, timeoutSeconds);
  }

  /** ping sends one echo request and says whether it was answered. */
  ping(address: string, timeoutSeconds?: number): Promise<boolean> {
    return ping(this, address, timeoutSeconds);
  }

  /** started are the programs that spawn started and that run. */
  get started(): readonly LabProcess[] {
    return this.#started.filter((process) => process.running);
  }

  /** environment is that of everything that is started here, with what is added. */
  environment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: this.path, HOME: join(this.store, 'home'), LANG: 'C.UTF-8', [labMark]: this.labId, ...added };
  }
}
