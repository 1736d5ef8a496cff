// Pauses between attempts, and waits that can be interrupted.

/** BackoffOptions bound the pauses between attempts, in milliseconds. */
export type BackoffOptions = { readonly firstMs: number; readonly longestMs: number };

/**
 * backoffMs returns the pause before attempt number `attempt` (from 1): full jitter under an exponential cap, so that
 * many that failed together do not retry together (Brooker, "Exponential Backoff And Jitter", AWS 2015).
 * @param random a number from 0 to 1
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: number): number {
  return random * Math.min(options.longestMs, options.firstMs * 2 ** Math.min(attempt - 1, 30));
}

/** pause waits `ms` milliseconds, or until `signal` aborts; it never throws. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/**
 * within runs `work` with a signal that aborts after `ms` milliseconds. Once the work has ended, no timer is left that would
 * wake the process.
 */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ms).unref();
  try {
    return await work(stop.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Alarm wakes one loop between two rounds of its work. Waking is cheap: no timer, no error. */
export class Alarm {
  #ring: (() => void) | undefined;

  /** ring ends the current wait, if any. */
  ring(): void {
    this.#ring?.();
  }

  /** wait waits until ring() is called, at most `ms` milliseconds. One wait at a time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#ring = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#ring = end;
    });
  }
}
