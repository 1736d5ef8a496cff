// A host without a machine: runs the real `xnetd` on its own state directory, as a user would.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ran, Running } from './xctl.js';

const xnetdMain = fileURLToPath(new URL('../../bin/xnetd.js', import.meta.url));

/** XnetdOptions holds the inputs of its runs besides their arguments. */
export type XnetdOptions = {
  /** Prefix of every command line: ["nsenter", "--net=…", "--"]. */
  readonly enter?: readonly string[];
  /** State directory to use instead of its own. */
  readonly stateDir?: string;
};

/** Xnetd runs xnetd. */
export class Xnetd {
  readonly dir = mkdtempSync(join(tmpdir(), 'xnet-host-'));
  readonly stateDir: string;
  readonly #enter: readonly string[];
  readonly #running = new Set<Running>();

  constructor({ enter = [], stateDir }: XnetdOptions = {}) {
    this.#enter = enter;
    this.stateDir = stateDir ?? join(this.dir, 'state');
  }

  /** tokenFile creates a file with a text, by default with mode 0600. */
  tokenFile(text: string, mode = 0o600): string {
    const path = join(this.dir, 'token');
    rmSync(path, { force: true });
    writeFileSync(path, `${text}\n`, { mode });
    return path;
  }

  /** start starts xnetd. The process ends with the test in any case. */
  start(args: readonly string[], input = ''): Running {
    const [command = '', ...rest] = args;
    const common = [
      ...['--state-dir', this.stateDir, '--run-dir', join(this.dir, 'run')],
      ...['--docker-socket', join(this.dir, 'none.sock'), '--docker-pid-file', join(this.dir, 'none.pid')],
    ];
    const [program = '', ...before] = [...this.#enter, 'setpriv', '--pdeathsig', 'KILL', process.execPath, xnetdMain];
    const child = spawn(program, [...before, command, ...common, ...rest], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // xnetd may end without reading all of its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const running = new Running(child);
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /** run runs xnetd to its end. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.start(args).ended;
  }

  /** join runs `xnetd join` with a token in a file. */
  join(controllers: string, token: string, ...more: readonly string[]): Promise<Ran> {
    return this.run('join', '--controller', controllers, '--token-file', this.tokenFile(token), '-o', 'json', ...more);
  }

  async close(): Promise<void> {
    for (const { child, ended } of [...this.#running]) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
