// The permit of a node: what allows its host to restart Docker for a change of its leases. Pure.
import { type Permit, usesDocker0 } from '../../proto/domain/network.js';
import type { ReadonlyView } from './view.js';

/**
 * isOfRestoredStore reports whether a rollout was last changed before a restored store was accepted. Hosts may have gone on
 * since, so it waits for an operator.
 */
export function isOfRestoredStore(view: ReadonlyView, rollout: string): boolean {
  if (view.cluster?.record.acceptedMs === undefined) return false;
  return (view.rollouts.get(rollout)?.modRevision ?? 0) < view.cluster.modRevision;
}

/**
 * permitOf returns the permit that a rollout gives a node; undefined: none does. Each attempt of a step has a permit of
 * its own ("r-4f2f9c03a1b2/2"), so that a host which failed before tries again.
 */
export function permitOf(view: ReadonlyView, nodeId: string): Permit | undefined {
  const permitted = view.rolloutSteps.permittedOf(nodeId);
  const granted = permitted?.step.granted;
  if (permitted === undefined || granted === undefined || isOfRestoredStore(view, permitted.rollout)) return undefined;
  const { subnet, generation, mode } = granted;
  return {
    rollout: `${permitted.rollout}/${permitted.step.attempt}`,
    // A lease of mode bridge leaves docker0 without one.
    subnet: usesDocker0(mode) ? subnet : undefined,
    generation,
  };
}
