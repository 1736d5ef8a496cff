// Runs the firewall's programs. Each failure is an XnetError that names the program and what to do.
import { XnetError } from '../../proto/errors.js';
import type { Exec, ExecOptions, ExecResult } from '../../proto/process/exec.js';

/** ProgramMissing means that a program is not installed. */
export class ProgramMissing extends XnetError {
  constructor(program: string, cause?: unknown) {
    super('FailedPrecondition', `the program ${program} is not installed`, cause === undefined ? {} : { cause });
  }
}

/**
 * runFirewallProgram runs a program and returns its result, whatever its exit code.
 * @throws XnetError ProgramMissing, ResourceExhausted, DeadlineExceeded, Cancelled
 */
export async function runFirewallProgram(
  exec: Exec,
  argv: readonly [string, ...string[]],
  options: ExecOptions,
): Promise<ExecResult> {
  let result: ExecResult;
  try {
    result = await exec(argv, options);
  } catch (error) {
    if (error instanceof XnetError && error.code === 'FailedPrecondition') throw new ProgramMissing(argv[0], error);
    throw error;
  }
  // The exit code of nsenter(1) and env(1) if there is no such program; none of the programs here uses it.
  if (result.code === 127) throw new ProgramMissing(argv[0]);
  return result;
}

/** programFailure returns the error of a program that failed, with its first line of standard error, truncated. */
export function programFailure(what: string, { code, stderr }: ExecResult): XnetError {
  const lines = stderr.split('\n').map((line) => line.trim());
  const said = lines.find((line) => line !== '' && !line.startsWith('#')) ?? `exit code ${code}`;
  return new XnetError('FailedPrecondition', `${what}: ${said.slice(0, 200)}`);
}
