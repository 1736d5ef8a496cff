// Decides how a node is changed and removed. Pure.
import { formatIpv4, formatPrefix, type Ipv4 } from '../../proto/domain/address.js';
import type { Availability, Mode } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { withoutDrain } from './drain-node.js';
import { absent, asSeen, put } from './guards.js';
import { hostGuards } from './lan.js';
import { requireDecodable, requireNode } from './lookup.js';
import type { Decision } from './mutation.js';
import { nodeGuards, requireCompatible, requireLeases, requireModeUnused, requireNewAddress } from './node-leases.js';
import { type Freed, quarantineOf } from './quarantine.js';
import { removalOf } from './restored.js';
import { changeText, type FieldChange, requireAsSeen } from './seen.js';

/** NodeChange describes a change to a node. Absent fields stay as they are. */
export type NodeChange = {
  readonly address?: Ipv4;
  readonly availability?: Availability;
  readonly mode?: Mode;
  readonly setLabels: Readonly<Record<string, string>>;
  readonly removeLabels: readonly string[];
  /** See requireAsSeen. */
  readonly seenRevision?: number;
};

type Labels = Readonly<Record<string, string>>;

function labelChanges(before: Labels, after: Labels): readonly FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = names.filter((name) => before[name] !== after[name]);
  return changed.map((name) => ({
    field: `label ${name}`,
    before: labelValue(before[name]),
    after: labelValue(after[name]),
  }));
}

// A label may have an empty value.
function labelValue(value: string | undefined): string {
  if (value === undefined) return '(none)';
  return value === '' ? '""' : value;
}

// Set if only the availability changes.
const reasons = {
  active: 'NodeUncordoned',
  cordoned: 'NodeCordoned',
  draining: 'NodeDraining',
  leaving: 'NodeLeaving',
} as const satisfies Record<Availability, string>;

/**
 * decideSet decides how to change a node.
 * @throws XnetError NotFound, AlreadyExists, FailedPrecondition; Conflict as requireAsSeen does
 */
export function decideSet(view: ReadonlyView, nodeId: string, change: NodeChange): Decision {
  const node = requireNode(view, nodeId);
  requireDecodable(view, keys.node(nodeId));
  const labels = Object.fromEntries(
    Object.entries({ ...node.labels, ...change.setLabels }).filter(([key]) => !change.removeLabels.includes(key)),
  );
  const address = change.address ?? node.address;
  const availability = change.availability ?? node.availability;
  const mode = change.mode ?? node.mode;
  const moved = address !== node.address;
  if (moved) requireNewAddress(view, address, nodeId);
  if (change.mode === 'lan' && change.mode !== node.mode) {
    throw new XnetError('FailedPrecondition', 'mode lan is that of a pool, not of a node', {
      hint: `lease ${node.name} a subnet of such a pool: xctl leases add ${node.name} --pool POOL`,
    });
  }
  const leases = mode === node.mode ? [] : requireLeases(view, nodeId);
  requireCompatible(view, { name: node.name, ...(mode === undefined ? {} : { mode }) }, leases);
  const changesMode = mode !== undefined && mode !== node.mode;
  if (changesMode) requireModeUnused(view, nodeId, node, mode);
  const changes = [
    { field: 'address', before: formatIpv4(node.address), after: formatIpv4(address) },
    { field: 'availability', before: node.availability, after: availability },
    { field: 'mode', before: node.mode ?? "the pool's", after: mode ?? "the pool's" },
    ...labelChanges(node.labels, labels),
  ].filter(({ before, after }) => before !== after);
  if (changes.length === 0) return { subject: nodeId };
  requireAsSeen(view, nodeId, change.seenRevision, changes);
  // A host that leaves keeps its drain; any other availability ends the drain.
  const base = availability === node.availability || availability === 'leaving' ? node : withoutDrain(node);
  const record: NodeRecord = { ...base, address, availability, labels, ...(mode === undefined ? {} : { mode }) };
  return {
    subject: nodeId,
    change: {
      guards: [
        ...nodeGuards(view, nodeId, leases),
        ...(changesMode ? [asSeen(view, keys.status(nodeId))] : []),
        ...(moved
          ? [
              absent(keys.address(address)),
              asSeen(view, keys.address(node.address)),
              { kind: 'unchanged' as const, prefix: prefixes.pools, since: view.revision },
              ...hostGuards(view, address),
            ]
          : []),
      ],
      operations: [
        put(keys.node(nodeId), encode('node', record)),
        ...(moved
          ? [
              put(keys.address(address), encode('address', { node: nodeId })),
              { kind: 'delete' as const, key: keys.address(node.address) },
            ]
          : []),
      ],
      event: {
        reason: changes.length === 1 && availability !== node.availability ? reasons[availability] : 'NodeChanged',
        subject: `node/${node.name}`,
        message: changes.map(changeText).join(', '),
      },
    },
  };
}

