// The common frame of every xnet executable: parse, run, print an error for people on standard error, exit with the
// matching code.
import { fstatSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { errnoOf, exitCodeOf, exitCodes, XnetError } from '../errors.js';
import { fileError } from './atomic-file.js';
import { errorDocument, safeJson } from './json.js';
import { writeWhole } from './write-whole.js';

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
  /**
   * Whether a command, by its name, writes a log to the descriptor of standard output. The stream is not opened then, which
   * would make the descriptor non-blocking. Default: none does.
   */
  readonly writesLog?: (command: string) => boolean;
};

/** runProgram parses the command line, runs what it names, and sets the exit code. */
export async function runProgram(
  program: Command,
  { jsonErrors = () => false, writesLog = () => false }: ProgramOptions = {},
): Promise<void> {
  const tell: Tell = (error, exitCode) => {
    const text = jsonErrors() ? safeJson(errorDocument(error, exitCode)) : `${program.name()}: ${describeError(error)}`;
    process.stderr.write(`${text}\n`);
  };
  let isWatched = false;
  const watch = () => {
    if (!isWatched) watchOutput(tell);
    isWatched = true;
  };
  const writeOut = (text: string) => {
    watch();
    process.stdout.write(text);
  };
  const writeErr = (text: string) => {
    if (!jsonErrors()) process.stderr.write(text);
  };
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .configureOutput({ writeOut, writeErr, outputError: (text) => writeErr(text) })
      .showSuggestionAfterError()
      .showHelpAfterError(`see ${pathOf(command)} --help`);
  }
  program.hook('preAction', (_program, command) => {
    if (!writesLog(command.name())) watch();
  });
  try {
    await program.parseAsync();
  } catch (error) {
    const exitCode = exitCodeFor(error);
    process.exitCode = exitCode;
    // commander has printed its own errors, but not as JSON.
    const isTold = error instanceof CommanderError && (!jsonErrors() || exitCode === exitCodes.ok);
    if (!isTold) tell(error, exitCode);
    // Exits despite open resources: a supervisor may be waiting to restart the program.
    setTimeout(() => process.exit(), lingerMs).unref();
  }
}

type Tell = (error: unknown, exitCode: number) => void;

// A reader that has enough (`xctl nodes list | head -1`) ends the program quietly. Output that is lost is a failure, so
// that `xctl export >FILE` does not succeed on a full disk. Lost messages end nothing: a change that has begun goes on.
function watchOutput(tell: Tell): void {
  process.stdout.on('error', (error) => {
    if (errnoOf(error) === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok);
    tell(new XnetError('Internal', fileError("can't write the output", error).message), exitCodes.failure);
    process.exit(exitCodes.failure);
  });
  process.stderr.on('error', () => undefined);
  if (fstatSync(1).isFile()) {
    // Node.js's stream of a file takes a part that was written for the whole.
    process.stdout._write = (chunk: Buffer, _encoding, done) => {
      try {
        writeWhole(1, chunk);
      } catch (error) {
        done(error as Error);
        return;
      }
      done();
    };
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
