// Runs the few programs that xnetd needs (nft, iptables, conntrack, systemctl). Never through a shell: arguments are
// passed as they are, so no name from anywhere is ever interpreted.
import { type ExecFileException, execFile } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf, XnetError } from '../errors.js';

/** ExecOptions bound one run. */
export type ExecOptions = {
  readonly signal?: AbortSignal;
  /** Written to the program's standard input. */
  readonly input?: string;
  /** The program is killed after so long, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
};

/** ExecResult is what a program that could be started did. */
export type ExecResult = {
  /** Exit code; 128 + the signal's number where one ended it, as shells count. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Exec runs a program and awaits its end. A non-zero exit code is a result, not an error.
 * @throws XnetError FailedPrecondition when the program is not there, DeadlineExceeded after `timeoutMs`, Cancelled
 */
export type Exec = (argv: readonly [string, ...string[]], options?: ExecOptions) => Promise<ExecResult>;

// Enough for an nft listing of 16,384 subnets; more is a program gone wild.
const longestOutputBytes = 64 * 1024 * 1024;

/** exec is Exec on this host. */
export const exec: Exec = (argv, options = {}) => run(argv, options);

/** execThrough is Exec with every program started by another one, e.g. ["nsenter", "--net=/run/netns/h1", "--"]. */
export function execThrough(prefix: readonly [string, ...string[]]): Exec {
  return (argv, options = {}) => run([...prefix, ...argv], options);
}

function run(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
  const [program, ...rest] = argv;
  const { timeoutMs = 30_000, input, signal } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      rest,
      {
        ...(signal === undefined ? {} : { signal }),
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: longestOutputBytes,
        encoding: 'utf8',
        // C: the messages that are looked at are the untranslated ones.
        env: { ...process.env, LC_ALL: 'C' },
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : exitCodeOf(error);
        if (code !== undefined) resolve({ code, stdout, stderr });
        else reject(problemOf(program, error, timeoutMs));
      },
    );
    // A program that does not read its input to the end closes the pipe; its exit code says what is wrong.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

// Undefined for a program that did not run to an end of its own.
function exitCodeOf({ code, signal, killed }: ExecFileException): number | undefined {
  if (typeof code === 'number') return code;
  return typeof code === 'string' || killed === true || signal == null ? undefined : 128 + constants.signals[signal];
}

function problemOf(program: string, error: ExecFileException | null, timeoutMs: number): XnetError {
  const { code, killed } = error ?? {};
  if (code === 'ABORT_ERR') return new XnetError('Cancelled', `${program} was stopped`);
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return new XnetError('Internal', `${program} printed too much`);
  if (killed === true) return new XnetError('DeadlineExceeded', `${program} did not end within ${timeoutMs} ms`);
  return new XnetError('FailedPrecondition', `can't run ${program}: ${messageOf(error)}`, { cause: error });
}
