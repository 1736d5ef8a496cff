// Determines what docker0 has, and whether that is a bip: its address, Docker's allocation, and the range for other
// networks.
// Invariant: a bip is in force only if Docker itself says so; the interface alone does not count. Pure.
import { type Prefix, prefixContains, prefixesEqual, prefixOf } from '../../../proto/domain/address.js';
import {
  type AddressPool,
  addressPoolsEqual,
  type Bip,
  bipsEqual,
  type OverBridge,
  partsEqual,
  rangesEqual,
} from '../engine/bip-value.js';
import type { DockerNow } from '../engine/containers.js';
import type { EngineNetwork, EngineSeen } from '../engine/engine.js';
import type { HostInterface } from '../engine/interfaces.js';
import type { Journal } from '../engine/journal.js';

/** dockerDefaultBridge is the bridge of Docker's default network where Docker does not name it. */
export const dockerDefaultBridge = 'docker0';

/** defaultNetwork returns the Docker network of docker0. */
export function defaultNetwork(networks: readonly EngineNetwork[]): EngineNetwork | undefined {
  return networks.find((network) => network.isDefault);
}

/**
 * isInForce reports whether docker0 has the address and Docker allocates container addresses from its subnet, and those of
 * new networks from the range that belongs to the bip, and hands out no other part of docker0's subnet than that.
 */
export function isInForce(
  bip: Bip,
  { networks, interfaces, addressPools }: Pick<DockerNow, 'networks' | 'interfaces' | 'addressPools'>,
): boolean {
  if (bip.over !== undefined) return isOver(bip, bip.over, networks, interfaces);
  const bridge = bridgeBehind(networks, interfaces);
  const hasAddress = bridge?.addresses.some((address) => bipsEqual(address, bip)) === true;
  return (
    hasAddress &&
    dockerHas(bip, networks) &&
    (bip.networks === undefined || takesFrom(bip.networks, addressPools)) &&
    (bip.fixedCidr === undefined || handsOut(bip.fixedCidr, networks))
  );
}

// Docker's default network is on that bridge, hands out that range, and gives its containers that router.
function isOver(
  { address, length }: Bip,
  { bridge, gateway }: OverBridge,
  networks: readonly EngineNetwork[],
  interfaces: readonly HostInterface[],
): boolean {
  const network = defaultNetwork(networks);
  return (
    network?.bridgeName === bridge &&
    interfaces.some(({ name }) => name === bridge) &&
    network.excluded.includes(gateway) &&
    handsOut(prefixOf(address, length), networks)
  );
}

function handsOut(range: Prefix, networks: readonly EngineNetwork[]): boolean {
  return defaultNetwork(networks)?.subnets.some((subnet) => rangesEqual(subnet.range, range)) === true;
}

function takesFrom(range: AddressPool, addressPools: readonly AddressPool[]): boolean {
  return addressPools.length === 1 && addressPools.every((pool) => addressPoolsEqual(pool, range));
}

/**
 * isAllInForce reports whether a bip is in force, and Docker uses no range of `ours` that the bip does not have: Docker uses
 * such a range until it is restarted.
 */
export function isAllInForce(
  bip: Bip,
  now: Pick<DockerNow, 'networks' | 'interfaces' | 'addressPools'>,
  { ours }: Pick<Journal, 'ours'>,
): boolean {
  const networks = bip.networks === undefined ? ours?.bip.networks : undefined;
  const range = bip.fixedCidr === undefined ? ours?.bip.fixedCidr : undefined;
  return (
    isInForce(bip, now) &&
    !(networks && takesFrom(networks, now.addressPools)) &&
    !(range && handsOut(range, now.networks))
  );
}

/** bridgeBehind returns the interface of Docker's default network; undefined if it is gone. */
export function bridgeBehind(
  networks: readonly EngineNetwork[],
  interfaces: readonly HostInterface[],
): HostInterface | undefined {
  return interfaces.find(({ name }) => name === (defaultNetwork(networks)?.bridgeName ?? dockerDefaultBridge));
}

/** dockerHas reports whether Docker allocates from the bip's subnet, whatever address the interface has. */
export function dockerHas(bip: Bip, networks: readonly EngineNetwork[]): boolean {
  const subnet = prefixOf(bip.address, bip.length);
  const subnets = defaultNetwork(networks)?.subnets ?? [];
  return subnets.some(
    ({ prefix, gateway }) => prefixesEqual(prefix, subnet) && (gateway ?? bip.address) === bip.address,
  );
}

/**
 * bipInForce returns docker0's present address; undefined if it has none. If that is one of `bips` and in force as a whole,
 * the result has its ranges as well.
 */
export function bipInForce(
  bips: readonly Bip[],
  { networks, info }: Pick<EngineSeen, 'networks' | 'info'>,
  interfaces: readonly HostInterface[],
): Bip | undefined {
  const { addressPools } = info;
  const whole = bips.find(
    (bip) =>
      (bip.over !== undefined || !partsEqual(bip, undefined)) && isInForce(bip, { networks, interfaces, addressPools }),
  );
  return whole ?? bipOfDocker0(networks, interfaces);
}

/**
 * bipOfDocker0 returns docker0's present address and length; undefined if it has none. Docker 20.10 does not list a
 * gateway for a docker0 that was set up without a bip; its address is then read from the interface.
 */
export function bipOfDocker0(
  networks: readonly EngineNetwork[],
  interfaces: readonly HostInterface[],
): Bip | undefined {
  const network = defaultNetwork(networks);
  const subnet = network?.subnets[0];
  if (subnet?.gateway !== undefined) return { address: subnet.gateway, length: subnet.prefix.length };
  return bridgeBehind(networks, interfaces)?.addresses.find(
    ({ address }) => subnet !== undefined && prefixContains(subnet.prefix, address),
  );
}
