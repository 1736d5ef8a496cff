// Compares the networks that nodes report for their hosts with the subnets of pools. Pure.
// Invariant: a network of one node's host never keeps another node from a subnet: such subnets are chosen last, with a warning.
import { formatPrefix, type Prefix, prefixCovers, prefixesEqual } from '../../proto/domain/address.js';
import type { HostNetwork, Lan, Mode } from '../../proto/domain/network.js';
import type { ReadonlyHostNetworks } from '../view/host-networks.js';
import { poolOf } from '../view/pool-of.js';
import type { ReadonlyView } from '../view/view.js';
import { isOfLan } from './lan.js';

/** NodeNetwork is a network on a node's host, and the node's name. */
export type NodeNetwork = HostNetwork & { readonly nodeName: string };

type Hosts = Pick<ReadonlyView, 'nodes'> & { readonly hostNetworks: ReadonlyHostNetworks };

/** nodeNetworks returns the reported networks that overlap a range. */
export function nodeNetworks({ nodes, hostNetworks }: Hosts, range: Prefix): readonly NodeNetwork[] {
  return hostNetworks.overlapping(range).flatMap(({ prefix, sources }) =>
    [...sources].flatMap(([id, source]) => {
      const nodeName = nodes.get(id)?.record.name;
      return nodeName === undefined ? [] : [{ prefix, source, nodeName }];
    }),
  );
}

/** Placement holds how a node realises a lease; `subnet` is the one that the node already has, if any. */
export type Placement = {
  readonly mode: Mode;
  readonly bridgeName: string;
  readonly subnet?: Prefix;
  /** Of mode lan. */
  readonly lan?: Lan;
};

/**
 * hindering returns the networks of a host that its subnet must not overlap: all except the LAN that it is in, that of its
 * own bridge, which gets the subnet (docker0 in mode bip and block), and those that Docker made in its block. In mode bridge,
 * docker0 may still have the same lease from mode bip.
 */
export function hindering(
  networks: readonly HostNetwork[],
  { mode, bridgeName, subnet, lan }: Placement,
): readonly HostNetwork[] {
  return networks.filter(({ prefix, source }) => {
    if (isOfLan(lan, prefix)) return false;
    if (source === `interface ${bridgeName}`) return false;
    if (mode === 'block' && subnet !== undefined && prefixCovers(subnet, prefix)) return false;
    return (
      source !== 'interface docker0' ||
      ((mode === 'bridge' || mode === 'lan') && !(subnet && prefixesEqual(prefix, subnet)))
    );
  });
}

const examples = 3;

/** overlapWarnings returns a warning for each node that will not route to a subnet. */
export function overlapWarnings(view: ReadonlyView, nodeName: string, subnet: Prefix): string[] {
  // No host routes to a subnet of the LAN, whatever networks it has.
  if (poolOf(view, subnet)?.[1].record.mode === 'lan') return [];
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
