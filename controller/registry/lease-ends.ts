// Decides how one of a node's leases ends. Pure.
// Invariant: a lease ends in two steps. It is marked first; its subnet goes into quarantine when the host, connected, has
// reported that it does not use it, or when an operator says that the host is gone.
import { formatPrefix, type Prefix, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import type { NodeRecord } from '../store/records.js';
import type { Guard } from '../store/store.js';
import type { HeldLease } from '../view/held.js';
import { leasesOf, useOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen } from './guards.js';
import { requireNode } from './lookup.js';
import type { Decision } from './mutation.js';
import { ended, leaseGuards, requireLeases } from './node-leases.js';
import { quarantineOf } from './quarantine.js';

/** LeaseEnd is the request to end a lease. */
export type LeaseEnd = {
  readonly nodeId: string;
  readonly subnet: Prefix;
  /** Whether to end it at once, although its host may still use it. */
  readonly force: boolean;
  /** Whether the host is connected, as far as this controller knows beyond the store. */
  readonly isConnected: boolean;
  /** Name of the network that ends its lease on the node; absent: an operator ends one. */
  readonly network?: string;
  /** Whether the host has to detach containers from the lease's Docker network. */
  readonly detach?: boolean;
};

/**
 * decideEndLease decides how to end one of a node's leases. A host that never connected uses none, so its lease ends at
 * once.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideEndLease(view: ReadonlyView, end: LeaseEnd, nowMs: number): Decision {
  const { nodeId, subnet, force } = end;
  const node = requireNode(view, nodeId);
  const leases = requireLeases(view, nodeId);
  const lease = leases.find((each) => prefixesEqual(each.subnet, subnet));
  if (lease === undefined) return notLeased(view, nodeId, node, subnet);
  requireAnother(node, leases, lease);
  requireOwnEnd(view, node, lease, end.network);
  const isConnected = end.isConnected || view.sessions.has(nodeId);
  const hasConnected = isConnected || view.statuses.has(nodeId) || view.absences.has(nodeId);
  if (force && isConnected) {
    throw new XnetError('FailedPrecondition', `${node.name} is connected and may use ${formatPrefix(subnet)}`, {
      hint: `without --force, the lease ends once the host has stopped using it: xctl leases end ${node.name} ${formatPrefix(subnet)}`,
    });
  }
  if (force || !hasConnected) {
    // The host may connect meanwhile, and begin to use the subnet.
    const own = [keys.node(nodeId), keys.session(nodeId)].map((key) => asSeen(view, key));
    return releaseOf(view, { nodeId, node, lease, why: '' }, [...own, ...leaseGuards(view, leases)], nowMs);
  }
  const { detach = false } = end;
  if (lease.record.endingMs !== undefined && (!detach || lease.record.detach === true)) return { subject: nodeId };
  return {
    subject: nodeId,
    change: {
      guards: [asSeen(view, keys.node(nodeId)), ...leaseGuards(view, leases)],
      operations: [ended(lease, nowMs, detach)],
      event: {
        reason: 'LeaseEnding',
        subject: `node/${node.name}`,
        message: `${formatPrefix(subnet)} of pool ${lease.pool} ends when ${node.name} has stopped using it`,
      },
    },
  };
}

/**
 * decideFinishLease decides how to end a lease that its host has reported not to use; no change if another controller
 * ended it, or if it is kept.
 * @param generation of the lease that the report is about
 */
export function decideFinishLease(
  view: ReadonlyView,
  { nodeId, subnet, generation }: Pick<LeaseEnd, 'nodeId' | 'subnet'> & { readonly generation: number },
  nowMs: number,
): Decision {
  const node = view.nodes.get(nodeId)?.record;
  const lease = leasesOf(view, nodeId).find((each) => prefixesEqual(each.subnet, subnet));
  const isIt = lease?.record.endingMs !== undefined && lease.record.generation === generation;
  if (node === undefined || !isIt) return { subject: nodeId };
  const why = `${node.name} has stopped using it: `;
  return releaseOf(view, { nodeId, node, lease, why }, leaseGuards(view, [lease]), nowMs);
}

/** unusedLeases returns the leases of a node that are ending and that its host, which knows that, does not use. */
export function unusedLeases(
  view: ReadonlyView,
  nodeId: string,
  { leases, containers, containerCount }: Pick<NodeStatus, 'leases' | 'containers' | 'containerCount'>,
): readonly HeldLease[] {
  // A host whose Docker has not answered yet knows of no container.
  if (containerCount === undefined) return [];
  return leasesOf(view, nodeId).filter((lease) => {
    const use = useOf(leases, lease);
    // A host that does not know yet that the lease is ending may begin to use it: Docker starts after it, for example.
    if (lease.record.endingMs === undefined || use?.inForce !== false || use.ending !== true) return false;
    return !containers.some(({ subnet }) => prefixesEqual(subnet, lease.subnet));
  });
}

function notLeased(view: ReadonlyView, nodeId: string, { name }: NodeRecord, subnet: Prefix): Decision {
  const record = view.subnets.get(prefixKey(subnet))?.record;
  if (record?.state === 'quarantined' && record.node === nodeId) return { subject: nodeId };
  const own = leasesOf(view, nodeId).map((lease) => formatPrefix(lease.subnet));
  throw new XnetError('NotFound', `${name} has no lease of ${formatPrefix(subnet)}`, {
    hint: `its leases: ${own.join(', ') || 'none'}`,
  });
}

function requireAnother({ name }: NodeRecord, leases: readonly HeldLease[], lease: HeldLease): void {
  if (leases.some((other) => other !== lease && other.record.endingMs === undefined)) return;
  throw new XnetError('FailedPrecondition', `${formatPrefix(lease.subnet)} is the last lease of ${name}`, {
    hint: `add another one first: xctl leases add ${name} --pool POOL; or remove the node: xctl nodes remove ${name}`,
  });
}

// The network would lease the node another subnet at once.
function requireOwnEnd(view: ReadonlyView, { name }: NodeRecord, lease: HeldLease, by: string | undefined): void {
  const { network, endingMs } = lease.record;
  if (network === undefined || network === by || endingMs !== undefined || !view.networks.has(network)) return;
  throw new XnetError(
    'FailedPrecondition',
    `${formatPrefix(lease.subnet)} is the lease of ${name} for network ${network}`,
    {
      hint: `take the network from the node: xctl networks exclude ${network} ${name}`,
    },
  );
}

type Release = {
  readonly nodeId: string;
  readonly node: NodeRecord;
  readonly lease: HeldLease;
  /** Begins the message of the event. */
  readonly why: string;
};

function releaseOf(
  view: ReadonlyView,
  { nodeId, node, lease, why }: Release,
  guards: readonly Guard[],
  nowMs: number,
): Decision {
  const { name: nodeName, address } = node;
  const { pool, subnet, record } = lease;
  const holder = { nodeId, nodeName, address, nowMs };
  const { operation, untilMs } = quarantineOf(view, { pool, subnet, before: record }, holder);
  return {
    subject: nodeId,
    change: {
      guards,
      operations: [operation],
      event: {
        reason: 'LeaseEnded',
        subject: `node/${nodeName}`,
        message: `${why}${formatPrefix(subnet)} of pool ${pool} is in quarantine until ${new Date(untilMs).toISOString()}`,
      },
    },
  };
}
