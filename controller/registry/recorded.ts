// The audit entries of a mutation: one with its plan before each commit, and one with its outcome.
// Invariant: every entry that was begun is settled, however the mutation ends.

import { messageOf, XnetError } from '../../proto/errors.js';
import type { Asked, Recorder, Recording } from '../audit/audit.js';
import type { RecordChanges } from '../audit/records.js';

/** Plan describes the effect of one commit of a mutation. */
export type Plan = {
  /** "node/web-1" */
  readonly subject: string;
  readonly message: string;
  /** changes returns how the records change, given the view of the decision. */
  readonly changes: () => RecordChanges;
};

type Entry = { readonly subject: string; readonly message: string; readonly changes?: RecordChanges };

/** Recorded writes the audit entries of one mutation. Without a recorder it does nothing. */
export class Recorded {
  readonly #recording: Recording | undefined;
  #planned: Entry | undefined;
  #uncertain: Entry | undefined;

  constructor(recorder: Recorder | undefined, change: Asked & { readonly call: string; readonly operationId: string }) {
    this.#recording = recorder?.record(change);
  }

  /**
   * begin records the effect of the next commit.
   * @throws XnetError Unavailable if the entry can't be written: the commit must not be sent then
   */
  async begin({ subject, message, changes }: Plan): Promise<void> {
    if (this.#recording === undefined) return;
    // Computed before the commit: afterwards the view no longer has the former records.
    this.#planned = { subject, message, changes: changes() };
    await this.#recording.begin({ subject, message });
  }

  /** uncertain notes that the outcome of the last commit is unknown. */
  uncertain(): void {
    this.#uncertain = this.#planned;
  }

  /** done settles the entry: the last commit happened. */
  async done(): Promise<void> {
    if (this.#planned !== undefined) await this.#recording?.settle({ outcome: 'OK', ...this.#planned });
  }

  /** ended settles the entry when the mutation succeeded without its last commit. */
  async ended(): Promise<void> {
    const { subject = '', message } = this.#planned ?? {};
    const result = this.#uncertain ?? { subject, message: `it was so already: ${message}` };
    await this.#recording?.settle({ outcome: 'OK', ...result });
  }

  /** failed settles the entry with the error of the mutation. */
  async failed(error: unknown): Promise<void> {
    const subject = this.#planned?.subject ?? '';
    const code = error instanceof XnetError ? error.code : 'Internal';
    const unknown = this.#uncertain === undefined ? '' : '; the outcome is unknown';
    await this.#recording?.settle({ outcome: code, subject, message: `${messageOf(error)}${unknown}` });
  }
}
