// The leave of a host whose daemon runs: systemd and the log follow each step.
import { messageOf } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import type { Systemd } from '../../proto/process/systemd.js';
import type { Known } from '../daemon/known.js';
import type { Host } from '../host/host.js';
import { readIdentity } from '../identity/folder.js';
import type { Membership } from '../identity/membership.js';
import { type LeaveBegun, leave } from '../leave/leave.js';

/** LeavingDaemon is the part of the daemon's process that the leave uses. */
export type LeavingDaemon = {
  readonly host: Host;
  /** As the daemon started with it. */
  readonly member: Membership;
  readonly stateDir: string;
  readonly systemd: Systemd;
  readonly log: Logger;
};

/** DaemonLeave is the state, the options and the listener of a leave. */
export type DaemonLeave = {
  readonly known: Known;
  readonly how: LeaveBegun;
  readonly onStep: (step: string) => void;
};

// Reads the present identity: the certificate may have been renewed since the daemon started.
async function newestMember({ member, stateDir }: LeavingDaemon): Promise<Membership> {
  const identity = member.identity && (await readIdentity(stateDir));
  return { ...member, ...(identity === undefined ? {} : { identity }) };
}

/** leaveAsDaemon takes this host out of the fleet. It returns and throws as leave does. */
export async function leaveAsDaemon(
  daemon: LeavingDaemon,
  { known, how, onStep }: DaemonLeave,
  signal: AbortSignal,
): Promise<boolean> {
  const { host, stateDir, systemd, log } = daemon;
  const member = await newestMember(daemon);
  // systemd starts Docker after xnetd is ready: a restart of Docker before that would deadlock.
  systemd.ready();
  systemd.status('leaving');
  const tell = (step: string) => {
    log.info({ step }, 'leaving');
    systemd.status(`leaving: ${step}`);
    onStep(step);
  };
  try {
    return await leave({ host, known, member, stateDir, ...how, onStep: tell }, signal);
  } catch (error) {
    log.error({ reason: messageOf(error) }, 'could not leave');
    throw error;
  }
}
