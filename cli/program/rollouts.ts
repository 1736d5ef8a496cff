// The command lines of `xctl rollouts` and `xctl nodes move`.
import { type Command, Option } from 'commander';
import { durationOption } from '../client/settings.js';
import { action, addListOptions, dryRun, watch } from './action.js';

const which = 'its id, or a unique beginning of it';

/** addPace adds the options of commands that start a rollout. */
export function addPace(command: Command): Command {
  return command
    .option('--max-unavailable <count>', 'how many nodes may be unavailable at once: 2, or a share, 10% (default: 1)')
    .option('--per <label>', 'change the nodes in groups, one group for each value of this label: zone')
    .addOption(
      new Option('--health-timeout <duration>', 'how long a node may take until it is healthy (default: 5m)').argParser(
        durationOption,
      ),
    )
    .option('--no-wait', 'return when the rollout has started; it continues by itself')
    .addOption(dryRun());
}

/** addMove adds `xctl nodes move`. */
export function addMove(nodes: Command): void {
  const move = nodes
    .command('move')
    .description('move nodes to another pool by a rollout, which restarts Docker on one after the other')
    .argument('<node...>', 'name, id or its beginning, address or subnet')
    .requiredOption('--pool <pool>', 'the pool that they get a subnet of')
    .addOption(
      new Option('--mode <mode>', "how they use it (default: the pool's); also in the pool that they have").choices([
        'bip',
        'bridge',
      ]),
    );
  addPace(move)
    .addHelpText(
      'after',
      `
Examples:
  xctl nodes move web-1 db-1 --pool b --yes --no-wait
  xctl nodes move $(xctl nodes list -o name) --pool b --max-unavailable 10% --per zone --yes`,
    )
    .action(action(async () => (await import('../commands/rollouts.js')).moveNodes));
}

/** addRollouts adds `xctl rollouts`. */
export function addRollouts(program: Command): void {
  const rollouts = program
    .command('rollouts')
    .alias('rollout')
    .description('changes that restart Docker on many hosts, one after the other');
  addListOptions(rollouts.command('list'))
    .alias('ls')
    .description('list open rollouts and the last finished ones')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl rollouts list')
    .action(action(async () => (await import('../commands/rollouts.js')).listRollouts));
  rollouts
    .command('show')
    .alias('get')
    .description('show a rollout, with a line for each host')
    .argument('[rollout]', `${which} (default: the newest)`)
    .addOption(watch())
    .addHelpText(
      'after',
      `
With --watch it is shown until it is over; exit code 4 if it failed, was paused or cancelled.

Examples:
  xctl rollouts show --watch
  xctl rollouts show r-4f2f9c03a1b2 -o json`,
    )
    .action(action(async () => (await import('../commands/rollouts.js')).showRollout));
  const controls = {
    pause: 'begin no further step; a host that has its permit continues',
    resume: 'continue a rollout that was paused or failed; a failed step is tried again',
    cancel: 'end a rollout; nodes that have changed stay changed',
    undo: 'return the nodes to their former leases, by the same rules',
  } as const;
  for (const control of ['pause', 'resume', 'cancel', 'undo'] as const) {
    rollouts
      .command(control)
      .description(controls[control])
      .argument('<rollout>', which)
      .addOption(watch())
      .addOption(dryRun())
      .addHelpText(
        'after',
        `\nExamples:\n  xctl rollouts ${control} r-4f2f9c03a1b2${['cancel', 'undo'].includes(control) ? ' --yes' : ''}`,
      )
      .action(action(async () => (await import('../commands/rollouts.js')).controlRollout(control)));
  }
}
