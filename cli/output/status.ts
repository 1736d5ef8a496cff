// The whole at a glance, as programs get it in JSON and as people see it on one screen. Pure.
// Invariant: fields of StatusOutput are only ever added; what is not known is null, never left out.
import { escaped } from '../../proto/domain/text.js';
import { exitCodes } from '../../proto/errors.js';
import type { GetStatusResponse__Output } from '../../proto/gen/xnet/v1/GetStatusResponse.js';
import type { Look } from './kind.js';
import { type PoolOutput, poolFromWire, poolKind } from './pool.js';
import { formatFields, formatTable } from './table.js';
import { ageOf, isoTime } from './time.js';
import { orNull } from './wire.js';

/** StatusOutput is the output of `xctl status`. */
export type StatusOutput = {
  readonly clusterId: string | null;
  readonly epoch: number;
  readonly revision: number;
  /** The controller that answered. */
  readonly controller: { readonly id: string; readonly version: string };
  readonly controllers: readonly {
    readonly id: string;
    readonly version: string;
    readonly startedAt: string | null;
    /** Nodes connected to it. */
    readonly sessions: number;
    readonly addresses: readonly string[];
  }[];
  readonly store: {
    readonly endpoints: readonly string[];
    readonly embedded: boolean;
    readonly connected: boolean;
    /** Why the controller refuses to act on it; null: it does not. */
    readonly refusal: string | null;
    /** How often it was read anew since the controller started. */
    readonly resyncs: number;
    /** Who else can reach it, one line each. A warning is no problem of the fleet: it does not change the exit code. */
    readonly warnings: readonly string[];
  };
  readonly pools: readonly PoolOutput[];
  /** Null while the controller has not read its store. */
  readonly nodes: {
    readonly total: number;
    readonly ready: number;
    readonly progressing: number;
    readonly degraded: number;
    readonly down: number;
    readonly pending: number;
  } | null;
  /** Keys that can't be read. */
  readonly undecodable: readonly { readonly key: string; readonly problem: string }[];
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
};

function problemsOf(status: Omit<StatusOutput, 'problems'>): string[] {
  const { store, nodes, pools, undecodable, clusterId } = status;
  const problems: string[] = [];
  const add = (wrong: boolean, problem: string) => {
    if (wrong) problems.push(problem);
  };
  add(store.refusal !== null, `the controller refuses to act on its store: ${store.refusal}`);
  add(
    !store.connected,
    `the controller has lost its store (${store.endpoints.join(', ')}): it shows what it saw last, and can change nothing`,
  );
  add(store.connected && store.refusal === null && clusterId === null, 'the controller has not read its store yet');
  add((nodes?.degraded ?? 0) > 0, `${nodes?.degraded} nodes are degraded: xctl nodes list --state degraded`);
  add((nodes?.down ?? 0) > 0, `${nodes?.down} nodes are down: xctl nodes list --state down`);
  for (const { name, usage } of pools) {
    add(usage.free === 0 && usage.total > 0, `pool ${name} has no free subnet: xctl pools show ${name}`);
  }
  for (const { key, problem } of undecodable) problems.push(`the key ${key} can't be read: ${problem}`);
  return problems;
}

/** statusFromWire reads a status. */
export function statusFromWire(wire: GetStatusResponse__Output): StatusOutput {
  const { store } = wire;
  const status = {
    clusterId: orNull(wire.clusterId),
    epoch: wire.epoch,
    revision: wire.revision,
    controller: { id: wire.controller, version: wire.version },
    controllers: wire.controllers.map(({ id, version, startedMs, sessions, addresses }) => ({
      ...{ id, version, startedAt: isoTime(startedMs), sessions, addresses },
    })),
    store: {
      endpoints: store?.endpoints ?? [],
      embedded: store?.embedded ?? false,
      connected: store?.connected ?? false,
      refusal: orNull(store?.refusal ?? ''),
      resyncs: store?.resyncs ?? 0,
      warnings: store?.warnings ?? [],
    },
    pools: wire.pools.map(poolFromWire),
    nodes: wire.nodes,
    undecodable: wire.undecodable.map(({ key, problem }) => ({ key, problem })),
  };
  return { ...status, problems: problemsOf(status) };
}

/** statusExitCode is 0 when all is well, 6 when the store can't be used, 8 when something else is wrong. */
export function statusExitCode({ store, clusterId, problems }: StatusOutput): number {
  if (!store.connected || store.refusal !== null || clusterId === null) return exitCodes.unavailable;
  return problems.length === 0 ? exitCodes.ok : exitCodes.problemsFound;
}

/** isSettled says whether nothing is wrong and nothing is under way. */
export function isSettled(status: StatusOutput): boolean {
  return status.problems.length === 0 && (status.nodes?.progressing ?? 0) === 0;
}

const nodeCounts = ['ready', 'progressing', 'degraded', 'down', 'pending'] as const;

function nodesLine({ nodes }: StatusOutput, { colors }: Look): string {
  if (nodes === null) return '';
  const paints = {
    ready: colors.good,
    progressing: colors.waiting,
    degraded: colors.bad,
    down: colors.bad,
    pending: colors.faint,
  };
  const parts = nodeCounts.filter((name) => nodes[name] > 0).map((name) => paints[name](`${nodes[name]} ${name}`));
  return parts.length === 0 ? '0' : `${nodes.total} (${parts.join(', ')})`;
}

/** formatStatus writes a status on one screen. */
export function formatStatus(status: StatusOutput, look: Look): string[] {
  const { store, controllers, pools, problems } = status;
  const { colors, nowMs } = look;
  const state = store.connected ? colors.good('connected') : colors.bad('not connected');
  const resyncs = store.resyncs === 0 ? '' : `, read anew ${store.resyncs} times`;
  const fields = formatFields([
    ['Cluster', `${escaped(status.clusterId ?? 'not known yet')}, revision ${status.revision}, epoch ${status.epoch}`],
    [
      'Store',
      `${store.embedded ? 'etcd of the controller' : 'etcd'} at ${escaped(store.endpoints.join(', '))}: ${state}${resyncs}`,
    ],
    ['Nodes', nodesLine(status, look)],
  ]);
  const warnings = store.warnings.map((warning) => `${colors.bad('! WARNING')} ${escaped(warning)}`);
  const lines = [...warnings, ...(warnings.length === 0 ? [] : ['']), ...fields, ''];
  if (controllers.length > 0) {
    const rows = controllers.map(({ id, version, sessions, startedAt, addresses }) => [
      `${escaped(id)}${id === status.controller.id ? '*' : ''}`,
      escaped(version),
      String(sessions),
      ageOf(startedAt, nowMs),
      escaped(addresses.join(', ')),
    ]);
    lines.push(...formatTable(['CONTROLLER', 'VERSION', 'NODES', 'AGE', 'LISTENS-ON'], rows), '');
  }
  const columns = poolKind.columns.filter(({ wide }) => wide !== true);
  const poolRows = pools.map((pool) => columns.map(({ cell }) => cell(pool, look)));
  if (pools.length > 0)
    lines.push(...formatTable(['POOL', ...columns.slice(1).map(({ header }) => header)], poolRows), '');
  else if (status.clusterId !== null) lines.push('no pools: xctl pools create default 10.76.0.0/16', '');
  if (problems.length === 0) lines.push(colors.good('all is well'));
  for (const problem of problems) lines.push(`${colors.bad('!')} ${escaped(problem)}`);
  return lines;
}
