// The random mode with fixed seeds: five minutes with what precedes and follows each plan.
import test from 'ava';
import { isRoot } from '../support/linux-route-host.js';
import { generatePlan } from './generate.js';
import { stepText } from './plan.js';
import { runPlan } from './run.js';

const seeds = [1, 2] as const;
const seconds = 90;

if (isRoot('chaos')) {
  for (const seed of seeds) {
    test.serial(`P8 chaos: seed ${seed} of 5 hosts and ${seconds} s breaks no invariant`, async (t) => {
      t.timeout(900_000);
      const plan = generatePlan(seed, { hosts: 5, seconds });
      const journal: string[] = [];
      const { problems, counts } = await runPlan(plan, (line) => journal.push(line));
      if (problems.length > 0) for (const line of [...plan.steps.map(stepText), '', ...journal]) t.log(line);
      t.deepEqual(problems, []);
      t.true((counts['echoes answered'] ?? 0) > 0);
      t.true((counts['messages to the observer'] ?? 0) > 0);
    });
  }
}
