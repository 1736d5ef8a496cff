// The identity of a host for `xnetd status`. Pure.
import { formatDuration } from '../../proto/domain/duration.js';
import { certificateOf, type NodeIdentity } from './identity.js';
import { renewalOf } from './renewal-plan.js';

/** IdentityStatus is an identity, as far as it is to be seen. Times are RFC 3339. */
export type IdentityStatus = {
  readonly cluster: string;
  readonly node: string;
  readonly nodeId: string;
  readonly controllers: readonly string[];
  /** Hexadecimal. */
  readonly serial: string;
  readonly certificateFrom: string;
  readonly certificateUntil: string;
  /** When the daemon renews it. */
  readonly renewalAt: string;
  /** How many authorities are trusted: two while one replaces the other. */
  readonly authorities: number;
};

/** identityStatus returns the public part of an identity, without the key. */
export function identityStatus(identity: NodeIdentity): IdentityStatus {
  const { clusterId, nodeName, nodeId, controllers, authority } = identity;
  const { serial, notBeforeMs, notAfterMs } = certificateOf(identity);
  return {
    cluster: clusterId,
    node: nodeName,
    nodeId,
    controllers,
    serial,
    certificateFrom: new Date(notBeforeMs).toISOString(),
    certificateUntil: new Date(notAfterMs).toISOString(),
    renewalAt: new Date(renewalOf(identity)).toISOString(),
    authorities: authority.length,
  };
}

/** identityLine formats the certificate in one line. */
export function identityLine(identity: IdentityStatus | null, nowMs: number): string {
  if (identity === null) return 'none';
  const { certificateUntil, renewalAt } = identity;
  const leftMs = Date.parse(certificateUntil) - nowMs;
  if (leftMs <= 0) return `expired at ${certificateUntil}`;
  const left = formatDuration(Math.ceil(leftMs / 60_000) * 60_000);
  return `until ${certificateUntil} (${left}), to be renewed at ${renewalAt}`;
}
