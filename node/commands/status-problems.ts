// Merges the problems of a host from all sources; each problem appears once. Pure.
import type { Problem } from '../../proto/process/problem.js';
import type { DaemonStatus } from '../daemon/status-file.js';
import type { Finding } from '../reconcile/effect.js';

/** Looked holds the problems by source. */
export type Looked = {
  /** Failures while observing. */
  readonly failed: readonly Problem[];
  /** Findings of the present observation of the host. */
  readonly found: readonly Finding[];
  readonly daemonRuns: boolean;
  /** Whether an unfinished leave is pending. */
  readonly leaving: boolean;
  /** The daemon's last findings; undefined if it does not run or has not observed yet. */
  readonly daemon: DaemonStatus | undefined;
  /** The part of the assignment that the host lacks. */
  readonly lacks: Problem | undefined;
};

const notRunning: Problem = {
  text: 'xnetd does not run: routes and rules stay, but nothing repairs them',
  fix: 'systemctl start xnetd',
};
const notLeft: Problem = {
  text: 'this host is leaving: xnetd continues when Docker and a controller answer',
  fix: 'xnetd leave --force, which does not wait for Docker',
};

/**
 * problemsOf returns the problems. A condition of the daemon is left out if the present observation found a problem of
 * the same type, as it would repeat it in other words.
 */
export function problemsOf({ failed, found, daemonRuns, leaving, daemon, lacks }: Looked): readonly Problem[] {
  const wrong = found.filter(({ isNote }) => isNote !== true);
  const types = new Set<string>(wrong.map(({ type }) => type));
  const reported = (daemon?.conditions ?? []).filter(({ ok, type }) => !ok && !types.has(type));
  const all: readonly Problem[] = [
    ...failed,
    ...wrong.map(({ message, fix = null }) => ({ text: message, fix })),
    ...reported.map(({ message, reason, fix = null }) => ({ text: message === '' ? reason : message, fix })),
    // What the host lacks follows from Docker's problem.
    ...(lacks === undefined || reported.some(({ type }) => type === 'Docker') ? [] : [lacks]),
    ...(daemonRuns ? [] : [notRunning]),
    ...(leaving ? [notLeft] : []),
  ];
  return all.filter(({ text }, index) => all.findIndex((other) => other.text === text) === index);
}
