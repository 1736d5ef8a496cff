// The common frame of every xnet executable: parse, run, print an error for people on standard error, exit with the
// matching code.
import { type Command, CommanderError } from 'commander';
import { exitCodeOf, exitCodes, XnetError } from '../errors.js';
import { errorDocument, safeJson } from './json.js';

/** describeError returns an error for people: what failed, each problem, what to do. One or more lines. */
export function describeError(error: unknown): string {
  if (!(error instanceof XnetError)) {
    return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const problems = error.problems.map((problem) => `\n  - ${problem}`).join('');
  const hint = error.hint === undefined ? '' : `\n${error.hint}`;
  return `${error.message}${problems}${hint}`;
}

/** exitCodeFor returns the exit code of a program that failed with `error`. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof XnetError) return exitCodeOf(error.code);
  return error instanceof CommanderError ? commanderExit(error) : exitCodes.failure;
}

function commanderExit(error: CommanderError): number {
  // Help and version are not failures; all other errors of commander are wrong usage.
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}

const lingerMs = 5_000;

/** ProgramOptions are the differences between programs. */
export type ProgramOptions = {
  /** Whether to print errors as JSON; called when there is an error. */
  readonly jsonErrors?: () => boolean;
};

/** runProgram parses the command line, runs what it names, and sets the exit code. */
export async function runProgram(program: Command, { jsonErrors = () => false }: ProgramOptions = {}): Promise<void> {
  const writeErr = (text: string) => {
    if (!jsonErrors()) process.stderr.write(text);
  };
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .configureOutput({ writeErr, outputError: (text) => writeErr(text) })
      .showSuggestionAfterError()
      .showHelpAfterError(`see ${pathOf(command)} --help`);
  }
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeFor(error);
    if (jsonErrors()) {
      const document = errorDocument(error, process.exitCode);
      if (process.exitCode !== exitCodes.ok) process.stderr.write(`${safeJson(document)}\n`);
      // commander has printed its own errors.
    } else if (!(error instanceof CommanderError)) {
      process.stderr.write(`${program.name()}: ${describeError(error)}\n`);
    }
    // Exits despite open resources: a supervisor may be waiting to restart the program.
    setTimeout(() => process.exit(), lingerMs).unref();
  }
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** untilSignal aborts at the first SIGTERM or SIGINT. A second one ends the process at once. */
export function untilSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return controller.signal;
}
