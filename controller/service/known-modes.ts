// Whether the daemon of a node can read its assignment. Pure.
import type { Assignment } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { Mode__Output } from '../../proto/gen/xnet/v1/Mode.js';

/**
 * requireKnownModes checks that a daemon knows the modes of its node's leases. Daemons older than mode lan do not report
 * which modes they know.
 * @throws XnetError FailedPrecondition
 */
export function requireKnownModes({ nodeName, leases }: Assignment, known: readonly Mode__Output[]): void {
  if (known.includes('MODE_LAN') || !leases.some(({ mode }) => mode === 'lan')) return;
  throw new XnetError('FailedPrecondition', `xnetd on ${nodeName} does not support mode lan`, {
    hint: 'upgrade xnetd on the host; it keeps what it has until then',
  });
}
