// The command line of `xctl ipam`.
import type { Command } from 'commander';
import { action, dryRun } from './action.js';

/** addIpam adds `xctl ipam`. */
export function addIpam(program: Command): void {
  const ipam = program.command('ipam').description('checks of addresses and leases');
  ipam
    .command('check')
    .description('verify records, controllers and what nodes report; exit code 8 if something is wrong')
    .option('--report <file>', 'write the findings to a file, for ipam release')
    .addHelpText('after', '\nExamples:\n  xctl ipam check\n  xctl ipam check --report findings.json')
    .action(action(async () => (await import('../commands/ipam.js')).checkFleet));
  ipam
    .command('release')
    .description('delete leases, names and addresses of nodes that do not exist, from the report of a check')
    .requiredOption('--from-report <file>', 'the report written by ipam check --report')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
It shows its plan and asks for confirmation (--yes skips it). Records that have changed since the report are skipped.

Examples:
  xctl ipam release --from-report findings.json --dry-run
  xctl ipam release --from-report findings.json --yes`,
    )
    .action(action(async () => (await import('../commands/ipam.js')).releaseFromReport));
}
