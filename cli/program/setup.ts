// The command lines of `xctl init` and `xctl contexts`.
import type { Command } from 'commander';
import { action, addListOptions, confirm, dryRun } from './action.js';

// Commands about contexts themselves do not require a usable one.
const withoutContext = { context: false } as const;

/** addInit adds `xctl init`. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description('create the authority of a new cluster and a certificate for its first admin')
    .option('--pool <words...>', 'create a pool, too: its range, or its name and its range; can be given several times')
    .option('--name <name>', 'name of the admin (default: the user who called sudo, or admin)')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Runs on the machine of a controller, as root: the controller answers it only on its unix socket. The certificate and
its key are saved as context "default" of the user who runs it (under sudo: of root), or as the one that --context names.
Running the same command again creates what is missing and changes nothing else.

Examples:
  xctl init --pool 10.76.0.0/16
  xctl init --pool default 10.76.0.0/16 --pool edge 10.80.0.0/20 --name alice
  sudo xctl contexts export --out - | xctl contexts import -      for the user who has called sudo`,
    )
    .action(
      action(async () => {
        const { initCluster } = await import('../commands/init.js');
        return (context, options: { pool?: readonly string[]; name?: string; dryRun: boolean }) =>
          initCluster(context, { ...options, pool: options.pool ?? [] });
      }, withoutContext),
    );
}

function addChanging(contexts: Command): void {
  contexts
    .command('import')
    .alias('add')
    .description('import a context written by xctl certs issue or xctl contexts export')
    .argument('<file>', 'the file; - is standard input')
    .option('--name <name>', 'save it under this name (default: default)')
    .addHelpText(
      'after',
      `
The first one becomes the current one. One of the same name is replaced if it is of the same cluster and the same person.
With --controller the given addresses replace those in the file.

Examples:
  xctl contexts import alice.context.json
  xctl contexts import alice.context.json --name prod --controller 192.168.83.2,192.168.83.3`,
    )
    .action(action(async () => (await import('../commands/contexts.js')).importContext, withoutContext));
  contexts
    .command('export')
    .description('export a context with its key, for use on another machine')
    .argument('[context]', 'its name (default: the current one)')
    .requiredOption('--out <file>', 'new file, readable by its owner only; - is standard output, if that is a pipe')
    .addHelpText('after', '\nExamples:\n  xctl contexts export prod --out prod.context.json')
    .action(action(async () => (await import('../commands/contexts.js')).exportContext, withoutContext));
  contexts
    .command('remove')
    .alias('rm')
    .description('remove a context, with its key')
    .argument('<context>', 'its name')
    .addOption(confirm('context'))
    .addHelpText('after', '\nExamples:\n  xctl contexts remove prod --confirm prod')
    .action(action(async () => (await import('../commands/contexts.js')).removeContext, withoutContext));
}

/** addContexts adds `xctl contexts`. */
export function addContexts(program: Command): void {
  const contexts = program
    .command('contexts')
    .alias('context')
    .description('saved clusters, each with an identity')
    .addHelpText(
      'after',
      `
A context is the addresses of a cluster's controllers, the authority to trust, and a certificate with its key. It is one
file in ~/.config/xctl/contexts, readable by its owner alone.
Which one is used: --context, XCTL_CONTEXT, the current one. --controller overrides its addresses; without a context
xctl talks to the unix socket of the controller on the same machine.`,
    );
  addListOptions(contexts.command('list'))
    .alias('ls')
    .description('list contexts')
    .addHelpText('after', '\nThe current one has a *.\n\nExamples:\n  xctl contexts list\n  xctl contexts list -o json')
    .action(action(async () => (await import('../commands/contexts.js')).listContexts, withoutContext));
  contexts
    .command('show')
    .alias('get')
    .description('show a context, without its key')
    .argument('[context]', 'its name (default: the current one)')
    .addHelpText('after', '\nExamples:\n  xctl contexts show\n  xctl contexts show prod -o json')
    .action(action(async () => (await import('../commands/contexts.js')).showContext, withoutContext));
  contexts
    .command('use')
    .description('set the current context')
    .argument('<context>', 'its name')
    .addHelpText('after', '\nExamples:\n  xctl contexts use prod')
    .action(action(async () => (await import('../commands/contexts.js')).useContext, withoutContext));
  addChanging(contexts);
}
