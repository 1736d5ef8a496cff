// The part of a subnet that Docker hands out, and the rest, which the addresses of nics are from.
// Invariant: Docker hands out no address that a nic may have. Pure.
import { type Ipv4, lastAddress, type Prefix, prefixContains, prefixOf } from './address.js';
import { docker0Length, type Lease } from './network.js';

/** bridgeNetwork returns the part of a lease that its bridge is in: the first /24 of a block, else all of it. */
export function bridgeNetwork({ subnet, mode }: Pick<Lease, 'subnet' | 'mode'>): Prefix {
  return mode === 'block' ? prefixOf(subnet.network, docker0Length) : subnet;
}

/**
 * dockerRange returns the part of a lease's bridge network that Docker hands out addresses from; undefined: all of it.
 * The rest is for nics and for addresses set with `docker run --ip`.
 */
export function dockerRange(lease: Pick<Lease, 'subnet' | 'mode' | 'dockerLength'>): Prefix | undefined {
  const network = bridgeNetwork(lease);
  const { dockerLength = 0 } = lease;
  return dockerLength > network.length ? prefixOf(network.network, dockerLength) : undefined;
}

/**
 * nicProblem says why an address of a lease can't be a nic's; undefined: it can. Docker must not hand it out, and it is neither
 * the gateway's nor the broadcast address.
 */
export function nicProblem(
  lease: Pick<Lease, 'subnet' | 'mode' | 'dockerLength'>,
  address: Ipv4,
): 'outside' | 'handed out' | 'broadcast' | undefined {
  const network = bridgeNetwork(lease);
  if (!prefixContains(network, address)) return 'outside';
  if (prefixContains(dockerRange(lease) ?? network, address)) return 'handed out';
  return address === lastAddress(network) ? 'broadcast' : undefined;
}
