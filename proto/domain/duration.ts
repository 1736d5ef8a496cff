// Durations as people read and type them. Pure.
// Invariant: parseDuration parses what formatDuration returns.
import type { Checked } from './text.js';

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** formatDuration returns milliseconds exactly: "1h30m", "84ms", "0s". Fractions of a millisecond are truncated. */
export function formatDuration(ms: number): string {
  let rest = Math.trunc(ms);
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}

/** parseDuration parses "1h30m", "90s", "1.5h" or "500ms" into milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)(ms|d|h|m|s)/y;
  let total = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    const size = units.find(([unit]) => unit === match?.[2])?.[1];
    if (match === null || size === undefined) return undefined;
    total += Number(match[1]) * size;
  }
  return text === '' || total > Number.MAX_SAFE_INTEGER ? undefined : Math.round(total);
}

/** checkDuration parses a duration, "36h", into milliseconds and checks its bounds. */
export function checkDuration(
  text: string,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): Checked<number> {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= minMs && ms <= maxMs) return { value: ms };
  return { problem: `has to be a duration such as 36h, from ${formatDuration(minMs)} to ${formatDuration(maxMs)}` };
}
