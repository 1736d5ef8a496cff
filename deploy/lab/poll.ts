// Polls for a state of a fleet that no event announces.
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';

/** PollOptions configure how long a state is polled, and the details of a timeout's error. */
export type PollOptions = {
  /** Default 180 s. */
  readonly timeoutMs?: number | undefined;
  /** problems returns the last lines of the processes involved. */
  readonly problems?: () => readonly string[];
};

/**
 * pollUntil checks a state every 25 ms until it holds. An error of the check counts as "does not hold yet".
 * @throws XnetError DeadlineExceeded with the last error of the check
 */
export async function pollUntil(
  what: string,
  holds: () => Promise<boolean>,
  { timeoutMs = 180_000, problems = () => [] }: PollOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await holds()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(25);
  }
  throw new XnetError('DeadlineExceeded', `not within ${timeoutMs / 1000} s: ${what}`, {
    problems: [...problems(), ...(last === undefined ? [] : [String(last)])],
  });
}
