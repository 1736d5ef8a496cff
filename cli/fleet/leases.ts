// The leases of nodes in a fleet file: the first one of each, and further ones. Pure.
// Invariant: a lease of a named network is none of these, because it follows its network; nor is one that is ending.
import type { NodeLeaseOutput, NodeOutput } from '../output/node.js';
import type { Issue, Path } from './file.js';
import type { FleetFile } from './shape.js';

type FileNode = FleetFile['nodes'][number];

/** FileLease is a further lease in a file. */
export type FileLease = NonNullable<FileNode['leases']>[number];

/** LeaseStep is one change of the further leases of a node. */
export type LeaseStep =
  | { readonly kind: 'add lease'; readonly node: string; readonly lease: FileLease }
  | { readonly kind: 'end lease'; readonly node: string; readonly subnet: string };

/** ownLeases returns the leases of a node that a file describes. */
export function ownLeases({ leases }: Pick<NodeOutput, 'leases'>): readonly NodeLeaseOutput[] {
  return leases.filter(({ state, memberOf }) => state !== 'ending' && memberOf === null);
}

/** FirstLease holds the pool, subnet and mode of a node in a file. */
export type FirstLease = Pick<NodeOutput, 'pool' | 'subnet' | 'mode'>;

const hasDocker0 = ({ mode }: NodeLeaseOutput) => mode === 'bip' || mode === 'block';

/**
 * firstLease returns the lease of a node that is not a further one: docker0's; without one, that of the wanted pool and subnet,
 * else the one that the host uses.
 */
export function firstLease(node: NodeOutput, wanted: Pick<FileNode, 'pool' | 'subnet'> = {}): FirstLease {
  const own = ownLeases(node);
  const ofPool = own.filter(({ pool }) => pool === wanted.pool);
  const among = ofPool.length === 0 ? own : ofPool;
  const bySubnet = (subnet: string | null | undefined) => among.find((lease) => lease.subnet === subnet);
  return own.find(hasDocker0) ?? bySubnet(wanted.subnet) ?? bySubnet(node.subnet) ?? among[0] ?? node;
}

/** furtherLeases returns the leases of a node besides the first one. */
export function furtherLeases(node: NodeOutput, first: FirstLease): readonly NodeLeaseOutput[] {
  return ownLeases(node).filter(({ subnet }) => subnet !== first.subnet);
}

const fields = ['pool', 'mode', 'network', 'bridge'] as const;

/** fitsLease reports whether a lease is as an entry says, besides its subnet. */
export function fitsLease(wanted: FileLease, lease: NodeLeaseOutput): boolean {
  return fields.every((field) => wanted[field] === undefined || wanted[field] === lease[field]);
}

// The lease that each entry of a file describes. Entries that name their subnet are matched first.
function matched(wanted: readonly FileLease[], own: readonly NodeLeaseOutput[], first: FirstLease) {
  const found = new Map<FileLease, NodeLeaseOutput>();
  const taken = new Set<NodeLeaseOutput>();
  const take = (entry: FileLease, lease: NodeLeaseOutput | undefined) => {
    if (lease === undefined) return;
    found.set(entry, lease);
    taken.add(lease);
  };
  for (const entry of wanted) {
    if (entry.subnet !== undefined)
      take(
        entry,
        own.find(({ subnet }) => subnet === entry.subnet),
      );
  }
  const lastly = [
    ...own.filter(({ subnet }) => subnet !== first.subnet),
    ...own.filter(({ subnet }) => subnet === first.subnet),
  ];
  for (const entry of wanted) {
    if (entry.subnet === undefined)
      take(
        entry,
        lastly.find((lease) => !taken.has(lease) && fitsLease(entry, lease)),
      );
  }
  return { found, taken };
}

/** LeasePlan holds the changes of a node's further leases: additions and ends, and the problems. */
export type LeasePlan = {
  readonly adding: readonly LeaseStep[];
  readonly ending: readonly LeaseStep[];
  readonly problems: readonly Issue[];
};

/** leaseSteps returns the changes that give a node the further leases of a file. @param node undefined: it is to be added */
export function leaseSteps(
  wanted: FileNode,
  node: NodeOutput | undefined,
  { prune, path }: { readonly prune: boolean; readonly path: Path },
): LeasePlan {
  const { name, leases = [] } = wanted;
  const own = node === undefined ? [] : ownLeases(node);
  const first = node === undefined ? { pool: null, subnet: null, mode: '' } : firstLease(node, wanted);
  const { found, taken } = matched(leases, own, first);
  const adding = leases.flatMap((lease): LeaseStep[] =>
    found.has(lease) ? [] : [{ kind: 'add lease', node: name, lease }],
  );
  const problems = leases.flatMap((lease, index) => {
    const held = found.get(lease);
    if (held === undefined) return [];
    return fields.flatMap((field): Issue[] => {
      const value = lease[field];
      if (value === undefined || value === held[field]) return [];
      const message = `it is ${held[field] ?? 'not set'} and can't become ${value}: end the lease first: xctl leases end ${name} ${held.subnet}`;
      return [{ path: [...path, 'leases', index, field], message }];
    });
  });
  const extra = prune ? own.filter((lease) => !taken.has(lease) && lease.subnet !== first.subnet) : [];
  const ending = extra.map(({ subnet }): LeaseStep => ({ kind: 'end lease', node: name, subnet }));
  return { adding, ending, problems };
}

/** leaseText returns the line of a step in a plan. */
export function leaseText(step: LeaseStep): string {
  if (step.kind === 'end lease') return `- lease of ${step.subnet} to ${step.node}`;
  const { pool, subnet, network } = step.lease;
  return `+ lease of ${subnet ?? 'a subnet'} of pool ${pool} to ${step.node}${network === undefined ? '' : `, network ${network}`}`;
}
