#!/usr/bin/env node
// xnetd: the command line of the daemon. Each command is loaded when it runs.
import { Command, Option } from 'commander';
import { exitCodes, type XnetError } from '../proto/errors.js';
import { safeJson, withVersion } from '../proto/process/json.js';
import { describeError, runProgram } from '../proto/process/program.js';
import { version } from '../proto/process/version.js';
import { defaultJoinPort } from '../proto/rpc/endpoint.js';
import type { PreflightReport } from './commands/preflight.js';
import type { HostStatus } from './commands/status.js';
import { notJoined } from './identity/identity.js';
import { addJoinOptions, joinSettingsOf } from './join/settings.js';
import { addPreflightOptions, preflightSettingsOf } from './preflight/settings.js';
import { addOptions, daemonSettingsOf, nodeSettingsOf, settingsAsDaemon } from './settings/settings.js';

const program = new Command('xnetd')
  .description("Gives this host's Docker the subnet that it leased, and routes to every other host.")
  .version(version);

async function printStatus(status: HostStatus): Promise<void> {
  const [{ default: pc }, { statusLines }] = await Promise.all([
    import('picocolors'),
    import('./commands/status-text.js'),
  ]);
  process.stdout.write(`${statusLines(status, Date.now(), pc.yellow).join('\n')}\n`);
}

async function printPreflight(report: PreflightReport): Promise<void> {
  const [{ default: pc }, { preflightLines }] = await Promise.all([
    import('picocolors'),
    import('./commands/preflight-text.js'),
  ]);
  process.stdout.write(`${preflightLines(report, pc.yellow).join('\n')}\n`);
}

function tellNotJoined(why: XnetError): void {
  process.stderr.write(`xnetd: ${describeError(why)}\n`);
  process.exitCode = exitCodes.notJoined;
}

addPreflightOptions(program.command('preflight'))
  .description('check what would go wrong with xnet on this host, with a fix for each finding; changes nothing')
  .addHelpText(
    'after',
    `
Examples:
  xnetd preflight                                              without knowing the fleet
  xnetd preflight --subnet 10.76.3.0/24 --pool 10.76.0.0/16    with the subnet that this host is to get
  xnetd preflight --peer 192.168.83.12 --controller 192.168.83.2 --nodes 200
  xnetd preflight --json                                       for programs; the same as -o json

Severities: "stops" prevents xnet from working here, "warns" is a problem later or for a while,
"info" is worth knowing. Exit codes: ${exitCodes.ok} nothing stops or warns, ${exitCodes.usage} wrong use, ${exitCodes.problemsFound} there are findings.`,
  )
  .action(async (_options: unknown, command: Command) => {
    const settings = preflightSettingsOf(command);
    const { preflightExitCode, preflightHost } = await import('./commands/preflight.js');
    const report = await preflightHost(settings);
    if (settings.output === 'json') process.stdout.write(`${safeJson(withVersion(report), 2)}\n`);
    else await printPreflight(report);
    process.exitCode = preflightExitCode(report);
  });

addJoinOptions(program.command('join'))
  .description('join this host to a cluster: verifies the controllers by the join token and gets a certificate')
  .addHelpText(
    'after',
    `
Examples:
  xnetd join --controller 192.168.83.2 --token-file /root/join-token
  xnetd join --controller 192.168.83.2,192.168.83.3 --token-file - <<'EOF'
  XJT1-...
  EOF

The controllers' port for joining is ${defaultJoinPort}. xctl nodes add prints the command with a token for one node; where a token names
none, give --node NAME and --address ADDRESS. Nothing is sent to a server that does not belong to the token's cluster.
Exit codes: ${exitCodes.usage} wrong use, ${exitCodes.conflict} this host is something else already, ${exitCodes.denied} the token or the server is refused,
${exitCodes.unavailable} no controller answers. After any failure the same command can be run again.`,
  )
  .action(async (_options: unknown, command: Command) => {
    const settings = joinSettingsOf(command);
    const { joinCluster } = await import('./commands/join.js');
    await joinCluster(settings);
  });

addOptions(program.command('run'))
  .description('run the daemon')
  .addHelpText(
    'after',
    `
Examples:
  xnetd run                                         as the node that xnetd join made this host
  xnetd run --controller 192.168.83.2,192.168.83.3  with other controllers than those known from the join

Environment variables are named XNETD_CONTROLLER and so on, settings in the file "controller: ..." and so on.
SIGTERM ends the daemon and leaves routes, rules and Docker as they are. SIGHUP (systemctl reload xnetd) makes it retry
at once what it has given up or postponed, such as a restart of Docker. Exit code ${exitCodes.left}: this host has left the fleet; ${exitCodes.notJoined}: it has not joined one.`,
  )
  .action(async (_options: unknown, command: Command) => {
    const settings = nodeSettingsOf(command);
    const { runDaemon } = await import('./commands/run.js');
    const ending = await runDaemon(settings, daemonSettingsOf(command));
    if (ending === 'left') process.exitCode = exitCodes.left;
    if (ending === 'not joined') tellNotJoined(notJoined());
  });

addOptions(program.command('leave'))
  .description('take this host out of the fleet: undo everything xnet made here, and end the lease')
  .option('--force', 'stop or detach containers that use the subnet', false)
  .option('--local', 'undo what is on this host and tell no controller', false)
  .addHelpText(
    'after',
    `
Examples:
  xnetd leave
  xnetd leave --force   stops or detaches containers that use the subnet
  xnetd leave --local   the lease stays until: xctl nodes remove NAME

Exit codes: ${exitCodes.conflict} something could not be undone, ${exitCodes.denied} the controllers refuse this host, ${exitCodes.unavailable} no controller answers,
${exitCodes.notJoined} no lease of this host is known. After a failure the same command can be run again.`,
  )
  .action(async (_options: unknown, command: Command) => {
    const { force, local } = command.opts<{ force: boolean; local: boolean }>();
    const settings = settingsAsDaemon(command);
    const { leaveFleet } = await import('./commands/leave.js');
    const unknown = await leaveFleet(settings, { force, local });
    if (unknown !== undefined) tellNotJoined(unknown);
  });

addOptions(program.command('status'))
  .description('show what is desired against what is installed; exit code 8 when something is wrong')
  .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
  .action(async (_options: unknown, command: Command) => {
    const settings = settingsAsDaemon(command);
    const { hostStatus, nodeStatusExitCode } = await import('./commands/status.js');
    const status = await hostStatus(settings);
    if (command.getOptionValue('output') === 'json') process.stdout.write(`${safeJson(withVersion(status), 2)}\n`);
    else await printStatus(status);
    process.exitCode = nodeStatusExitCode(status);
  });

// No top-level await: the bundle is a script.
void runProgram(program, {
  writesLog: (command) => command === 'run',
  jsonErrors: () => program.commands.some((command) => command.opts<{ output?: string }>().output === 'json'),
});
