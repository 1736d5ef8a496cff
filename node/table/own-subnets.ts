// The subnets that a node's leases give it, and the bridges that they are on. Pure.
import { gatewayOf, type Ipv4, type Prefix, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import type { Assignment, Lease } from '../../proto/domain/network.js';

/** OwnSubnet is a subnet of this node and the bridge for its gateway address: "docker0", "xnet0". */
export type OwnSubnet = { readonly subnet: Prefix; readonly bridge: string };

/** bridgeNameOf returns the bridge of a lease. Docker's default bridge has no other name where bip is set. */
export function bridgeNameOf({ mode, bridgeName }: Pick<Lease, 'mode' | 'bridgeName'>): string {
  return mode === 'bip' ? 'docker0' : bridgeName;
}

/** ownSubnets returns the subnets of all leases, ordered by prefixKey; none before the first assignment. */
export function ownSubnets(assignment: Pick<Assignment, 'leases'> | undefined): readonly OwnSubnet[] {
  const own = (assignment?.leases ?? []).map((lease) => ({ subnet: lease.subnet, bridge: bridgeNameOf(lease) }));
  return own.sort((a, b) => prefixKey(a.subnet) - prefixKey(b.subnet));
}

/** sameSubnets reports whether two lists have the same subnets on the same bridges, in the same order. */
export function sameSubnets(a: readonly OwnSubnet[], b: readonly OwnSubnet[]): boolean {
  const same = (one: OwnSubnet, other: OwnSubnet | undefined) =>
    other !== undefined && one.bridge === other.bridge && prefixesEqual(one.subnet, other.subnet);
  return a === b || (a.length === b.length && a.every((one, index) => same(one, b[index])));
}

const ranks = { 'in force': 0, wanted: 1, ending: 2 } as const;

/**
 * gatewaysInOrder returns the gateway addresses of all leases. The first one that an interface has is the source of what
 * the host itself sends to peers: a lease that ends comes last, so that the source changes before the address goes.
 */
export function gatewaysInOrder(assignment: Pick<Assignment, 'leases'> | undefined): readonly Ipv4[] {
  const leases = [...(assignment?.leases ?? [])];
  leases.sort((a, b) => ranks[a.state] - ranks[b.state] || prefixKey(a.subnet) - prefixKey(b.subnet));
  return leases.map(({ subnet }) => gatewayOf(subnet));
}
