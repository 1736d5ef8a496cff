// The permit of a node: what allows its host to restart Docker for a change of its leases. Pure.
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import type { Mode, Permit } from '../../proto/domain/network.js';
import type { ReadonlyView } from './view.js';

/**
 * isOfRestoredStore reports whether a rollout was last changed before a restored store was accepted. Hosts may have gone on
 * since, so it waits for an operator.
 */
export function isOfRestoredStore(view: ReadonlyView, rollout: string): boolean {
  if (view.cluster?.record.acceptedMs === undefined) return false;
  return (view.rollouts.get(rollout)?.modRevision ?? 0) < view.cluster.modRevision;
}

/** isOfDefaultNetwork reports whether a lease of a pool, in a mode, is one of Docker's default network on its host. */
export function isOfDefaultNetwork(
  view: ReadonlyView,
  { pool, mode }: { readonly pool: string; readonly mode: Mode },
): boolean {
  const lan = view.pools.get(pool)?.record.lan;
  return usesDefaultNetwork({ mode, ...(lan === undefined ? {} : { lan }) });
}

/**
 * permitOf returns the permit that a rollout gives a node; undefined: none does. Each attempt of a step has a permit of
 * its own ("r-4f2f9c03a1b2/2"), so that a host which failed before tries again.
 */
export function permitOf(view: ReadonlyView, nodeId: string): Permit | undefined {
  const permitted = view.rolloutSteps.permittedOf(nodeId);
  const granted = permitted?.step.granted;
  if (permitted === undefined || granted === undefined || isOfRestoredStore(view, permitted.rollout)) return undefined;
  const { subnet, generation } = granted;
  return {
    rollout: `${permitted.rollout}/${permitted.step.attempt}`,
    // A lease of a named network leaves Docker's default one without one.
    subnet: isOfDefaultNetwork(view, granted) ? subnet : undefined,
    generation,
  };
}
