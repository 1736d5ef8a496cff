// The command line of `xctl nics`.
import { type Command, Option } from 'commander';
import { action, addListOptions, confirm, dryRun, several, watch } from './action.js';

/** addNics adds `xctl nics`. */
export function addNics(program: Command): void {
  const nics = program.command('nics').alias('nic').description('further interfaces of containers');
  nics
    .command('add')
    .description('give a container another interface, with an address that other hosts reach')
    .argument('<node>', 'the node that the container runs on: name, id, address or subnet')
    .argument('<container>', 'its name, or at least the first 12 digits of its id')
    .addOption(
      new Option('--pool <pool>', "pool of the address (default: the first of the node's with a docker length)"),
    )
    .option(
      '--address <address>',
      'its address, in the part of the subnet that Docker does not hand out (default: chosen by xnet)',
    )
    .option('--name <interface>', 'name of the interface in the container (default: nic0, nic1, ...)')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
The host makes the interface as soon as the container runs, and again each time it starts. It belongs to the name: a container
that compose recreates under the same name gets it too. With an id it belongs to that one container. Packets to the address
are answered from it, by this interface.
The pool needs a docker length: xctl pools create NAME CIDR --docker-length 25.

Examples:
  xctl nics add web-1 shop-db-1
  xctl nics add web-1 shop-db-1 --address 10.76.3.200 --name lan0`,
    )
    .action(action(async () => (await import('../commands/nics.js')).addNic));
  addListOptions(nics.command('list'))
    .alias('ls')
    .description('list nics, with what their hosts report')
    .option('--node <node>', 'only of this node')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl nics list\n  xctl nics list --node web-1 -o json')
    .action(action(async () => (await import('../commands/nics.js')).listNics));
  nics
    .command('remove')
    .alias('rm')
    .description('remove nics from their containers')
    .argument('<nic...>', 'its address: 10.76.3.200')
    .addOption(confirm('address'))
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl nics remove 10.76.3.200 --yes')
    .action(several(async () => (await import('../commands/nics.js')).removeNic));
}
