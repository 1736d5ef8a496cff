// Decides how nodes exchange addresses if their hosts report each other's as their own: two nodes, or more in a ring. Pure.
// Invariant: all addresses of the ring change hands in one transaction, and only while each host has an open connection from
// the address that it is to get: no host gets an address that another one still uses.
import { formatIpv4, type Ipv4 } from '../../proto/domain/address.js';
import { type Event, eventOperation } from '../store/events.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NodeRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import { requireFollowing } from './follow-address.js';
import { asSeen, put } from './guards.js';
import { requireReadable } from './lookup.js';
import type { Decision } from './mutation.js';
import { nodeGuards, requireNewAddress } from './node-leases.js';

/** Exchanged is a node of a ring: its address is the next one's at present. */
export type Exchanged = { readonly nodeId: string; readonly node: NodeRecord; readonly address: Ipv4 };

// A DHCP server that gives new addresses to a whole network leads to short rings. Limited by the size of a commit.
const mostExchanged = 16;

/**
 * ringOf follows the claims that nodes' hosts hold: each to an address of the next node, and the last one to that of the
 * first. Undefined if they lead elsewhere.
 * @param claimed the address that the host of `nodeId` claims
 */
export function ringOf(
  view: ReadonlyView,
  nodeId: string,
  claimed: Ipv4 | undefined = view.sessions.get(nodeId)?.record.claimedAddress,
): readonly Exchanged[] | undefined {
  const ring = new Map<string, Exchanged>();
  let next: string | undefined = nodeId;
  let address = claimed;
  while (next !== undefined && !ring.has(next) && ring.size < mostExchanged) {
    const node: NodeRecord | undefined = view.nodes.get(next)?.record;
    // A claim to its own address is about to be withdrawn: the node has it.
    if (node === undefined || address === undefined || address === node.address) return undefined;
    ring.set(next, { nodeId: next, node, address });
    next = view.nodeOfAddress.get(address);
    address = next === undefined ? undefined : view.sessions.get(next)?.record.claimedAddress;
  }
  return next === nodeId ? [...ring.values()] : undefined;
}

/**
 * decideExchange decides how to give the nodes of a ring the addresses that their hosts claim.
 * @throws XnetError PermissionDenied where a pool does not let hosts change the address of their node;
 * FailedPrecondition
 */
export function decideExchange(view: ReadonlyView, nodeId: string, nowMs: number): Decision {
  const ring = ringOf(view, nodeId);
  if (ring === undefined) return { subject: nodeId };
  for (const { nodeId: id, node, address } of ring) {
    requireReadable(view, keys.node(id), true);
    requireReadable(view, keys.address(node.address), true);
    requireNewAddress(view, address, id, view.nodeOfAddress.get(address));
  }
  const pools = new Set(ring.flatMap(({ nodeId: id, address }) => requireFollowing(view, id, address)));
  const [event, ...others] = ring.map((exchanged) => eventOf(exchanged, ring));
  if (event === undefined) return { subject: nodeId };
  return {
    subject: nodeId,
    change: {
      guards: [
        ...ring.flatMap(({ nodeId: id, node }) => [
          ...nodeGuards(view, id, []),
          asSeen(view, keys.address(node.address)),
          // A host that has lost its connection, or withdrawn its claim, may have its former address again.
          asSeen(view, keys.session(id)),
        ]),
        ...[...pools].map((pool) => asSeen(view, keys.pool(pool))),
      ],
      operations: [
        ...ring.flatMap(({ nodeId: id, node, address }) => [
          put(keys.node(id), encode('node', { ...node, address })),
          put(keys.address(address), encode('address', { node: id })),
        ]),
        ...others.map((other) => eventOperation(other, nowMs)),
      ],
      event,
    },
  };
}

function eventOf({ nodeId, node, address }: Exchanged, ring: readonly Exchanged[]): Event {
  const others = ring.filter((each) => each.nodeId !== nodeId).map((each) => each.node.name);
  return {
    reason: 'AddressFollowed',
    subject: `node/${node.name}`,
    message: `address: ${formatIpv4(node.address)} → ${formatIpv4(address)}, exchanged with ${others.join(', ')}, as their hosts report`,
  };
}
