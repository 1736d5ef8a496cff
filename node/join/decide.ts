// What `xnetd join` does on a host, given what is there already. Pure.
import { XnetError } from '../../proto/errors.js';
import { hasExpired, type NodeIdentity } from '../identity/identity.js';
import type { NodeStanding } from '../uplink/uplink.js';

/** JoinSituation is everything that it depends on. */
export type JoinSituation = {
  /** Of the host; undefined: it has not joined yet. */
  readonly identity: NodeIdentity | undefined;
  /** What the controllers make of it; 'unknown': none of them answered. */
  readonly standing: NodeStanding['is'] | 'unknown';
  /** The host trusts the authority that the token names. */
  readonly trusted: boolean;
  /** The cluster that the token is for, as its controller proved. */
  readonly clusterId: string;
  /** --node */
  readonly nodeName: string | undefined;
  /** A daemon runs on the host. */
  readonly running: boolean;
  /** --force */
  readonly force: boolean;
  readonly nowMs: number;
};

/**
 * planHostJoin decides: the host is what it is to be already, or it joins.
 * @throws XnetError FailedPrecondition when it is something else, and what to do
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
  // A host that was off while the authority was replaced can be told so by nobody but who brings the token.
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
