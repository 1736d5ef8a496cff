// Formats times and ages for people. Pure: the clock is an argument.

import { formatDuration } from '../../proto/domain/duration.js';

export { formatDuration, parseDuration } from '../../proto/domain/duration.js';

/**
 * formatAge returns how long ago a time was, in one unit: "8s", "3m", "5h", "41d". Less than two of a unit are given in
 * the next smaller one, "119s" or "47h", because "1d" could be nearly two. A future time counts as now, because clocks
 * differ.
 */
export function formatAge(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** formatLeft returns the time left until a time, in whole seconds: "1h", "59m12s"; "0s" for one that has passed. */
export function formatLeft(untilMs: number, nowMs: number): string {
  return formatDuration(Math.max(0, Math.ceil((untilMs - nowMs) / 1000)) * 1000);
}

/** isoTime returns milliseconds since 1970 as "2026-11-21T10:00:00.000Z"; null for 0, which means never. */
export function isoTime(ms: number): string | null {
  return ms === 0 || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15 ? null : new Date(ms).toISOString();
}

/** ageOf returns the age of an ISO time, "-" for null. */
export function ageOf(iso: string | null, nowMs: number): string {
  return iso === null ? '-' : formatAge(Date.parse(iso), nowMs);
}

/** timeText returns an ISO time unchanged, or its age, "3m ago", if space is short. */
export function timeText(
  iso: string | null,
  { nowMs, width }: { readonly nowMs: number; readonly width?: number | undefined },
): string {
  if (iso === null) return '-';
  return width === undefined || width >= 120 ? iso : `${ageOf(iso, nowMs)} ago`;
}
