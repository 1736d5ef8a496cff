// Holds allocations while the nodes of a restored backup are adopted, since hosts may hold what the backup does not know.
// Pure.
// Invariant: until the adoption has ended, only a host that holds a subnet gets it.
import { formatPrefix } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';

/**
 * heldWhileAdopting returns a decision unchanged, unless nodes are adopted and it would lease a subnet or continue a
 * rollout. A lease that a node already holds may be written again, and a host may be adopted.
 * @param call name of the call: "AddNode"
 * @throws XnetError FailedPrecondition, and the errors of `decide`
 */
export function heldWhileAdopting<D extends { readonly change?: { readonly operations: readonly Operation[] } }>(
  view: ReadonlyView,
  call: string,
  decide: () => D,
): D {
  if (view.adoption === undefined || call === 'AdoptNode') return decide();
  let decision: D;
  try {
    decision = decide();
  } catch (error) {
    // All subnets that the backup does not know of are in quarantine at this time.
    if (error instanceof XnetError && error.code === 'PoolExhausted') throw hold(view, 'a lease');
    throw error;
  }
  const operations = decision.change?.operations ?? [];
  const what = operations.map((operation) => allocated(view, operation)).find((text) => text !== undefined);
  if (what !== undefined) throw hold(view, what);
  return decision;
}

function hold(view: ReadonlyView, what: string): XnetError {
  const awaited = [...view.nodes.keys()].filter((id) => view.isAwaited(id)).length;
  return new XnetError(
    'FailedPrecondition',
    `a backup was restored and its nodes are being adopted (${awaited} have not been seen): ${what} has to wait`,
    { hint: 'see who is missing, and end the adoption: xctl backup adopt' },
  );
}

function allocated(view: ReadonlyView, operation: Operation): string | undefined {
  if (operation.kind !== 'put') return undefined;
  if (operation.key.startsWith('rollouts/')) return 'a rollout';
  const key = parseKey(operation.key);
  if (key?.kind !== 'subnet') return undefined;
  const decoded = decode('subnet', operation.value);
  if ('problem' in decoded || decoded.record.state === 'quarantined') return undefined;
  if (decoded.record.state === 'static') return `a static route to ${formatPrefix(key.subnet)}`;
  const { node } = decoded.record;
  const held = view.leaseClaimsOf(node).some((claim) => claim.key === operation.key);
  return held ? undefined : `a lease of ${formatPrefix(key.subnet)}`;
}
