// The nodes of a fleet file. Pure.
import type { Mode } from '../../proto/domain/network.js';
import type { NodeOutput } from '../output/node.js';
import type { Issue, Path } from './file.js';
import { firstLease } from './leases.js';
import type { FleetFile } from './shape.js';

type FileNode = FleetFile['nodes'][number];

/** FileNodeStep is one change of a node that restarts nothing. */
export type FileNodeStep =
  | { readonly kind: 'add node'; readonly node: FileNode }
  | { readonly kind: 'set node'; readonly name: string; readonly change: NodeDifference };

/** PlannedMove is a node that goes to another pool or mode. */
export type PlannedMove = {
  readonly node: string;
  readonly pool: string;
  readonly mode: Mode | undefined;
  readonly before: string;
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

/** NodePlan holds the changes of a node, its moves by a rollout, and the problems. */
export type NodePlan = {
  readonly steps: readonly FileNodeStep[];
  readonly moves: readonly PlannedMove[];
  readonly problems: readonly Issue[];
};

/** newNodeSteps returns the changes that add a node. */
export function newNodeSteps(wanted: FileNode): readonly FileNodeStep[] {
  if (wanted.cordoned !== true) return [{ kind: 'add node', node: wanted }];
  const text = 'availability: active → cordoned';
  const change = { availability: 'cordoned' as const, setLabels: {}, removeLabels: [], text };
  return [
    { kind: 'add node', node: wanted },
    { kind: 'set node', name: wanted.name, change },
  ];
}

/**
 * nodeSteps returns the changes that make a node as in the file.
 * @param modeOf returns the mode of a pool as it will be
 */
export function nodeSteps(
  wanted: FileNode,
  node: NodeOutput,
  { prune, path, modeOf }: { prune: boolean; path: Path; modeOf: (pool: string) => string | undefined },
): NodePlan {
  const change = differenceOf(wanted, node, prune);
  const steps: readonly FileNodeStep[] = change === undefined ? [] : [{ kind: 'set node', name: wanted.name, change }];
  const { pool: held, subnet, mode } = firstLease(node, wanted);
  const pool = wanted.pool ?? held ?? '';
  // A node whose lease can't be read has none.
  const moved = wanted.pool !== undefined && pool !== held;
  const message = `it is ${subnet} and can't become ${wanted.subnet}: xctl leases add ${wanted.name} --subnet ${wanted.subnet} --replace ${subnet}`;
  const problems =
    moved || wanted.subnet === undefined || subnet === null || wanted.subnet === subnet
      ? []
      : [{ path: [...path, 'subnet'], message }];
  if (!moved && (wanted.mode === undefined || wanted.mode === mode)) return { steps, moves: [], problems };
  const move = {
    node: wanted.name,
    pool,
    mode: wanted.mode ?? (moved ? (modeOf(pool) as PlannedMove['mode']) : undefined),
    before: `pool ${held ?? '-'}, mode ${mode}`,
  };
  return { steps, moves: [move], problems };
}
