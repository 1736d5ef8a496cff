// How often Docker may be restarted because of xnet. Each restart stops or delays what runs on the host, so that neither a
// controller that changes its mind nor a daemon that dies again and again may have it restarted without end.
// Invariant: an operator is never limited: a leave by hand, `systemctl reload xnetd`, and a change of daemon.json or of
// dockerd's flags by anybody else let the next restart happen at once. Pure.
import { sha256 } from './content-hash.js';
import type { Content, Restart } from './journal.js';

/** RestartLimit is how often Docker may be restarted without an operator. */
export type RestartLimit = {
  readonly mostPerHour: number;
  /** The pause after one that failed, in milliseconds; it doubles with each. */
  readonly pauseMs: number;
};

const hourMs = 3_600_000;
const longestDownPauseMs = 20 * 60_000;
// One that fails is followed by another, which takes it back.
const perAttempt = 2;

/** recentRestarts are those of the last hour. One of the future is of a clock that was set back since, and counts no more. */
export function recentRestarts(restarts: readonly Restart[], nowMs: number): readonly Restart[] {
  return restarts.filter(({ atMs }) => atMs <= nowMs && nowMs - atMs < hourMs);
}

/** decidedBy is the SHA-256 of what is an operator's to decide: daemon.json without our key, and how dockerd is started. */
export function decidedBy(without: Content, circumstances: string): string {
  return sha256(Buffer.from(JSON.stringify([without?.toString('base64') ?? null, circumstances])));
}

/**
 * restartAt is when Docker may be restarted next to give docker0 another address, in milliseconds since 1970: 0 at once.
 * @param failed the last attempt was rolled back
 */
export function restartAt(
  restarts: readonly Restart[],
  { decided, failed, nowMs }: { readonly decided: string; readonly failed: boolean; readonly nowMs: number },
  { mostPerHour, pauseMs }: RestartLimit,
): number {
  const recent = recentRestarts(restarts, nowMs).filter((restart) => restart.decided === decided);
  const tooMany = Math.min(recent.length, recent.length + perAttempt - mostPerHour);
  const oldest = tooMany > 0 ? recent[tooMany - 1] : undefined;
  const last = recent.at(-1);
  const byNumber = oldest === undefined ? 0 : oldest.atMs + hourMs;
  const byPause = failed && last !== undefined ? last.atMs + pauseMs * 2 ** (recent.length - 1) : 0;
  const next = Math.max(byNumber, byPause);
  return next > nowMs ? next : 0;
}

/**
 * startAt is when a Docker that is down may be started again after it did not start: in milliseconds since 1970, 0 at once.
 * No limit but longer and longer pauses: it is down, so that an attempt stops nothing.
 */
export function startAt(restarts: readonly Restart[], nowMs: number, { pauseMs }: RestartLimit): number {
  const recent = recentRestarts(restarts, nowMs).filter(({ back }) => back);
  const last = recent.at(-1);
  if (last === undefined) return 0;
  const next = last.atMs + Math.min(longestDownPauseMs, pauseMs * 2 ** (recent.length - 1));
  return next > nowMs ? next : 0;
}
