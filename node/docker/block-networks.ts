// The networks that Docker makes in mode block: which lie within the block, and which were made before it.
// Invariant: xnet never makes or removes such a network. It names each, with the command that recreates it. Pure.
import { type Prefix, prefixCovers } from '../../proto/domain/address.js';
import type { Finding } from '../reconcile/effect.js';
import { attachedTo, isOurNetwork } from './bridge/plan.js';
import type { EngineContainer, EngineNetwork } from './engine/engine.js';
import { blocked, shown } from './engine/settings.js';
import type { LeaseModes } from './host-networks.js';

/**
 * OutsideNetwork is a network that was made outside of the node's block, and the command that makes it anew within.
 * `inEnding`: it lies in a subnet of the node that is ending, and keeps it from ending.
 */
export type OutsideNetwork = { readonly network: string; readonly command: string; readonly inEnding: boolean };

// Swarm makes it, and attaches its tasks.
const gatewayOfSwarm = 'docker_gwbridge';

/** blocksIn returns the subnets of the leases of mode block. */
export function blocksIn(leases: LeaseModes): readonly Prefix[] {
  return leases.flatMap(({ mode, subnet }) => (mode === 'block' && subnet !== undefined ? [subnet] : []));
}

/**
 * outsideNetworks lists the bridge networks outside of the node's block, by name; without a block, or with one that is
 * ending, those within the ending one: they keep it from ending.
 */
export function outsideNetworks(
  {
    networks,
    containers,
  }: { readonly networks: readonly EngineNetwork[]; readonly containers: readonly EngineContainer[] },
  leases: LeaseModes,
): readonly OutsideNetwork[] {
  const blocks = blocksIn(leases.filter(({ state }) => state !== 'ending'));
  const ending = blocksIn(leases.filter(({ state }) => state === 'ending'));
  const lies = (prefix: Prefix, within: readonly Prefix[]) => within.some((block) => prefixCovers(block, prefix));
  const isOutside = ({ subnets }: EngineNetwork) =>
    subnets.some(({ prefix }) => (blocks.length > 0 ? !lies(prefix, blocks) : lies(prefix, ending)));
  return networks
    .filter((network) => network.driver === 'bridge' && !network.isDefault && !isOurNetwork(network))
    .filter((network) => network.name !== gatewayOfSwarm && isOutside(network))
    .map((network) => ({
      network: network.name,
      command: commandFor(network, attachedTo(network, containers)),
      inEnding: network.subnets.some(({ prefix }) => lies(prefix, ending)),
    }))
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
 * inBlockFinding reports the networks within blocks that the host gives up: their addresses may be another host's next.
 */
export function inBlockFinding(networks: readonly EngineNetwork[], blocks: readonly Prefix[]): Finding | undefined {
  const within = networks.filter(
    ({ isDefault, subnets }) =>
      !isDefault && subnets.some(({ prefix }) => blocks.some((block) => prefixCovers(block, prefix))),
  );
  if (within.length === 0) return undefined;
  const names = within.map(({ name }) => shown(name)).sort();
  const message = `these networks of Docker have addresses of a subnet of this node, which another host may get next: ${names.join(', ')}`;
  const fix = `remove them first (docker compose down, or docker network rm ${names.join(' ')}); --force leaves them as they are`;
  return blocked('NetworksInBlock', message, fix);
}
