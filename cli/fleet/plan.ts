// The difference between a fleet file and the fleet. Pure.
// Invariant: what the file does not name is left alone, unless it is pruned.
import type { Mode } from '../../proto/domain/network.js';
import type { NetworkOutput } from '../output/network.js';
import type { NodeOutput } from '../output/node.js';
import type { PoolOutput } from '../output/pool.js';
import { clashesIn } from './clashes.js';
import type { Issue } from './file.js';
import { type LeaseStep, leaseSteps } from './leases.js';
import { type NetworkStep, networkSteps, unnamedNetworks } from './networks.js';
import { type NicStep, nicSteps, type PresentNic } from './nics.js';
import { type FileNodeStep, newNodeSteps, nodeSteps, type PlannedMove } from './nodes.js';
import { newPoolSteps, type PoolStep, poolSteps } from './pools.js';
import { type PresentRoute, type RouteStep, routeSteps } from './routes.js';
import type { FleetFile } from './shape.js';

/** FleetState is the fleet as it is. */
export type FleetState = {
  readonly pools: readonly PoolOutput[];
  readonly nodes: readonly NodeOutput[];
  /** The static routes. */
  readonly routes: readonly PresentRoute[];
  readonly networks: readonly NetworkOutput[];
  /** Those whose address is in a lease of their node. */
  readonly nics: readonly PresentNic[];
};

/** FleetStep is one change; all but "rollout" restart nothing. */
export type FleetStep =
  | PoolStep
  | RouteStep
  | FileNodeStep
  | LeaseStep
  | NetworkStep
  | NicStep
  | { readonly kind: 'remove node'; readonly name: string }
  | { readonly kind: 'remove pool'; readonly name: string }
  | { readonly kind: 'rollout'; readonly moves: readonly PlannedMove[] }
  | {
      readonly kind: 'rollout of a pool';
      readonly pool: string;
      readonly mode: Mode;
      readonly before: string;
    };

/** FleetPlan holds the steps in their order, and the problems. */
export type FleetPlan = { readonly steps: readonly FleetStep[]; readonly problems: readonly Issue[] };

/** planFleet returns the steps that make the fleet as in the file. */
export function planFleet(file: FleetFile, state: FleetState, { prune }: { readonly prune: boolean }): FleetPlan {
  const pools = new Map(state.pools.map((pool) => [pool.name, pool]));
  const nodes = new Map(state.nodes.map((node) => [node.name, node]));
  const steps: FleetStep[] = [];
  const problems: Issue[] = clashesIn(file, state, { prune });
  const modeChanges: FleetStep[] = [];
  const known = new Set([...pools.keys(), ...file.pools.map(({ name }) => name)]);
  for (const [index, wanted] of file.pools.entries()) {
    const pool = pools.get(wanted.name);
    if (pool === undefined) {
      steps.push(...newPoolSteps(wanted));
      continue;
    }
    const plan = poolSteps(wanted, pool, prune, ['pools', index]);
    steps.push(...plan.steps);
    problems.push(...plan.problems);
    if (wanted.mode !== undefined && wanted.mode !== pool.mode) {
      modeChanges.push({ kind: 'rollout of a pool', pool: wanted.name, mode: wanted.mode, before: pool.mode });
    }
  }
  steps.push(...routeSteps(file, state, { prune }));
  const modes = new Map(
    [...state.pools, ...file.pools].flatMap(({ name, mode }) => (mode === undefined ? [] : [[name, mode]])),
  );
  const moves: PlannedMove[] = [];
  const adding: FleetStep[] = [];
  const ending: FleetStep[] = [];
  for (const [index, wanted] of file.nodes.entries()) {
    const node = nodes.get(wanted.name);
    const path = ['nodes', index];
    if (wanted.pool !== undefined && !known.has(wanted.pool)) {
      problems.push({ path: [...path, 'pool'], message: `there is no pool ${wanted.pool}` });
      continue;
    }
    const leases = leaseSteps(wanted, node, { prune, path });
    adding.push(...leases.adding);
    ending.push(...leases.ending);
    problems.push(...leases.problems);
    if (node === undefined) {
      steps.push(...newNodeSteps(wanted));
      continue;
    }
    const plan = nodeSteps(wanted, node, { prune, path, modeOf: (pool) => modes.get(pool) });
    steps.push(...plan.steps);
    moves.push(...plan.moves);
    problems.push(...plan.problems);
  }
  const networks = networkSteps(file, state);
  problems.push(...networks.problems);
  steps.push(...adding, ...networks.steps, ...nicSteps(file, state, { prune }));
  if (moves.length > 0) steps.push({ kind: 'rollout', moves });
  steps.push(...modeChanges);
  if (prune) {
    steps.push(...ending, ...unnamedNetworks(file, state));
    const keptNodes = new Set(file.nodes.map(({ name }) => name));
    const keptPools = new Set(file.pools.map(({ name }) => name));
    for (const { name } of state.nodes) if (!keptNodes.has(name)) steps.push({ kind: 'remove node', name });
    for (const { name } of state.pools) if (!keptPools.has(name)) steps.push({ kind: 'remove pool', name });
  }
  return { steps, problems };
}
