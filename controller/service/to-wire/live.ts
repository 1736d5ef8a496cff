// What this controller knows of nodes beyond the store.
import type { NodeStatus } from '../../../proto/domain/network.js';
import type { Condition } from '../../../proto/gen/xnet/v1/Condition.js';
import type { HostRefusal } from '../../session/refused-hosts.js';

/** Live is a controller's current knowledge of nodes. */
export type Live = {
  /** Returns the last report of a node that is connected to this controller. */
  readonly statusOf: (nodeId: string) => NodeStatus | undefined;
  /** Reports whether a node is connected to this controller; the store may lag behind. */
  readonly isConnected: (nodeId: string) => boolean;
  /** Number of routed subnets. */
  readonly routes: number;
  /** Returns why this controller refuses a node's host at present. */
  readonly refusalOf?: (nodeId: string) => HostRefusal | undefined;
};

/** conditionsOf returns a node's conditions: those that its host reports, after that the host is refused. */
export function conditionsOf(
  status: Pick<NodeStatus, 'conditions'> | undefined,
  refusal: HostRefusal | undefined,
): readonly Condition[] {
  const reported = status?.conditions ?? [];
  if (refusal === undefined) return reported;
  const { reason, message } = refusal;
  return [{ type: 'Adoption', ok: false, transient: false, reason, message, fix: 'xctl backup adopt' }, ...reported];
}
