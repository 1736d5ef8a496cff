// Endpoints that Docker kept of containers that are gone. They keep a network from being removed: "has active endpoints".
// Invariant: an endpoint is cleared only if no container of its id or name exists, running or not.
import type { EngineContainer, EngineEndpoint } from '../engine/engine.js';
import type { DockerHost } from '../engine/settings.js';

/**
 * halfDeadEndpoints returns the endpoints whose container is gone. Pure.
 * @param containers listed after the endpoints: a container exists before its endpoints do
 */
export function halfDeadEndpoints(
  endpoints: readonly EngineEndpoint[],
  containers: readonly Pick<EngineContainer, 'id' | 'name'>[],
): readonly EngineEndpoint[] {
  return endpoints.filter(
    ({ containerId, name }) => name !== '' && !containers.some((each) => each.id === containerId || each.name === name),
  );
}

/** clearHalfDead clears such endpoints of a network, and returns how many there were. @throws XnetError as Engine does */
export async function clearHalfDead(
  { engine, log }: Pick<DockerHost, 'engine' | 'log'>,
  network: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Promise<number> {
  const endpoints = await engine.endpoints(network.id, signal);
  if (endpoints.length === 0) return 0;
  const dead = halfDeadEndpoints(endpoints, await engine.containers(signal));
  for (const { name } of dead) {
    await engine.disconnect(network.id, name, signal);
    log?.info({ endpoint: name, network: network.name }, 'endpoint of a container that is gone cleared');
  }
  return dead.length;
}
