// The settings of `xnetd preflight`: those of the daemon, and facts that are not known before the host has joined.
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { checkAddress, checkPrefix } from '../../proto/domain/input.js';
import { modes } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { fromCheck, integer, listOf, readSettings } from '../../proto/process/settings.js';
import { checkEndpoint, defaultJoinPort, defaultPort, type Endpoint } from '../../proto/rpc/endpoint.js';
import { addOptions, defaultFile, settingsSchema } from '../settings/settings.js';

// Without a port: both ports that a host needs.
const bothPorts = v.pipe(
  v.string(),
  fromCheck((text) => {
    const [api, join] = [checkEndpoint(text, defaultPort), checkEndpoint(text, defaultJoinPort)];
    if ('problem' in api) return api;
    const endpoints: readonly Endpoint[] = 'value' in join ? [api.value, join.value] : [api.value];
    return { value: endpoints };
  }),
);

const preflightSchema = v.object({
  ...settingsSchema.entries,
  controller: v.optional(listOf(bothPorts)),
  subnet: v.optional(v.pipe(v.string(), fromCheck(checkPrefix))),
  pool: v.optional(listOf(v.pipe(v.string(), fromCheck(checkPrefix)))),
  mode: v.picklist(modes, `has to be one of ${modes.join(', ')}`),
  peer: v.optional(listOf(v.pipe(v.string(), fromCheck(checkAddress)))),
  nodes: v.optional(integer(1, 100_000)),
  defaultNetwork: v.optional(v.boolean()),
  output: v.picklist(['text', 'json']),
});

/** PreflightSettings are the settings of `xnetd preflight`, checked. */
export type PreflightSettings = v.InferOutput<typeof preflightSchema>;

/** addPreflightOptions adds the options of `xnetd preflight`. */
export function addPreflightOptions(target: Command): Command {
  return addOptions(target)
    .option('--subnet <cidr>', 'the subnet that this host is to get (default: that of its lease)')
    .option('--pool <cidrs>', 'the pools, comma-separated (default: those it has been told of)')
    .addOption(new Option('--mode <mode>', 'how it is to use the subnet').choices(modes).default('bip'))
    .option('--default-network', "in mode lan: Docker's default network is to be on the LAN")
    .option('--peer <addresses>', 'addresses of other hosts, which are sent echo requests, comma-separated')
    .option('--nodes <number>', 'how many hosts the fleet is to have (default: as many as it has)')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addOption(new Option('--json', 'the same as -o json').implies({ output: 'json' }));
}

/**
 * preflightSettingsOf reads the settings of a parsed command.
 * @throws XnetError InvalidArgument with every problem
 */
export function preflightSettingsOf(parsed: Command): PreflightSettings {
  const settings = readSettings(parsed, preflightSchema, defaultFile);
  if (settings.defaultNetwork === true && settings.mode !== 'lan')
    throw new XnetError('InvalidArgument', '--default-network is for mode lan', { hint: 'add --mode lan' });
  return settings;
}
