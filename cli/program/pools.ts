// The command line of `xctl pools`.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatPrefix } from '../../proto/domain/address.js';
import { checkRange } from '../../proto/domain/address-range.js';
import { modes } from '../../proto/domain/network.js';
import { durationOption } from '../client/settings.js';
import type { RangeToReserve } from '../commands/pools.js';
import { action, addListOptions, confirm, dryRun, several, watch } from './action.js';

function lengthOption(text: string): number {
  const length = Number(text);
  if (!/^\d{1,2}$/.test(text) || length < 1 || length > 32) throw new InvalidArgumentError('Give a length such as 24.');
  return length;
}

// Commander calls it once for each value.
function reserveOption(text: string, before: readonly RangeToReserve[] = []): readonly RangeToReserve[] {
  const at = text.indexOf('=');
  const range = checkRange(at < 0 ? text : text.slice(0, at));
  if ('problem' in range) throw new InvalidArgumentError(range.problem);
  const reason = at < 0 ? '' : text.slice(at + 1);
  return [...before, ...range.value.map((cidr) => ({ cidr: formatPrefix(cidr), reason }))];
}

function reclaimOption(text: string): number {
  return text === 'never' ? 0 : durationOption(text);
}

function addChanges(pools: Command): void {
  pools
    .command('resize')
    .description('give a pool a larger or a smaller range')
    .argument('<pool>', 'its name')
    .requiredOption('--cidr <cidr>', 'its new range, which contains the present one or lies within it')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
A pool can grow at any time. It can shrink when no lease, reservation or quarantine is outside of the new range.

Examples:
  xctl pools resize default --cidr 10.76.0.0/15
  xctl pools resize default --cidr 10.76.0.0/17 --dry-run`,
    )
    .action(action(async () => (await import('../commands/pool-change.js')).resizePool));
  pools
    .command('set')
    .description('change settings of a pool')
    .argument('<pool>', 'its name')
    .addOption(
      new Option('--quarantine <duration>', 'how long subnets that are freed from now on are withheld').argParser(
        durationOption,
      ),
    )
    .addOption(
      new Option(
        '--reclaim-after <duration>',
        'end the leases of nodes that are down for this long: 7d; never (the default) keeps them',
      ).argParser(reclaimOption),
    )
    .addOption(
      new Option(
        '--follow-address <state>',
        'whether hosts may change the address of their node to one that they call from (see xnetd --follow-address)',
      ).choices(['on', 'off']),
    )
    .addOption(
      new Option(
        '--docker-length <bits>',
        'length of the part of each subnet that Docker hands out addresses from; none: all of it. Only of a pool without leases',
      ).argParser((text) => (text === 'none' ? 0 : lengthOption(text))),
    )
    .addOption(new Option('--mode <mode>', 'refused: a rollout changes the mode, see apply').choices(modes))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Examples:
  xctl pools set default --quarantine 24h
  xctl pools set default --reclaim-after 7d
  xctl pools set default --reclaim-after never
  xctl pools set default --follow-address on
  xctl pools set spare --docker-length 25`,
    )
    .action(action(async () => (await import('../commands/pool-change.js')).setPool));
}

