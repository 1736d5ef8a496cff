// `xnetd leave`: the running daemon leaves if there is one, else this process.
import { XnetError } from '../../proto/errors.js';
import { makeLog } from '../../proto/process/log.js';
import { problemText } from '../../proto/process/problem.js';
import { untilSignal } from '../../proto/process/program.js';
import { openHost } from '../host/host.js';
import { lockState } from '../host/lock.js';
import { readIdentity } from '../identity/folder.js';
import { type Membership, needsIdentity, requireMember } from '../identity/membership.js';
import { isLeaving, leave, type Undone, undoMarked } from '../leave/leave.js';
import { removeLeftOvers } from '../leave/own-files.js';
import type { NodeSettings } from '../settings/settings.js';
import { readCache } from '../table/cache.js';
import { askToLeave } from './ask-daemon.js';
import { hostSettings, localSocketPath } from './host-settings.js';

/** LeaveFlags are the flags of `xnetd leave`. */
export type LeaveFlags = { readonly force: boolean; readonly local: boolean };

/**
 * memberToLeave returns the membership of a host that leaves. It names no controllers if none is to be called: if
 * `localOnly`, or if an earlier leave was killed after it had removed the cache and the identity.
 * @throws XnetError FailedPrecondition if the cache exists, but an identity that the controllers require does not; as
 *   requireMember does
 */
export async function memberToLeave(
  settings: NodeSettings,
  localOnly: boolean,
  cachedName: string | undefined,
): Promise<Membership> {
  const nobody: Membership = { node: settings.node ?? cachedName ?? '', controllers: [] };
  if (localOnly) return nobody;
  const identity = await readIdentity(settings.stateDir);
  if (identity === undefined && cachedName === undefined && (await isLeaving(settings.stateDir))) {
    return nobody;
  }
  if (cachedName !== undefined && needsIdentity(settings, identity)) throw identityLost(cachedName);
  return requireMember({ ...settings, node: settings.node ?? (identity ? undefined : cachedName) }, identity);
}

function identityLost(name: string): XnetError {
  const message = `this host is node ${name}, but its identity is lost: it can't end its lease`;
  return new XnetError('FailedPrecondition', message, {
    hint: `undo everything here with: xnetd leave --local\nthen, on a machine with xctl: xctl nodes remove ${name}`,
  });
}

// Without an identity and a cache, the node is unknown: no lease can be ended, and no controller would accept the call.
async function isUnknown({ stateDir }: NodeSettings): Promise<boolean> {
  if ((await readIdentity(stateDir)) !== undefined || (await isLeaving(stateDir))) return false;
  return (await readCache(stateDir)) === undefined;
}

/**
 * leftUnknown reports what was undone on a host that does not know which node it is, and what is left to do. Pure.
 * @param name the node's name from the settings; undefined if not set
 */
export function leftUnknown({ changes, findings }: Undone, name: string | undefined): XnetError {
  const undone =
    changes === 0
      ? "nothing that carries xnet's mark was found on it"
      : `what carried xnet's mark on it was removed (${changes} ${changes === 1 ? 'change' : 'changes'})`;
  const message =
    'this host has not joined a cluster, or its identity and its cache are lost: ' +
    `${undone}, and no controller was notified`;
  const problems = findings.map(({ message: text, fix = null }) => `not removed: ${problemText({ text, fix })}`);
  const again = findings.length === 0 ? [] : ['correct what is listed above and run xnetd leave again'];
  return new XnetError('FailedPrecondition', message, { problems, hint: [...again, removeHint(name)].join('\n') });
}

function removeHint(name: string | undefined): string {
  return `if it was a node, end its lease on a machine with xctl: xctl nodes remove ${name ?? 'NAME'}`;
}

// The daemon has left, but never received a lease.
function leftWithoutLease(name: string | undefined): XnetError {
  const message =
    `${name ?? 'this host'} has no lease from a controller yet: ` +
    "xnet's marked objects were removed, and no controller was notified";
  return new XnetError('FailedPrecondition', message, { hint: removeHint(name) });
}

/**
 * leaveFleet undoes everything xnet made on this host and ends the lease. Progress goes to standard error.
 * @returns undefined when the host has left; else why no controller was called, see leftUnknown
 * @throws XnetError what leave() throws
 */
export async function leaveFleet(settings: NodeSettings, flags: LeaveFlags): Promise<XnetError | undefined> {
  const began = performance.now();
  const onStep = (step: string) => {
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${step}\n`);
  };
  const lock = lockState(settings.stateDir);
  let name = settings.node;
  if (lock === undefined) {
    const asked = { force: flags.force, localOnly: flags.local };
    const isLeaseKnown = await askToLeave(localSocketPath(settings), asked, onStep);
    if (!isLeaseKnown && !flags.local) return leftWithoutLease(name);
  } else {
    const log = makeLog('xnetd', 'error');
    const host = openHost(hostSettings(settings), log);
    try {
      if (await isUnknown(settings)) {
        const undone = await undoMarked({ host, force: flags.force, onStep }, untilSignal());
        const hadKey = undone.findings.length === 0 && (await removeLeftOvers(settings.stateDir));
        return leftUnknown(hadKey ? { ...undone, changes: undone.changes + 1 } : undone, name);
      }
      const cached = await readCache(settings.stateDir);
      const member = await memberToLeave(settings, flags.local, cached?.assignment.nodeName);
      name = member.node === '' ? undefined : member.node;
      await leave(
        {
          host,
          onStep,
          member,
          stateDir: settings.stateDir,
          force: flags.force,
          localOnly: flags.local,
          known: { assignment: cached?.assignment, table: cached?.table, isConfirmed: false },
        },
        untilSignal(),
      );
    } finally {
      await host.close();
      lock.release();
    }
  }
  process.stdout.write(
    flags.local
      ? `${name ?? 'this host'} has removed everything that xnet made; its lease stays until: xctl nodes remove ${name ?? 'NAME'}\n`
      : `${name ?? 'this host'} has left\n`,
  );
  return undefined;
}
