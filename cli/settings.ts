// The settings that every command of xctl takes: command line over environment over config file over default.
// Invariant: all are checked before a controller is asked anything, and nothing is loaded to read a file that is not
// there.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Checked, quoted } from '../proto/domain/text.js';
import { throwIfAny } from '../proto/errors.js';
import { checkEndpoint, defaultControllerSocket, type Endpoint } from '../proto/rpc/endpoint.js';
import { type Format, formats } from './output/formats.js';
import { parseDuration } from './output/time.js';

/** Settings are the settings of one run of xctl. */
export type Settings = {
  /** At least one; tried in turn. */
  readonly controllers: readonly Endpoint[];
  readonly format: Format;
  /** How long the command may take, in milliseconds; undefined: as long as is usual for it. */
  readonly timeoutMs: number | undefined;
  readonly color: boolean;
  readonly quiet: boolean;
  /** Answers questions with yes, but for severe ones. */
  readonly yes: boolean;
  /** May ask. */
  readonly input: boolean;
};

/** configFile is the config file that is read where none is named (XDG Base Directory Specification). */
export function configFile(env: NodeJS.ProcessEnv): string {
  const home = env['XDG_CONFIG_HOME'];
  return join(home?.startsWith('/') === true ? home : join(homedir(), '.config'), 'xctl', 'config.yaml');
}

/** durationOption is how commander reads a duration, into milliseconds. */
export function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Give a duration such as 90s, 5m or 1h30m.');
  return ms;
}

// One list, comma-separated, as `--controller` has it.
function endpointsOf(text: string): Checked<readonly Endpoint[]> {
  const checked = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(checkEndpoint);
  const endpoints: Endpoint[] = [];
  for (const one of checked) {
    if ('problem' in one) return one;
    endpoints.push(one.value);
  }
  return endpoints.length > 0 ? { value: endpoints } : { problem: 'it names no controller' };
}

/** endpointsOption is how commander reads a list of endpoints. */
export function endpointsOption(text: string): readonly Endpoint[] {
  const checked = endpointsOf(text);
  if ('problem' in checked) throw new InvalidArgumentError(`${checked.problem}.`);
  return checked.value;
}

/** addGlobalOptions adds the options that every command takes, before or after its name. */
export function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option('--controller <endpoints>', `controllers: HOST:PORT or unix:/PATH, comma-separated, tried in turn`)
        .env('XCTL_CONTROLLER')
        .argParser(endpointsOption)
        .default(endpointsOption(defaultControllerSocket), defaultControllerSocket),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print data').choices(formats).env('XCTL_OUTPUT').default('table'),
    )
    .addOption(
      new Option('--timeout <duration>', 'give up after so long (default: 15s, with --wait 60s)')
        .env('XCTL_TIMEOUT')
        .argParser(durationOption),
    )
    .addOption(new Option('-q, --quiet', 'print data and errors only').default(false))
    .addOption(new Option('--yes', 'answer questions with yes, but for severe ones').default(false))
    .addOption(new Option('--no-input', 'never ask'))
    .addOption(new Option('--no-color', 'no colours (also: NO_COLOR, TERM=dumb)'))
    .addOption(
      new Option('--config <file>', 'settings file, YAML (default: ~/.config/xctl/config.yaml)').env('XCTL_CONFIG'),
    );
}

// What may stand in the file, by the names of the flags, and how its values are checked.
const fileSettings: Readonly<Record<string, (value: unknown) => Checked<unknown>>> = {
  controller: (value) => {
    const text = Array.isArray(value) ? value.join(',') : value;
    return typeof text === 'string' ? endpointsOf(text) : { problem: 'has to be a list of controllers' };
  },
  output: (value) =>
    formats.some((format) => format === value) ? { value } : { problem: `has to be one of ${formats.join(', ')}` },
  timeout: (value) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    return ms === undefined || ms <= 0 ? { problem: 'has to be a duration such as 90s' } : { value: ms };
  },
  color: (value) => (typeof value === 'boolean' ? { value } : { problem: 'has to be true or false' }),
};

async function takeFile(program: Command, path: string, required: boolean): Promise<void> {
  if (!required && !existsSync(path)) return;
  const { readSettingsFile } = await import('../proto/process/settings.js');
  const problems: string[] = [];
  for (const [key, value] of readSettingsFile(path, required).values) {
    const check = Object.hasOwn(fileSettings, key) ? fileSettings[key] : undefined;
    const checked = check?.(value) ?? {
      problem: `unknown setting ${quoted(key)}: there are ${Object.keys(fileSettings).join(', ')}`,
    };
    if ('problem' in checked) problems.push(check === undefined ? checked.problem : `${key}: ${checked.problem}`);
    else {
      const source = program.getOptionValueSource(key);
      if (source === undefined || source === 'default') program.setOptionValueWithSource(key, checked.value, 'config');
    }
  }
  throwIfAny(
    problems.map((problem) => `${path}: ${problem}`),
    'the config file is wrong',
  );
}

type GlobalOptions = {
  readonly controller: readonly Endpoint[];
  readonly output: Format;
  readonly timeout?: number;
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly input: boolean;
  readonly color: boolean;
  readonly config?: string;
};

/**
 * settingsOf reads the settings of a parsed command line.
 * @throws XnetError InvalidArgument with every problem of the config file
 */
export async function settingsOf(command: Command, env: NodeJS.ProcessEnv, isTerminal: boolean): Promise<Settings> {
  let program = command;
  while (program.parent !== null) program = program.parent;
  const named = program.opts<GlobalOptions>().config;
  await takeFile(program, named ?? configFile(env), named !== undefined);
  const { controller, output, timeout, quiet, yes, input, color } = program.opts<GlobalOptions>();
  return {
    controllers: controller,
    format: output,
    timeoutMs: timeout,
    // NO_COLOR counts when it is not empty (no-color.org).
    color: color && isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    quiet,
    yes,
    input,
  };
}
