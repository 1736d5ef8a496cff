// Decides what `xnetd join` does on a host, given its present state. Pure.
import { XnetError } from '../../proto/errors.js';
import { hasExpired, type NodeIdentity } from '../identity/identity.js';
import type { NodeStanding } from '../uplink/uplink.js';

/** JoinSituation holds everything that the decision depends on. */
export type JoinSituation = {
  /** The host's identity; undefined if it has not joined yet. */
  readonly identity: NodeIdentity | undefined;
  /** The host's standing with the controllers; 'unknown' if none answered. */
  readonly standing: NodeStanding['is'] | 'unknown';
  /** Whether the host trusts the authority that the token names. */
  readonly trusted: boolean;
  /** The cluster of the token, as its controller proved. */
  readonly clusterId: string;
  /** --node */
  readonly nodeName: string | undefined;
  /** Whether a daemon runs on the host. */
  readonly running: boolean;
  /** --force */
  readonly force: boolean;
  readonly nowMs: number;
};

/**
 * planHostJoin decides whether the host already is the requested node or has to join.
 * @throws XnetError FailedPrecondition when it is another node, with what to do
 */
export function planHostJoin(situation: JoinSituation): 'already' | 'join' {
  const { identity, standing, trusted, clusterId, nodeName, running, force, nowMs } = situation;
  if (identity === undefined) return 'join';
  const others = identity.clusterId !== clusterId;
  if ((others || force) && running) {
    throw new XnetError(
      'FailedPrecondition',
      `xnetd runs here, as node ${identity.nodeName} of cluster ${identity.clusterId}`,
      {
        hint: others ? 'have this host leave that cluster first: xnetd leave' : 'stop it first: systemctl stop xnetd',
      },
    );
  }
  if (force) return 'join';
  if (others) {
    throw new XnetError(
      'FailedPrecondition',
      `this host is node ${identity.nodeName} of another cluster, ${identity.clusterId}`,
      {
        hint: 'have it leave that one first: xnetd leave. If that cluster is gone: xnetd join --force',
      },
    );
  }
  // A host that was off during a rotation of the authority learns of the new one only from a token.
  const useless = hasExpired(identity, nowMs) || (standing === 'unknown' && !trusted);
  if (useless || standing === 'refused' || standing === 'removed') return 'join';
  if (nodeName !== undefined && nodeName !== identity.nodeName) {
    throw new XnetError(
      'FailedPrecondition',
      `this host is node ${identity.nodeName} of this cluster, not ${nodeName}`,
      {
        hint: `have it leave first: xnetd leave. Or leave out --node to keep ${identity.nodeName}`,
      },
    );
  }
  return 'already';
}
