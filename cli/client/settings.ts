// The settings of every xctl command: command line over environment over config file over default.
// Invariant: all are checked before any controller is called, and nothing is loaded to read a file that does not exist.
import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Checked, quoted } from '../../proto/domain/text.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import { checkEndpoint, defaultControllerSocket, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { SavedContext } from '../contexts/saved.js';
import { type Format, formats } from '../output/formats.js';
import { parseDuration } from '../output/time.js';

/** XctlSettings are the settings of one run of xctl. */
export type XctlSettings = {
  /** At least one; tried in turn. */
  readonly controllers: readonly Endpoint[];
  /** Whether they were set on the command line or in the environment: those precede the context's. */
  readonly controllersNamed: boolean;
  /** The context in use; undefined: there is none. */
  readonly context: NamedContext | undefined;
  /** The name of the requested context, whether it exists or not; undefined: none was named. */
  readonly contextNamed: string | undefined;
  /** The folder of contexts; it may not exist. */
  readonly contextFolder: string;
  readonly format: Format;
  /** Time limit of the command, in milliseconds; undefined: the command's default. */
  readonly timeoutMs: number | undefined;
  readonly color: boolean;
  readonly quiet: boolean;
  /** Confirms all prompts except those for destructive actions. */
  readonly yes: boolean;
  /** Whether prompts are permitted. */
  readonly input: boolean;
};

/** NamedContext is a context and its name. */
export type NamedContext = { readonly name: string; readonly saved: SavedContext };

// sudo may keep HOME and similar variables. The owner of that folder could not read what root writes there, and could
// place a link there.
function isOwn(folder: string, env: NodeJS.ProcessEnv): boolean {
  if (env['SUDO_UID'] === undefined || process.geteuid?.() !== 0) return true;
  const found = statSync(folder, { throwIfNoEntry: false });
  return found === undefined && dirname(folder) !== folder ? isOwn(dirname(folder), env) : found?.uid === 0;
}

// A process in a container may run as a user that the system does not know.
function homeInSystem(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}

/**
 * configFile returns the default config file (XDG Base Directory Specification). Under sudo it is root's, whatever HOME
 * and XDG_CONFIG_HOME are. A relative path in these is ignored: it would mean another file in each folder.
 */
export function configFile(env: NodeJS.ProcessEnv): string {
  const usable = (folder: string | undefined) => folder?.startsWith('/') === true && isOwn(folder, env);
  const { XDG_CONFIG_HOME: named = '', HOME: home = '' } = env;
  if (usable(named)) return join(named, 'xctl', 'config.yaml');
  return join(usable(home) ? home : homeInSystem(), '.config', 'xctl', 'config.yaml');
}

/** durationOption parses an option's duration into milliseconds, for commander. */
export function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Give a duration such as 90s, 5m or 1h30m.');
  return ms;
}

// Parses a comma-separated list, as in `--controller`.
function endpointsOf(text: string): Checked<readonly Endpoint[]> {
  const checked = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => checkEndpoint(part));
  const endpoints: Endpoint[] = [];
  for (const one of checked) {
    if ('problem' in one) return one;
    endpoints.push(one.value);
  }
  return endpoints.length > 0 ? { value: endpoints } : { problem: 'no controller given' };
}

/** endpointsOption parses an option's list of endpoints, for commander. */
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
        .default(endpointsOption(defaultControllerSocket), `those of the context, or ${defaultControllerSocket}`),
    )
    .addOption(
      new Option('-c, --context <name>', 'the saved context to use, see xctl contexts (default: the current)').env(
        'XCTL_CONTEXT',
      ),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print data').choices(formats).env('XCTL_OUTPUT').default('table'),
    )
    .addOption(
      new Option('--timeout <duration>', 'give up after this long (default: 15s, 60s with --wait)')
        .env('XCTL_TIMEOUT')
        .argParser(durationOption),
    )
    .addOption(new Option('-q, --quiet', 'print data and errors only').default(false))
    .addOption(new Option('--yes', 'answer yes to questions, except for destructive actions').default(false))
    .addOption(new Option('--no-input', 'never ask'))
    .addOption(new Option('--no-color', 'no colours (also: NO_COLOR, TERM=dumb)'))
    .addOption(
      new Option('--config <file>', 'settings file, YAML (default: ~/.config/xctl/config.yaml)').env('XCTL_CONFIG'),
    );
}

