// The records before and after a mutation, for the audit log. Pure.
// Invariant: only records without secrets are shown; of all others it is only recorded that they changed.
import { prefixKey } from '../../proto/domain/address.js';
import { parseKey } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';

/** RecordChanges are records by key; null: absent, "…": present but not shown. */
export type RecordChanges = {
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
};

const untold = '…';

/** recordChanges returns the effect of a commit on the records of a view. */
export function recordChanges(view: ReadonlyView, operations: readonly Operation[]): RecordChanges {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const operation of operations) {
    if (operation.kind === 'deleteAll') {
      before[operation.prefix] = untold;
      after[operation.prefix] = null;
      continue;
    }
    const kind = parseKey(operation.key)?.kind;
    // Names and addresses add nothing to the node's record.
    if (kind === 'name' || kind === 'address' || kind === 'event' || kind === 'operation') continue;
    const isTold = kind === 'node' || kind === 'pool' || kind === 'subnet' || kind === 'approval' || kind === 'network';
    before[operation.key] = isTold ? textBefore(view, operation.key) : untold;
    if (operation.kind === 'delete') after[operation.key] = null;
    else after[operation.key] = isTold ? parsed(operation.value) : untold;
  }
  return { before, after };
}

function textBefore(view: ReadonlyView, text: string): unknown {
  const key = parseKey(text);
  if (key?.kind === 'node') {
    const held = view.nodes.get(key.id);
    return held === undefined ? null : parsed(encode('node', held.record));
  }
  if (key?.kind === 'approval') {
    return view.approval === undefined ? null : parsed(encode('approval', view.approval.record));
  }
  if (key?.kind === 'network') {
    const held = view.networks.get(key.name);
    return held === undefined ? null : parsed(encode('network', held.record));
  }
  if (key?.kind === 'pool') {
    const held = view.pools.get(key.name);
    return held === undefined ? null : parsed(encode('pool', held.record));
  }
  if (key?.kind === 'subnet') {
    const held = view.subnets.get(prefixKey(key.subnet));
    return held === undefined ? null : parsed(encode('subnet', held.record));
  }
  return null;
}

function parsed(json: string): unknown {
  return JSON.parse(json);
}