// Limited by the size of a commit. A node never has more than a few tokens.
const mostTokens = 64;
const mostSerials = 16;

// The id of a removed node is never used again, so its certificates are refused even without the revocation.
function proofsOf(view: ReadonlyView, nodeId: string): readonly string[] {
  const serials = [...(view.certificatesOfNode.get(nodeId) ?? [])];
  const tokens = [...(view.tokensOfNode.get(nodeId) ?? [])];
  return [
    ...serials.slice(0, mostSerials).map((serial) => keys.certificate(serial)),
    ...(view.revoked.has(nodeId) ? [keys.revoked(nodeId)] : []),
    ...tokens.slice(0, mostTokens).map((id) => keys.token(id)),
  ];
}

// The event fields about the node only.
function ownedBy(nodeId: string): readonly string[] {
  return [keys.status(nodeId), keys.session(nodeId), keys.absence(nodeId), keys.nics(nodeId)];
}

/**
 * decideRemove decides how to remove a node: its subnets go into quarantine.
 * @param how `left` when its host reported that it no longer uses them
 * @throws XnetError NotFound
 */
export function decideRemove(view: ReadonlyView, nodeId: string, how: 'left' | 'removed', nowMs: number): Decision {
  const node = requireNode(view, nodeId);
  const { name: nodeName, address } = node;
  const leases = new Map<string, Freed>();
  for (const { pool, subnet, record } of leasesOf(view, nodeId)) {
    leases.set(keys.subnet(pool, subnet), { pool, subnet, before: record });
  }
  // Contradicting leases of the same node are freed as well.
  for (const { key, pool, subnet, record } of view.leaseClaimsOf(nodeId)) {
    leases.set(key, { pool, subnet, before: record });
  }
  const quarantine = [...leases.values()].map((freed) =>
    quarantineOf(view, freed, { nodeId, nodeName, address, nowMs }),
  );
  const gone = [
    keys.node(nodeId),
    // If records contradict each other, the name or the address can belong to another node.
    ...(view.nodeOfName.get(nodeName) === nodeId ? [keys.name(nodeName)] : []),
    ...(view.nodeOfAddress.get(address) === nodeId ? [keys.address(address)] : []),
  ];
  return {
    subject: nodeId,
    change: {
      // If the host connects in the meantime, the guard on the session fails and the decision is made again.
      guards: [...gone, keys.session(nodeId), ...leases.keys()].map((key) => asSeen(view, key)),
      operations: [
        ...[...gone, ...ownedBy(nodeId), ...proofsOf(view, nodeId)].map((key) => ({
          kind: 'delete' as const,
          key,
        })),
        ...quarantine.map(({ operation }) => operation),
        ...removalOf(view, nodeId, nowMs),
      ],
      event: {
        reason: how === 'left' ? 'NodeLeft' : 'NodeRemoved',
        subject: `node/${node.name}`,
        message:
          quarantine.length === 0
            ? 'no subnet is in quarantine'
            : quarantine
                .map(
                  ({ subnet, untilMs }) =>
                    `${formatPrefix(subnet)} is in quarantine until ${new Date(untilMs).toISOString()}`,
                )
                .join('; '),
      },
    },
  };
}
