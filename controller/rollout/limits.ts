// Computes how many nodes of a group may be unavailable at once. Pure.
// Invariant: at least one, so every rollout can end.
import { type Checked, quoted } from '../../proto/domain/text.js';

/** checkMaxUnavailable checks a number of nodes, "3", or a share of a group, "10%". */
export function checkMaxUnavailable(text: string): Checked<string> {
  const [, digits = '', percent] = /^(\d{1,5})(%?)$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits === '' || value < 1 || (percent === '%' && value > 100)) {
    return { problem: `${quoted(text)} is neither a number of nodes such as 2 nor a share such as 10%` };
  }
  return { value: `${value}${percent}` };
}

/** mostUnavailable returns how many nodes of a group of `size` may be unavailable; a share is rounded down. */
export function mostUnavailable(maxUnavailable: string, size: number): number {
  const value = Number.parseInt(maxUnavailable, 10);
  return Math.max(1, maxUnavailable.endsWith('%') ? Math.floor((size * value) / 100) : value);
}
