// The command lines of `xctl leases`, `routes`, `events` and `status`.
import { Argument, type Command, Option } from 'commander';
import { modes } from '../../proto/domain/network.js';
import { durationOption } from '../client/settings.js';
import { action, addListOptions, confirm, countOption, dryRun, revision, several, watch } from './action.js';

/** addLeases adds `xctl leases`. */
export function addLeases(program: Command): void {
  const leases = program.command('leases').alias('lease').description('leased, reserved and quarantined subnets');
  addListOptions(leases.command('list'))
    .alias('ls')
    .description('list leased, reserved and quarantined subnets')
    .option('--pool <pool>', 'only those of this pool')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl leases list\n  xctl leases list --pool default -o json')
    .action(action(async () => (await import('../commands/leases.js')).listLeases));
  leases
    .command('release')
    .description('end a quarantine early, so that another node can lease the subnet')
    .argument('<subnet...>', 'the subnet: 10.76.7.0/24')
    .addOption(confirm('subnet'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
This does not end a lease: see xctl leases end.

Examples:
  xctl leases release 10.76.7.0/24 --confirm 10.76.7.0/24`,
    )
    .action(several(async () => (await import('../commands/leases.js')).releaseLease));
  addLeaseChanges(leases);
}

function addLeaseChanges(leases: Command): void {
  leases
    .command('add')
    .description('lease a node another subnet; peers route to it at once')
    .argument('<node>', 'its name, id, address or subnet')
    .requiredOption('--pool <pool>', 'lease from this pool')
    .option('--subnet <cidr>', 'lease exactly this subnet')
    .addOption(
      new Option('--mode <mode>', "how the node uses the subnet (default: the node's, else the pool's)").choices(modes),
    )
    .option('--network <name>', "Docker network of mode bridge (default: the pool's)")
    .option('--bridge <name>', "that network's bridge (default: the pool's)")
    .option('--replace <cidr>', 'end this lease of the node: it moves from it to the new one')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
A host has any number of leases of mode bridge, with a network and a bridge for each. It has one of mode bip or
block: another one replaces it. The host keeps the replaced subnet until a rollout permits it to restart Docker.

Examples:
  xctl leases add web-1 --pool edge --mode bridge --network blue --bridge br-blue
  xctl leases add web-1 --pool new --replace 10.76.3.0/24`,
    )
    .action(action(async () => (await import('../commands/lease-change.js')).addLease));
  leases
    .command('end')
    .description('end a lease of a node that has another one')
    .argument('<node>', 'its name, id, address or subnet')
    .argument('<lease>', 'the subnet: 10.76.7.0/24')
    .option('--force', 'at once, although its host is down and may still use the subnet', false)
    .addOption(confirm('subnet'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Peers keep their routes until the host has stopped using the subnet; then it goes into quarantine. While it is ending,
xctl leases add with --subnet takes it back. A node's last lease ends with the node: xctl nodes remove.

Examples:
  xctl leases end web-1 10.76.7.0/24 --yes
  xctl leases end web-1 10.76.7.0/24 --force --confirm 10.76.7.0/24`,
    )
    .action(action(async () => (await import('../commands/lease-change.js')).endLease));
}

/** addRoutes adds `xctl routes`. */
export function addRoutes(program: Command): void {
  const routes = program.command('routes').alias('route').description('the route table');
  addListOptions(routes.command('list'))
    .alias('ls')
    .description('list the route table, with static routes')
    .option('--node <node>', 'as seen by this node')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl routes list\n  xctl routes list --node web-1')
    .action(action(async () => (await import('../commands/routes.js')).listRoutes));
  routes
    .command('check')
    .description('list nodes with missing routes; exit code 8 if there are any')
    .addHelpText('after', '\nExamples:\n  xctl routes check && echo complete')
    .action(action(async () => (await import('../commands/routes.js')).checkRoutes));
  addHeldRoutes(routes);
  addStaticRoutes(routes);
}

function addHeldRoutes(routes: Command): void {
  addListOptions(routes.command('held'))
    .description('list the nodes that keep routes although many were withdrawn at once')
    .addOption(watch())
    .addHelpText(
      'after',
      `
A node that is to withdraw more than 20 % of its routes (at least 4) at once keeps them. Routes whose lease ended according
to the store go within seconds. The others wait for an operator: xctl routes approve.

Examples:
  xctl routes held
  xctl routes held -o json`,
    )
    .action(action(async () => (await import('../commands/held-routes.js')).listHeldRoutes));
  routes
    .command('approve')
    .description('have nodes withdraw the routes that they hold')
    .addOption(revision('only what was withdrawn up to this revision (default: what is listed now)'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
It shows what it would withdraw, and asks for confirmation (--yes skips it). Containers can't reach those subnets
afterwards. Later withdrawals are held again.

Examples:
  xctl routes approve --dry-run
  xctl routes approve --revision 8412 --yes`,
    )
    .action(action(async () => (await import('../commands/held-routes.js')).approveWithdrawals));
}

function addStaticRoutes(routes: Command): void {
  routes
    .command('add')
    .description('route a subnet to a host that is not a node')
    .argument('<cidr>', 'a subnet of a pool: 10.200.0.0/24')
    .addArgument(new Argument('<via>', 'the word via').choices(['via']))
    .argument('<address>', "the host's address on the network between the hosts: 192.168.100.19")
    .option('--name <name>', 'name of the host, for people (default: "static")')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Every node gets the route, and admits packets from the subnet. The subnet is leased to no other host. When a node is added with
that address, its lease replaces the static route, and no node changes its route. To change the route, run the command again
with another address.

Examples:
  xctl routes add 10.200.0.0/24 via 192.168.100.19
  xctl routes add 10.200.0.0/24 via 192.168.100.19 --name db-1`,
    )
    .action(action(async () => (await import('../commands/static-routes.js')).addStaticRoute));
  routes
    .command('remove')
    .alias('rm')
    .description('remove a static route; the subnet goes into quarantine')
    .argument('<static-route...>', 'its subnet: 10.200.0.0/24')
    .addOption(confirm('subnet'))
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl routes remove 10.200.0.0/24 --yes')
    .action(several(async () => (await import('../commands/static-routes.js')).removeStaticRoute));
}

/** addEvents adds `xctl events`. */
export function addEvents(program: Command): void {
  addListOptions(program.command('events'))
    .alias('event')
    .description('events of the last day')
    .addOption(new Option('--since <duration>', 'only the last 1h, 30m, ...').argParser(durationOption))
    .option('--node <name>', 'only of this node')
    .option('--subject <subject>', 'only of this: pool/default, node/web-1')
    .addOption(new Option('--limit <count>', 'show the newest N').argParser(countOption).default(100))
    .addOption(watch())
    .addHelpText(
      'after',
      `
Examples:
  xctl events --since 1h
  xctl events --node web-1 --watch
  xctl events -o jsonl | jq -r 'select(.warning) | .message'`,
    )
    .action(action(async () => (await import('../commands/events.js')).listEvents));
}

/** addStatus adds `xctl status`. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('controllers, store, pools and nodes on one screen')
    .option('--wait', 'wait until nothing is wrong', false)
    .addOption(watch())
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing is wrong, 6 the store is unusable, 7 timed out, 8 something else is wrong.

Examples:
  xctl status
  xctl status --watch
  xctl status --wait --timeout 2m`,
    )
    .action(action(async () => (await import('../commands/status.js')).showStatus));
}
