// Whether Docker, as it runs or as it will start, would refuse the network of mode lan.
// Invariant: read-only.
import { needsIptables } from '../docker/bridge/lan.js';
import type { Finding } from '../reconcile/effect.js';
import type { EngineFactsReader } from './engine-facts.js';

/** lanRefusal returns the finding about the host's network; undefined: Docker does not refuse, as far as is known. */
export async function lanRefusal(
  facts: Pick<EngineFactsReader, 'backend'>,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const backend = await facts.backend(signal);
  return backend?.startsWith('nftables') === true ? { ...needsIptables, type: 'Underlay' } : undefined;
}
