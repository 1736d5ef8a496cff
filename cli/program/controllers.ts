// The command line of `xctl controllers`.
import type { Command } from 'commander';
import { confirm, dryRun, several } from './action.js';

/** addControllers adds `xctl controllers`. */
export function addControllers(program: Command): void {
  const controllers = program.command('controllers').alias('controller').description('controllers of the cluster');
  controllers
    .command('remove')
    .alias('rm')
    .description('remove the record of a controller that is gone for good; xctl status lists them')
    .argument('<controller...>', 'its id')
    .addOption(confirm('controller'))
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl controllers remove controller-2-7ebf --confirm controller-2-7ebf')
    .action(several(async () => (await import('../commands/controllers.js')).forgetController));
}
