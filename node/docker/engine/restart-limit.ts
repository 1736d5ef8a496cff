// Limits how often xnet restarts Docker. Each restart stops or delays containers, so neither a controller that keeps
// changing its assignment nor a daemon that keeps dying may cause restarts without end. Restarts by rollouts (a move
// and its undoing) leave room for repairs: each permit counts apart, and all permits together have a limit of their
// own, against a controller that gives permits without end.
// Invariant: an operator is never limited: a leave by hand, `systemctl reload xnetd`, and a change of daemon.json or of
// dockerd's flags by anybody else permit the next restart at once. Pure.
import { sha256 } from './content-hash.js';
import type { Content, Restart } from './journal.js';

/** RestartLimit limits the restarts of Docker that no operator requested. */
export type RestartLimit = {
  /** Restarts for one permit of a rollout; or all without a permit: joining, repairs. */
  readonly mostPerHour: number;
  /** Restarts for all permits of rollouts together. */
  readonly mostPermittedPerHour: number;
  /** Pause after a failed restart, in milliseconds; it doubles with each failure. */
  readonly pauseMs: number;
};

const hourMs = 3_600_000;
const longestDownPauseMs = 20 * 60_000;
// A failed restart is followed by a second one that rolls it back.
const perAttempt = 2;

/**
 * recentRestarts returns the restarts of the last hour. One in the future dates from before the clock was set back, and
 * is ignored.
 */
export function recentRestarts(restarts: readonly Restart[], nowMs: number): readonly Restart[] {
  return restarts.filter(({ atMs }) => atMs <= nowMs && nowMs - atMs < hourMs);
}

/** decidedBy returns the SHA-256 of what an operator decides: daemon.json without our key, and how dockerd is started. */
export function decidedBy(without: Content, circumstances: string): string {
  return sha256(Buffer.from(JSON.stringify([without?.toString('base64') ?? null, circumstances])));
}

/**
 * restartAt returns when Docker may next be restarted to change docker0's address, in milliseconds since 1970; 0 means
 * at once.
 * @param rollout id of the permit; empty: the change needs none
 * @param failed whether the last attempt was rolled back
 */
export function restartAt(
  restarts: readonly Restart[],
  { decided, rollout, failed, nowMs }: Attempt,
  { mostPerHour, mostPermittedPerHour, pauseMs }: RestartLimit,
): number {
  const recent = recentRestarts(restarts, nowMs).filter((restart) => restart.decided === decided);
  const same = recent.filter((restart) => restart.rollout === rollout);
  const permitted = rollout === '' ? [] : recent.filter((restart) => restart.rollout !== '');
  const last = same.at(-1);
  const byPause = failed && last !== undefined ? last.atMs + pauseMs * 2 ** (same.length - 1) : 0;
  const next = Math.max(freeAt(same, mostPerHour), freeAt(permitted, mostPermittedPerHour), byPause);
  return next > nowMs ? next : 0;
}

type Attempt = Pick<Restart, 'decided' | 'rollout'> & { readonly failed: boolean; readonly nowMs: number };

// Returns when so many of the restarts are older than an hour that another attempt keeps within the limit.
function freeAt(restarts: readonly Restart[], most: number): number {
  const tooMany = Math.min(restarts.length, restarts.length + perAttempt - most);
  const oldest = tooMany > 0 ? restarts[tooMany - 1] : undefined;
  return oldest === undefined ? 0 : oldest.atMs + hourMs;
}

/**
 * startAt returns when a Docker that failed to start may be started again, in milliseconds since 1970; 0 means at once.
 * There is no limit, only growing pauses: Docker is down, so an attempt stops no container.
 */
export function startAt(restarts: readonly Restart[], nowMs: number, { pauseMs }: RestartLimit): number {
  const recent = recentRestarts(restarts, nowMs).filter(({ back }) => back);
  const last = recent.at(-1);
  if (last === undefined) return 0;
  const next = last.atMs + Math.min(longestDownPauseMs, pauseMs * 2 ** (recent.length - 1));
  return next > nowMs ? next : 0;
}
