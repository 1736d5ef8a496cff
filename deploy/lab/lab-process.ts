// A program started on a machine of the lab, which is a child of this process: xnetd, a controller, a server.
// Invariant: its pid is signalled only while it belongs to that child.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { messageOf, XnetError } from '../../proto/errors.js';
import { identify, type ProcessRef, signal } from './process-table.js';

/** ExitStatus holds the exit code of a process, or the signal that ended it. */
export type ExitStatus = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** LabProcess is one started program. */
export class LabProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the program has ended, and never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #ref: ProcessRef;
  readonly #child: ChildProcess;
  // Where the program's own lines begin in the log: an earlier program may have written to the same file.
  readonly #logOffset: number;

  private constructor(child: ChildProcess, ref: ProcessRef, log: { readonly file: string; readonly offset: number }) {
    this.#child = child;
    this.#ref = ref;
    this.pid = ref.pid;
    this.logFile = log.file;
    this.#logOffset = log.offset;
    this.exited = new Promise((resolve) =>
      child.once('exit', (code, signalName) => resolve({ code, signal: signalName })),
    );
  }

  /**
   * of wraps a child that was just started.
   * @throws XnetError FailedPrecondition if it could not be started
   */
  static async of(child: ChildProcess, log: { readonly file: string; readonly offset: number }): Promise<LabProcess> {
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new XnetError('FailedPrecondition', `can't run ${child.spawnfile}: ${messageOf(error)}`, { cause: error });
    }
    // If the child has ended already, Node.js has not reaped it yet, so /proc still has it as a zombie.
    const pid = child.pid ?? 0;
    return new LabProcess(child, identify(pid) ?? { pid, startTime: '' }, log);
  }

  /** running reports whether the program has not ended yet. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** output returns everything printed so far, on standard output and standard error together. */
  get output(): string {
    return readFileSync(this.logFile).subarray(this.#logOffset).toString('utf8');
  }

  /** kill sends a signal. Returns false if the program has ended. */
  kill(name: NodeJS.Signals): boolean {
    return this.running && signal(this.#ref, name);
  }

  /** stop sends SIGTERM, after `timeoutMs` milliseconds SIGKILL, and waits for the end. */
  async stop(timeoutMs = 60_000): Promise<ExitStatus> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), timeoutMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** release allows this process to end while the program continues. */
  release(): void {
    this.#child.unref();
  }
}
