// Between the command line and the commands: settings are read, then the command is loaded, and run with a context.
// Invariant: help, completion and wrong usage load neither gRPC nor any command.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ListOptions, Run } from '../client/context.js';
import { resolveSettings, type SettingsNeeds } from '../client/settings.js';

/** action makes commander's action of a command that is loaded when it runs. */
export function action<Options, Args extends readonly unknown[]>(
  load: () => Promise<Run<Options, Args>>,
  needs?: SettingsNeeds,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // commander gives the arguments, then the options, then the command itself.
    const command = given.at(-1) as Command;
    const options = given.at(-2) as Options;
    const args = given.slice(0, -2) as unknown as Args;
    const settings = await resolveSettings(command, process.env, process.stdout.isTTY === true, needs);
    const [{ openContext }, run] = await Promise.all([import('../client/context.js'), load()]);
    const context = openContext(settings, options as ListOptions);
    try {
      await run(context, options, ...args);
    } finally {
      context.client.close();
    }
  };
}

/** several makes commander's action of a command that takes one name, for several names. */
export function several<Options>(load: () => Promise<Run<Options, [string]>>): (...given: unknown[]) => Promise<void> {
  return action(async () => {
    const [{ eachName }, run] = await Promise.all([import('../commands/several.js'), load()]);
    return eachName(run);
  });
}

/** collect is how commander takes an option that can be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** splitCommas is collect for options that are also lists: "ready,down". */
export function splitCommas(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(',').filter((part) => part !== '')];
}

/** countOption is how commander reads a count. */
export function countOption(text: string): number {
  const count = Number(text);
  if (!/^\d{1,6}$/.test(text) || count < 1) throw new InvalidArgumentError('Give a number such as 100.');
  return count;
}

/** tokenOut is the option of what makes a join token. */
export function tokenOut(): Option {
  return new Option('--token-out <file>', 'write the join token to a new file that only its owner can read');
}

/** dryRun is the option of every change. */
export function dryRun(): Option {
  return new Option('--dry-run', 'show what would be done, change nothing').default(false);
}

/** watch is the option of everything that is shown as it changes. */
export function watch(): Option {
  return new Option('-w, --watch', 'watch for changes').default(false);
}

/** addListOptions adds the options of every list. */
export function addListOptions(command: Command): Command {
  return command
    .option('--sort-by <field>', 'sort by a field of the -o json output: name, createdAt, usage.free')
    .option('--no-headers', 'omit the header line of tables');
}

/** wait is the option of what changes routes. */
export function wait(): Option {
  return new Option(
    '--wait [goal]',
    'wait until all connected nodes have a route to it (routed), or until it is ready (ready)',
  ).choices(['routed', 'ready']);
}

/** confirm is the option of what can't be undone. */
export function confirm(what: string): Option {
  return new Option(`--confirm <${what}>`, 'confirm an irreversible action by its name (several: comma-separated)');
}
