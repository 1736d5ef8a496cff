// Connects the command line to the commands: reads the settings, loads the command, runs it with a context.
// Invariant: help, completion and wrong usage load neither gRPC nor any command.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ListOptions, Run } from '../client/context.js';
import { resolveSettings, type SettingsNeeds } from '../client/settings.js';

/** action returns commander's action for a command that is loaded when it runs. */
export function action<Options, Args extends readonly unknown[]>(
  load: () => Promise<Run<Options, Args>>,
  needs?: SettingsNeeds | ((options: Options) => SettingsNeeds),
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // commander passes the arguments, then the options, then the command itself.
    const command = given.at(-1) as Command;
    const options = given.at(-2) as Options;
    const args = given.slice(0, -2) as unknown as Args;
    const needed = typeof needs === 'function' ? needs(options) : needs;
    const settings = await resolveSettings(command, process.env, process.stdout.isTTY === true, needed);
    const [{ openContext }, run] = await Promise.all([import('../client/context.js'), load()]);
    const context = openContext(settings, options as ListOptions);
    try {
      await run(context, options, ...args);
    } finally {
      context.client.close();
    }
  };
}

/** several returns commander's action that runs a command for one name on several names. */
export function several<Options>(load: () => Promise<Run<Options, [string]>>): (...given: unknown[]) => Promise<void> {
  return action(async () => {
    const [{ eachName }, run] = await Promise.all([import('../commands/several.js'), load()]);
    return eachName(run);
  });
}

/** collect parses an option that can be repeated, for commander. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** splitCommas is collect for options that also accept lists: "ready,down". */
export function splitCommas(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(',').filter((part) => part !== '')];
}

/** countOption parses a count, for commander. */
export function countOption(text: string): number {
  const count = Number(text);
  if (!/^\d{1,6}$/.test(text) || count < 1) throw new InvalidArgumentError('Give a number such as 100.');
  return count;
}

/** revision returns the option of changes that are based on what an operator saw. */
export function revision(description: string): Option {
  return new Option('--revision <number>', description).argParser((text) => {
    const number = Number(text);
    if (!/^\d{1,16}$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
      throw new InvalidArgumentError('Give a revision, such as 1041.');
    }
    return number;
  });
}

/** tokenOut returns the option of commands that create a join token. */
export function tokenOut(): Option {
  return new Option('--token-out <file>', 'write the join token to a new file that only its owner can read');
}

/** dryRun returns the option of every change. */
export function dryRun(): Option {
  return new Option('--dry-run', 'show what would be done, change nothing').default(false);
}

/** watch returns the option of lists that can be watched. */
export function watch(): Option {
  return new Option('-w, --watch', 'watch for changes').default(false);
}

/** addListOptions adds the options of every list. */
export function addListOptions(command: Command): Command {
  return command
    .option('--sort-by <field>', 'sort by a field of the -o json output: name, createdAt, usage.free')
    .option('--no-headers', 'omit the header line of tables');
}

/** wait returns the option of commands that change routes. */
export function wait(): Option {
  return new Option(
    '--wait [goal]',
    'wait until all connected nodes have a route to it (routed), or until it is ready (ready)',
  ).choices(['routed', 'ready']);
}

/** confirm returns the option of commands that can't be undone. */
export function confirm(what: string): Option {
  return new Option(`--confirm <${what}>`, 'confirm an irreversible action by its name (several: comma-separated)');
}
