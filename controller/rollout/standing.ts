// Judges a node during its step: whether it is down, uses its new lease, is healthy, or failed. Pure.
// Invariant: a node counts as healthy only by its own newest report, and only while it is connected and no peer misses it.
import { formatPrefix, gatewayOf, prefixesEqual } from '../../proto/domain/address.js';
import type { Condition, NodeStatus } from '../../proto/domain/network.js';
import type { NodeState__Output } from '../../proto/gen/xnet/v1/NodeState.js';
import type { PlaceRecord } from '../store/records.js';
import { leasesOf } from '../view/leases.js';
import { isOfDefaultNetwork } from '../view/permits.js';
import type { NodeStep } from '../view/rollout-steps.js';
import type { ReadonlyView } from '../view/view.js';
import { placeOf } from './lease-moves.js';

/** Facts are the facts that a controller has besides the view. */
export type Facts = {
  /** Returns a node's state. */
  readonly stateOf: (nodeId: string) => NodeState__Output;
  /** Returns a node's newest report. */
  readonly statusOf: (nodeId: string) => NodeStatus | undefined;
  /** Reports whether all connected nodes except its holder route to a subnet. */
  readonly isRouted: (subnet: PlaceRecord['subnet'], nodeId: string) => boolean;
  /** Returns how long this controller has known a permit, in milliseconds; 0: it is new. */
  readonly permittedMs: (step: NodeStep) => number;
};

/** isDisconnected reports whether a node that was connected is not. */
export function isDisconnected(view: ReadonlyView, nodeId: string): boolean {
  return !view.sessions.has(nodeId) && (view.absences.has(nodeId) || view.statuses.has(nodeId));
}

/** isGone reports whether a node is down for longer than a restart of its daemon or of a controller takes. */
export function isGone(view: ReadonlyView, nodeId: string): boolean {
  return !view.sessions.has(nodeId) && view.absences.get(nodeId)?.record.told === true;
}

/** usesLease reports whether a node's newest report says that its host uses a lease. */
export function usesLease(facts: Facts, nodeId: string, place: PlaceRecord): boolean {
  return (facts.statusOf(nodeId)?.leases ?? []).some(
    ({ subnet, generation, inForce }) =>
      inForce && generation === place.generation && prefixesEqual(subnet, place.subnet),
  );
}

/**
 * keepsDocker0 reports whether Docker's default network of a node still has a lease that ends, although the node goes to one
 * of a named network: that one needs no permit, giving docker0 its former address back does.
 */
export function keepsDocker0(view: ReadonlyView, facts: Facts, nodeId: string, to: PlaceRecord): boolean {
  if (isOfDefaultNetwork(view, to)) return false;
  return leasesOf(view, nodeId).some((lease) => {
    const place = lease.record.endingMs === undefined ? undefined : placeOf(view, nodeId, lease);
    return place !== undefined && isOfDefaultNetwork(view, place) && usesLease(facts, nodeId, place);
  });
}

/** hasMoved reports whether a node uses a lease, and docker0 has none that ends. */
export function hasMoved(view: ReadonlyView, facts: Facts, nodeId: string, place: PlaceRecord): boolean {
  return usesLease(facts, nodeId, place) && !keepsDocker0(view, facts, nodeId, place);
}

/** dockerFailure returns the condition of a node that says that its Docker can't be changed; undefined: none does. */
export function dockerFailure(facts: Facts, nodeId: string): Condition | undefined {
  return facts.statusOf(nodeId)?.conditions.find(({ type, ok, transient }) => type === 'Docker' && !ok && !transient);
}

// Reasons of the condition Docker that mean that no container of the host may be running.
const dockerIsDown: ReadonlySet<string> = new Set(['NotRunning', 'NotAnswering', 'DockerDown', 'RollbackFailed']);

/** isDockerDown reports whether a node's newest report says that its Docker does not run, for whatever time. */
export function isDockerDown(facts: Pick<Facts, 'statusOf'>, nodeId: string): boolean {
  const conditions = facts.statusOf(nodeId)?.conditions ?? [];
  return conditions.some(({ type, ok, reason }) => type === 'Docker' && !ok && dockerIsDown.has(reason));
}

/**
 * whyNotHealthy says why a node is not healthy with a lease yet; empty: it is. Healthy: connected, ready, its host uses
 * the lease, its probes are answered, all peers route to it, and no peer misses it.
 */
export function whyNotHealthy(view: ReadonlyView, facts: Facts, nodeId: string, place: PlaceRecord): string {
  if (!view.sessions.has(nodeId)) return 'it is not connected';
  if (!usesLease(facts, nodeId, place)) return `it does not report ${formatPrefix(place.subnet)} in force`;
  if (keepsDocker0(view, facts, nodeId, place)) return 'docker0 still has its former lease';
  if (facts.stateOf(nodeId) !== 'NODE_STATE_READY') {
    const failing = facts.statusOf(nodeId)?.conditions.find(({ ok }) => !ok);
    return failing === undefined ? 'it is not ready' : `${failing.type}: ${failing.message || failing.reason}`;
  }
  if (!facts.isRouted(place.subnet, nodeId)) return `not all peers route to ${formatPrefix(place.subnet)}`;
  const missing = missedBy(view, facts, gatewayOf(place.subnet));
  return missing === undefined ? '' : `${missing} gets no answer from it`;
}

function missedBy(view: ReadonlyView, facts: Facts, gateway: number): string | undefined {
  for (const id of view.sessions.keys()) {
    const silent = facts.statusOf(id)?.silentPeers.some((peer) => peer.gateway === gateway && peer.hostAnswers);
    if (silent === true) return view.nodes.get(id)?.record.name ?? id;
  }
  return undefined;
}
