// Polls for a state that no event announces.
import { pause } from '../../proto/process/backoff.js';

/**
 * patientMs is a limit that only a failing test reaches, in milliseconds: several labs may share a machine with two slow
 * cores.
 */
export const patientMs = 180_000;

/**
 * until polls until a condition holds. An error of the condition counts as "does not hold yet".
 * @throws Error naming the condition if it does not hold within `patientMs`
 */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patientMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${patientMs / 1000} s: ${what}`);
    await pause(50);
  }
}
