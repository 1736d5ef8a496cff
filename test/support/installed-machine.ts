// A machine on which xnet is installed, and command lines that run on it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Namespace } from '../../deploy/lab/namespace.js';
import { Running } from './xctl.js';

// The bundles as they are installed.
const bundle = (name: string) => fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));
const main = (part: string) => fileURLToPath(new URL(`../../${part}/main.js`, import.meta.url));

/** Machine is a machine with a network of its own, and its own folders at the paths that programs use by default. */
export class Machine {
  readonly namespace = Namespace.create('help');
  readonly dir = mkdtempSync(join(tmpdir(), 'xnet-help-'));
  readonly #running: ChildProcess[] = [];

  constructor() {
    this.namespace.ipBatch(['link set lo up', 'address add 192.168.83.2/24 dev lo']);
    for (const folder of ['run', 'lib', 'bin', 'work']) mkdirSync(join(this.dir, folder));
    const programs = { xctl: bundle('xctl'), xnetd: bundle('xnetd'), 'xnet-controller': main('controller') };
    for (const [name, path] of Object.entries(programs))
      this.#program(name, `exec '${process.execPath}' '${path}' "$@"`);
    for (const [name, script] of [
      ['sudo', 'exec "$@"'],
      ['jq', 'exec cat'],
    ] as const) {
      // Substitutes a program that this machine lacks: it is not under test.
      if (!has(name)) this.#program(name, script);
    }
  }

  #program(name: string, script: string): void {
    const path = join(this.dir, 'bin', name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  start(line: string, home = 'root'): Running {
    const homeDir = join(this.dir, home);
    mkdirSync(homeDir, { recursive: true });
    const script =
      `mount --bind '${this.dir}/run' /run && mount --bind '${this.dir}/lib' /var/lib && ` +
      `cd '${this.dir}/work' && set -o pipefail && ${line}`;
    const [program = '', ...enter] = this.namespace.enter;
    const argv = [...enter, 'setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'];
    const child = spawn(program, [...argv, 'bash', '-c', script], {
      env: { PATH: `${this.dir}/bin:${process.env['PATH']}`, HOME: homeDir },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#running.push(child);
    return new Running(child);
  }

  /** interrupt sends what Ctrl-C on the line's terminal sends. */
  interrupt({ child }: Running): void {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  }

  /** kill ends a line and all processes that it has started, at once. */
  kill({ child }: Running): void {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }

  close(): void {
    for (const { pid, exitCode, signalCode } of this.#running) {
      if (pid === undefined || exitCode !== null || signalCode !== null) continue;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended in the meantime.
      }
    }
    this.namespace.delete();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
