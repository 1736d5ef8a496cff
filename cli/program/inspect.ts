// The command lines of `xctl leases`, `routes`, `events` and `status`.
import { type Command, Option } from 'commander';
import { durationOption } from '../client/settings.js';
import { action, addListOptions, confirm, countOption, dryRun, several, watch } from './action.js';

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
This does not end a lease: a lease ends with its node, see xctl nodes remove.

Examples:
  xctl leases release 10.76.7.0/24 --confirm 10.76.7.0/24`,
    )
    .action(several(async () => (await import('../commands/leases.js')).releaseLease));
}

/** addRoutes adds `xctl routes`. */
export function addRoutes(program: Command): void {
  const routes = program.command('routes').alias('route').description('the route table');
  addListOptions(routes.command('list'))
    .alias('ls')
    .description('list the route table')
    .option('--node <node>', 'as seen by this node')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl routes list\n  xctl routes list --node web-1')
    .action(action(async () => (await import('../commands/routes.js')).listRoutes));
  routes
    .command('check')
    .description('list nodes with missing routes; exit code 8 if there are any')
    .addHelpText('after', '\nExamples:\n  xctl routes check && echo complete')
    .action(action(async () => (await import('../commands/routes.js')).checkRoutes));
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
