// Reads the state that a daemon resumes from: the host's membership and the last message of the controllers.
// Invariant: read-only.
import type { Logger } from '../../proto/process/log.js';
import type { Known } from '../daemon/known.js';
import { readIdentity } from '../identity/folder.js';
import { type Membership, needsIdentity, requireMember } from '../identity/membership.js';
import { leaveBegun } from '../leave/leave.js';
import type { NodeSettings } from '../settings/settings.js';
import { readCache } from '../table/cache.js';
import { memberToLeave } from './leave.js';

/** cachedKnown reads the cached messages of the controllers; empty if the cache can't be used. */
export async function cachedKnown(settings: NodeSettings, node: string, log: Logger): Promise<Known> {
  try {
    const cached = await readCache(settings.stateDir);
    if (cached === undefined || cached.assignment.nodeName === node) {
      const fenced = cached?.fenced;
      const known = { assignment: cached?.assignment, table: cached?.table, isConfirmed: false };
      return { ...known, ...(fenced === undefined ? {} : { fenced }) };
    }
    log.warn({ cached: cached.assignment.nodeName, now: node }, 'the cache is of another node: not used');
  } catch (error) {
    log.error({ err: error }, 'cache: not used');
  }
  return { assignment: undefined, table: undefined, isConfirmed: false };
}

/**
 * memberToRun determines which node this host is; undefined if it has to join first. A pending leave continues with
 * whatever is left of the membership.
 * @throws XnetError what requireMember, leaveBegun and readIdentity throw
 */
export async function memberToRun(settings: NodeSettings): Promise<Membership | undefined> {
  const begun = await leaveBegun(settings.stateDir);
  const identity = await readIdentity(settings.stateDir);
  if (begun === undefined) return needsIdentity(settings, identity) ? undefined : requireMember(settings, identity);
  const cached = await readCache(settings.stateDir).catch(() => undefined);
  return memberToLeave(settings, begun.localOnly, cached?.assignment.nodeName);
}
