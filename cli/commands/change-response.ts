// The common parts of controllers' responses.
import { XnetError } from '../../proto/errors.js';

/**
 * requirePart returns a part that every such response has.
 * @throws XnetError Internal when it is missing
 */
export function requirePart<T>(part: T | null | undefined): T {
  if (part === null || part === undefined) throw new XnetError('Internal', 'incomplete response from the controller');
  return part;
}

/** verdict returns the first word of a line about the outcome of a change: "created", "would create", "unchanged:". */
export function verdict(
  { unchanged, dryRun }: { readonly unchanged: boolean; readonly dryRun: boolean },
  done: string,
  would: string,
): string {
  if (unchanged) return 'unchanged:';
  return dryRun ? `would ${would}` : done;
}
