// The command line of `xctl networks`.
import { type Command, Option } from 'commander';
import { action, addListOptions, collect, confirm, dryRun, several, splitCommas, watch } from './action.js';

function addSelector(command: Command): Command {
  return command
    .option('--all', 'all nodes, also those that are added later', false)
    .addOption(
      new Option(
        '--label <key=value>',
        'nodes with this label, also those that get it later (repeatable: with all of them)',
      )
        .argParser(collect)
        .default([]),
    )
    .addOption(new Option('--node <node,...>', 'these nodes').argParser(splitCommas).default([]));
}

function waiting(text: string): Option {
  return new Option('--wait', text).default(false);
}

/** addNetworks adds `xctl networks`. */
export function addNetworks(program: Command): void {
  const networks = program
    .command('networks')
    .alias('network')
    .description('Docker networks of the same name on many hosts, each with its own subnet');
  addSelector(networks.command('create'))
    .description('create a network on hosts')
    .argument('<name>', 'its name: blue')
    .option('--pool <pool>', 'lease the subnets from this pool (default: the one named default, or the only one)')
    .option('--bridge <name>', 'its Linux bridge on every host (default: derived from the name)')
    .addOption(waiting('wait until all these nodes have it'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Each node that is selected gets a lease and a Docker network of this name: docker run --network blue works on all of them,
and the containers reach each other across hosts under their own addresses. No dockerd is restarted. Nodes that are added or
labelled later get it automatically. Everything is checked first: if a named node can't have it, or the pool has too few
subnets, nothing is changed.

Examples:
  xctl networks create blue --all
  xctl networks create blue --pool edge --label role=web --wait
  xctl networks create blue --node web-1,web-2`,
    )
    .action(action(async () => (await import('../commands/network-change.js')).createNetwork));
  addListOptions(networks.command('list'))
    .alias('ls')
    .description('list networks')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl networks list\n  xctl networks list -o json')
    .action(action(async () => (await import('../commands/networks.js')).listNetworks));
  networks
    .command('show')
    .alias('get')
    .description('show a network: its subnet, state and containers on each node')
    .argument('<network...>', 'its name')
    .addHelpText('after', '\nExamples:\n  xctl networks show blue')
    .action(several(async () => (await import('../commands/networks.js')).showNetwork));
  addChanges(networks);
}

function addChanges(networks: Command): void {
  addSelector(networks.command('set'))
    .description('change which nodes have a network')
    .argument('<network>', 'its name')
    .addOption(waiting('wait until all these nodes have it, and no other'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
The lease of a node that is not selected any more ends when no container is attached to the network on its host.

Examples:
  xctl networks set blue --label role=web
  xctl networks set blue --all --dry-run`,
    )
    .action(action(async () => (await import('../commands/network-change.js')).setNetwork));
  networks
    .command('include')
    .description('give nodes a network, whatever their labels')
    .argument('<network>', 'its name')
    .argument('<node...>', 'names, ids, addresses or subnets')
    .addOption(waiting('wait until they have it'))
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl networks include blue web-3')
    .action(action(async () => (await import('../commands/network-change.js')).includeNodes));
  networks
    .command('exclude')
    .description('remove a network from nodes, whatever their labels')
    .argument('<network>', 'its name')
    .argument('<node...>', 'names, ids, addresses or subnets')
    .addOption(waiting('wait until they have removed it'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
A node keeps its lease until no container is attached to the network on its host.

Examples:
  xctl networks exclude blue web-3
  xctl networks exclude blue web-3 web-4 --wait`,
    )
    .action(action(async () => (await import('../commands/network-change.js')).excludeNodes));
  networks
    .command('remove')
    .alias('rm')
    .description('remove a network from all hosts')
    .argument('<network...>', 'its name')
    .option('--disconnect', 'detach the containers that are attached to it first', false)
    .addOption(waiting('wait until all hosts have removed it'))
    .addOption(confirm('network'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
It is refused while containers are attached, and names them. With --disconnect, hosts detach them: they keep running
without the network. An endpoint that Docker kept of a container that is gone is cleared. To keep a network that is being
removed, create it again.

Examples:
  xctl networks remove blue --dry-run
  xctl networks remove blue --yes --wait
  xctl networks remove blue --disconnect --confirm blue`,
    )
    .action(several(async () => (await import('../commands/network-change.js')).removeNetwork));
}
