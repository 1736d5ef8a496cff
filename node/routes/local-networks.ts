// The host's own networks: no route to a peer may divert their traffic. Pure.
// Invariant: excludes the bridges of the node's own subnets, whatever addresses they have, the networks within a block, and
// addresses without a network (a /32), which the kernel delivers locally before it looks up any route.
import { formatPrefix, type Prefix, prefixCovers, prefixesOverlap, prefixKey } from '../../proto/domain/address.js';
import { linkName } from '../kernel/link-name.js';
import type { KernelMirror } from '../kernel/mirror.js';
import { type Address, linkFlags } from '../kernel/route-kernel.js';
import type { DesiredRoutes } from './desired.js';

/** LocalNetwork is a network of the host and its interface: "10.76.4.0/22 of br-shop". */
export type LocalNetwork = { readonly prefix: Prefix; readonly what: string };

/** localNetworks lists the host's networks that overlap the desired destinations. */
export function localNetworks(
  { underlay, own, ranges }: Pick<DesiredRoutes, 'underlay' | 'own' | 'ranges'>,
  { links, addresses }: Pick<KernelMirror, 'links' | 'addresses'>,
): readonly LocalNetwork[] {
  const bridges = new Set(own.map(({ bridge }) => bridge));
  const isConnected = ({ ifindex, address, prefix }: Address) => {
    if (ifindex === underlay?.ifindex) return true;
    const link = links.get(ifindex);
    if (link === undefined || bridges.has(link.name) || (link.flags & linkFlags.loopback) !== 0) return false;
    // The network of a point-to-point address is its other end: a single host.
    return (link.flags & linkFlags.up) !== 0 && !(prefix.length === 32 && prefix.network === address);
  };
  const found = new Map<number, LocalNetwork>();
  const isInBlock = (prefix: Prefix) =>
    own.some(({ subnet, partLength }) => partLength !== undefined && prefixCovers(subnet, prefix));
  for (const address of addresses.filter(isConnected)) {
    const { prefix, ifindex } = address;
    if (isInBlock(prefix)) continue;
    if (!ranges.some((range) => prefixesOverlap(range, prefix))) continue;
    const what = `${formatPrefix(prefix)} of ${linkName(links, ifindex)}`;
    if (!found.has(prefixKey(prefix))) found.set(prefixKey(prefix), { prefix, what });
  }
  for (const { subnet } of own) found.set(prefixKey(subnet), { prefix: subnet, what: "this host's own subnet" });
  return [...found.values()];
}

/** overlapped is the local network that a destination overlaps; undefined: none. */
export function overlapped(networks: readonly LocalNetwork[], destination: Prefix): LocalNetwork | undefined {
  return networks.find(({ prefix }) => prefixesOverlap(prefix, destination));
}

/**
 * hiddenBy returns the local network that a pool's unreachable route would partly shadow; undefined: none. A network of the
 * pool's length or longer precedes that route anyway.
 */
export function hiddenBy(networks: readonly LocalNetwork[], pool: Prefix): LocalNetwork | undefined {
  return networks.find(({ prefix }) => prefix.length < pool.length && prefixCovers(prefix, pool));
}
