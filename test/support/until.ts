// Polls for a state that no event announces.
import { pause } from '../../proto/process/backoff.js';

// Many labs may share a machine of two cores.
const mostMs = 60_000;

/**
 * until waits until it holds; what throws does not hold yet.
 * @throws Error with what did not hold, when it does not within a minute
 */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${mostMs / 1000} s: ${what}`);
    await pause(50);
  }
}
