// `xctl apply`, `xctl diff` and `xctl export`: the fleet as a file.
// Invariant: nothing is changed before the whole file and the whole plan are known to be without problems. Every change
// says what is to be, so the same command again completes what an earlier one began.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { exitCodes, messageOf, XnetError } from '../../proto/errors.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { exportFleet } from '../fleet/export.js';
import { formatFleet, parseFleet } from '../fleet/file.js';
import { type FleetPlan, type FleetState, type FleetStep, planFleet, secondsOf, stepText } from '../fleet/plan.js';
import { nodeFromWire } from '../output/node.js';
import { poolFromWire } from '../output/pool.js';
import { isRolloutOver, rolloutFromWire } from '../output/rollout.js';
import { type PaceOptions, paceOf, startRollout, watchRollout } from './rollouts.js';

/** FileOptions are the options of `apply` and `diff`. */
export type FileOptions = { readonly file: string; readonly prune: boolean };

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await textOf(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw new XnetError('InvalidArgument', `can't read ${path}: ${messageOf(error)}`);
  }
}

async function stateOf({ client }: CommandContext): Promise<FleetState & { readonly revision: number }> {
  const { pools } = await client.read((admin) => admin.listPools.bind(admin), {});
  const { nodes, revision } = await client.read((admin) => admin.listNodes.bind(admin), {});
  return { pools: pools.map(poolFromWire), nodes: nodes.map(nodeFromWire), revision };
}

type Planned = { readonly plan: FleetPlan; readonly idOf: (step: FleetStep) => string };

async function planned(context: CommandContext, { file: path, prune }: FileOptions): Promise<Planned> {
  const text = await read(path);
  const file = parseFleet(text, path === '-' ? 'stdin' : path);
  const state = await stateOf(context);
  const plan = planFleet(file, state, { prune });
  const [first = '', second] = plan.problems;
  if (second !== undefined) {
    throw new XnetError('FailedPrecondition', `${path} can't be applied: ${plan.problems.length} problems`, {
      problems: plan.problems,
    });
  }
  if (first !== '') throw new XnetError('FailedPrecondition', first);
  // The revision distinguishes two runs: between them somebody else may have changed things back.
  const idOf = (step: FleetStep) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([text, state.revision, step]))
      .digest('hex');
    return `apply-${digest.slice(0, 40)}`;
  };
  return { plan, idOf };
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

// Makes one change that restarts nothing.
async function make({ client }: CommandContext, step: FleetStep, operationId: string): Promise<void> {
  switch (step.kind) {
    case 'create pool': {
      const { name, cidr, subnetLength = 0, mode = 'bip', networkName = '', bridgeName = '', quarantine } = step.pool;
      await client.change((admin) => admin.createPool.bind(admin), {
        ...{ operationId, name, cidr, subnetLength, mode: wireFromMode(mode), networkName, bridgeName },
        ...(quarantine === undefined ? {} : { quarantineSeconds: secondsOf(quarantine) }),
      });
      return;
    }
    case 'set pool':
      await client.change((admin) => admin.setPool.bind(admin), {
        ...{ operationId, name: step.name, quarantineSeconds: secondsOf(step.quarantine) },
      });
      return;
    case 'resize pool':
      await client.change((admin) => admin.resizePool.bind(admin), { operationId, name: step.name, cidr: step.cidr });
      return;
    case 'unreserve':
      await client.change((admin) => admin.unreserveSubnet.bind(admin), {
        ...{ operationId, pool: step.pool, cidr: step.cidr },
      });
      return;
    case 'reserve':
      await client.change((admin) => admin.reserveSubnet.bind(admin), {
        ...{ operationId, pool: step.pool, cidr: step.cidr, nodeName: step.node, reason: step.reason },
      });
      return;
    case 'add node': {
      const { name, address, pool = '', mode, labels = {} } = step.node;
      const given = mode === undefined ? {} : { mode: wireFromMode(mode) };
      await client.change((admin) => admin.addNode.bind(admin), { operationId, name, address, pool, labels, ...given });
      return;
    }
    case 'set node': {
      const { address = '', availability, setLabels, removeLabels } = step.change;
      await client.change((admin) => admin.setNode.bind(admin), {
        ...{ operationId, node: step.name, address, setLabels, removeLabels: [...removeLabels] },
        ...(availability === undefined
          ? {}
          : { availability: availability === 'active' ? 'AVAILABILITY_ACTIVE' : 'AVAILABILITY_CORDONED' }),
      });
      return;
    }
    case 'remove node':
      await client.change((admin) => admin.removeNode.bind(admin), { operationId, node: step.name, force: false });
      return;
    case 'remove pool':
      await client.change((admin) => admin.removePool.bind(admin), { operationId, name: step.name, force: false });
      return;
    default:
      throw new XnetError('Internal', `${step.kind} is not one change`);
  }
}

// Follows the rollout that an earlier run of the command started.
async function followOpen(context: CommandContext): Promise<void> {
  const { rollouts } = await context.client.read((admin) => admin.listRollouts.bind(admin), {});
  const open = rollouts.map(rolloutFromWire).find((rollout) => !isRolloutOver(rollout));
  if (open !== undefined) await watchRollout(context, open.id);
}

/** ApplyOptions are the options of `apply`. */
export type ApplyOptions = FileOptions & PaceOptions;

/** applyFleet shows the plan, asks, and goes through it; what restarts Docker goes through a rollout. */
export async function applyFleet(context: CommandContext, options: ApplyOptions): Promise<void> {
  const { output } = context;
  const { dryRun, wait } = options;
  const { plan, idOf } = await planned(context, options);
  const { steps } = plan;
  const rollouts = steps.filter(({ kind }) => kind === 'rollout' || kind === 'rollout of a pool');
  if (!dryRun && steps.length > 0 && output.forPeople) await showPlan(context, plan, {});
  else if (rollouts.length === 0 || !wait || dryRun) await showPlan(context, plan, { dryRun });
  if (dryRun) return;
  const question = { what: `make these ${steps.length} changes`, name: 'apply', severe: false, given: undefined };
  if (steps.length > 0 && !(await confirmed(context, question))) return;
  for (const step of steps) {
    if (step.kind === 'rollout' || step.kind === 'rollout of a pool') continue;
    await make(context, step, idOf(step));
    for (const line of stepText(step)) output.message(`done: ${line}`);
  }
  for (const [index, step] of rollouts.entries()) {
    if (!wait && index > 0) {
      output.message('one rollout runs at a time: apply the file again when it is done');
      break;
    }
    const pace = { ...paceOf(options), operationId: idOf(step) };
    if (step.kind === 'rollout') {
      const moves = step.moves.map(({ node, pool, mode }) => ({
        ...{ node, pool },
        ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
      }));
      await startRollout(context, { ...pace, moves, pool: '' }, options);
    } else if (step.kind === 'rollout of a pool') {
      await startRollout(context, { ...pace, moves: [], pool: step.pool, mode: wireFromMode(step.mode) }, options);
    }
  }
  if (wait && rollouts.length > 0) await followOpen(context);
}

/** showExport prints the fleet as a file that `apply` takes. */
export async function showExport(context: CommandContext): Promise<void> {
  const { output } = context;
  const file = exportFleet(await stateOf(context));
  if (output.forPeople) return output.write(formatFleet(file).trimEnd());
  await output.show({ value: file, name: '', text: () => [] });
}
