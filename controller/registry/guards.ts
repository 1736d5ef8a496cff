// The guards and operations that most mutations consist of.
import type { Asked } from '../audit/audit.js';
import type { Guard, Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';

/** MutationId identifies a mutation. Every request that changes something has these fields. */
export type MutationId = Asked & {
  readonly operationId: string;
  /** See requestDigest. */
  readonly digest?: string;
  readonly dryRun: boolean;
};

/** absent guards that a key does not exist. */
export function absent(key: string): Guard {
  return { kind: 'key', key, modRevision: 0 };
}

/** asSeen guards that a key has not changed since the view. */
export function asSeen(view: ReadonlyView, key: string): Guard {
  return { kind: 'key', key, modRevision: view.modRevisionOf(key) };
}

/** writtenIn returns the field of a record that says in which epoch it was written. */
export function writtenIn(view: ReadonlyView): { readonly epoch?: number } {
  const epoch = view.cluster?.record.epoch;
  return epoch === undefined ? {} : { epoch };
}

/** put writes a key that does not expire. */
export function put(key: string, value: string): Operation {
  return { kind: 'put', key, value };
}
