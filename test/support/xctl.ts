// xctl as a process, run as by an operator: with its own home and nothing of this machine's environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContextFolder } from '../../cli/contexts/folder.js';
import { contextOf } from '../../cli/contexts/saved.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { patientMs } from './until.js';

/** xctlMain is the path of the program as it is installed: the bundle with its launcher. */
export const xctlMain = fileURLToPath(new URL('../../bin/xctl.js', import.meta.url));
// Each test has a home of its own; the compiled code of the bundle is the same for all.
const cacheFolder = fileURLToPath(new URL('../../test-cache', import.meta.url));

/** Ran is the result of a run. */
export type Ran = {
  /** Exit code; null if a signal ended the run. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Running is an xctl that was started. */
export class Running {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  readonly #listeners = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    const heard = () => {
      for (const listener of this.#listeners) listener();
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString('utf8');
      heard();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString('utf8');
      heard();
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const { stdout, stderr } = this;
        resolve({ code, signal, stdout, stderr });
        heard();
      });
    });
  }

  /** until waits until a condition on its output holds. */
  async until(what: string, holds: (running: Running) => boolean, timeoutMs = patientMs): Promise<void> {
    if (holds(this)) return;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        reject(new Error(`xctl: ${why}: ${what}\n${this.stdout}\n${this.stderr}`));
      };
      const timer = setTimeout(() => fail('not in time'), timeoutMs);
      const look = () => {
        if (holds(this)) {
          clearTimeout(timer);
          this.#listeners.delete(look);
          resolve();
        } else if (this.child.exitCode !== null || this.child.signalCode !== null) fail('ended before');
      };
      this.#listeners.add(look);
    });
  }
}

/** XctlOptions holds the inputs of a run besides its arguments. */
export type XctlOptions = {
  /** Value of XCTL_CONTROLLER: "unix:/tmp/x.sock,127.0.0.1:7400". */
  readonly controller?: string;
  /** The program to run instead of the installed one: it keeps its compiled code in its home. */
  readonly main?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Xctl runs xctl. */
export class Xctl {
  readonly home = mkdtempSync(join(tmpdir(), 'xnet-xctl-'));
  readonly #options: XctlOptions;

  constructor(options: XctlOptions = {}) {
    this.#options = options;
  }

  /** env returns the environment of its runs. */
  get env(): Record<string, string> {
    const { controller, main, env = {} } = this.#options;
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.home,
      ...(main === undefined ? { XDG_CACHE_HOME: cacheFolder } : {}),
      ...(controller === undefined ? {} : { XCTL_CONTROLLER: controller }),
      ...env,
    };
  }

  /**
   * signIn saves a context with credentials for the controllers, and makes it the current one.
   * @param controllers "127.0.0.1:7400"
   */
  async signIn(credentials: Credentials, controllers: readonly string[], name = 'default'): Promise<this> {
    const { clusterId, authority, own } = credentials;
    if (own === undefined) throw new Error('credentials without a certificate');
    const checked = contextOf({ controllers, cluster: clusterId, authority, ...own });
    if ('problem' in checked) throw new Error(checked.problem);
    const folder = this.contexts;
    await folder.write(name, checked.value);
    await folder.use(name);
    return this;
  }

  /** contexts returns the contexts in its home. */
  get contexts(): ContextFolder {
    return new ContextFolder(join(this.home, '.config', 'xctl', 'contexts'));
  }

  /** start starts xctl. The process ends with the test in any case. */
  start(args: readonly string[]): Running {
    const main = this.#options.main ?? xctlMain;
    const command = ['--pdeathsig', 'KILL', process.execPath, main, ...args];
    return new Running(spawn('setpriv', command, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** run runs xctl to its end. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.start(args).ended;
  }

  /**
   * onTerminal runs xctl on a terminal of its own with typed input, and returns everything that the terminal showed.
   * @param typed the input, sent when `prompt` has been shown
   */
  async onTerminal(args: readonly string[], prompt: RegExp, typed: string): Promise<Ran> {
    const words = [process.execPath, xctlMain, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const command = ['--pdeathsig', 'KILL', 'script', '--quiet', '--return', '--command', words.join(' '), '/dev/null'];
    const child = spawn('setpriv', command, { env: { ...this.env, TERM: 'xterm' }, stdio: ['pipe', 'pipe', 'pipe'] });
    const running = new Running(child);
    // xctl may end without reading the input; its exit code shows that.
    child.stdin?.on('error', () => undefined);
    try {
      await running.until(`shows ${prompt}`, ({ stdout }) => prompt.test(stdout));
      child.stdin?.write(typed);
      return await running.ended;
    } finally {
      child.stdin?.end();
      child.kill('SIGKILL');
    }
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Json is an object that a program printed. */
export type Json = Readonly<Record<string, unknown>>;

/** json parses the output of a run with -o json. It throws with the run's message if the run failed. */
export function json(ran: Ran): Json {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Json;
}

/** part returns a field that is an object. */
export function part(of: Json, key: string): Json {
  return of[key] as Json;
}

/** list returns the list under a key of a JSON document. */
export function list(of: Json, key: string): readonly Json[] {
  return of[key] as readonly Json[];
}
