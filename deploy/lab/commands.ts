// The lab on the command line: npm run lab -- up, list, enter, remove, sweep. See README.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { exitCodeOf, messageOf, XnetError } from '../../proto/errors.js';
import { engineLines, isEngineLine, obtainEngine } from './engines.js';
import { machineFolders } from './holder.js';
import { Lab } from './lab.js';
import { readMachineState } from './machine-state.js';
import { isRunning } from './process-table.js';
import { isAbandoned, type LabRecord, listRecords, readRecord } from './record.js';
import { checkRequirements } from './requirements.js';
import { removeLab, sweepLabs } from './sweep.js';

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function runLabCommand(argv: readonly string[]): Promise<void> {
  const program = new Command('npm run lab --')
    .description('Fleets of Docker hosts in network namespaces of this machine.')
    .enablePositionalOptions();
  program
    .command('up')
    .description('make a lab that stays until it is removed, with a dockerd on every host')
    .option('--hosts <n>', 'how many hosts', '3')
    .addOption(new Option('--engine <line>', 'line of Docker').choices([...engineLines, 'none']).default('28'))
    .option('--lan <cidr>', 'the LAN; default 192.168.83.0/24')
    .addOption(new Option('--iptables <backend>', 'what iptables is').choices(['nft', 'legacy']).default('nft'))
    .action(up);
  program.command('list').description('list the labs on this machine').action(list);
  program
    .command('enter')
    .description('run a command on a machine of a lab, a shell unless given')
    .argument('<id>', 'the lab')
    .argument('<machine>', 'h1, h2, ..., control, outside, stranger')
    .argument('[command...]')
    .passThroughOptions()
    .action(enter);
  program
    .command('remove')
    .description('remove labs of all owners')
    .argument('<id...>')
    .action(async (ids: readonly string[]) => {
      for (const id of ids) await removeLab(record(id));
    });
  program
    .command('sweep')
    .description('remove what labs have left whose owner was killed')
    .action(async () => {
      const { removed, problems } = await sweepLabs();
      for (const id of removed) say(`removed ${id}`);
      if (problems.length > 0) throw new XnetError('FailedPrecondition', 'not all is removed', { problems });
    });
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    say(`lab: ${messageOf(error)}`);
    if (error instanceof XnetError) {
      for (const problem of error.problems) say(`  ${problem}`);
      if (error.hint !== undefined) say(`  ${error.hint}`);
    }
    process.exitCode = error instanceof XnetError ? exitCodeOf(error.code) : 1;
  }
}

type UpOptions = {
  readonly hosts: string;
  readonly engine: string;
  readonly lan?: string;
  readonly iptables: 'nft' | 'legacy';
};

async function up(options: UpOptions): Promise<void> {
  checkRequirements();
  const engine = isEngineLine(options.engine) ? await obtainEngine(options.engine, { log: say }) : undefined;
  const lab = await Lab.create({
    hosts: Number(options.hosts),
    iptables: options.iptables,
    log: say,
    ...(engine === undefined ? {} : { engine }),
    ...(options.lan === undefined ? {} : { lan: options.lan }),
  });
  try {
    if (engine !== undefined) await lab.startDockerds();
    lab.keep();
  } catch (error) {
    await lab.close();
    throw error;
  }
  const command = 'sudo npm run lab --';
  for (const { name, address } of lab.plan.machines) process.stdout.write(`${name.padEnd(9)} ${address}\n`);
  const first = lab.plan.machines[0]?.name ?? 'control';
  process.stdout.write(`\n${command} enter ${lab.id} ${first}\n${command} remove ${lab.id}\n`);
}

function list(): void {
  const rows = listRecords().map((found) => {
    if ('problem' in found) return [found.id, 'unreadable', '', '', '', found.problem];
    const { owner, createdAt, keep, engine, lan, machines } = found.record;
    const hosts = machines.filter(({ role }) => role === 'host').length;
    const state = isAbandoned(found.record) ? 'abandoned' : keep ? 'kept' : 'in use';
    const by = isRunning(owner) ? `pid ${owner.pid}` : '';
    return [found.id, state, `${hosts} hosts`, lan, engine || 'no Docker', createdAt, by];
  });
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
}

async function enter(id: string, name: string, command: readonly string[]): Promise<void> {
  const names = record(id).machines.map((machine) => machine.name);
  if (!names.includes(name)) {
    throw new XnetError('NotFound', `the lab ${id} has no machine ${name}`, { hint: `it has ${names.join(', ')}` });
  }
  const { folder } = machineFolders(id, name);
  const state = readMachineState(folder);
  const [program = '', ...rest] = [...state.enter, ...(command.length > 0 ? command : ['/bin/bash', '--norc'])];
  const terminal = process.env['TERM'] === undefined ? {} : { TERM: process.env['TERM'] };
  const child = spawn(program, rest, {
    stdio: 'inherit',
    env: { ...state.env, ...terminal, PS1: `${name}# ` },
  });
  // Ctrl-C belongs to the program inside.
  process.on('SIGINT', () => undefined);
  const [code] = await once(child, 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
}

function record(id: string): LabRecord {
  const found = readRecord(id);
  if (found === undefined)
    throw new XnetError('NotFound', `there is no lab ${id}`, { hint: 'see: npm run lab -- list' });
  if ('problem' in found) throw new XnetError('FailedPrecondition', found.problem);
  return found.record;
}

await runLabCommand(process.argv);
