// `xnetd leave`: by the running daemon where there is one, else here.
import { XnetError } from '../../proto/errors.js';
import { makeLog } from '../../proto/process/log.js';
import { untilSignal } from '../../proto/process/program.js';
import { makeClient, readStream } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { isLeaving, leave } from '../agent/leave.js';
import { openHost } from '../host/host.js';
import { readIdentity } from '../identity/folder.js';
import { type Membership, needsIdentity, requireMember } from '../identity/membership.js';
import type { NodeSettings } from '../settings.js';
import { lockState } from '../state/lock.js';
import { readCache } from '../table/cache.js';
import { hostSettings, localSocket } from './host-settings.js';

/** LeaveFlags are the flags of `xnetd leave`. */
export type LeaveFlags = { readonly force: boolean; readonly local: boolean };

async function leaveByDaemon(settings: NodeSettings, flags: LeaveFlags, onStep: (step: string) => void): Promise<void> {
  const client = makeClient(services.local, localSocket(settings));
  try {
    const call = client.leave({ force: flags.force, localOnly: flags.local });
    let done = false;
    for await (const progress of readStream(call)) {
      if (progress.done) done = true;
      else onStep(progress.step);
    }
    if (!done) throw new XnetError('Unavailable', 'xnetd ended before it was done', { hint: 'run xnetd leave again' });
  } finally {
    client.close();
  }
}

/**
 * memberToLeave is who a host is that leaves. One that has nothing left to prove itself with, since it was about to be
 * done when it was killed, is nobody to the controllers.
 * @throws XnetError what requireMember throws
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
  return requireMember({ ...settings, node: settings.node ?? (identity ? undefined : cachedName) }, identity);
}

// There is nothing to undo, and nothing to prove oneself with.
async function neverJoined(settings: NodeSettings): Promise<boolean> {
  const { stateDir } = settings;
  const identity = await readIdentity(stateDir);
  if (!needsIdentity(settings, identity) || (await isLeaving(stateDir))) return false;
  return (await readCache(stateDir)) === undefined;
}

/**
 * leaveFleet undoes everything xnet made on this host and ends the lease. Progress goes to standard error.
 * @returns 'not joined' when there is nothing to leave
 * @throws XnetError what leave() throws
 */
export async function leaveFleet(settings: NodeSettings, flags: LeaveFlags): Promise<'left' | 'not joined'> {
  const began = performance.now();
  const onStep = (step: string) => {
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${step}\n`);
  };
  const lock = lockState(settings.stateDir);
  let name = settings.node;
  if (lock === undefined) await leaveByDaemon(settings, flags, onStep);
  else if (!flags.local && (await neverJoined(settings))) {
    lock.release();
    return 'not joined';
  } else {
    const log = makeLog('xnetd', 'error');
    const host = openHost(hostSettings(settings), log);
    try {
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
          known: { assignment: cached?.assignment, table: cached?.table },
        },
        untilSignal(),
      );
    } finally {
      await host.close();
      lock.release();
    }
  }
  process.stdout.write(
    `${name ?? 'this host'} has left${flags.local ? ' (the lease stays: xctl nodes remove ends it)' : ''}\n`,
  );
  return 'left';
}
