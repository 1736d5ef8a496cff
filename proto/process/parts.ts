// Runs the parts of a long-running program side by side until it is stopped.
// Invariant: no program continues with only some of its parts. The first part that fails, or ends before it was
// stopped, ends all of them and its error is thrown, so that the program exits and its supervisor restarts it.
import { setMaxListeners } from 'node:events';
import { messageOf, XnetError } from '../errors.js';
import { pause } from './backoff.js';

/** Parts are the loops to run, by name. Each runs until its signal aborts. */
export type Parts = Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;

/** PartsOptions bound the shutdown. */
export type PartsOptions = {
  /** How long the other parts may take to end after one has failed, in milliseconds. */
  readonly graceMs: number;
  /** Called at once with the first failure. */
  readonly onFailure?: (part: string, error: unknown) => void;
};

/**
 * runParts runs all parts until `signal` aborts, and returns when all of them have ended.
 * @throws XnetError Internal when a part fails or ends by itself; the others have been stopped by then, and have had
 * `graceMs` to end
 */
export async function runParts(parts: Parts, signal: AbortSignal, options: PartsOptions): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  // Each part listens on it in several places; Node.js warns of a leak at more than ten.
  setMaxListeners(64, stop);
  let failure: XnetError | undefined;
  const fail = (part: string, error: unknown) => {
    if (failure !== undefined) return;
    failure = partFailure(part, error);
    options.onFailure?.(part, error);
    failed.abort();
  };
  const running = Object.entries(parts).map(async ([part, run]) => {
    try {
      await run(stop);
      if (!stop.aborted) fail(part, new Error('it ended by itself'));
    } catch (error) {
      fail(part, error);
    }
  });
  const ended = Promise.all(running);
  const given = new AbortController();
  const graceOver = new Promise<void>((resolve) => {
    failed.signal.addEventListener('abort', () => void pause(options.graceMs, given.signal).then(resolve), {
      once: true,
    });
  });
  await Promise.race([ended, graceOver]);
  given.abort();
  if (failure !== undefined) throw failure;
}

/** aborted waits until `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function partFailure(part: string, error: unknown): XnetError {
  // Errors that people can act on are thrown unchanged.
  if (error instanceof XnetError) return error;
  return new XnetError('Internal', `${part} failed: ${messageOf(error)}`, { cause: error });
}
