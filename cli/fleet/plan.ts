// The difference between a fleet file and the fleet. Pure.
// Invariant: what the file does not name is left alone, unless it is pruned.
import type { Mode } from '../../proto/domain/network.js';
import type { NodeOutput } from '../output/node.js';
import type { PoolOutput } from '../output/pool.js';
import { parseDuration } from '../output/time.js';
import { clashesIn } from './clashes.js';
import { durationText, type FleetFile, type Issue, type Path } from './file.js';
import { type PresentRoute, type RouteStep, routeSteps } from './routes.js';

type FilePool = FleetFile['pools'][number];
type FileNode = FleetFile['nodes'][number];

/** FleetState is the fleet as it is. */
export type FleetState = {
  readonly pools: readonly PoolOutput[];
  readonly nodes: readonly NodeOutput[];
  /** The static routes. */
  readonly routes: readonly PresentRoute[];
};

/** FleetStep is one change; all but "rollout" restart nothing. */
export type FleetStep =
  | { readonly kind: 'create pool'; readonly pool: FilePool }
  | { readonly kind: 'set pool'; readonly name: string; readonly change: PoolDifference }
  | { readonly kind: 'resize pool'; readonly name: string; readonly cidr: string; readonly before: string }
  | { readonly kind: 'unreserve'; readonly pool: string; readonly cidr: string }
  | {
      readonly kind: 'reserve';
      readonly pool: string;
      readonly cidr: string;
      readonly node: string;
      readonly reason: string;
    }
  | RouteStep
  | { readonly kind: 'add node'; readonly node: FileNode }
  | { readonly kind: 'set node'; readonly name: string; readonly change: NodeDifference }
  | { readonly kind: 'remove node'; readonly name: string }
  | { readonly kind: 'remove pool'; readonly name: string }
  | { readonly kind: 'rollout'; readonly moves: readonly PlannedMove[] }
  | {
      readonly kind: 'rollout of a pool';
      readonly pool: string;
      readonly mode: Mode;
      readonly before: string;
    };

/** PlannedMove is a node that goes to another pool or mode. */
export type PlannedMove = {
  readonly node: string;
  readonly pool: string;
  readonly mode: Mode | undefined;
  readonly before: string;
};

/** PoolDifference is the changed settings of a pool; unchanged fields are absent. */
export type PoolDifference = {
  readonly quarantine?: string;
  /** "never" or a duration. */
  readonly reclaimAfter?: string;
  readonly followAddress?: boolean;
  /** "quarantine: 1h → 2h" */
  readonly text: string;
};

/** NodeDifference is the changed fields of a node; unchanged fields are absent. */
export type NodeDifference = {
  readonly address?: string;
  readonly availability?: 'active' | 'cordoned';
  readonly setLabels: Readonly<Record<string, string>>;
  readonly removeLabels: readonly string[];
  /** "label zone: eu-1 → eu-2" */
  readonly text: string;
};

/** FleetPlan is everything that is to be done, in this order, and what can't be. */
export type FleetPlan = { readonly steps: readonly FleetStep[]; readonly problems: readonly Issue[] };

/** secondsOf returns a duration of a file, which parseFleet has checked, in whole seconds. */
export function secondsOf(duration: string): number {
  return duration === 'never' ? 0 : Math.ceil((parseDuration(duration) ?? 0) / 1000);
}

type PoolSettings = Pick<PoolOutput, 'quarantineSeconds' | 'reclaimAfterSeconds' | 'followAddress'>;

