// What a host would get by joining, as a controller says before the host joins. Pure.
// Invariant: wire values are validated here; an invalid one throws Corrupt. However much a controller says, the host asks a
// bounded number of other hosts.
import {
  formatPrefix,
  type Ipv4,
  type Prefix,
  parseIpv4,
  parsePrefix,
  prefixesEqual,
} from '../../proto/domain/address.js';
import type { Lease } from '../../proto/domain/network.js';
import { escaped, quoted } from '../../proto/domain/text.js';
import type { PreviewJoinResponse__Output } from '../../proto/gen/xnet/v1/PreviewJoinResponse.js';
import { corrupt } from '../../proto/rpc/convert.js';
import { assignedLeaseFromWire } from '../../proto/rpc/convert-assignment.js';
import { checkEndpoint } from '../../proto/rpc/endpoint.js';
import { mostPreviewPeers } from '../../proto/rpc/limits.js';
import type { TcpEndpoint } from './call.js';

/** JoinPreview is what a host would get by joining. */
export type JoinPreview = {
  readonly nodeName: string;
  /** The node's address. */
  readonly address: Ipv4;
  readonly leases: readonly Lease[];
  /** All pools. */
  readonly pools: readonly Prefix[];
  /** Addresses of other hosts that are connected; of a large fleet, some. */
  readonly peers: readonly Ipv4[];
  /** Number of other nodes. */
  readonly fleet: number;
  /** For all calls except joining. */
  readonly controllers: readonly TcpEndpoint[];
};

// The host connects to each.
const mostControllers = 16;

function valid<T>(parse: (text: string) => T | undefined, text: string): T {
  const value = parse(text);
  if (value === undefined) throw corrupt(quoted(text));
  return value;
}

/** previewFromWire returns the preview of a message; throws Corrupt. */
export function previewFromWire(wire: PreviewJoinResponse__Output): JoinPreview {
  return {
    nodeName: wire.nodeName,
    address: valid(parseIpv4, wire.address),
    leases: wire.leases.map(assignedLeaseFromWire),
    pools: wire.pools.map((text) => valid(parsePrefix, text)),
    peers: wire.peers.slice(0, mostPreviewPeers).map((text) => valid(parseIpv4, text)),
    fleet: wire.nodes,
    controllers: wire.controllers.slice(0, mostControllers).flatMap((text) => {
      const checked = checkEndpoint(text);
      return 'value' in checked && checked.value.kind === 'tcp' ? [checked.value] : [];
    }),
  };
}

/** previewText says what a host would be and get: "web-1 with 10.76.3.0/24 (bip)". */
export function previewText({ nodeName, leases }: Pick<JoinPreview, 'nodeName' | 'leases'>): string {
  const texts = leases.map(({ subnet, mode }) => `${formatPrefix(subnet)} (${mode})`);
  return `${escaped(nodeName)} with ${texts.length === 0 ? 'no subnet yet' : texts.join(', ')}`;
}

/**
 * foresaw reports whether a preview had the subnet that the host got. Another host may have joined in between and got that of
 * the preview.
 * @param subnet of the answer: "10.76.3.0/24"; empty: the controller did not say
 */
export function foresaw({ leases }: Pick<JoinPreview, 'leases'>, subnet: string): boolean {
  const got = parsePrefix(subnet);
  return got === undefined || leases.some((lease) => prefixesEqual(lease.subnet, got));
}
