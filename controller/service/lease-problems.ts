// What is wrong with leases, for `xctl status`. Pure.
import { formatPrefix, type Prefix, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import type { Problem } from '../../proto/gen/xnet/v1/Problem.js';
import { keys } from '../store/keys.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';

/**
 * leaseProblems returns the subnets that hosts still use although their leases ended, and the leases whose records were
 * deleted.
 * @param statusOf returns the newest report of a node
 */
export function leaseProblems(
  view: ReadonlyView,
  statusOf: (nodeId: string) => Pick<NodeStatus, 'leases' | 'containers'> | undefined,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [nodeId, { record }] of view.nodes) {
    const status = statusOf(nodeId) ?? view.statuses.get(nodeId)?.record;
    for (const subnet of stillUsed(view, nodeId, status)) problems.push(usedAfterEnd(view, record.name, subnet));
  }
  for (const { pool, subnet, record } of view.subnets.values()) {
    const key = keys.subnet(pool, subnet);
    if (record.state !== 'leased' || view.modRevisionOf(key) !== 0) continue;
    const name = view.nodes.get(record.node)?.record.name ?? record.node;
    problems.push({
      text: `the record ${key} was deleted, but ${name} exists: the routes to ${formatPrefix(subnet)} are kept`,
      fix: 'write it again with etcdctl, or remove the node: xctl nodes remove NAME',
    });
  }
  return problems;
}

function stillUsed(
  view: ReadonlyView,
  nodeId: string,
  status: Pick<NodeStatus, 'leases' | 'containers'> | undefined,
): readonly Prefix[] {
  if (status === undefined) return [];
  const leases = leasesOf(view, nodeId);
  const used = new Map(
    [...status.leases.filter(({ inForce }) => inForce), ...status.containers].map(({ subnet }) => [
      prefixKey(subnet),
      subnet,
    ]),
  );
  return [...used.values()].filter((subnet) => !leases.some((lease) => prefixesEqual(lease.subnet, subnet)));
}

function usedAfterEnd(view: ReadonlyView, name: string, subnet: Prefix): Problem {
  const text = formatPrefix(subnet);
  const held = view.subnets.get(prefixKey(subnet))?.record;
  const until =
    held?.state === 'quarantined' ? `, which is in quarantine until ${new Date(held.untilMs).toISOString()}` : '';
  return {
    text: `${name} still uses ${text}${until}: its lease has ended`,
    fix: `look at what keeps it there, on ${name}: xnetd status`,
  };
}
