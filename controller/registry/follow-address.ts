// Decides whether a node gets the address that its own host reports. Pure.
// Invariant: an operator allowed it for every pool that the node has a lease of; the address is the one that the host
// calls from, and no other node has it.
import { formatIpv4, type Ipv4 } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { decideSet } from './change-node.js';
import { asSeen } from './guards.js';
import { requireNode } from './lookup.js';
import type { Decision } from './mutation.js';

/** Claimed is an address that a host reports as its own. */
export type Claimed = {
  readonly address: Ipv4;
  /** The address that it calls from: "192.168.83.7"; empty: unknown. */
  readonly source: string;
};

/**
 * decideFollow decides how to give a node another address.
 * @throws XnetError NotFound, PermissionDenied, AlreadyExists, FailedPrecondition
 */
export function decideFollow(view: ReadonlyView, nodeId: string, { address, source }: Claimed): Decision {
  const { name, address: before } = requireNode(view, nodeId);
  if (before === address) return { subject: nodeId };
  const text = formatIpv4(address);
  const pools = requireFollowing(view, nodeId, address);
  if (source !== text) {
    throw new XnetError('PermissionDenied', `its host calls from ${source === '' ? 'an unknown address' : source}`, {
      hint: `if the address is right: xctl nodes set ${name} --address ${text}`,
    });
  }
  const { change } = decideSet(view, nodeId, { address, setLabels: {}, removeLabels: [] });
  if (change === undefined) return { subject: nodeId };
  return {
    subject: nodeId,
    change: {
      ...change,
      guards: [...change.guards, ...pools.map((pool) => asSeen(view, keys.pool(pool)))],
      event: { ...change.event, reason: 'AddressFollowed', message: `${change.event.message}, as its host reports` },
    },
  };
}

/**
 * requireFollowing checks that each pool of a node's leases allows the host to change the node's address, and returns these
 * pools.
 * @throws XnetError NotFound, PermissionDenied
 */
export function requireFollowing(view: ReadonlyView, nodeId: string, address: Ipv4): readonly string[] {
  const { name } = requireNode(view, nodeId);
  const pools = [...new Set(leasesOf(view, nodeId).map(({ pool }) => pool))];
  const closed = pools.find((pool) => view.pools.get(pool)?.record.followAddress !== true);
  if (closed === undefined && pools.length > 0) return pools;
  throw new XnetError('PermissionDenied', `pool ${closed ?? ''} does not let hosts change the address of their node`, {
    hint: `xctl nodes set ${name} --address ${formatIpv4(address)}, or for all hosts of the pool: xctl pools set ${closed ?? 'POOL'} --follow-address on`,
  });
}
