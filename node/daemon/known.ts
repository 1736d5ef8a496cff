// The state from the controllers: the node's assignment and its route table, or a fence.
// Invariant: a value never changes; newer knowledge replaces it as a whole.
import type { Assignment, Version } from '../../proto/domain/network.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { Fenced } from '../table/fence.js';
import type { NodeTable } from '../table/node-table.js';

/** Known is the newest state from the controllers. */
export type Known = {
  readonly assignment: Assignment | undefined;
  readonly table: NodeTable | undefined;
  /** A controller has confirmed the table in this process; false: it is from the cache. */
  readonly isConfirmed: boolean;
  /** Withdrawals up to this version are approved by an operator, as a controller has said in this process. */
  readonly approved?: Version | undefined;
  /** The host is no longer its node: nothing of the above is in force. */
  readonly fenced?: Fenced | undefined;
};

/** KnownReader reads the newest Known. */
export type KnownReader = Pick<LiveValue<Known>, 'current'>;
