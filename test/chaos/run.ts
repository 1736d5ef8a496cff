// Runs a plan on a site of its own and returns everything that was wrong.
// Invariant: a run never throws for a problem of xnet: such problems are in its verdict.

import { fileURLToPath } from 'node:url';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { tokenFor, trustOf } from '../support/joining.js';
import { auditProblems } from './audit-checks.js';
import { type FaultParts, Faults } from './faults.js';
import { historyProblems } from './history-checks.js';
import { ChaosHost } from './host.js';
import { Journal } from './journal.js';
import { lossProblems } from './loss-checks.js';
import { lossesOf, Mesh } from './mesh.js';
import { Operations } from './operations.js';
import type { Plan } from './plan.js';
import { Recorder } from './recorder.js';
import { type RestParts, unrest } from './rest-checks.js';
import { Site } from './site.js';
import { readWatchLines, watchProblems } from './watching.js';

const watchProcess = fileURLToPath(new URL('./watch-process.js', import.meta.url));
// Everything is mended then, and the machine may be busy.
const restLimitMs = 180_000;

/** Verdict is what was wrong, and how much was looked at. */
export type Verdict = { readonly problems: readonly string[]; readonly counts: Readonly<Record<string, number>> };

/** runPlan runs a plan. @param print receives the lines of its journal */
export async function runPlan(plan: Plan, print: (line: string) => void): Promise<Verdict> {
  const site = await Site.start(plan.hosts);
  const hosts = site.hosts.map((machine, index) => new ChaosHost(index + 1, machine));
  const mesh = new Mesh();
  const recorder = new Recorder(site);
  try {
    for (const host of hosts) await host.prepare();
    const foreign = await Promise.all(hosts.map((host) => host.foreign()));
    const observer = await startObserver(site);
    const journal = new Journal(print);
    const observed = () => readWatchLines(observer.output);
    const failed = await execute(plan, { site, hosts, mesh, recorder, journal });
    const restless = await untilRest({ site, hosts, mesh, recorder, observed }, Date.now());
    await mesh.stop();
    const { history } = recorder;
    const lines = observed();
    const after = await Promise.all(hosts.map((host) => host.foreign()));
    const problems = [
      ...failed,
      ...journal.operations
        .filter(({ result }) => result !== 'ok')
        .map(({ operation, result }) => `${operation.do} of host ${operation.host}: ${result}`),
      ...restless,
      ...historyProblems(history, journal.mutations),
      ...watchProblems(lines, history),
      ...lossProblems(mesh.flows, journal.faults),
      ...(await auditProblems(site, history)),
      ...hosts.flatMap(({ name }, index) =>
        after[index] === foreign[index] ? [] : [`${name} had\n${foreign[index]}\nand has\n${after[index]}`],
      ),
    ];
    const losses = mesh.flows.flatMap((flow) => lossesOf(flow));
    const counts = {
      operations: journal.operations.length,
      faults: journal.faults.length,
      revisions: history.length,
      mutations: journal.mutations.length,
      repeated: journal.mutations.filter(({ attempts }) => attempts > 1).length,
      'messages to the observer': lines.length,
      'echoes answered': mesh.flows.reduce((sum, { answers }) => sum + answers.length, 0),
      'echoes lost': losses.reduce((sum, { lost }) => sum + lost, 0),
    };
    return { problems, counts };
  } finally {
    await mesh.stop();
    await recorder.stop();
    for (const host of hosts) host.close();
    await site.close();
  }
}

// The observer is a node without a container on the machine `stranger`.
async function startObserver(site: Site): Promise<LabProcess> {
  const { stranger } = site.lab;
  const { admin } = site.controllers[0] ?? {};
  if (admin === undefined) throw new Error('no controllers');
  await callUnary(admin.addNode.bind(admin), { name: 'observer', address: stranger.address }, { timeoutMs: 60_000 });
  const [trust, token] = [await trustOf(admin), await tokenFor(admin, 'observer')];
  const endpoints = site.controllers.map(({ machine }) => machine.address).join();
  return stranger.spawn([process.execPath, watchProcess, JSON.stringify(trust), token, endpoints], {
    logFile: `${stranger.logs}/observer.log`,
  });
}

// Starts each step at its time, whatever the state of earlier steps. Returns the problems of the run itself.
async function execute(plan: Plan, parts: FaultParts): Promise<readonly string[]> {
  const { site, hosts, mesh, journal } = parts;
  const operations = new Operations(site, hosts, { mesh, journal });
  const faults = new Faults(parts);
  const failed: string[] = [];
  const running: Promise<void>[] = [];
  const began = performance.now();
  const at = (seconds: number) => pause(Math.max(0, seconds * 1_000 - (performance.now() - began)));
  for (const step of plan.steps) {
    await at(step.at);
    const work = step.kind === 'operation' ? operations.run(step.operation) : faults.run(step.fault, at(step.until));
    running.push(work.catch((error: unknown) => void failed.push(`the run: ${String(error)}`)));
  }
  await Promise.all(running);
  journal.say('everything is mended');
  return failed;
}

async function untilRest(parts: RestParts, sinceMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + restLimitMs;
  for (;;) {
    const problems = await unrest(parts, sinceMs).catch((error: unknown) => [String(error)]);
    if (problems.length === 0 || performance.now() > deadline) return problems;
    await pause(500);
  }
}
