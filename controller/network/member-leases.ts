// Decides how one node gets or loses its lease for a network. Pure.
// Invariant: the commit guards the network's record, so that no lease is added to a network that changed or is being removed.
import { XnetError } from '../../proto/errors.js';
import { asSeen } from '../registry/guards.js';
import { decideAddLease, type LeaseInput } from '../registry/lease-additions.js';
import { decideEndLease } from '../registry/lease-ends.js';
import type { Decision } from '../registry/mutation.js';
import { keys } from '../store/keys.js';
import type { NetworkRecord } from '../store/records.js';
import { leaseIn, type MemberStep, stepFor } from './members.js';

/** MemberInput is the input of a decision about one node of a network. */
export type MemberInput = Omit<LeaseInput, 'wanted'> & {
  readonly network: string;
  /** Whether the host is connected, as far as this controller knows beyond the store. */
  readonly isConnected: boolean;
};

/**
 * decideMember decides the next change for a network on one node; no change if nothing is due.
 * @throws XnetError as decideAddLease and decideEndLease do
 */
export function decideMember(input: MemberInput): Decision {
  const { view, network, nodeId } = input;
  const record = view.networks.get(network)?.record;
  const step = stepFor(view, network, nodeId);
  if (record === undefined || step === undefined) return { subject: nodeId };
  const { subject, change } = decisionOf(input, record, step);
  if (change === undefined) return { subject };
  return { subject, change: { ...change, guards: [...change.guards, asSeen(view, keys.network(network))] } };
}

/** endProblem returns why a network can't end a node's lease for it; undefined: it can. Pure. */
export function endProblem(input: Pick<MemberInput, 'view' | 'network' | 'nodeId' | 'nowMs'>): XnetError | undefined {
  const { view, network, nodeId } = input;
  if (stepFor(view, network, nodeId) !== 'end') return undefined;
  try {
    decideMember({ ...input, isConnected: false, taken: new Set(), spread: 0 });
    return undefined;
  } catch (error) {
    if (error instanceof XnetError) return error;
    throw error;
  }
}

function decisionOf(input: MemberInput, record: NetworkRecord, step: MemberStep): Decision {
  const { view, nodeId, network, isConnected, nowMs } = input;
  const { pool, bridgeName, removing } = record;
  if (step === 'lease') {
    const wanted = { pool, mode: 'bridge', networkName: network, bridgeName, network } as const;
    return decideAddLease({ ...input, wanted });
  }
  const lease = leaseIn(view, network, nodeId);
  if (lease === undefined) return { subject: nodeId };
  const detach = removing?.disconnect === true;
  const end = { nodeId, subnet: lease.subnet, force: false, isConnected, network, detach };
  return decideEndLease(view, end, nowMs);
}
