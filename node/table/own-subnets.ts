// The subnets that a node's leases give it, and the bridges that they are on. Pure.
// Invariant: a lease of mode lan is not among them: no route leads to it, and no bridge has its first address.
import { gatewayOf, type Ipv4, type Prefix, prefixesEqual, prefixKey } from '../../proto/domain/address.js';
import { type Assignment, docker0Length, type Lease, usesDocker0 } from '../../proto/domain/network.js';

/** OwnSubnet is a subnet of this node and the bridge for its gateway address: "docker0", "xnet0". */
export type OwnSubnet = {
  readonly subnet: Prefix;
  readonly bridge: string;
  /** Of mode block: other bridges have parts of the subnet as well, and this one has the first part, of this length. */
  readonly partLength?: number;
};

/** bridgeNameOf returns the bridge of a lease. Docker's default bridge has no other name where bip is set. */
export function bridgeNameOf({ mode, bridgeName }: Pick<Lease, 'mode' | 'bridgeName'>): string {
  return usesDocker0(mode) ? 'docker0' : bridgeName;
}

/** ownSubnetOf returns the subnet of a lease and its bridge. */
export function ownSubnetOf(lease: Pick<Lease, 'subnet' | 'mode' | 'bridgeName'>): OwnSubnet {
  const part = lease.mode === 'block' ? { partLength: docker0Length } : {};
  return { subnet: lease.subnet, bridge: bridgeNameOf(lease), ...part };
}

function routed(assignment: Pick<Assignment, 'leases'> | undefined): Lease[] {
  return (assignment?.leases ?? []).filter(({ mode }) => mode !== 'lan');
}

/** ownSubnets returns the subnets of all leases, ordered by prefixKey; none before the first assignment. */
export function ownSubnets(assignment: Pick<Assignment, 'leases'> | undefined): readonly OwnSubnet[] {
  const own = routed(assignment).map(ownSubnetOf);
  return own.sort((a, b) => prefixKey(a.subnet) - prefixKey(b.subnet));
}

/** lanSubnets returns the subnets of the leases of mode lan. */
export function lanSubnets(assignment: Pick<Assignment, 'leases'> | undefined): readonly Prefix[] {
  return (assignment?.leases ?? []).flatMap(({ mode, subnet }) => (mode === 'lan' ? [subnet] : []));
}

/** sameSubnets reports whether two lists have the same subnets on the same bridges, in the same order. */
export function sameSubnets(a: readonly OwnSubnet[], b: readonly OwnSubnet[]): boolean {
  const same = (one: OwnSubnet, other: OwnSubnet | undefined) =>
    other !== undefined &&
    one.bridge === other.bridge &&
    one.partLength === other.partLength &&
    prefixesEqual(one.subnet, other.subnet);
  return a === b || (a.length === b.length && a.every((one, index) => same(one, b[index])));
}

const ranks = { 'in force': 0, wanted: 1, ending: 2 } as const;

/**
 * gatewaysInOrder returns the gateway addresses of all leases. The first one that an interface has is the source address of
 * the host's own packets to peers. Ending leases come last, so that the source changes before the address is removed. That of
 * docker0 precedes those of other bridges, so that adding or removing a network changes no route.
 */
export function gatewaysInOrder(assignment: Pick<Assignment, 'leases'> | undefined): readonly Ipv4[] {
  const leases = routed(assignment);
  const others = ({ mode }: Lease) => (usesDocker0(mode) ? 0 : 1);
  leases.sort(
    (a, b) => ranks[a.state] - ranks[b.state] || others(a) - others(b) || prefixKey(a.subnet) - prefixKey(b.subnet),
  );
  return leases.map(({ subnet }) => gatewayOf(subnet));
}