// `pool`: as it is, or as it is created.
function settingSteps({ name, ...wanted }: FilePool, pool: PoolSettings): FleetStep[] {
  const onOff = (value: boolean) => (value ? 'on' : 'off');
  const { quarantine, reclaimAfter, followAddress } = wanted;
  const reclaims = pool.reclaimAfterSeconds ?? 0;
  const change = {
    ...(quarantine === undefined || secondsOf(quarantine) === pool.quarantineSeconds ? {} : { quarantine }),
    ...(reclaimAfter === undefined || secondsOf(reclaimAfter) === reclaims ? {} : { reclaimAfter }),
    ...(followAddress === undefined || followAddress === pool.followAddress ? {} : { followAddress }),
  };
  const texts = [
    ...('quarantine' in change ? [`quarantine: ${durationText(pool.quarantineSeconds)} → ${change.quarantine}`] : []),
    ...('reclaimAfter' in change
      ? [`reclaim after: ${reclaims === 0 ? 'never' : durationText(reclaims)} → ${change.reclaimAfter}`]
      : []),
    ...('followAddress' in change
      ? [`follow addresses: ${onOff(pool.followAddress)} → ${onOff(!pool.followAddress)}`]
      : []),
  ];
  return texts.length === 0 ? [] : [{ kind: 'set pool', name, change: { ...change, text: texts.join(', ') } }];
}

function poolSteps(wanted: FilePool, pool: PoolOutput, prune: boolean, path: Path): FleetPlan {
  const { name } = pool;
  const steps: FleetStep[] = [];
  const problems: Issue[] = [];
  // A pool that shrinks has no reservation outside any more, and one that grows has room for new ones.
  const reserved: FleetStep[] = [];
  const fixed = { ...pool, gateway: pool.lan?.gateway, lan: pool.lan?.prefix };
  const names = ['networkName', 'bridgeName'] as const;
  for (const field of ['subnetLength', 'networkLength', 'dockerLength', 'gateway', 'lan', ...names] as const) {
    const value = wanted[field];
    if (value === undefined || value === fixed[field]) continue;
    problems.push({
      path: [...path, field],
      message: `it is ${fixed[field] ?? 'not set'} and can't become ${value}: create another pool and move its nodes`,
    });
  }
  if (wanted.reservations !== undefined || prune) {
    const all = (wanted.reservations ?? []).map(({ cidr, node = '', reason = '' }) => ({ cidr, node, reason }));
    const held = pool.reservations.map(({ cidr, node, reason }) => ({ cidr, node: node ?? '', reason }));
    const same = (a: (typeof all)[number], b: typeof a) => JSON.stringify(a) === JSON.stringify(b);
    for (const each of held)
      if (!all.some((other) => same(each, other))) steps.push({ kind: 'unreserve', pool: name, cidr: each.cidr });
    for (const each of all)
      if (!held.some((other) => same(each, other))) reserved.push({ kind: 'reserve', pool: name, ...each });
  }
  if (wanted.cidr !== pool.cidr) steps.push({ kind: 'resize pool', name, cidr: wanted.cidr, before: pool.cidr });
  steps.push(...settingSteps(wanted, pool), ...reserved);
  return { steps, problems };
}

