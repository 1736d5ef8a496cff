// The assignment of one node, derived from the view and from its newest report. Pure.

import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { nicProblem } from '../../proto/domain/docker-range.js';
import type { Assignment, Lease, LeaseUse, NodeStatus, Permit, Version } from '../../proto/domain/network.js';
import type { NicList } from '../../proto/domain/nic.js';
import { isNonEmpty } from '../../proto/domain/non-empty.js';
import { keys } from '../store/keys.js';
import { leasesOf, statedLeases, useOf } from './leases.js';
import { permitOf } from './permits.js';
import type { ReadonlyView } from './view.js';

/** AssignmentSources are the inputs of an assignment besides the view. */
export type AssignmentSources = {
  /** Returns the newest report of a node, if it is newer than the view's. */
  readonly statusOf?: (nodeId: string) => Pick<NodeStatus, 'leases'> | undefined;
};

/**
 * assignmentOf returns a node's assignment; undefined when its node record is missing or unreadable, or the records of
 * all its subnets or their pools are.
 */
export function assignmentOf(
  view: ReadonlyView,
  nodeId: string,
  { statusOf }: AssignmentSources = {},
): Assignment | undefined {
  const node = view.nodes.get(nodeId)?.record;
  const uses = (statusOf?.(nodeId) ?? view.statuses.get(nodeId)?.record)?.leases;
  const leases = statedLeases(view, nodeId, uses);
  if (node === undefined || !isNonEmpty(leases)) return undefined;
  const approved = approvedVersion(view);
  const nics = nicsOf(view, nodeId, leases);
  return {
    nodeId,
    nodeName: node.name,
    address: node.address,
    availability: node.availability,
    leases,
    permit: mayRestart(view, nodeId) ? (permitOf(view, nodeId) ?? firstPermit(view, nodeId, leases, uses)) : undefined,
    leave: node.drain?.leave === true,
    ...(approved === undefined ? {} : { approved }),
    ...(nics === undefined ? {} : { nics }),
  };
}

// Subnets whose lease ended are left out: another node may have them. Undefined if the record can't be read, so that
// its host keeps what it has.
function nicsOf(view: ReadonlyView, nodeId: string, leases: readonly Lease[]): NicList | undefined {
  const key = keys.nics(nodeId);
  if (view.undecodable.has(key)) return undefined;
  const held = view.nics.get(nodeId);
  const leased = held?.record.nics.filter(({ address }) =>
    leases.some((lease) => nicProblem(lease, address) === undefined),
  );
  return {
    epoch: view.cluster?.record.epoch ?? 0,
    revision: held?.modRevision ?? 0,
    nics: (leased ?? []).map(({ address, container, interfaceName }) => ({ address, container, interfaceName })),
  };
}

/** approvedVersion returns the version up to which an operator approved withdrawals; undefined if none was. */
export function approvedVersion(view: ReadonlyView): Version | undefined {
  const { approval, cluster } = view;
  if (approval === undefined || cluster === undefined) return undefined;
  const { epoch, revision } = approval.record;
  return { clusterId: cluster.record.id, epoch, revision };
}

// A host may hold other leases than the restored store has, and other hosts may hold these, until hosts have reported
// their leases.
function mayRestart(view: ReadonlyView, nodeId: string): boolean {
  return view.adoption === undefined && !view.isAwaited(nodeId);
}

// A host that uses none of its leases may begin to use them: no container loses its network. If none of them is for docker0,
// it gives docker0 its former address back, as after a change of its mode. An empty report comes from a daemon that knows one lease: it
// may use that one.
function firstPermit(
  view: ReadonlyView,
  nodeId: string,
  leases: readonly Lease[],
  uses: readonly LeaseUse[] | undefined,
): Permit | undefined {
  const [first, second] = leases.filter((lease) => usesDefaultNetwork(lease) && lease.state !== 'ending');
  const held = leasesOf(view, nodeId);
  // `leases` lacks a lease whose pool's record can't be read.
  if (second !== undefined || leases.length !== held.length) return undefined;
  const usesOne = uses?.length === 0 ? leases.length > 1 : held.some((lease) => useOf(uses ?? [], lease)?.inForce);
  return usesOne ? undefined : { rollout: '', subnet: first?.subnet, generation: first?.generation ?? 0 };
}
