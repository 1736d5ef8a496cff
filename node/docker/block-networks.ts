// The networks that Docker makes in mode block: which lie within the block, and which were made before it.
// Invariant: xnet never makes or removes such a network; it names them, with the command. Pure.
import { prefixCovers } from '../../proto/domain/address.js';
import type { Finding } from '../reconcile/effect.js';
import { attachedTo, isOurNetwork } from './bridge/plan.js';
import type { AddressPool } from './engine/bip-value.js';
import type { EngineContainer, EngineNetwork } from './engine/engine.js';
import { blocked, shown } from './engine/settings.js';
import type { LeaseModes } from './host-networks.js';

/** OutsideNetwork is a network that was made outside of the node's block, and the command that makes it anew within. */
export type OutsideNetwork = { readonly network: string; readonly command: string };

// Swarm makes it, and attaches its tasks.
const gatewayOfSwarm = 'docker_gwbridge';

/** outsideNetworks lists the bridge networks outside of the node's block, by name; none without a block. */
export function outsideNetworks(
  {
    networks,
    containers,
  }: { readonly networks: readonly EngineNetwork[]; readonly containers: readonly EngineContainer[] },
  leases: LeaseModes,
): readonly OutsideNetwork[] {
  const blocks = leases.flatMap(({ mode, subnet }) => (mode === 'block' && subnet !== undefined ? [subnet] : []));
  if (blocks.length === 0) return [];
  const isOutside = ({ subnets }: EngineNetwork) =>
    subnets.some(({ prefix }) => !blocks.some((block) => prefixCovers(block, prefix)));
  return networks
    .filter((network) => network.driver === 'bridge' && !network.isDefault && !isOurNetwork(network))
    .filter((network) => network.name !== gatewayOfSwarm && isOutside(network))
    .map((network) => ({ network: network.name, command: commandFor(network, attachedTo(network, containers)) }))
    .sort((a, b) => (a.network < b.network ? -1 : 1));
}

function commandFor({ name, labels }: EngineNetwork, containers: readonly EngineContainer[]): string {
  const project = labels.get('com.docker.compose.project');
  // Compose makes the networks of a project that is up, and finds its file by the folder.
  if (project !== undefined)
    return `in the folder of the project ${shown(project)}: docker compose down && docker compose up -d`;
  const network = shown(name);
  const names = containers.map((container) => shown(container.name)).sort();
  return [
    ...names.map((each) => `docker network disconnect -f ${network} ${each}`),
    `docker network rm ${network}`,
    `docker network create ${network}`,
    ...names.map((each) => `docker network connect ${network} ${each}`),
  ].join(' && ');
}

/**
 * inBlockFinding reports the networks within the block that docker0 gives up: their addresses may be another host's next.
 * @param block undefined: there is none
 */
export function inBlockFinding(
  networks: readonly EngineNetwork[],
  block: AddressPool | undefined,
): Finding | undefined {
  const within = networks.filter(
    (network) => !network.isDefault && network.subnets.some(({ prefix }) => block && prefixCovers(block.base, prefix)),
  );
  if (within.length === 0) return undefined;
  const names = within.map(({ name }) => shown(name)).sort();
  const message = `these networks of Docker have addresses of the subnet, which another host may get next: ${names.join(', ')}`;
  const fix = `remove them first (docker compose down, or docker network rm ${names.join(' ')}); --force leaves them as they are`;
  return blocked('NetworksInBlock', message, fix);
}
