// The command lines of `xctl apply`, `xctl diff` and `xctl export`.
import { type Command, Option } from 'commander';
import { action } from './action.js';
import { addPace } from './rollouts.js';

function file(): Option {
  return new Option('-f, --file <file>', 'the fleet file, - for standard input').makeOptionMandatory();
}

function prune(): Option {
  return new Option('--prune', 'also remove objects that the file does not name').default(false);
}

/** addFleet adds the commands about the fleet as a file. */
export function addFleet(program: Command): void {
  addPace(
    program
      .command('apply')
      .description('make the fleet as in a file: pools, nodes, leases, static routes, networks, nics')
      .addOption(file())
      .addOption(prune()),
  )
    .addHelpText(
      'after',
      `
Shows the plan first. What restarts Docker on hosts (another pool, another mode) goes through a rollout, which is followed
until it is over. Objects that the file does not name are left alone. Run the command again to complete an interrupted apply.

A file:
  apiVersion: xnet/v1
  pools:
    - {name: a, cidr: 10.76.0.0/16, quarantine: 1h, reclaimAfter: never, reservations: [{cidr: 10.76.0.0/22, reason: lab}]}
  nodes:
    - {name: web-1, address: 192.168.83.11, pool: a, labels: {zone: eu-1}, leases: [{pool: b}]}
  networks:
    - {name: blue, pool: b, labels: {zone: eu-1}}
  nics:
    - {node: web-1, container: shop-db-1, address: 10.76.3.200}

Examples:
  xctl apply -f fleet.yaml --dry-run
  xctl apply -f fleet.yaml --max-unavailable 10% --per zone --yes
  xctl export | xctl apply -f -`,
    )
    .action(action(async () => (await import('../commands/fleet.js')).applyFleet));
  program
    .command('diff')
    .description('show what apply would change; exit code 8 if anything')
    .addOption(file())
    .addOption(prune())
    .addHelpText('after', '\nExamples:\n  xctl diff -f fleet.yaml')
    .action(action(async () => (await import('../commands/fleet.js')).diffFleet));
  program
    .command('export')
    .description('print the fleet as a file for apply')
    .addHelpText('after', '\nExamples:\n  xctl export >fleet.yaml')
    .action(action(async () => (await import('../commands/fleet.js')).showExport));
}
