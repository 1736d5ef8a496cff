// What the answers of controllers have in common.
import { XnetError } from '../../proto/errors.js';

/**
 * requirePart is a part of an answer that can't be missing.
 * @throws XnetError Internal
 */
export function requirePart<T>(part: T | null | undefined): T {
  if (part === null || part === undefined) throw new XnetError('Internal', 'incomplete response from the controller');
  return part;
}

/** verdict is how the line begins that says what came of a change: "created", "would create", "unchanged:". */
export function verdict(
  { unchanged, dryRun }: { readonly unchanged: boolean; readonly dryRun: boolean },
  done: string,
  would: string,
): string {
  if (unchanged) return 'unchanged:';
  return dryRun ? `would ${would}` : done;
}
