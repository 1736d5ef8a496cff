// The problems of the controllers and their store, for the status. Pure.
// Invariant: everything that would block a change is reported here before a change is attempted.
import type { XnetError } from '../../proto/errors.js';
import type { Problem } from '../../proto/gen/xnet/v1/Problem.js';
import { liveRegistrations, toleratedMs } from '../view/clocks.js';
import type { ReadonlyView } from '../view/view.js';

/** ControllerHealth is a controller's knowledge of itself and its store. */
export type ControllerHealth = {
  /** Why the store can't be written; undefined: it can. */
  readonly writeProblem: XnetError | undefined;
  /** Why the audit log can't be written; undefined: it can. */
  readonly auditProblem: string | undefined;
  /** Faults of etcd members, one line each. */
  readonly etcdProblems: readonly string[];
  /** Why no lease is reclaimed, though a pool reclaims; undefined: nothing is held. */
  readonly reclaimProblem?: string | undefined;
};

/** storeProblems returns the problems of the store and of whatever else a change needs. */
export function storeProblems({
  writeProblem,
  auditProblem,
  etcdProblems,
  reclaimProblem,
}: ControllerHealth): readonly Problem[] {
  const problems: Problem[] = etcdProblems.map((text) => ({
    text,
    fix: text.includes('alarm:NOSPACE')
      ? 'compact and defragment it, then: etcdctl alarm disarm (OPERATIONS.md)'
      : 'start that member, or see its log (OPERATIONS.md)',
  }));
  if (writeProblem !== undefined) {
    problems.push({
      text: `nothing can be changed: ${writeProblem.message}`,
      fix: writeProblem.hint ?? 'see OPERATIONS.md',
    });
  }
  if (auditProblem !== undefined) {
    problems.push({
      text: `nothing can be changed through this controller: the audit log can't be written: ${auditProblem}`,
      fix: 'make room on the disk of this controller, or use another controller',
    });
  }
  if (reclaimProblem !== undefined) {
    problems.push({ text: reclaimProblem, fix: 'find out why: xctl nodes list --state down' });
  }
  return problems;
}

function durationText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 120) return `${seconds}s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)}m` : `${(seconds / 3600).toFixed(1)}h`;
}

/**
 * controllerProblems returns the controllers that are absent, and the clocks that differ.
 * @param own registration of the answering controller
 * @param offsetOf how far another controller's clock is ahead of this one's, in milliseconds
 */
export function controllerProblems(
  view: ReadonlyView,
  own: string,
  offsetOf: (registration: string) => number | undefined,
): readonly Problem[] {
  const live = liveRegistrations(view);
  const problems: Problem[] = [];
  for (const [id, { record }] of view.registrations) {
    if (id === own) continue;
    if (!live.has(id)) {
      problems.push({
        text: `controller ${id} is gone; it was last heard at ${new Date(record.clockMs).toISOString()} by its own clock`,
        fix: `start it, or forget it: xctl controllers remove ${id}`,
      });
      continue;
    }
    const offset = offsetOf(id) ?? 0;
    if (Math.abs(offset) <= toleratedMs) continue;
    problems.push({
      text: `the clock of controller ${id} is ${durationText(offset)} ${offset > 0 ? 'ahead of' : 'behind'} that of ${own}`,
      fix: 'set both clocks by NTP: timedatectl set-ntp true',
    });
  }
  return problems;
}
