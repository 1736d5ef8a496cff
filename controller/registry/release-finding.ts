// Decides how to end a record that a check found to belong to a node that does not exist. Pure.
// Invariant: a record is ended only at the revision at which it was found, and while there is no such node.
import { XnetError } from '../../proto/errors.js';
import { keys, parseKey } from '../store/keys.js';
import type { ReadonlyView } from '../view/view.js';
import { absent, asSeen } from './guards.js';
import { type IpamFinding, ipamFindings, repairable } from './ipam-findings.js';
import type { Decision } from './mutation.js';
import { decideRelease } from './release-decisions.js';

/** Releasable identifies a finding of an earlier check. */
export type Releasable = Pick<IpamFinding, 'reason' | 'key' | 'modRevision'>;

/**
 * decideReleaseFinding decides how to end the record of a finding.
 * @throws XnetError InvalidArgument for a finding that can't be released, FailedPrecondition when it no longer applies
 */
export function decideReleaseFinding(
  view: ReadonlyView,
  { reason, key, modRevision }: Releasable,
  nowMs: number,
): Decision {
  const parsed = parseKey(key);
  if (!repairable.has(reason) || parsed === undefined) {
    throw new XnetError(
      'InvalidArgument',
      `a finding ${reason} of ${key === '' ? 'no record' : key} can't be released`,
    );
  }
  const found = ipamFindings(view, () => undefined, nowMs).some((each) => each.key === key && each.reason === reason);
  if (!found || view.modRevisionOf(key) !== modRevision) {
    throw new XnetError(
      'FailedPrecondition',
      `${key} is not as it was found: ${found ? 'it changed since' : 'nothing is wrong with it'}`,
      {
        hint: 'check again: xctl ipam check --report FILE',
      },
    );
  }
  if (parsed.kind === 'subnet') return decideRelease(view, parsed.subnet, nowMs);
  const node = view.ownerOf(key);
  if (node === undefined)
    throw new XnetError('FailedPrecondition', `${key} can't be read`, { hint: 'see: xctl status' });
  return {
    subject: key,
    change: {
      guards: [asSeen(view, key), absent(keys.node(node))],
      operations: [{ kind: 'delete', key }],
      event: { reason: 'RecordReleased', subject: key, message: `it was that of node ${node}, which does not exist` },
    },
  };
}
