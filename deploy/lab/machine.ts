// One machine of a lab: a network namespace, and mount and UTS namespaces that a process holds open.
// Invariant: everything started here carries the lab's mark in its environment, so that removing the lab finds it.
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

// Of a program that a busy machine slows down: Docker's client, an installation.
const execTimeoutMs = 180_000;

/** Argv is a program and its arguments. */
export type Argv = readonly [string, ...string[]];

/** SpawnOptions configure a program that is started on a machine. */
export type SpawnOptions = {
  /** Added to PATH, HOME, LANG and the lab's mark, which otherwise are the whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** File to which the program's output is appended. Default: PROGRAM.log in the machine's `logs`. */
  readonly logFile?: string;
};

/** MachineParts hold the parts of a machine that is up. */
export type MachineParts = {
  readonly labId: string;
  readonly plan: MachinePlan;
  /** The process that keeps the machine alive, see holdMachine. */
  readonly holder: ProcessRef;
  /** Folders of this machine's engine, put before the system's PATH. */
  readonly programs?: string;
};

/** Machine is one machine of a lab. It lives until its lab is removed. */
export class Machine {
  /** "h1": also its hostname, and listed in /etc/hosts of every machine. */
  readonly name: string;
  readonly role: MachineRole;
  /** Address on the LAN: "192.168.83.11". */
  readonly address: string;
  readonly namespace: Namespace;
  /** Folder below /run/xnet-lab, at the same path inside and outside; `folder`/run is the machine's /run. */
  readonly folder: string;
  /** Folder on disk, at the same path inside and outside. */
  readonly store: string;
  /** Folder with the output of its programs. */
  readonly logs: string;
  readonly labId: string;
  /** PATH of all programs started here. */
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
   * enter returns a command prefix that runs a command on this machine, in its root folder.
   * @throws XnetError FailedPrecondition if the lab was removed
   */
  get enter(): Argv {
    if (!isRunning(this.#holder)) {
      throw new XnetError('FailedPrecondition', `the lab ${this.labId} is not there any more`);
    }
    return ['nsenter', `--target=${this.#holder.pid}`, '--mount', '--net', '--uts', '--'];
  }

  /** inside returns the path from outside of a file of this machine: /etc/xnet becomes "/proc/4711/root/etc/xnet". */
  inside(path: string): string {
    return join(`/proc/${this.#holder.pid}/root`, path);
  }

  /**
   * exec runs a program to its end, by default for at most three minutes. A non-zero exit code is a result.
   * @throws XnetError DeadlineExceeded and Cancelled as Exec does; FailedPrecondition if the lab was removed
   */
  exec(argv: Argv, options?: ExecOptions & { readonly env?: Readonly<Record<string, string>> }): Promise<ExecResult> {
    const variables = Object.entries(this.environment(options?.env)).map(([name, value]) => `${name}=${value}`);
    return exec([...this.enter, 'env', '-i', ...variables, ...argv], { timeoutMs: execTimeoutMs, ...options });
  }

  /**
   * run runs a program to its end and returns its standard output.
   * @throws XnetError FailedPrecondition with the program's message if its exit code is not 0
   */
  async run(argv: Argv, options?: ExecOptions): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code === 0) return stdout;
    const said = stderr.trim() || stdout.trim() || 'it said nothing';
    throw new XnetError('FailedPrecondition', `${argv.join(' ')} on ${this.name}: exit code ${code}: ${said}`);
  }

  /** spawn starts a program that continues to run, such as xnetd. It ends with the lab at the latest. */
  async spawn(argv: Argv, options: SpawnOptions = {}): Promise<LabProcess> {
    const [program, ...rest] = [...this.enter, ...argv] as const;
    const file = options.logFile ?? join(this.logs, `${basename(argv[0])}.log`);
    const log = openSync(file, 'a');
    const { size: offset } = fstatSync(log);
    try {
      const child = spawn(program, rest, {
        cwd: '/',
        // Starts a session, so that Ctrl-C at a terminal ends the lab in order, not its programs in arbitrary order.
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
   * serve starts a web server for fetchSource on this machine. It listens when this returns.
   * @throws XnetError FailedPrecondition if the port is in use
   */
  async serve(port: number): Promise<void> {
    const { code, stderr } = await serveSource(this, port);
    if (code !== 0) {
      throw new XnetError('FailedPrecondition', `no web server on ${this.name}:${port}: ${stderr.trim()}`);
    }
  }

  /** fetch sends an HTTP request to a web server of the lab. */
  fetch(at: string, timeoutSeconds?: number): Promise<Fetched> {
    return fetchSource(this, at, timeoutSeconds);
  }

  /** ping sends one echo request and reports whether it was answered. */
  ping(address: string, timeoutSeconds?: number): Promise<boolean> {
    return ping(this, address, timeoutSeconds);
  }

  /** started returns the running programs that spawn started. */
  get started(): readonly LabProcess[] {
    return this.#started.filter((process) => process.running);
  }

  /** environment returns the environment of all programs started here, with additions. */
  environment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: this.path, HOME: join(this.store, 'home'), LANG: 'C.UTF-8', [labMark]: this.labId, ...added };
  }
}
