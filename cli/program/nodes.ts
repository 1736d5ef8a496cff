// The command line of `xctl nodes`.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { checkDuration } from '../../proto/domain/duration.js';
import { modes } from '../../proto/domain/network.js';
import { checkSelector, type Selector } from '../client/selector.js';
import { nodeStates } from '../output/states.js';
import {
  action,
  addListOptions,
  collect,
  confirm,
  dryRun,
  revision,
  several,
  splitCommas,
  tokenOut,
  wait,
  watch,
} from './action.js';
import { addMove } from './rollouts.js';

const which = 'its name, the beginning of its id, its address, its subnet or an address of a container on it';

function deadline(): Option {
  return new Option('--deadline <duration>', 'give up draining after this long: 10m').argParser((text) => {
    const checked = checkDuration(text, { minMs: 1_000, maxMs: 30 * 86_400_000 });
    if ('problem' in checked) throw new InvalidArgumentError(`It ${checked.problem}.`);
    return checked.value;
  });
}

function mode(): Option {
  return new Option('--mode <mode>', "how the node uses its subnet (default: the pool's)").choices(modes);
}

function addAdding(nodes: Command): void {
  nodes
    .command('add')
    .description('add a node: leases it a subnet, and prints the command to run on the host')
    .argument('<name>', 'its name: web-1')
    .option('--address <address>', 'the address that other hosts reach it by: 192.168.83.83; required')
    .option('--pool <pool>', 'lease from this pool (default: the one named default, or the only one)')
    .option('--subnet <cidr>', 'lease exactly this subnet')
    .option('--adopt', 'when it joins, lease it the subnet that its docker0 or one of its Docker networks has', false)
    .addOption(mode())
    .addOption(new Option('--label <key=value>', 'label it; can be given several times').argParser(collect).default([]))
    .addOption(tokenOut())
    .addOption(wait())
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
The printed command has a join token, which admits this host once, within an hour. Running the same command again changes
nothing and succeeds; xctl tokens create makes another token.

--adopt is for a host that has a bip, or a Docker network of its own, inside a pool. The node is added when its host joins,
with the lease of exactly that subnet, and nothing on the host restarts. If no network fits, the join lists what it found.

Examples:
  xctl nodes add web-1 --address 192.168.83.83
  xctl nodes add web-1 --address 192.168.83.83 --token-out web-1.token
  xctl nodes add web-1 --address 192.168.83.83 --wait
  xctl nodes add db-1 --address 192.168.100.19 --adopt
  xctl nodes add db-1 --address 192.168.83.21 --subnet 10.76.7.0/24 --label zone=eu-1 --wait ready --timeout 5m`,
    )
    // Not commander's requiredOption, which would complain before a misspelt flag is reported.
    .hook('preAction', (_program, command) => {
      if (command.getOptionValue('address') === undefined) command.error("error: option '--address' is missing");
    })
    .action(action(async () => (await import('../commands/node-add.js')).addNode));
}

function addLooking(nodes: Command): void {
  addListOptions(nodes.command('list'))
    .alias('ls')
    .description('list nodes')
    .addOption(
      new Option('-l, --selector <selector>', 'only nodes whose labels match: zone=a,tier!=db,!spare')
        .argParser(selectorOption)
        .default([]),
    )
    .addOption(
      new Option('--state <state>', `only nodes in one of these states: ${nodeStates.join(', ')}; comma-separated`)
        .argParser(statesOption)
        .default([]),
    )
    .option('--schedulable', 'only nodes that new containers should be placed on: active and ready', false)
    .addOption(watch())
    .addHelpText(
      'after',
      `
Selectors are those of kubectl: zone=a, zone!=a, "zone in (a,b)", "zone notin (a,b)", zone (has the label), '!zone'.
Columns: ROUTES is installed/desired, with ! when they differ. DOCKER is ready, or why it is not.

Examples:
  xctl nodes list
  xctl nodes list --state degraded,down -o wide
  xctl nodes list --sort-by createdAt --no-headers
  xctl nodes list --schedulable --selector zone=eu-1 -o name
  xctl nodes list -l 'zone in (eu-1,eu-2),!spare'
  xctl nodes list --watch -o jsonl      one line for every node, then one for every change`,
    )
    .action(action(async () => (await import('../commands/node-list.js')).listNodes));
  nodes
    .command('show')
    .alias('get')
    .description('show nodes in detail, and why they are not ready')
    .argument('<node...>', which)
    .addHelpText(
      'after',
      '\nExamples:\n  xctl nodes show web-1\n  xctl nodes show web-1 db-1\n  xctl nodes show 10.76.0.17',
    )
    .action(several(async () => (await import('../commands/node-list.js')).showNode));
}

function selectorOption(value: string, before: Selector): Selector {
  const checked = checkSelector(value);
  if ('problem' in checked) throw new InvalidArgumentError(checked.problem);
  return [...before, ...checked.value];
}

function statesOption(value: string, before: readonly string[]): readonly string[] {
  const states = splitCommas(value, []);
  const wrong = states.find((state) => !nodeStates.some((known) => known === state));
  if (wrong !== undefined) throw new InvalidArgumentError(`Allowed are ${nodeStates.join(', ')}.`);
  return [...before, ...states];
}

function addChanging(nodes: Command): void {
  nodes
    .command('set')
    .description('change a node')
    .argument('<node>', which)
    .option('--address <address>', 'the address that other hosts reach it by')
    .addOption(
      new Option('--availability <what>', 'cordoned: no new containers should be placed on it').choices([
        'active',
        'cordoned',
      ]),
    )
    .addOption(
      new Option('--mode <mode>', 'of a host that does not use its subnet yet; else: nodes move --mode').choices([
        'bip',
        'bridge',
      ]),
    )
    .addOption(new Option('--label <key=value>', 'set a label').argParser(collect).default([]))
    .addOption(new Option('--remove-label <key>', 'remove a label').argParser(collect).default([]))
    .addOption(revision('only if the node is still at this revision (nodes show)'))
    .addOption(wait())
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
If two operators change the same node at once, one of them gets exit code 4 and the other one's change.

Examples:
  xctl nodes set web-1 --address 192.168.83.84 --wait
  xctl nodes set web-1 --label zone=eu-2 --remove-label rack`,
    )
    .action(action(async () => (await import('../commands/node-change.js')).setNode));
  nodes
    .command('rename')
    .description('rename a node; its host continues by itself')
    .argument('<node>', which)
    .argument('<name>', 'the new name: web-2')
    .addOption(revision('only if the node is still at this revision (nodes show)'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
The node keeps its id, subnet, labels and reservations. Its host needs no restart.

Examples:
  xctl nodes rename web-1 web-eu-1`,
    )
    .action(action(async () => (await import('../commands/node-change.js')).renameNode));
  nodes
    .command('cordon')
    .description('cordon a node: no new containers should be placed on it')
    .argument('<node...>', which)
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl nodes cordon web-1 db-1')
    .action(several(async () => (await import('../commands/node-change.js')).cordonNode));
  nodes
    .command('uncordon')
    .description('uncordon a node')
    .argument('<node...>', which)
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl nodes uncordon web-1')
    .action(several(async () => (await import('../commands/node-change.js')).uncordonNode));
  nodes
    .command('replace')
    .description('move a node to new hardware, with its name, labels and subnets')
    .argument('<node>', which)
    .option('--address <address>', 'the address of the new host; required')
    .option('--name <name>', 'also rename the node')
    .option('--force', 'even though its host is connected and not drained', false)
    .addOption(tokenOut())
    .addOption(confirm('name'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
The former host has to be down or drained. It is refused from then on: when it comes back it is fenced, and withdraws its
routes. The printed command has a join token, which admits the new host once, within an hour.

Examples:
  xctl nodes replace web-1 --address 192.168.83.91 --yes
  xctl nodes replace web-1 --address 192.168.83.91 --name web-9 --dry-run
  xctl nodes replace web-1 --address 192.168.83.91 --force --confirm web-1`,
    )
    .hook('preAction', (_program, command) => {
      if (command.getOptionValue('address') === undefined) command.error("error: option '--address' is missing");
    })
    .action(action(async () => (await import('../commands/node-replace.js')).replaceNode));
  nodes
    .command('drain')
    .description('cordon nodes and wait until no container uses their subnets')
    .argument('<node...>', which)
    .addOption(deadline())
    .option('--cancel', 'cancel the drain and restore the former availability', false)
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
xnet stops no container: move them away yourself. If this command is interrupted, the controllers continue to wait; run it
again to watch. When the deadline passes, the node stays cordoned, and the exit code is 7.

Examples:
  xctl nodes drain web-1 --deadline 10m
  xctl nodes drain web-1 db-1
  xctl nodes drain web-1 --cancel`,
    )
    .action(action(async () => (await import('../commands/node-drain.js')).drainNodes));
  nodes
    .command('remove')
    .alias('rm')
    .description('remove a node: its leases end, its subnets go into quarantine')
    .argument('<node...>', which)
    .option('--wait', 'drain it, tell its host to leave, and wait until it has left', false)
    .addOption(deadline())
    .addOption(new Option('--force', 'even though its host may still use the subnet').default(false).conflicts('wait'))
    .addOption(confirm('name'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
With --wait the node is drained; then its peers withdraw their routes, and its host restores the configuration of Docker.
If the command is interrupted, the controllers carry on; run it again to watch. Without --wait, run "xnetd leave" first.
--force is for hosts that are gone for good: one that comes back is fenced, and withdraws its routes.

Examples:
  xctl nodes remove web-1 --wait --deadline 10m --yes
  xctl nodes remove web-1 --force --confirm web-1`,
    )
    .action(several(async () => (await import('../commands/node-change.js')).removeNode));
}

function addRevoking(nodes: Command): void {
  nodes
    .command('revoke')
    .description("revoke a node's certificates, for a host that is lost or stolen")
    .argument('<node...>', which)
    .addOption(confirm('name'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Controllers refuse the host from then on. Its lease and the routes to it stay until the node is removed. To admit the host
again, remove the node, add it, and join again.

Examples:
  xctl nodes revoke web-1 --confirm web-1
  xctl nodes remove web-1 --force --confirm web-1`,
    )
    .action(several(async () => (await import('../commands/certs.js')).revokeNode));
}

/** addNodes adds `xctl nodes`. */
export function addNodes(program: Command): void {
  const nodes = program.command('nodes').alias('node').description('Docker hosts');
  addAdding(nodes);
  addLooking(nodes);
  addChanging(nodes);
  addMove(nodes);
  addRevoking(nodes);
}
