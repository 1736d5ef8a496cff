// The random mode: runs plans made from seeds, prints the problems, and shrinks a plan that fails. usage: npm run
// test:chaos -- --seed S --minutes M [--hosts N] [--shrink] [--plan FILE]
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { generatePlan } from './generate.js';
import { type Plan, parsePlan, stepText } from './plan.js';
import { runPlan, type Verdict } from './run.js';
import { shrink } from './shrink.js';

type Flags = {
  readonly seed: string;
  readonly minutes: string;
  readonly hosts: string;
  readonly plan?: string;
  readonly shrink?: true;
};

const { seed, minutes, hosts, ...flags } = new Command('chaos')
  .description('hosts join, leave, move and restart while up to three faults are active; needs root')
  .option('--seed <number>', 'makes the plan', String(Date.now() % 1_000_000))
  .option('--minutes <number>', 'length of the plan; setting up and coming to rest take longer', '5')
  .option('--hosts <number>', 'number of hosts, from 2 to 12', '5')
  .option('--plan <file>', 'run this plan instead of that of a seed')
  .option('--shrink', 'when the plan fails, find a part of it that still fails')
  .parse()
  .opts<Flags>();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(plan: Plan): Promise<Verdict> {
  const verdict = await runPlan(plan, say);
  for (const [what, count] of Object.entries(verdict.counts)) say(`${String(count).padStart(8)} ${what}`);
  for (const problem of verdict.problems) say(`PROBLEM ${problem}`);
  return verdict;
}

function write(plan: Plan): void {
  const file = join(tmpdir(), `xnet-chaos-${plan.seed}-${plan.steps.length}.json`);
  writeFileSync(file, `${JSON.stringify(plan, null, 1)}\n`);
  for (const step of plan.steps) say(`  ${stepText(step)}`);
  say(`replay it with: npm run test:chaos -- --plan ${file}`);
}

const plan =
  flags.plan === undefined
    ? generatePlan(Number(seed), { hosts: Number(hosts), seconds: Number(minutes) * 60 })
    : parsePlan(readFileSync(flags.plan, 'utf8'));
say(`seed ${plan.seed}: ${plan.hosts} hosts, ${plan.steps.length} steps in ${plan.seconds} s`);
const verdict = await run(plan);
if (verdict.problems.length === 0) say(`seed ${plan.seed} passed`);
else {
  process.exitCode = 1;
  say(`seed ${plan.seed} FAILED: ${verdict.problems.length} problems`);
  write(plan);
  if (flags.shrink === true) {
    const smaller = await shrink(plan, async (one) => (await run(one)).problems.length > 0);
    say(`still fails with ${smaller.steps.length} of ${plan.steps.length} steps:`);
    write(smaller);
  }
}