function differenceOf(wanted: FileNode, node: NodeOutput, prune: boolean): NodeDifference | undefined {
  const labels = Object.entries(wanted.labels ?? {});
  const changed = labels.filter(([key, value]) => !Object.hasOwn(node.labels, key) || node.labels[key] !== value);
  const extra = prune ? Object.keys(node.labels).filter((key) => !Object.hasOwn(wanted.labels ?? {}, key)) : [];
  const isCordoned = node.availability !== 'active';
  const availability = wanted.cordoned === true ? 'cordoned' : 'active';
  const moved = wanted.address !== node.address;
  // A node that is draining or leaving is closed to new containers already.
  const placed = wanted.cordoned !== undefined && wanted.cordoned !== isCordoned;
  const texts = [
    ...(moved ? [`address: ${node.address} → ${wanted.address}`] : []),
    ...(placed ? [`availability: ${node.availability} → ${availability}`] : []),
    ...changed.map(
      ([key, value]) => `label ${key}: ${Object.hasOwn(node.labels, key) ? node.labels[key] : '(none)'} → ${value}`,
    ),
    ...extra.map((key) => `label ${key}: ${node.labels[key]} → (none)`),
  ];
  if (texts.length === 0) return undefined;
  return {
    ...(moved ? { address: wanted.address } : {}),
    ...(placed ? { availability } : {}),
    setLabels: Object.fromEntries(changed),
    removeLabels: extra,
    text: texts.join(', '),
  };
}

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
      steps.push({ kind: 'create pool', pool: wanted });
      // It is created with its quarantine.
      const { quarantine: _, ...rest } = wanted;
      steps.push(...settingSteps(rest, { quarantineSeconds: 0, reclaimAfterSeconds: null, followAddress: false }));
      for (const { cidr, node = '', reason = '' } of wanted.reservations ?? []) {
        steps.push({ kind: 'reserve', pool: wanted.name, cidr, node, reason });
      }
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
  for (const [index, wanted] of file.nodes.entries()) {
    const node = nodes.get(wanted.name);
    if (wanted.pool !== undefined && !known.has(wanted.pool)) {
      problems.push({ path: ['nodes', index, 'pool'], message: `there is no pool ${wanted.pool}` });
      continue;
    }
    if (node === undefined) {
      steps.push({ kind: 'add node', node: wanted });
      if (wanted.cordoned === true) {
        const change = {
          availability: 'cordoned' as const,
          setLabels: {},
          removeLabels: [],
          text: 'availability: active → cordoned',
        };
        steps.push({ kind: 'set node', name: wanted.name, change });
      }
      continue;
    }
    const change = differenceOf(wanted, node, prune);
    if (change !== undefined) steps.push({ kind: 'set node', name: wanted.name, change });
    const pool = wanted.pool ?? node.pool ?? '';
    const moved = pool !== node.pool;
    if (!moved && (wanted.mode === undefined || wanted.mode === node.mode)) continue;
    const before = `pool ${node.pool ?? '-'}, mode ${node.mode}`;
    moves.push({
      node: wanted.name,
      pool,
      mode: wanted.mode ?? (moved ? (modes.get(pool) as PlannedMove['mode']) : undefined),
      before,
    });
  }
  if (moves.length > 0) steps.push({ kind: 'rollout', moves });
  steps.push(...modeChanges);
  if (prune) {
    const keptNodes = new Set(file.nodes.map(({ name }) => name));
    const keptPools = new Set(file.pools.map(({ name }) => name));
    for (const { name } of state.nodes) if (!keptNodes.has(name)) steps.push({ kind: 'remove node', name });
    for (const { name } of state.pools) if (!keptPools.has(name)) steps.push({ kind: 'remove pool', name });
  }
  return { steps, problems };
}

/** stepText returns the line of a step in a plan: "+ pool b: 10.77.0.0/16". */
export function stepText(step: FleetStep): readonly string[] {
  switch (step.kind) {
    case 'create pool':
      return [`+ pool ${step.pool.name}: ${step.pool.cidr}, ${step.pool.mode ?? 'bip'}`];
    case 'set pool':
      return [`~ pool ${step.name}: ${step.change.text}`];
    case 'resize pool':
      return [`~ pool ${step.name}: range: ${step.before} → ${step.cidr}`];
    case 'unreserve':
      return [`- reservation of ${step.cidr} in pool ${step.pool}`];
    case 'reserve':
      return [`+ reservation of ${step.cidr} in pool ${step.pool}${step.node === '' ? '' : ` for ${step.node}`}`];
    case 'set route': {
      const { subnet, nextHop, name, before } = step;
      const sign = before === undefined ? '+' : '~';
      return [
        `${sign} static route to ${subnet}: ${before === undefined ? '' : `${before} → `}via ${nextHop} (${name})`,
      ];
    }
    case 'remove route':
      return [`- static route to ${step.subnet}`];
    case 'add node':
      return [
        `+ node ${step.node.name}: ${step.node.address}${step.node.pool === undefined ? '' : `, pool ${step.node.pool}`}`,
      ];
    case 'set node':
      return [`~ node ${step.name}: ${step.change.text}`];
    case 'remove node':
      return [`- node ${step.name}`];
    case 'remove pool':
      return [`- pool ${step.name}`];
    case 'rollout':
      return step.moves.map(
        ({ node, pool, mode, before }) =>
          `! node ${node}: ${before} → pool ${pool}${mode === undefined ? '' : `, mode ${mode}`} (restarts Docker, by a rollout)`,
      );
    case 'rollout of a pool':
      return [`! pool ${step.pool}: mode: ${step.before} → ${step.mode} (restarts Docker on its nodes, by a rollout)`];
  }
}
