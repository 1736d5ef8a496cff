// Shared parts of the tests of xctl on the unix socket of a controller.
import type { ExecutionContext } from 'ava';
import type { Xctl } from './xctl.js';

/** words splits a command line without quotes into its arguments. */
export function words(args: string): readonly string[] {
  return args.split(' ').filter((word) => word !== '');
}

/** inTurn starts two runs at a time, since a start takes most of a second of a core, and yields each with its result. */
export async function* inTurn<T, R>(
  items: readonly T[],
  start: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const started: (readonly [T, Promise<R>])[] = [];
  for (const item of items) {
    started.push([item, start(item)]);
    const [first] = started;
    if (started.length < 2 || first === undefined) continue;
    started.shift();
    yield [first[0], await first[1]];
  }
  for (const [item, result] of started) yield [item, await result];
}

/**
 * saysOf returns a check of one command line: its exit code, and what it prints. That is its standard output if the code is 0
 * or 8, else its standard error.
 */
export function saysOf(t: ExecutionContext, xctl: Xctl) {
  return async (command: string, expected: RegExp, code = 0): Promise<void> => {
    const ran = await xctl.run(...words(command));
    t.is(ran.code, code, `${command}: ${ran.stderr}`);
    t.regex(code === 0 || code === 8 ? ran.stdout : ran.stderr, expected, command);
  };
}