/** addPools adds `xctl pools`. */
export function addPools(program: Command): void {
  const pools = program.command('pools').alias('pool').description('ranges that subnets are leased from');
  pools
    .command('create')
    .description('create a pool')
    .argument('<name>', 'its name; the pool named default is used when no pool is given')
    .argument('<cidr>', 'its range: 10.76.0.0/16')
    .addOption(new Option('--subnet-length <bits>', 'length of its subnets (default: 24)').argParser(lengthOption))
    .addOption(new Option('--mode <mode>', 'how nodes use their subnet (default: bip)').choices(modes))
    .addOption(
      new Option(
        '--network-length <bits>',
        "of mode block: length of the networks that Docker makes within a node's subnet (default: 26)",
      ).argParser(lengthOption),
    )
    .addOption(
      new Option(
        '--docker-length <bits>',
        'length of the first part of a subnet, which Docker hands out addresses from; the rest is for nics (xctl nics) and ' +
          'docker run --ip (default: Docker hands out all of it)',
      ).argParser(lengthOption),
    )
    .option('--gateway <address>', "of mode lan: the LAN's router, which becomes the default gateway of containers")
    .option('--lan <cidr>', "of mode lan: the hosts' own network (default: the pool's range)")
    .option(
      '--default-network',
      "of mode lan: the LAN is Docker's default network, of containers without --network; Docker is restarted for it",
    )
    .addOption(
      new Option(
        '--reserve <range...>',
        'reserve a range, with an optional reason: 192.168.61.100-192.168.61.150=DHCP',
      ).argParser(reserveOption),
    )
    .option('--network-name <name>', 'Docker network of modes bridge and lan (default: xnet; xnet-lan)')
    .option('--bridge-name <name>', "that network's bridge (default: xnet0; xnet-lan)")
    .addOption(
      new Option(
        '--quarantine <duration>',
        'how long a freed subnet is withheld from other nodes (default: 1h)',
      ).argParser(durationOption),
    )
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Modes:
  bip     the subnet becomes that of docker0
  bridge  the subnet becomes that of a separate network
  block   docker0 gets the first /24 of the subnet, and each new Docker network gets a part of the rest:
          networks of docker compose are routed as well
  lan     the subnet is a part of the hosts' own network, and its containers are on that network: each host's interface
          becomes a port of a bridge. No subnet is leased that has the address of a host, of the gateway or of the LAN itself, or
          that overlaps a reserved range: name those of DHCP servers and of other machines

Examples:
  xctl pools create default 10.76.0.0/16
  xctl pools create default 10.86.0.0/16 --subnet-length 20 --mode block
  xctl pools create default 10.76.0.0/16 --docker-length 25
  xctl pools create edge 10.80.0.0/20 --subnet-length 26 --mode bridge --quarantine 24h
  xctl pools create lan 192.168.61.64/26 --subnet-length 28 --mode lan --lan 192.168.61.0/24 --gateway 192.168.61.254
  xctl pools create lan 192.168.61.0/24 --subnet-length 27 --mode lan --gateway 192.168.61.254 \\
    --reserve 192.168.61.0/26=hosts 192.168.61.100-192.168.61.150=DHCP`,
    )
    .action(action(async () => (await import('../commands/pools.js')).createPool));
  addListOptions(pools.command('list'))
    .alias('ls')
    .description('list pools and their usage')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl pools list\n  xctl pools list -o json')
    .action(action(async () => (await import('../commands/pools.js')).listPools));
  pools
    .command('show')
    .alias('get')
    .description('show a pool, with a map of its subnets')
    .argument('<pool...>', 'its name')
    .addHelpText('after', '\nExamples:\n  xctl pools show default')
    .action(several(async () => (await import('../commands/pools.js')).showPool));
  pools
    .command('remove')
    .alias('rm')
    .description('remove a pool that has no leases')
    .argument('<pool...>', 'its name')
    .option('--force', 'even if some of its subnets are quarantined', false)
    .addOption(confirm('pool'))
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl pools remove edge --confirm edge')
    .action(several(async () => (await import('../commands/pools.js')).removePool));
  pools
    .command('reserve')
    .description('exclude subnets of a pool from allocation, or reserve them for one node')
    .argument('<pool>', 'its name')
    .argument('<cidr>', 'one or more whole subnets: 10.76.8.0/22')
    .option('--node <name>', 'reserve it for this node, which need not exist yet')
    .option('--reason <text>', 'reason, shown in lists')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Examples:
  xctl pools reserve default 10.76.0.0/22 --reason 'lab network'
  xctl pools reserve default 10.76.7.0/24 --node web-7`,
    )
    .action(action(async () => (await import('../commands/pools.js')).reserveSubnet));
  pools
    .command('unreserve')
    .description('end a reservation')
    .argument('<pool>', 'its name')
    .argument('<cidr>', 'exactly the range that was reserved')
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl pools unreserve default 10.76.0.0/22')
    .action(action(async () => (await import('../commands/pools.js')).unreserveSubnet));
  addChanges(pools);
}
