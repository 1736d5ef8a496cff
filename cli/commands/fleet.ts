// `xctl apply`, `xctl diff` and `xctl export`: the fleet as a file.
// Invariant: nothing is changed before the whole file and the whole plan are known to be without problems. Every change
// describes the desired state, so running the command again completes an interrupted one.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { errnoOf, exitCodes, XnetError } from '../../proto/errors.js';
import { fileError } from '../../proto/process/atomic-file.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { exportFleet } from '../fleet/export.js';
import { formatFleet, type Issue, readFleet } from '../fleet/file.js';
import { type FleetPlan, type FleetState, type FleetStep, planFleet } from '../fleet/plan.js';
import { pathOf } from '../fleet/rehearsal.js';
import type { FleetFile } from '../fleet/shape.js';
import { stepText } from '../fleet/step-text.js';
import { networkFromWire } from '../output/network.js';
import { nicFromWire } from '../output/nic.js';
import { nodeFromWire } from '../output/node.js';
import { poolFromWire } from '../output/pool.js';
import { isRolloutOver, rolloutFromWire } from '../output/rollout.js';
import { routeOutputOf } from '../output/route.js';
import { makeStep, rehearse } from './fleet-change.js';
import { waitForLeases } from './network-wait.js';
import { type PaceOptions, paceOf, startRollout, watchRollout } from './rollouts.js';

/** FileOptions are the options of `apply` and `diff`. */
export type FileOptions = { readonly file: string; readonly prune: boolean };

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await textOf(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new XnetError('NotFound', `${path} does not exist`);
    throw fileError(`can't read ${path}`, error);
  }
}

async function stateOf({ client }: CommandContext): Promise<FleetState & { readonly revision: number }> {
  const { pools } = await client.read((admin) => admin.listPools.bind(admin), {});
  const { nodes, revision } = await client.read((admin) => admin.listNodes.bind(admin), {});
  const { routes } = await client.read((admin) => admin.listRoutes.bind(admin), { node: '' });
  const { networks } = await client.read((network) => network.listNetworks.bind(network), {});
  const { nics } = await client.read((each) => each.listNics.bind(each), { node: '' });
  return {
    pools: pools.map(poolFromWire),
    nodes: nodes.map(nodeFromWire),
    routes: routes.map(routeOutputOf).filter((route) => route.static),
    networks: networks.map(networkFromWire),
    // What belongs to a lease that has ended can't be made again.
    nics: nics.map(nicFromWire).filter(({ pool }) => pool !== null),
    revision,
  };
}

type Planned = {
  readonly file: FleetFile;
  readonly plan: FleetPlan;
  readonly idOf: (step: FleetStep) => string;
  /** Throws if there are issues. */
  readonly refuse: (issues: readonly Issue[]) => void;
};

async function planned(context: CommandContext, { file: path, prune }: FileOptions): Promise<Planned> {
  const text = await read(path);
  const source = path === '-' ? 'stdin' : path;
  const { file, textOf } = readFleet(text, source);
  const state = await stateOf(context);
  const plan = planFleet(file, state, { prune });
  const refuse = (issues: readonly Issue[]) => {
    const problems = issues.map((issue) => (issue.path.length === 0 ? `${source}: ${issue.message}` : textOf(issue)));
    const [first = '', second] = problems;
    if (first === '') return;
    if (second === undefined) throw new XnetError('FailedPrecondition', first);
    const message = `${source} can't be applied: ${problems.length} problems; nothing was changed`;
    throw new XnetError('FailedPrecondition', message, { problems });
  };
  refuse(plan.problems);
  // The revision distinguishes two runs: between them another operator may have reverted a change. The index distinguishes
  // equal steps, such as two nics of a container whose addresses are chosen.
  const idOf = (step: FleetStep) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([text, state.revision, plan.steps.indexOf(step), step]))
      .digest('hex');
    return `apply-${digest.slice(0, 40)}`;
  };
  return { file, plan, idOf, refuse };
}

