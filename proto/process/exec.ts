// Runs other programs (nft, iptables, conntrack, systemctl). Invariant: never through a shell; arguments are passed
// unchanged, so no name is ever interpreted.
import { type ExecFileException, execFile } from 'node:child_process';
import { constants } from 'node:os';
import { errnoOf, messageOf, XnetError } from '../errors.js';

/** ExecOptions bound one run. */
export type ExecOptions = {
  readonly signal?: AbortSignal;
  /** Written to the program's standard input. */
  readonly input?: string;
  /** Time after which the program is killed, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
};

/** ExecResult is the outcome of a program that could be started. */
export type ExecResult = {
  /** Exit code; 128 + the signal's number if a signal ended it, as in shells. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Exec runs a program and awaits its end. A non-zero exit code is a result, not an error.
 * @throws XnetError FailedPrecondition when the program is not installed, ResourceExhausted when there is no room for another
 * process, DeadlineExceeded after `timeoutMs`, Cancelled
 */
export type Exec = (argv: readonly [string, ...string[]], options?: ExecOptions) => Promise<ExecResult>;

// Enough for an nft listing of 16,384 subnets; more output indicates a faulty program.
const longestOutputBytes = 64 * 1024 * 1024;

/** exec is Exec on this host. */
export const exec: Exec = (argv, options = {}) => run(argv, options);

/**
 * execThrough returns an Exec that starts every program through another one, such as ["nsenter", "--net=/run/netns/h1",
 * "--"].
 */
export function execThrough(prefix: readonly [string, ...string[]]): Exec {
  return (argv, options = {}) => run([...prefix, ...argv], options);
}

function run(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
  const [program, ...rest] = argv;
  const { timeoutMs = 30_000, input, signal } = options;
  // Of a program that can't be started, Node.js leaves its listener on the signal, which may last as long as the daemon.
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      rest,
      {
        signal: stop.signal,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: longestOutputBytes,
        encoding: 'utf8',
        // The C locale: our checks match the untranslated messages.
        env: { ...process.env, LC_ALL: 'C' },
      },
      (error, stdout, stderr) => {
        signal?.removeEventListener('abort', onAbort);
        const code = error === null ? 0 : exitCodeOf(error);
        if (code !== undefined) resolve({ code, stdout, stderr });
        else reject(problemOf(program, error, timeoutMs));
      },
    );
    // A program that stops reading its input closes the pipe; its exit code reports the problem.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

// Undefined for a program that did not end by itself.
function exitCodeOf({ code, signal, killed }: ExecFileException): number | undefined {
  if (typeof code === 'number') return code;
  return typeof code === 'string' || killed === true || signal == null ? undefined : 128 + constants.signals[signal];
}

// What pipe(2) and fork(2) fail with for lack of descriptors, processes or memory, of this process or of the system.
const noRoom: readonly string[] = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'];

function problemOf(program: string, error: ExecFileException | null, timeoutMs: number): XnetError {
  const { code, killed } = error ?? {};
  if (code === 'ABORT_ERR') return new XnetError('Cancelled', `${program} was stopped`);
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return new XnetError('Internal', `${program} printed too much`);
  if (killed === true) return new XnetError('DeadlineExceeded', `${program} did not end within ${timeoutMs} ms`);
  const kind = noRoom.includes(errnoOf(error) ?? '') ? 'ResourceExhausted' : 'FailedPrecondition';
  return new XnetError(kind, `can't run ${program}: ${messageOf(error)}`, { cause: error });
}
