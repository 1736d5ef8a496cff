// The dependencies of every command, made from the settings: a client, the output, and cancellation by Ctrl-C.
import pc from 'picocolors';
import { exitCodes } from '../../proto/errors.js';
import { expiryWarning } from '../contexts/saved.js';
import type { Colors } from '../output/columns.js';
import { Output } from '../output/output.js';
import { AdminClient } from './client.js';
import type { XctlSettings } from './settings.js';

/** CommandContext holds the dependencies of a command. */
export type CommandContext = {
  readonly settings: XctlSettings;
  readonly client: AdminClient;
  readonly output: Output;
  /** The state that Ctrl-C leaves behind, printed when it ends the command; empty: nothing to report. */
  readonly interruption: { text: string };
};

const callMs = 15_000;

function colorsFor(enabled: boolean): Colors {
  const { green, yellow, red, dim, bold } = pc.createColors(enabled);
  return { good: green, waiting: yellow, bad: red, faint: dim, strong: bold };
}

/** ListOptions are the options of every list. */
export type ListOptions = { readonly sortBy?: string; readonly headers?: boolean };

/** openContext makes a context. Its client connects on its first call. */
export function openContext(settings: XctlSettings, { sortBy, headers = true }: ListOptions = {}): CommandContext {
  const output = new Output({
    format: settings.format,
    colors: colorsFor(settings.color),
    quiet: settings.quiet,
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
    headless: !headers,
    sortBy,
    data: process.stdout,
    messages: process.stderr,
    now: Date.now,
  });
  const { context } = settings;
  const warning = context === undefined ? undefined : expiryWarning(context.name, context.saved, Date.now());
  if (warning !== undefined) output.message(`warning: ${warning}`);
  const client = new AdminClient({
    endpoints: settings.controllers,
    credentials: context?.saved.credentials,
    timeoutMs: settings.timeoutMs ?? callMs,
    onWaiting: (text) => output.message(`xctl: ${text}`),
  });
  const interruption = { text: '' };
  process.once('SIGINT', () => {
    if (process.stderr.isTTY) process.stderr.write('\n');
    if (interruption.text !== '') output.message(`xctl: interrupted: ${interruption.text}`);
    else if (client.changing)
      output.message('xctl: interrupted: the change may have been made; rerun the command to see the outcome');
    process.exit(exitCodes.interrupted);
  });
  return { settings, client, output, interruption };
}

/** Run is a command: its parameters are its options and arguments, as commander parsed them. */
export type Run<Options, Args extends readonly unknown[]> = (
  context: CommandContext,
  options: Options,
  ...args: Args
) => Promise<void>;