async function showPlan({ output }: CommandContext, { steps }: FleetPlan, more: object): Promise<void> {
  const lines = steps.flatMap(stepText);
  await output.show({
    value: { steps, changes: lines, ...more },
    name: '',
    text: ({ colors }) => {
      const paint = { '+': colors.good, '-': colors.bad, '!': colors.waiting, '~': (text: string) => text } as const;
      return lines.length === 0
        ? ['no changes']
        : lines.map((line) => paint[line.charAt(0) as keyof typeof paint](line));
    },
  });
}

/** diffFleet shows what `apply` would do. Exit code 8 if there is anything. */
export async function diffFleet(context: CommandContext, options: FileOptions): Promise<void> {
  const { plan } = await planned(context, options);
  await showPlan(context, plan, {});
  if (plan.steps.length > 0) process.exitCode = exitCodes.problemsFound;
}

// Follows the rollout that an earlier run of the command started.
async function followOpen(context: CommandContext): Promise<void> {
  const { rollouts } = await context.client.read((admin) => admin.listRollouts.bind(admin), {});
  const open = rollouts.map(rolloutFromWire).find((rollout) => !isRolloutOver(rollout));
  if (open !== undefined) await watchRollout(context, open.id);
}

/** ApplyOptions are the options of `apply`. */
export type ApplyOptions = FileOptions & PaceOptions;

/** applyFleet shows the plan, asks, and carries it out; changes that restart Docker go through a rollout. */
export async function applyFleet(context: CommandContext, options: ApplyOptions): Promise<void> {
  const { output } = context;
  const { dryRun, wait } = options;
  const { file, plan, idOf, refuse } = await planned(context, options);
  const { steps } = plan;
  const refused = await rehearse(context, steps);
  refuse(refused.map(({ step, message }) => ({ path: pathOf(step, file), message })));
  const rollouts = steps.filter(({ kind }) => kind === 'rollout' || kind === 'rollout of a pool');
  if (!dryRun && steps.length > 0 && output.forPeople) await showPlan(context, plan, {});
  else if (rollouts.length === 0 || !wait || dryRun) await showPlan(context, plan, { dryRun });
  if (dryRun) return;
  const question = {
    what: steps.length === 1 ? 'make this change' : `make these ${steps.length} changes`,
    name: 'apply',
    severe: false,
    given: undefined,
  };
  if (steps.length > 0 && !(await confirmed(context, question))) return;
  const changed = new Set<string>();
  // A rollout may take the last nodes from a pool that goes.
  const lastly = rollouts.length === 0 ? [] : steps.filter(({ kind }) => kind === 'remove pool');
  const make = async (step: FleetStep) => {
    await makeStep(context, step, { operationId: idOf(step) });
    for (const line of stepText(step)) output.message(`done: ${line}`);
  };
  for (const step of steps) {
    if (step.kind === 'rollout' || step.kind === 'rollout of a pool' || lastly.includes(step)) continue;
    if (step.kind === 'create network' || step.kind === 'set network') changed.add(step.name);
    if (step.kind === 'add nic') {
      // Its address may be in the subnet that a node gets for a network.
      for (const name of changed) await waitForLeases(context, name);
      changed.clear();
    }
    await make(step);
  }
  for (const [index, step] of rollouts.entries()) {
    if (!wait && index > 0) {
      output.message('one rollout runs at a time: apply the file again when it is done');
      break;
    }
    const pace = { ...paceOf(options), operationId: idOf(step) };
    if (step.kind === 'rollout') {
      const moves = step.moves.map(({ node, pool, mode }) => ({
        node,
        pool,
        ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
      }));
      await startRollout(context, { ...pace, moves, pool: '' }, options);
    } else if (step.kind === 'rollout of a pool') {
      await startRollout(context, { ...pace, moves: [], pool: step.pool, mode: wireFromMode(step.mode) }, options);
    }
  }
  if (wait && rollouts.length > 0) await followOpen(context);
  if (wait) for (const step of lastly) await make(step);
  else if (lastly.length > 0)
    output.message('pools are removed after the rollout: apply the file again when it is done');
}

/** showExport prints the fleet as a file that `apply` takes. */
export async function showExport(context: CommandContext): Promise<void> {
  const { output } = context;
  const file = exportFleet(await stateOf(context));
  if (output.forPeople) return output.write(formatFleet(file).trimEnd());
  await output.show({ value: file, name: '', text: () => [] });
}
