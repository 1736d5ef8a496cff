// Decides how named networks are removed. Pure.
// Invariant: no lease is ended here, and the record is deleted when no node has a lease for it any more.
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { asSeen } from '../registry/guards.js';
import type { Decision } from '../registry/mutation.js';
import { keys, prefixes } from '../store/keys.js';
import { unknownFields } from '../store/record-codec.js';
import type { NetworkRecord } from '../store/records.js';
import type { Guard } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { requireAnotherLease, requireNetwork, rewritten } from './decisions.js';
import { holdersOfNetwork } from './members.js';

/** NetworkUser is a node whose containers are attached to a network: its name, and theirs as far as they are known. */
export type NetworkUser = { readonly node: string; readonly containers: readonly string[] };

/**
 * decideRemoveNetwork decides how to remove a network: its leases end, and the record goes with the last of them.
 * @param users the nodes with containers on it
 * @throws XnetError NotFound; FailedPrecondition while containers are attached, unless `disconnect`
 */
export function decideRemoveNetwork(
  view: ReadonlyView,
  name: string,
  { disconnect, users }: { readonly disconnect: boolean; readonly users: readonly NetworkUser[] },
  nowMs: number,
): Decision {
  const before = requireNetwork(view, name);
  const { removing } = before;
  if (removing !== undefined && (!disconnect || removing.disconnect)) return { subject: name };
  if (users.length > 0 && !disconnect) {
    throw new XnetError(
      'FailedPrecondition',
      `network ${name} has active endpoints on ${counted(users.length, 'node', 'nodes')}`,
      {
        problems: users
          .slice(0, 20)
          .map(({ node, containers }) => `${node}: ${containers.length === 0 ? 'containers' : containers.join(', ')}`),
        hint: `stop or detach these containers, or have xnet detach them: xctl networks remove ${name} --disconnect`,
      },
    );
  }
  const holders = holdersOfNetwork(view, name);
  requireAnotherLease(view, name, holders);
  if (holders.size === 0) return gone(view, name, before);
  const record = {
    ...unknownFields('network', before),
    ...before,
    removing: { sinceMs: removing?.sinceMs ?? nowMs, disconnect },
  };
  const how = disconnect ? 'containers are detached' : 'its leases end when no container is attached';
  return rewritten(view, name, record, { reason: 'NetworkRemoving', subject: `network/${name}`, message: how });
}

/** decideForgetNetwork decides how to delete the record of a network whose removal is done; no change while a lease is left. */
export function decideForgetNetwork(view: ReadonlyView, name: string): Decision {
  const record = view.networks.get(name)?.record;
  const isDone = record?.removing !== undefined && holdersOfNetwork(view, name).size === 0;
  return isDone ? gone(view, name, record) : { subject: name };
}

// Adding a lease guards this record: once the network is being removed, none is added any more.
function gone(view: ReadonlyView, name: string, { pool, removing }: NetworkRecord): Decision {
  const noLease: Guard = { kind: 'unchanged', prefix: prefixes.subnetsOf(pool), since: view.revision };
  return {
    subject: name,
    change: {
      guards: [asSeen(view, keys.network(name)), ...(removing === undefined ? [noLease] : [])],
      operations: [{ kind: 'delete', key: keys.network(name) }],
      event: { reason: 'NetworkRemoved', subject: `network/${name}`, message: `pool ${pool}` },
    },
  };
}
