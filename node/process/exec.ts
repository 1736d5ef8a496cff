// Runs the few programs that xnetd needs (nft, iptables, conntrack, systemctl). Never through a shell: arguments are
// passed as they are, so no name from anywhere is ever interpreted.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf, XnetError } from '../../proto/errors.js';

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
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // C: the messages that are looked at are the untranslated ones.
      env: { ...process.env, LC_ALL: 'C' },
    });
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    let ended: XnetError | undefined;
    const end = (error: XnetError) => {
      ended ??= error;
      child.kill('SIGKILL');
    };
    const collect = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > longestOutputBytes) end(new XnetError('Internal', `${program} printed too much`));
      else chunks[name].push(chunk);
    };
    child.stdout.on('data', collect('stdout'));
    child.stderr.on('data', collect('stderr'));
    // A program that does not read its input to the end closes the pipe; its exit code says what is wrong.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const timer = setTimeout(
      () => end(new XnetError('DeadlineExceeded', `${program} did not end within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const cancel = () => end(new XnetError('Cancelled', `${program} was stopped`));
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
    child.once('error', (error) => {
      settle();
      reject(new XnetError('FailedPrecondition', `can't run ${program}: ${messageOf(error)}`, { cause: error }));
    });
    child.once('close', (code, killedBy) => {
      settle();
      if (ended !== undefined) reject(ended);
      else {
        resolve({
          code: code ?? 128 + signalNumber(killedBy),
          stdout: Buffer.concat(chunks.stdout).toString('utf8'),
          stderr: Buffer.concat(chunks.stderr).toString('utf8'),
        });
      }
    });
  });
}

function signalNumber(name: NodeJS.Signals | null): number {
  return name === null ? 0 : (constants.signals[name] ?? 0);
}
