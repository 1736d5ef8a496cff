// The command line of xctl: its commands, their arguments, and their help.
import { Argument, Command, type Option } from 'commander';
import { version } from '../../proto/process/version.js';
import { addGlobalOptions } from '../client/settings.js';
import { addBackup } from './backup.js';
import { addControllers } from './controllers.js';
import { addFleet } from './fleet.js';
import { addEvents, addLeases, addRoutes, addStatus } from './inspect.js';
import { addIpam } from './ipam.js';
import { addNetworks } from './networks.js';
import { addNics } from './nics.js';
import { addNodes } from './nodes.js';
import { addPaths } from './paths.js';
import { addPools } from './pools.js';
import { addRollouts } from './rollouts.js';
import { addAudit, addAuthority, addCerts, addTokens } from './security.js';
import { addContexts, addInit } from './setup.js';

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, names of nodes and of pools in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(xctl completion bash)                                      for this shell
  xctl completion bash >/etc/bash_completion.d/xctl                   for all users
  xctl completion zsh >"\${fpath[1]}/_xctl"
  xctl completion fish >~/.config/fish/completions/xctl.fish`,
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScripts } = await import('../completion/scripts.js');
      process.stdout.write(completionScripts[shell]);
    });
}

// commander's own version would print "(default: false)" for every switch.
function describeOption({ description, argChoices, defaultValue, defaultValueDescription, envVar }: Option): string {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
  const shown =
    defaultValueDescription ?? (['string', 'number'].includes(typeof defaultValue) ? defaultValue : undefined);
  const notes = [
    ...(shown === undefined ? [] : [`default: ${shown}`]),
    ...(envVar === undefined ? [] : [`env: ${envVar}`]),
  ];
  return `${description}${choices}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

// Keeps the global options out of every command's help.
function addOptionsHelp(program: Command): void {
  program
    .command('options')
    .description('the options that every command takes')
    .addHelpText('after', '\nExamples:\n  xctl options')
    .action(() => {
      const { options } = program;
      const helper = program.createHelp();
      helper.prepareContext({ helpWidth: process.stdout.columns ?? 80 });
      const width = Math.max(...options.map(({ flags }) => flags.length));
      const lines = options.map((option) => helper.formatItem(option.flags, width, describeOption(option), helper));
      process.stdout.write(`Global options, before or after the command name:\n${lines.join('\n')}\n`);
    });
  for (const command of everyCommand(program)) {
    if (command !== program) command.addHelpText('after', '\nGlobal options: xctl options');
  }
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** makeProgram returns the command line. */
export function makeProgram(): Command {
  const program = new Command('xctl')
    .description('Leases subnets to Docker hosts and shows how they reach each other.')
    .version(version)
    .configureHelp({ optionDescription: describeOption })
    .addHelpText(
      'after',
      `
Examples:
  xctl init --pool 10.76.0.0/16
  xctl nodes add web-1 --address 192.168.83.83 --wait
  xctl nodes list
  xctl status

Data goes to standard output, messages to standard error. Settings are read from ~/.config/xctl/config.yaml:
  output: wide

Exit codes: 0 done, 1 failure, 2 wrong usage, 3 not found, 4 conflict, 5 not allowed, 6 no controller or store,
7 timed out, or outcome unknown, 8 a check found problems, 9 declined, 13 the store can't be written, 130 interrupted.`,
    );
  addGlobalOptions(program);
  addInit(program);
  addContexts(program);
  addPools(program);
  addControllers(program);
  addNodes(program);
  addFleet(program);
  addRollouts(program);
  addLeases(program);
  addNetworks(program);
  addIpam(program);
  addNics(program);
  addRoutes(program);
  addPaths(program);
  addEvents(program);
  addStatus(program);
  addTokens(program);
  addCerts(program);
  addAuthority(program);
  addAudit(program);
  addBackup(program);
  addCompletion(program);
  addOptionsHelp(program);
  return program;
}
