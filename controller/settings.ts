// The controller's settings: each with its flag, its environment variable and its name in the config file.
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import * as v from 'valibot';
import { checkDuration } from '../proto/domain/duration.js';
import { checkName } from '../proto/domain/input.js';
import { logLevels } from '../proto/process/log.js';
import { fromCheck, integer, listOf, readSettings } from '../proto/process/settings.js';
import {
  checkEndpoint,
  defaultControllerSocket,
  defaultJoinPort,
  defaultPort,
  type Endpoint,
} from '../proto/rpc/endpoint.js';

const etcdEndpoint = v.pipe(
  v.string(),
  v.regex(
    /^(https?:\/\/[A-Za-z0-9.-]+:\d{1,5}|unix:\/[^\s,]+)$/,
    'has to be a list of URLs such as https://192.168.83.2:2379, or unix:/PATH',
  ),
);

// How far ahead the clock may have been by which an epoch was numbered.
const longestAheadMs = 366 * 24 * 3_600_000;

/** mostWorkers is the largest number of workers. Each takes some 100 MiB, and processor time of its own to follow the store. */
export const mostWorkers = 32;

const path = v.pipe(v.string(), v.regex(/^\//, 'has to be an absolute path'));

const schema = v.pipe(
  v.object({
    name: v.optional(v.pipe(v.string(), fromCheck(checkName))),
    listen: listOf(v.pipe(v.string(), fromCheck(checkEndpoint))),
    joinListen: v.optional(
      listOf(
        v.pipe(
          v.string(),
          fromCheck((text) => checkEndpoint(text, defaultJoinPort)),
        ),
      ),
    ),
    dataDir: path,
    etcdEndpoints: v.optional(listOf(etcdEndpoint)),
    etcdCa: v.optional(path),
    etcdCert: v.optional(path),
    etcdKey: v.optional(path),
    etcdUser: v.optional(v.string()),
    etcdPasswordFile: v.optional(path),
    etcdPrefix: v.pipe(
      v.string(),
      v.regex(/^\/([A-Za-z0-9._-]+\/)+$/, 'has to begin and end with a slash, such as /xnet/v1/'),
    ),
    nodeCertificateTtl: v.pipe(
      v.string(),
      fromCheck((text) => checkDuration(text, { minMs: 10_000, maxMs: 365 * 24 * 3_600_000 })),
    ),
    acceptStore: v.optional(v.boolean(), false),
    epochAfter: v.optional(
      v.pipe(
        v.union([v.string(), v.number()]),
        v.transform(Number),
        v.check((epoch) => Number.isSafeInteger(epoch) && epoch > 0, 'has to be an epoch, as hosts name it'),
        v.check(
          (epoch) => !(epoch >= Date.now() + longestAheadMs),
          'is more than a year ahead: no controller began that epoch',
        ),
      ),
    ),
    workers: integer(1, mostWorkers),
    logLevel: v.picklist(logLevels, `has to be one of ${logLevels.join(', ')}`),
  }),
  v.check(
    ({ joinListen = [] }) => joinListen.every(({ kind }) => kind === 'tcp'),
    '--join-listen takes HOST:PORT alone',
  ),
  v.check(
    ({ etcdCert, etcdKey }) => (etcdCert === undefined) === (etcdKey === undefined),
    'give --etcd-cert and --etcd-key together',
  ),
  v.check(({ etcdCert, etcdCa }) => etcdCert === undefined || etcdCa !== undefined, '--etcd-cert needs --etcd-ca'),
  v.check(
    ({ etcdUser, etcdPasswordFile }) => (etcdUser === undefined) === (etcdPasswordFile === undefined),
    'give --etcd-user and --etcd-password-file together',
  ),
  v.check(
    ({ etcdEndpoints, etcdCa, etcdUser }) =>
      etcdEndpoints !== undefined || (etcdCa === undefined && etcdUser === undefined),
    'TLS and credentials of etcd go with --etcd-endpoints',
  ),
);

/** ControllerSettings are the controller's settings, checked. */
export type ControllerSettings = v.InferOutput<typeof schema>;

const defaultFile = '/etc/xnet/controller.yaml';
const defaultDataDir = '/var/lib/xnet-controller';

/** makeControllerProgram makes the command line of xnet-controller; `run` gets the checked settings. */
export function makeControllerProgram(version: string, run: (settings: ControllerSettings) => Promise<void>): Command {
  const env = (name: string) => `XNET_CONTROLLER_${name}`;
  return new Command('xnet-controller')
    .description('Leases subnets to Docker hosts and tells each of them the routes to all others.')
    .version(version)
    .addOption(new Option('--config <file>', `settings file, YAML (default: ${defaultFile})`).env(env('CONFIG')))
    .addOption(new Option('--name <name>', 'name of this controller (default: the host name)').env(env('NAME')))
    .addOption(
      new Option('--listen <endpoints>', 'where to listen: HOST:PORT or unix:/PATH, comma-separated')
        .env(env('LISTEN'))
        .default(`${defaultControllerSocket},127.0.0.1:${defaultPort}`),
    )
    .addOption(
      new Option(
        '--join-listen <endpoints>',
        'where hosts join: HOST:PORT, comma-separated (default: the TCP hosts of --listen, one port higher)',
      ).env(env('JOIN_LISTEN')),
    )
    .addOption(
      new Option(
        '--data-dir <dir>',
        'folder of the embedded etcd, the cluster key and the last known state of the store',
      )
        .env(env('DATA_DIR'))
        .default(defaultDataDir),
    )
    .addOption(
      new Option('--etcd-endpoints <urls>', 'use this etcd instead of an embedded one').env(env('ETCD_ENDPOINTS')),
    )
    .addOption(new Option('--etcd-ca <file>', 'CA that signed the certificate of etcd').env(env('ETCD_CA')))
    .addOption(new Option('--etcd-cert <file>', 'client certificate for etcd').env(env('ETCD_CERT')))
    .addOption(new Option('--etcd-key <file>', 'its key').env(env('ETCD_KEY')))
    .addOption(new Option('--etcd-user <name>', 'user name for etcd').env(env('ETCD_USER')))
    .addOption(new Option('--etcd-password-file <file>', 'file with its password').env(env('ETCD_PASSWORD_FILE')))
    .addOption(new Option('--etcd-prefix <prefix>', 'prefix of every key').env(env('ETCD_PREFIX')).default('/xnet/v1/'))
    .addOption(
      new Option('--node-certificate-ttl <duration>', 'lifetime of node certificates; nodes renew them')
        .env(env('NODE_CERTIFICATE_TTL'))
        .default('30d'),
    )
    .addOption(
      new Option(
        '--accept-store',
        'accept the present store although this controller has seen another or a newer one (after a restore)',
      ).env(env('ACCEPT_STORE')),
    )
    .addOption(
      new Option(
        '--epoch-after <epoch>',
        'begin an epoch after this one unless the store is past it (if hosts have seen a higher epoch than that of the store)',
      ).env(env('EPOCH_AFTER')),
    )
    .addOption(
      new Option(
        '--workers <n>',
        'number of processes that serve the same ports, each a controller of its own over one etcd',
      )
        .env(env('WORKERS'))
        .default('1'),
    )
    .addOption(new Option('--log-level <level>', logLevels.join(', ')).env(env('LOG_LEVEL')).default('info'))
    .addHelpText(
      'after',
      `
Examples:
  xnet-controller --listen 192.168.83.2:${defaultPort}
      one controller with its own etcd; on the same machine: xctl init
  xnet-controller --listen 192.168.83.2:${defaultPort} --etcd-endpoints https://192.168.83.2:2379,https://192.168.83.3:2379 \\
      --etcd-ca /etc/xnet/etcd-ca.pem --etcd-cert /etc/xnet/etcd.pem --etcd-key /etc/xnet/etcd-key.pem
      one of several controllers over one etcd

Environment variables are named XNET_CONTROLLER_LISTEN and so on, settings in the file "listen: ..." and so on.
The command line overrides the environment, which overrides the file.`,
    )
    .allowExcessArguments(false)
    .action(async (_options: unknown, command: Command) => {
      await run(readSettings(command, schema, defaultFile));
    });
}

/** joinEndpoints returns the endpoints for joining hosts: as set, or next to each TCP port of the API. */
export function joinEndpoints({
  listen,
  joinListen,
}: Pick<ControllerSettings, 'listen' | 'joinListen'>): readonly Endpoint[] {
  return joinListen ?? listen.flatMap((at) => (at.kind === 'tcp' ? [{ ...at, port: at.port + 1 }] : []));
}

/**
 * localEndpoints returns the unix sockets: as set, or a default one, without which `xctl init` could not be run. The
 * default is the path that xctl tries first; for one of several controllers on a machine, it is in its own data
 * directory.
 */
export function localEndpoints({
  listen,
  dataDir,
}: Pick<ControllerSettings, 'listen' | 'dataDir'>): readonly Endpoint[] {
  const sockets = listen.filter(({ kind }) => kind === 'unix');
  if (sockets.length > 0) return sockets;
  const usual = checkEndpoint(defaultControllerSocket);
  if (dataDir === defaultDataDir && 'value' in usual) return [usual.value];
  return [{ kind: 'unix', path: `${dataDir}/controller.sock` }];
}

/** controllerName returns the name from the settings, or one derived from the host's name. */
export function controllerName(settings: Pick<ControllerSettings, 'name'>): string {
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-');
  return settings.name ?? ('value' in checkName(host) ? host : 'controller');
}
