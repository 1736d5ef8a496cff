// Waiting between attempts, and waiting that can be ended.
import { setTimeout as sleep } from 'node:timers/promises';

/** BackoffOptions bound the pauses between attempts, in milliseconds. */
export type BackoffOptions = { readonly firstMs: number; readonly longestMs: number };

/**
 * backoffMs is the pause before attempt number `attempt` (from 1): full jitter under an exponential cap, so that many
 * that failed together do not come back together (Brooker, "Exponential Backoff And Jitter", AWS 2015).
 * @param random a number from 0 to 1
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: number): number {
  return random * Math.min(options.longestMs, options.firstMs * 2 ** Math.min(attempt - 1, 30));
}

/** pause waits `ms` milliseconds, or until `signal` aborts; it never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: the caller looks at the signal.
  }
}
