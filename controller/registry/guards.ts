// The guards and operations that most mutations are made of.
import type { Guard, Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';

/** MutationId is what every mutation carries. */
export type MutationId = {
  readonly operationId: string;
  /** See requestDigest. */
  readonly digest?: string;
  readonly dryRun: boolean;
};

/** absent guards that a key does not exist. */
export function absent(key: string): Guard {
  return { kind: 'key', key, modRevision: 0 };
}

/** asSeen guards that a key is as the view has it. */
export function asSeen(view: ReadonlyView, key: string): Guard {
  return { kind: 'key', key, modRevision: view.modRevisionOf(key) };
}

/** writtenIn says, in a record, in which epoch it was written. */
export function writtenIn(view: ReadonlyView): { readonly epoch?: number } {
  const epoch = view.cluster?.record.epoch;
  return epoch === undefined ? {} : { epoch };
}

/** put writes a key that stays. */
export function put(key: string, value: string): Operation {
  return { kind: 'put', key, value };
}
