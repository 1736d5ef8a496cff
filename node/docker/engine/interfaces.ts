// The host's network interfaces and their IPv4 addresses, including those that are down, as docker0 is without
// containers.
// Invariant: read-only.
import type { Ipv4 } from '../../../proto/domain/address.js';
import { messageOf, XnetError } from '../../../proto/errors.js';
import type { KernelMirror } from '../../kernel/mirror.js';

/** HostInterface is one network interface with its IPv4 addresses and their prefix lengths. */
export type HostInterface = {
  /** "docker0" */
  readonly name: string;
  readonly addresses: readonly { readonly address: Ipv4; readonly length: number }[];
};

/**
 * interfacesOf lists the interfaces that a mirror of the kernel has at this moment.
 * @throws XnetError Internal when the kernel does not answer
 */
export async function interfacesOf(
  mirror: Pick<KernelMirror, 'links' | 'addresses' | 'refresh'>,
): Promise<readonly HostInterface[]> {
  try {
    await mirror.refresh();
  } catch (error) {
    throw new XnetError('Internal', `the interfaces of the host can't be listed: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const found = new Map<number, { address: Ipv4; length: number }[]>();
  for (const { ifindex, address, prefix } of mirror.addresses) {
    const addresses = found.get(ifindex) ?? [];
    addresses.push({ address, length: prefix.length });
    found.set(ifindex, addresses);
  }
  return [...mirror.links.values()].map(({ name, ifindex }) => ({ name, addresses: found.get(ifindex) ?? [] }));
}
