// Decides how new hardware takes the place of a node's host. Pure.
// Invariant: the node keeps its id, name, labels and subnets. In one transaction the former host loses every certificate
// and every lease gets the next generation, so that host neither reports nor renews again, whenever it comes back.
import { formatIpv4, type Ipv4 } from '../../proto/domain/address.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { withoutDrain } from './drain-node.js';
import { absent, asSeen, put } from './guards.js';
import { hostGuards } from './lan.js';
import { requireDecodable, requireNode } from './lookup.js';
import type { Decision } from './mutation.js';
import { requireNewAddress } from './node-leases.js';

/** ReplaceInput is everything that the decision on a replacement depends on. */
export type ReplaceInput = {
  readonly view: ReadonlyView;
  readonly nodeId: string;
  /** Node address of the new host. */
  readonly address: Ipv4;
  /** Further writes of the same transaction: the token for the new host. */
  readonly also: readonly Operation[];
  readonly nowMs: number;
};

/**
 * decideReplace decides how a node's host is replaced.
 * @throws XnetError NotFound; AlreadyExists and FailedPrecondition for the address
 */
export function decideReplace({ view, nodeId, address, also, nowMs }: ReplaceInput): Decision {
  const node = requireNode(view, nodeId);
  requireDecodable(view, keys.node(nodeId));
  const moved = address !== node.address;
  if (moved) requireNewAddress(view, address, nodeId);
  const availability = node.drain?.before ?? (node.availability === 'cordoned' ? 'cordoned' : 'active');
  const record: NodeRecord = { ...withoutDrain(node), address, availability };
  const leases = leasesOf(view, nodeId);
  const denied = denialsOf(view, nodeId, nowMs);
  const moving: readonly Guard[] = [
    absent(keys.address(address)),
    asSeen(view, keys.address(node.address)),
    { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
    ...hostGuards(view, address),
  ];
  return {
    subject: nodeId,
    change: {
      guards: [
        asSeen(view, keys.node(nodeId)),
        // If the former host connects or renews meanwhile, the decision is made again.
        asSeen(view, keys.session(nodeId)),
        ...denied.guards,
        ...leases.map(({ pool, subnet }) => asSeen(view, keys.subnet(pool, subnet))),
        ...(moved ? moving : []),
      ],
      operations: [
        put(keys.node(nodeId), encode('node', record)),
        ...leases.map(({ pool, subnet, record: lease }) =>
          put(
            keys.subnet(pool, subnet),
            encode('subnet', { ...lease, generation: lease.generation + 1, sinceMs: nowMs }),
          ),
        ),
        ...denied.operations,
        ...[keys.status(nodeId), keys.session(nodeId), keys.absence(nodeId)].map((key) => ({
          kind: 'delete' as const,
          key,
        })),
        ...(moved
          ? [
              put(keys.address(address), encode('address', { node: nodeId })),
              { kind: 'delete' as const, key: keys.address(node.address) },
            ]
          : []),
        ...also,
      ],
      event: {
        reason: 'NodeReplaced',
        subject: `node/${node.name}`,
        message: `its host at ${formatIpv4(node.address)} is fenced; a new one joins at ${formatIpv4(address)}`,
      },
    },
  };
}

// The certificates of the former host, with those that they replaced and that have not expired.
function denialsOf(
  view: ReadonlyView,
  nodeId: string,
  nowMs: number,
): { readonly guards: readonly Guard[]; readonly operations: readonly Operation[] } {
  const held = [...(view.certificatesOfNode.get(nodeId) ?? [])].flatMap((serial) => {
    const record = view.certificates.get(serial)?.record;
    return record === undefined ? [] : [{ serial, record }];
  });
  const line = held.flatMap(({ serial, record }) => [
    { serial, notAfterMs: record.notAfterMs },
    ...(record.replaced ?? []),
  ]);
  return {
    guards: held.map(({ serial }) => asSeen(view, keys.certificate(serial))),
    operations: [
      ...held.map(({ serial }) => ({ kind: 'delete' as const, key: keys.certificate(serial) })),
      ...line
        .filter(({ notAfterMs }) => notAfterMs > nowMs)
        .map(({ serial, notAfterMs }) =>
          put(
            keys.revoked(serial),
            encode('revoked', { role: 'node', id: nodeId, atMs: nowMs, untilMs: notAfterMs, replaced: true }),
          ),
        ),
    ],
  };
}
