// The networks that nodes report of their hosts, against the subnets of pools. Pure.
// Invariant: what one node reports keeps no other node from a subnet: it is given last, and said so.
import { formatPrefix, type Prefix, prefixesEqual } from '../../proto/domain/address.js';
import type { HostNetwork, Mode } from '../../proto/domain/network.js';
import type { ReadonlyHostNetworks } from '../view/host-networks.js';
import type { ReadonlyView } from '../view/view.js';

/** NodeNetwork is a network on a node's host, and the node's name. */
export type NodeNetwork = HostNetwork & { readonly nodeName: string };

type Hosts = Pick<ReadonlyView, 'nodes'> & { readonly hostNetworks: ReadonlyHostNetworks };

/** nodeNetworks lists those that overlap a range, by what the nodes have reported last. */
export function nodeNetworks({ nodes, hostNetworks }: Hosts, range: Prefix): readonly NodeNetwork[] {
  return hostNetworks.overlapping(range).flatMap(({ prefix, sources }) =>
    [...sources].flatMap(([id, source]) => {
      const nodeName = nodes.get(id)?.record.name;
      return nodeName === undefined ? [] : [{ prefix, source, nodeName }];
    }),
  );
}

/** Placement is how a node realises a lease; `subnet` is the one that it has already, if any. */
export type Placement = { readonly mode: Mode; readonly bridgeName: string; readonly subnet?: Prefix };

/**
 * hindering are the networks of a host that keep it from having a subnet. Its own bridge does not, which gets the subnet,
 * nor does docker0 in mode bip; nor what is left on docker0 of the same lease in that mode.
 */
export function hindering(
  networks: readonly HostNetwork[],
  { mode, bridgeName, subnet }: Placement,
): readonly HostNetwork[] {
  return networks.filter(({ prefix, source }) => {
    if (source === `interface ${bridgeName}`) return false;
    return source !== 'interface docker0' || (mode === 'bridge' && !(subnet && prefixesEqual(prefix, subnet)));
  });
}

const examples = 3;

/** overlapWarnings say which nodes will not route to a subnet; none: all will. */
export function overlapWarnings(view: Hosts, nodeName: string, subnet: Prefix): string[] {
  const others = nodeNetworks(view, subnet).filter((network) => network.nodeName !== nodeName);
  if (others.length === 0) return [];
  const list = others
    .slice(0, examples)
    .map((network) => `${formatPrefix(network.prefix)} of ${network.source} on node ${network.nodeName}`);
  const more = others.length > examples ? ` and ${others.length - examples} more` : '';
  return [
    `${formatPrefix(subnet)} overlaps ${list.join(', ')}${more}: these hosts will not route to it; renumber their ` +
      'networks, or lease another subnet with --subnet',
  ];
}
