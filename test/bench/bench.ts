// `npm run bench`: measures how fast xnet is, compared with the best possible on the same machine in the same run.
// Invariant: it asserts no times. It fails if something is wrong: a subnet leased twice, a failed join, a missing route.
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes, messageOf, XnetError } from '../../proto/errors.js';
import { runProgram } from '../../proto/process/program.js';
import { version } from '../../proto/process/version.js';
import { benchAlone } from './alone.js';
import { benchDaemon } from './daemon.js';
import { benchDocker } from './docker.js';
import { benchFailover } from './failover.js';
import {
  type BenchContext,
  type BenchPart,
  CannotMeasure,
  headLine,
  lineOf,
  type Outcome,
  type RowName,
  rowNames,
} from './figure.js';
import { type Flanneld, flanneldAt } from './flanneld.js';
import { benchTogether } from './from-nothing.js';
import { benchJoin } from './join-real.js';
import { benchSimulated } from './join-simulated.js';
import { benchLeases } from './leases.js';
import { benchMtls } from './mtls.js';
import { routesPart } from './routes-row.js';

// The parts that load all processors for long come last.
const parts: readonly BenchPart[] = [
  routesPart,
  benchDaemon,
  benchAlone,
  benchLeases,
  benchFailover,
  benchDocker,
  benchJoin,
  benchTogether,
  benchMtls,
  benchSimulated,
];

type BenchOptions = {
  readonly only?: readonly RowName[];
  readonly quick: boolean;
  readonly flannel?: string;
  readonly output: 'table' | 'json';
};

function rowsOption(text: string): readonly RowName[] {
  return text.split(',').map((word) => {
    const name = rowNames.find((row) => row === word.trim());
    if (name === undefined) throw new InvalidArgumentError(`There is no row ${word}; rows: ${rowNames.join(', ')}`);
    return name;
  });
}

async function bench({ only, quick, flannel, output }: BenchOptions): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new XnetError('PermissionDenied', 'the benchmark needs root: it makes network namespaces', {
      hint: 'sudo npm run bench',
    });
  }
  const flanneld: Flanneld | undefined = flannel === undefined ? undefined : await flanneldAt(resolve(flannel));
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s`;
  const outcomes: Outcome[] = [];
  const keep = (outcome: Outcome) => {
    outcomes.push(outcome);
    if (output === 'table') process.stdout.write(`${lineOf(outcome)}\n`);
  };
  if (output === 'table') process.stdout.write(`${headLine()}\n`);
  for (const { rows, run } of parts) {
    const wanted = new Set(rows.filter((row) => only === undefined || only.includes(row)));
    if (wanted.size === 0) continue;
    const log = (line: string) => process.stderr.write(`${seconds()}  ${line}\n`);
    log(`measuring ${[...wanted].join(', ')}`);
    const told = new Set<RowName>();
    const context: BenchContext = {
      wanted,
      quick,
      flanneld,
      log,
      tell: (figure) => {
        told.add(figure.row);
        if (wanted.has(figure.row)) keep(figure);
      },
    };
    try {
      await run(context);
    } catch (error) {
      const wrong = !(error instanceof CannotMeasure);
      const problems = error instanceof XnetError ? error.problems.map((problem) => `; ${problem}`).join('') : '';
      const missing = `${messageOf(error)}${problems}`;
      if (wrong && error instanceof Error) log(error.stack ?? '');
      for (const row of wanted) if (wrong || !told.has(row)) keep({ row, missing, wrong });
    }
  }
  if (output === 'json')
    process.stdout.write(`${JSON.stringify({ quick, flannel: flanneld?.version, outcomes }, null, 2)}\n`);
  if (outcomes.some((outcome) => 'missing' in outcome && outcome.wrong)) process.exitCode = exitCodes.failure;
}

await runProgram(
  new Command('bench')
    .description('Measures xnet, each figure beside its limit of the same run. Asserts no times.')
    .version(version)
    .addOption(new Option('--only <rows>', `some rows only, of: ${rowNames.join(', ')}`).argParser(rowsOption))
    .option('--quick', 'smaller sizes and fewer rounds', false)
    .option('--flannel <path>', 'a flanneld to compare with, in the same lab')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .allowExcessArguments(false)
    .action(bench),
);
