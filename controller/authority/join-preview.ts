// What a join would come to, decided as the join itself and not committed. Pure.
// Invariant: a preview has nothing that the node would not be told once it has joined.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import type { Lease } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { mostPreviewPeers } from '../../proto/rpc/limits.js';
import type { Decision } from '../registry/mutation.js';
import { parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import { networkOf } from '../view/lease-network.js';
import { leasesOf, statedLeases } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import type { IssuedCertificate } from './certify.js';
import { decideTokenJoin, type JoinInput } from './join.js';

/** JoinOutcome is what a join would come to. */
export type JoinOutcome = {
  readonly name: string;
  readonly address: Ipv4;
  readonly leases: readonly Lease[];
  readonly pools: readonly Prefix[];
  /** See peersOf. */
  readonly peers: readonly Ipv4[];
  /** Number of other nodes. */
  readonly nodes: number;
};

// Reasons of a node's condition Underlay by which the node does not have the address that the store has.
const addressReasons: ReadonlySet<string> = new Set(['AddressMissing', 'AddressMismatch']);

/**
 * decidePreview decides how a host would join.
 * @returns the decision of the join, which must not be committed, and the preview
 * @throws XnetError the errors of decideTokenJoin
 */
export function decidePreview(
  input: Omit<JoinInput, 'certified'>,
  nodeId: string,
): { readonly decision: Decision; readonly preview: JoinOutcome } {
  const { view, joining, nowMs } = input;
  const decision = decideTokenJoin({ ...input, certified: unissued(view, nodeId, { ...joining, nowMs }) });
  const { name, address, leases } = existing(view, nodeId) ?? added(view, decision);
  const preview = {
    name,
    address,
    leases,
    pools: [...view.pools.values()].map(({ record }) => record.cidr),
    peers: peersOf(view, nodeId, leases),
    nodes: view.nodes.size - (view.nodes.has(nodeId) ? 1 : 0),
  };
  return { decision, preview };
}

// Stands for the certificate that the join would issue.
function unissued(
  view: ReadonlyView,
  id: string,
  { keyDigest, nowMs }: { readonly keyDigest: string; readonly nowMs: number },
): IssuedCertificate {
  return {
    serial: '0',
    record: { role: 'node', id, notBeforeMs: nowMs, notAfterMs: nowMs, keyDigest, issuer: '' },
    authority: view.authority?.record.certificate ?? '',
  };
}

type Placed = Pick<JoinOutcome, 'name' | 'address' | 'leases'>;

function existing(view: ReadonlyView, nodeId: string): Placed | undefined {
  const node = view.nodes.get(nodeId)?.record;
  return node && { name: node.name, address: node.address, leases: statedLeases(view, nodeId, undefined) };
}

function added(view: ReadonlyView, { change }: Decision): Placed {
  const operations = change?.operations ?? [];
  const [node] = operations.flatMap(nodeIn);
  if (node === undefined) throw new XnetError('Internal', 'a join that adds no node');
  return { name: node.name, address: node.address, leases: operations.flatMap((each) => leaseIn(view, node, each)) };
}

function nodeIn(operation: Operation): readonly NodeRecord[] {
  if (operation.kind !== 'put' || parseKey(operation.key)?.kind !== 'node') return [];
  const decoded = decode('node', operation.value);
  return 'record' in decoded ? [decoded.record] : [];
}

function leaseIn(view: ReadonlyView, node: NodeRecord, operation: Operation): readonly Lease[] {
  const key = operation.kind === 'put' ? parseKey(operation.key) : undefined;
  if (operation.kind !== 'put' || key?.kind !== 'subnet') return [];
  const { pool, subnet } = key;
  const decoded = decode('subnet', operation.value);
  const poolRecord = view.pools.get(pool)?.record;
  if (!('record' in decoded) || decoded.record.state !== 'leased' || poolRecord === undefined) return [];
  const { generation } = decoded.record;
  return [{ pool, subnet, generation, ...networkOf(decoded.record, node, poolRecord), state: 'wanted' }];
}

// The error of one node must not stop all other hosts from joining.
function hasItsAddress(view: ReadonlyView, nodeId: string): boolean {
  const conditions = view.statuses.get(nodeId)?.record.conditions ?? [];
  return !conditions.some(({ type, ok, reason }) => type === 'Underlay' && !ok && addressReasons.has(reason));
}

/**
 * peersOf returns addresses of connected nodes that a node with these leases has routes to, or a pool of mode lan in
 * common with: at most mostPreviewPeers, those of a larger fleet spread evenly over all addresses in order. A node that
 * reports that it does not have its address is left out.
 */
export function peersOf(view: ReadonlyView, nodeId: string, leases: readonly Pick<Lease, 'pool'>[]): readonly Ipv4[] {
  const own = new Set(leases.map(({ pool }) => pool));
  const isRouted = (pool: string) => (view.pools.get(pool)?.record.mode ?? 'lan') !== 'lan';
  const isPeer = (id: string) =>
    id !== nodeId && leasesOf(view, id).some(({ pool }) => own.has(pool) || isRouted(pool));
  const all = [...view.sessions.keys()]
    .filter((id) => isPeer(id) && hasItsAddress(view, id))
    .flatMap((id) => view.nodes.get(id)?.record.address ?? [])
    .sort((a, b) => a - b);
  const share = Math.max(1, all.length / mostPreviewPeers);
  return Array.from(
    { length: Math.min(all.length, mostPreviewPeers) },
    (_, index) => all[Math.floor(index * share)],
  ).flatMap((address) => address ?? []);
}
