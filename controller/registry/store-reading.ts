// Reads of the store on behalf of a change that has not been sent yet.
// Invariant: a change for which nothing was sent is never reported as one that may have been made.
import { XnetError } from '../../proto/errors.js';

/** isUnreachable reports whether an error means that the store did not answer. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof XnetError && (error.code === 'Unavailable' || error.code === 'DeadlineExceeded');
}

/** WriteProblem holds what is known of writes to the store. */
export type WriteProblem = {
  /** Returns why the store takes no writes; undefined: it does, as far as is known. */
  readonly writeProblem?: () => XnetError | undefined;
};

/**
 * readForChange awaits a read that a change depends on. A store that is known to take no writes, and that can't be read
 * either, refuses the change.
 * @throws XnetError NotWritable then; else the error of the read
 */
export async function readForChange<T>({ writeProblem }: WriteProblem, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw isUnreachable(error) ? (writeProblem?.() ?? error) : error;
  }
}
