// Polls for a state that no event announces.
import { pause } from '../../proto/process/backoff.js';

// Several labs may share a machine with two cores.
const mostMs = 60_000;

/**
 * until polls until a condition holds. An error of the condition counts as "does not hold yet".
 * @throws Error naming the condition if it does not hold within a minute
 */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${mostMs / 1000} s: ${what}`);
    await pause(50);
  }
}
