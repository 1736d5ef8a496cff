// What is wrong on a host, of all who have looked at it: each thing once. Pure.
import type { Problem } from '../../proto/process/problem.js';
import type { DaemonStatus } from '../daemon/status-file.js';
import type { Finding } from '../reconcile/effect.js';

/** Looked is what was found by whom. */
export type Looked = {
  /** What could not be looked at. */
  readonly failed: readonly Problem[];
  /** What a look at the host has found now. */
  readonly found: readonly Finding[];
  readonly daemonRuns: boolean;
  /** The host is leaving, and is not done. */
  readonly leaving: boolean;
  /** What the daemon found at its last look; undefined: none runs, or it has not looked yet. */
  readonly daemon: DaemonStatus | undefined;
  /** What the lease asks for and the host does not have. */
  readonly lacks: Problem | undefined;
};

const notRunning: Problem = {
  text: 'xnetd does not run: routes and rules stay, but nothing repairs them',
  fix: 'systemctl start xnetd',
};
const notLeft: Problem = {
  text: 'this host is leaving, and is not done: xnetd goes on with it when Docker and a controller answer',
  fix: 'xnetd leave --force, which does not wait for Docker',
};

/**
 * problemsOf are the problems. What the daemon says of something is left out where this look has found something wrong
 * with the same: it would be the same in other words.
 */
export function problemsOf({ failed, found, daemonRuns, leaving, daemon, lacks }: Looked): readonly Problem[] {
  const wrong = found.filter(({ isNote }) => isNote !== true);
  const types = new Set<string>(wrong.map(({ type }) => type));
  const told = (daemon?.conditions ?? []).filter(({ ok, type }) => !ok && !types.has(type));
  const all: readonly Problem[] = [
    ...failed,
    ...wrong.map(({ message, fix = null }) => ({ text: message, fix })),
    ...told.map(({ message, reason, fix = null }) => ({ text: message === '' ? reason : message, fix })),
    // What Docker lacks follows from what is wrong with it.
    ...(lacks === undefined || told.some(({ type }) => type === 'Docker') ? [] : [lacks]),
    ...(daemonRuns ? [] : [notRunning]),
    ...(leaving ? [notLeft] : []),
  ];
  return all.filter(({ text }, index) => all.findIndex((other) => other.text === text) === index);
}
