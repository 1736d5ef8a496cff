// The settings of xnetd, each with its flag, its environment variable and its name in the settings file.
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { checkAddress, checkInterfaceName, checkName, checkPrefix } from '../../proto/domain/input.js';
import { logLevels } from '../../proto/process/log.js';
import { fromCheck, integer, listOf, readSettings } from '../../proto/process/settings.js';
import { checkEndpoint } from '../../proto/rpc/endpoint.js';
import { dockerDefaults, onRunnings } from '../docker/engine/settings.js';
import { checkMark, defaultMark } from '../firewall/desired.js';
import { checkRouteProtocol, defaultRouteProtocol } from '../routes/protocol.js';
import { type DaemonSettings, readDaemonSettings } from './daemon-settings.js';

const path = v.pipe(v.string(), v.regex(/^\//, 'has to be an absolute path'));

// A command is a list in the file; on the command line it is a JSON list or words separated by spaces.
const command = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.rawTransform<string | string[], [string, ...string[]]>(({ dataset, addIssue, NEVER }) => {
    const words = wordsOf(dataset.value);
    const [program, ...rest] = words ?? [];
    if (program === undefined || program === '') {
      addIssue({
        message: 'has to be a command, such as systemctl restart docker.service, or a JSON list of its words',
      });
      return NEVER;
    }
    return [program, ...rest];
  }),
);

function wordsOf(value: string | readonly string[]): readonly string[] | undefined {
  if (typeof value !== 'string') return value;
  if (!value.startsWith('[')) return value.split(/\s+/).filter((word) => word !== '');
  try {
    const parsed = v.safeParse(v.array(v.string()), JSON.parse(value));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

// Accepts a flag without a value, text in the environment, and a boolean in the file.
const onOrOff = v.pipe(
  v.union([v.boolean(), v.string()]),
  v.transform(String),
  v.picklist(['true', 'false'], 'has to be true or false'),
  v.transform((text) => text === 'true'),
);

/** settingsSchema validates each setting separately. */
export const settingsSchema = v.object({
  node: v.optional(v.pipe(v.string(), fromCheck(checkName))),
  controller: v.optional(listOf(v.pipe(v.string(), fromCheck(checkEndpoint)))),
  interface: v.optional(v.pipe(v.string(), fromCheck(checkInterfaceName))),
  address: v.optional(v.pipe(v.string(), fromCheck(checkAddress))),
  allowedPools: v.optional(listOf(v.pipe(v.string(), fromCheck(checkPrefix)))),
  stateDir: path,
  runDir: path,
  onRunning: v.picklist(onRunnings, `has to be one of ${onRunnings.join(', ')}`),
  dockerSocket: path,
  dockerPidFile: path,
  dockerUnit: v.pipe(v.string(), v.regex(/^[A-Za-z0-9:_.@-]+\.service$/, 'has to be a unit such as docker.service')),
  dockerRestart: v.optional(command),
  dockerWait: integer(1, 3600),
  lanWait: integer(1, 3600),
  daemonJson: v.optional(path),
  routeProtocol: v.pipe(
    integer(0, 255),
    v.rawTransform<number, number>(({ dataset, addIssue, NEVER }) => {
      const checked = checkRouteProtocol(dataset.value);
      if ('value' in checked) return checked.value;
      addIssue({ message: checked.problem });
      return NEVER;
    }),
  ),
  nextHops: v.picklist(['auto', 'never'], 'has to be auto or never'),
  probeInterval: integer(0, 3600),
  tuneKernel: onOrOff,
  followAddress: onOrOff,
  takeOver: onOrOff,
  moveBip: onOrOff,
  mark: v.pipe(v.union([v.string(), v.pipe(v.number(), v.transform(String))]), fromCheck(checkMark)),
  logLevel: v.picklist(logLevels, `has to be one of ${logLevels.join(', ')}`),
});

/** NodeSettings are the validated settings of xnetd. */
export type NodeSettings = v.InferOutput<typeof settingsSchema>;

/** defaultFile is the settings file that is read by default. */
export const defaultFile = '/etc/xnet/xnetd.yaml';

const env = (name: string) => `XNETD_${name}`;

/** addOptions adds the options that every command of xnetd takes. */
export function addOptions(target: Command): Command {
  return target
    .addOption(new Option('--config <file>', `settings file, YAML (default: ${defaultFile})`).env(env('CONFIG')))
    .addOption(new Option('--node <name>', 'name of this node (default: the name it joined as)').env(env('NODE')))
    .addOption(
      new Option(
        '--controller <endpoints>',
        'controllers: HOST:PORT or unix:/PATH, comma-separated (default: those of the join)',
      ).env(env('CONTROLLER')),
    )
    .addOption(
      new Option('--interface <name>', 'underlay interface (default: the one with the node address)').env(
        env('INTERFACE'),
      ),
    )
    .addOption(new Option('--address <address>', 'underlay address of this host').env(env('ADDRESS')))
    .addOption(
      new Option(
        '--allowed-pools <cidrs>',
        'refuse pools outside of these, comma-separated (default: those known at the join, later ones if private)',
      ).env(env('ALLOWED_POOLS')),
    )
    .addOption(
      new Option(
        '--on-running <policy>',
        `when Docker has to be restarted while containers run: ${onRunnings.join(', ')}`,
      )
        .env(env('ON_RUNNING'))
        .default(dockerDefaults.onRunning),
    )
    .addOption(
      new Option('--state-dir <dir>', 'identity, cache and journal').env(env('STATE_DIR')).default('/var/lib/xnet'),
    )
    .addOption(new Option('--run-dir <dir>', 'socket and status').env(env('RUN_DIR')).default('/run/xnet'))
    .addOption(
      new Option('--docker-socket <path>', 'socket of the Docker engine')
        .env(env('DOCKER_SOCKET'))
        .default(dockerDefaults.socket),
    )
    .addOption(
      new Option('--docker-pid-file <path>', 'pid file of dockerd')
        .env(env('DOCKER_PID_FILE'))
        .default(dockerDefaults.pidFile),
    )
    .addOption(
      new Option('--docker-unit <name>', 'systemd unit of dockerd')
        .env(env('DOCKER_UNIT'))
        .default(dockerDefaults.unit),
    )
    .addOption(
      new Option('--docker-restart <command>', 'command that restarts dockerd (default: systemctl)').env(
        env('DOCKER_RESTART'),
      ),
    )
    .addOption(
      new Option('--docker-wait <seconds>', 'how long dockerd may take to come up')
        .env(env('DOCKER_WAIT'))
        .default(String(dockerDefaults.waitMs / 1000)),
    )
    .addOption(
      new Option(
        '--lan-wait <seconds>',
        'in LAN mode, how long a controller and the gateway have to answer before the move of the interface is undone',
      )
        .env(env('LAN_WAIT'))
        .default('30'),
    )
    .addOption(
      new Option('--daemon-json <path>', "Docker's configuration file (default: dockerd's own)").env(
        env('DAEMON_JSON'),
      ),
    )
    .addOption(
      new Option('--route-protocol <number>', 'rtm_protocol that marks our routes')
        .env(env('ROUTE_PROTOCOL'))
        .default(String(defaultRouteProtocol)),
    )
    .addOption(
      new Option('--next-hops <when>', 'use next-hop objects: auto, never').env(env('NEXT_HOPS')).default('auto'),
    )
    .addOption(
      new Option('--tune-kernel [boolean]', "raise the kernel's limits if the fleet needs more")
        .env(env('TUNE_KERNEL'))
        .preset('true')
        .default('false'),
    )
    .addOption(
      new Option(
        '--follow-address [boolean]',
        'report a new address of this host, such as one from DHCP, to the controllers',
      )
        .env(env('FOLLOW_ADDRESS'))
        .preset('true')
        .default('false'),
    )
    .addOption(
      new Option('--take-over [boolean]', "replace hand-made routes to the same next hop as xnet's by xnet's own")
        .env(env('TAKE_OVER'))
        .preset('true')
        .default('false'),
    )
    .addOption(
      new Option('--move-bip [boolean]', "move a --bip of dockerd's unit to daemon.json, by a drop-in of the unit")
        .env(env('MOVE_BIP'))
        .preset('true')
        .default('false'),
    )
    .addOption(
      new Option('--mark <bit>', 'bit of the packet mark that the firewall uses')
        .env(env('MARK'))
        .default(`0x${defaultMark.toString(16)}`),
    )
    .addOption(
      new Option('--probe-interval <seconds>', 'interval between probes of peers; 0 turns them off')
        .env(env('PROBE_INTERVAL'))
        .default('10'),
    )
    .addOption(new Option('--log-level <level>', logLevels.join(', ')).env(env('LOG_LEVEL')).default('info'))
    .allowExcessArguments(false);
}

/**
 * nodeSettingsOf reads and validates the settings of a parsed command.
 * @throws XnetError InvalidArgument with every problem
 */
export function nodeSettingsOf(parsed: Command): NodeSettings {
  return readSettings(parsed, settingsSchema, defaultFile);
}

// The state directory is needed to find the saved settings; the log level is each command's own.
const ofEachCommand: ReadonlySet<string> = new Set(['config', 'stateDir', 'logLevel']);

function isDefault(parsed: Command, attribute: string): boolean {
  return [undefined, 'default'].includes(parsed.getOptionValueSource(attribute));
}

/** daemonSettingsOf returns the settings of a command that settingsOf has read, without defaults, as written. */
export function daemonSettingsOf(parsed: Command): DaemonSettings {
  const written = Object.entries(parsed.opts<DaemonSettings>());
  return Object.fromEntries(
    written.filter(([attribute]) => !ofEachCommand.has(attribute) && !isDefault(parsed, attribute)),
  );
}

/**
 * settingsAsDaemon reads the settings of a parsed command. A setting that is not given has the value of the daemon that
 * ran last.
 * @throws XnetError InvalidArgument with every problem, Corrupt when the daemon's settings can't be read
 */
export function settingsAsDaemon(parsed: Command): NodeSettings {
  const { stateDir } = nodeSettingsOf(parsed);
  const known = new Set(parsed.options.map((option) => option.attributeName()));
  for (const [attribute, value] of Object.entries(readDaemonSettings(stateDir))) {
    if (!known.has(attribute) || ofEachCommand.has(attribute) || !isDefault(parsed, attribute)) continue;
    parsed.setOptionValueWithSource(attribute, value, 'daemon');
  }
  return nodeSettingsOf(parsed);
}
