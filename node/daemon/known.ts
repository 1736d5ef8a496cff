// What the controllers have said: the node's assignment and its route table.
// Invariant: a value never changes; newer knowledge replaces it as a whole.
import { gatewayOf } from '../../proto/domain/address.js';
import type { Assignment } from '../../proto/domain/network.js';
import { bridgeNameOf, type OwnBridge } from '../docker/engine/own-bridge.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { NodeTable } from '../table/node-table.js';

/** Known is what the controllers have said. */
export type Known = { readonly assignment: Assignment | undefined; readonly table: NodeTable | undefined };

/** KnownReader reads the newest Known. */
export type KnownReader = Pick<LiveValue<Known>, 'current'>;

/** ownBridge is the bridge that has this node's subnet; undefined before the first assignment. */
export function ownBridge({ assignment }: Known): OwnBridge | undefined {
  if (assignment === undefined) return undefined;
  return { name: bridgeNameOf(assignment), gateway: gatewayOf(assignment.subnet) };
}
