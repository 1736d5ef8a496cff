// Adds the containers with nics to those that Docker attached, so that a network is not removed while nics use it. Pure.
import { prefixContains } from '../../../proto/domain/address.js';
import type { EngineSeen } from '../engine/engine.js';
import type { NicUser } from '../engine/settings.js';

/**
 * withNicUsers returns networks and containers with each nic as an attachment to the network that has its address. If there is
 * no such network, the attachment names none.
 */
export function withNicUsers(
  { networks, containers }: Pick<EngineSeen, 'networks' | 'containers'>,
  nics: readonly NicUser[],
): Pick<EngineSeen, 'networks' | 'containers'> {
  if (nics.length === 0) return { networks, containers };
  const attached = containers.map((container) => {
    const own = nics.filter(({ containerId }) => containerId === container.id);
    const further = own.map(({ address }) => {
      const its = networks.find(({ subnets }) => subnets.some(({ prefix }) => prefixContains(prefix, address)));
      return { id: its?.id ?? '', name: its?.name ?? '', address, isNic: true as const };
    });
    return own.length === 0 ? container : { ...container, networks: [...container.networks, ...further] };
  });
  return { networks, containers: attached };
}