// The settings that the file may contain, by the names of the flags, with their checks.
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
  const { readSettingsFile } = await import('../../proto/process/settings.js');
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
    'invalid config file',
  );
}

type GlobalOptions = {
  readonly controller: readonly Endpoint[];
  readonly context?: string;
  readonly output: Format;
  readonly timeout?: number;
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly input: boolean;
  readonly color: boolean;
  readonly config?: string;
};

async function savedContext(path: string, named: string | undefined): Promise<NamedContext | undefined> {
  if (named === undefined && !existsSync(path)) return undefined;
  const { ContextFolder } = await import('../contexts/folder.js');
  const folder = new ContextFolder(path);
  const name = named ?? (await folder.current());
  return name === undefined ? undefined : { name, saved: await folder.require(name) };
}

// A TCP port requires a certificate that has not expired.
async function requireCertificate(controllers: readonly Endpoint[], context: NamedContext | undefined): Promise<void> {
  const port = controllers.find(({ kind }) => kind === 'tcp');
  if (port === undefined) return;
  if (context === undefined) {
    throw new XnetError('Unauthenticated', `no client certificate for ${formatEndpoint(port)}`, {
      hint:
        'import a context: xctl contexts import FILE, which an admin makes with: xctl certs issue NAME --role ROLE ' +
        '--out FILE. On the machine of a controller root needs none: xctl init',
    });
  }
  const { expiryProblem } = await import('../contexts/saved.js');
  const expired = expiryProblem(context.name, context.saved, Date.now());
  if (expired !== undefined) throw expired;
}

/** SettingsNeeds are a command's requirements on its settings. */
export type SettingsNeeds = {
  /** False: the command manages contexts and calls no controller through one. */
  readonly context: boolean;
};

/**
 * resolveSettings reads the settings of a parsed command line.
 * @throws XnetError InvalidArgument with every problem of the config file, NotFound for an unknown context,
 * FailedPrecondition for an unusable one, Unauthenticated for TCP ports without a valid certificate
 */
export async function resolveSettings(
  command: Command,
  env: NodeJS.ProcessEnv,
  isTerminal: boolean,
  needs: SettingsNeeds = { context: true },
): Promise<XctlSettings> {
  let program = command;
  while (program.parent !== null) program = program.parent;
  const named = program.opts<GlobalOptions>().config;
  await takeFile(program, named ?? configFile(env), named !== undefined);
  const contextFolder = join(dirname(configFile(env)), 'contexts');
  const { controller, context, output, timeout, quiet, yes, input, color } = program.opts<GlobalOptions>();
  const controllersNamed = ['cli', 'env'].includes(program.getOptionValueSource('controller') ?? '');
  // On a controller's own machine the socket is sufficient, even if the context is unusable.
  const local = controllersNamed && context === undefined && controller.every(({ kind }) => kind === 'unix');
  const saved = needs.context && !local ? await savedContext(contextFolder, context) : undefined;
  const controllers = controllersNamed || saved === undefined ? controller : saved.saved.controllers;
  if (needs.context) await requireCertificate(controllers, saved);
  return {
    controllers,
    controllersNamed,
    context: saved,
    contextNamed: context,
    contextFolder,
    format: output,
    timeoutMs: timeout,
    // NO_COLOR applies if it is not empty (no-color.org).
    color: color && isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    quiet,
    yes,
    input,
  };
}
