// The pools of a fleet file: their settings, ranges and reservations. Pure.
import { usualLanName } from '../../proto/domain/network.js';
import type { PoolOutput } from '../output/pool.js';
import { parseDuration } from '../output/time.js';
import { durationText, type Issue, type Path } from './file.js';
import type { FleetFile } from './shape.js';

type FilePool = FleetFile['pools'][number];

/** PoolStep is one change of a pool that restarts nothing. */
export type PoolStep =
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
    };

/** PoolDifference is the changed settings of a pool; unchanged fields are absent. */
export type PoolDifference = {
  readonly quarantine?: string;
  /** "never" or a duration. */
  readonly reclaimAfter?: string;
  readonly followAddress?: boolean;
  readonly dockerLength?: number;
  /** "quarantine: 1h → 2h" */
  readonly text: string;
};

/** secondsOf returns a duration of a file, which parseFleet has checked, in whole seconds. */
export function secondsOf(duration: string): number {
  return duration === 'never' ? 0 : Math.ceil((parseDuration(duration) ?? 0) / 1000);
}

type PoolSettings = Pick<PoolOutput, 'quarantineSeconds' | 'reclaimAfterSeconds' | 'followAddress' | 'dockerLength'>;

// `pool`: as it is, or as it is created.
function settingSteps({ name, ...wanted }: FilePool, pool: PoolSettings): PoolStep[] {
  const onOff = (value: boolean) => (value ? 'on' : 'off');
  const { quarantine, reclaimAfter, followAddress, dockerLength } = wanted;
  const reclaims = pool.reclaimAfterSeconds ?? 0;
  const change = {
    ...(quarantine === undefined || secondsOf(quarantine) === pool.quarantineSeconds ? {} : { quarantine }),
    ...(reclaimAfter === undefined || secondsOf(reclaimAfter) === reclaims ? {} : { reclaimAfter }),
    ...(followAddress === undefined || followAddress === pool.followAddress ? {} : { followAddress }),
    ...(dockerLength === undefined || dockerLength === pool.dockerLength ? {} : { dockerLength }),
  };
  const texts = [
    ...('quarantine' in change ? [`quarantine: ${durationText(pool.quarantineSeconds)} → ${change.quarantine}`] : []),
    ...('reclaimAfter' in change
      ? [`reclaim after: ${reclaims === 0 ? 'never' : durationText(reclaims)} → ${change.reclaimAfter}`]
      : []),
    ...('followAddress' in change
      ? [`follow addresses: ${onOff(pool.followAddress)} → ${onOff(!pool.followAddress)}`]
      : []),
    ...('dockerLength' in change ? [`docker length: ${pool.dockerLength ?? 'none'} → ${dockerLength}`] : []),
  ];
  return texts.length === 0 ? [] : [{ kind: 'set pool', name, change: { ...change, text: texts.join(', ') } }];
}

/** PoolPlan holds the changes of a pool, and the problems. */
export type PoolPlan = { readonly steps: readonly PoolStep[]; readonly problems: readonly Issue[] };

/** poolSteps returns the changes that make a pool as in the file. */
export function poolSteps(wanted: FilePool, pool: PoolOutput, prune: boolean, path: Path): PoolPlan {
  const { name } = pool;
  const steps: PoolStep[] = [];
  const problems: Issue[] = [];
  // Reservations are removed before a pool shrinks, and added after it has grown, so that they lie within it.
  const reserved: PoolStep[] = [];
  const fixed = {
    ...pool,
    gateway: pool.lan?.gateway,
    lan: pool.lan?.prefix,
    defaultNetwork: pool.lan?.defaultNetwork ?? false,
  };
  const names = ['networkName', 'bridgeName'] as const;
  for (const field of ['subnetLength', 'networkLength', 'gateway', 'lan', 'defaultNetwork', ...names] as const) {
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

/** newPoolSteps returns the changes that create a pool. */
export function newPoolSteps(wanted: FilePool): readonly PoolStep[] {
  // It is created with its quarantine and docker length.
  const { quarantine: _, name, reservations = [], ...rest } = wanted;
  const dockerLength = rest.dockerLength ?? null;
  return [
    { kind: 'create pool', pool: wanted },
    ...settingSteps(
      { name, ...rest },
      {
        quarantineSeconds: 0,
        reclaimAfterSeconds: null,
        followAddress: false,
        dockerLength,
      },
    ),
    ...reservations.map(
      ({ cidr, node = '', reason = '' }): PoolStep => ({ kind: 'reserve', pool: name, cidr, node, reason }),
    ),
  ];
}

/** PlannedPool is a pool as a file makes it. */
export type PlannedPool = Pick<
  PoolOutput,
  'name' | 'cidr' | 'subnetLength' | 'mode' | 'dockerLength' | 'networkName' | 'bridgeName'
>;

/** plannedPools returns the pools of a fleet as they are with a file, by name. What a file leaves out is as controllers have it. */
export function plannedPools(
  file: readonly FilePool[],
  held: readonly PlannedPool[],
): ReadonlyMap<string, PlannedPool> {
  const pools = new Map(held.map((pool) => [pool.name, pool]));
  for (const { name, cidr, ...wanted } of file) {
    const is = pools.get(name);
    const mode = wanted.mode ?? is?.mode ?? 'bip';
    pools.set(name, {
      name,
      cidr,
      mode,
      subnetLength: wanted.subnetLength ?? is?.subnetLength ?? 24,
      dockerLength: wanted.dockerLength ?? is?.dockerLength ?? null,
      networkName: wanted.networkName ?? is?.networkName ?? (mode === 'lan' ? usualLanName : 'xnet'),
      bridgeName: wanted.bridgeName ?? is?.bridgeName ?? (mode === 'lan' ? usualLanName : 'xnet0'),
    });
  }
  return pools;
}
