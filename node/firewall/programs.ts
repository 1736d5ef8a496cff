// How the firewall's programs fail: not there, or not able to; each an XnetError that says which and what to do.
import { XnetError } from '../../proto/errors.js';
import type { Exec, ExecOptions, ExecResult } from '../../proto/process/exec.js';

/** ProgramMissing is a program that is not installed. */
export class ProgramMissing extends XnetError {
  constructor(program: string, cause?: unknown) {
    super('FailedPrecondition', `the program ${program} is not installed`, cause === undefined ? {} : { cause });
  }
}

/**
 * runFirewallProgram runs a program.
 * @throws XnetError ProgramMissing, DeadlineExceeded, Cancelled
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
  // What nsenter(1) and env(1) end with when there is no such program; none of ours ends with it.
  if (result.code === 127) throw new ProgramMissing(argv[0]);
  return result;
}

/** programFailure is the error of a program that ended with a failure: its first line of standard error, cut short. */
export function programFailure(what: string, { code, stderr }: ExecResult): XnetError {
  const lines = stderr.split('\n').map((line) => line.trim());
  const said = lines.find((line) => line !== '' && !line.startsWith('#')) ?? `exit code ${code}`;
  return new XnetError('FailedPrecondition', `${what}: ${said.slice(0, 200)}`);
}
