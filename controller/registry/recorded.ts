// What a mutation tells the audit while it runs: what it is about to do, before each commit, and what came of it.
// Invariant: whatever was begun is settled, by whichever way the mutation ends.

import { messageOf, XnetError } from '../../proto/errors.js';
import type { Recorder, Recording } from '../audit/audit.js';
import type { RecordChanges } from '../audit/records.js';

/** Plan is what one commit of a mutation is about to do. */
export type Plan = {
  /** "node/web-1" */
  readonly subject: string;
  readonly message: string;
  /** As the records were when it was decided. */
  readonly changes: () => RecordChanges;
};

type Told = { readonly subject: string; readonly message: string; readonly changes?: RecordChanges };

/** Recorded is the record of one mutation. Without a recorder it does nothing. */
export class Recorded {
  readonly #recording: Recording | undefined;
  #planned: Told | undefined;
  #uncertain: Told | undefined;

  constructor(recorder: Recorder | undefined, change: { readonly call: string; readonly operationId: string }) {
    this.#recording = recorder?.record(change);
  }

  /**
   * begin announces what the next commit does.
   * @throws XnetError Unavailable when that can't be written: the commit must not be sent
   */
  async begin({ subject, message, changes }: Plan): Promise<void> {
    if (this.#recording === undefined) return;
    // Before the commit: the view that follows it has no more what was there.
    this.#planned = { subject, message, changes: changes() };
    await this.#recording.begin({ subject, message });
  }

  /** uncertain notes that nobody knows whether the commit that was begun last happened. */
  uncertain(): void {
    this.#uncertain = this.#planned;
  }

  /** done settles it: the commit that was begun last happened. */
  async done(): Promise<void> {
    if (this.#planned !== undefined) await this.#recording?.settle({ outcome: 'OK', ...this.#planned });
  }

  /** ended settles it where the commit that was begun last did not happen, and the mutation was done all the same. */
  async ended(): Promise<void> {
    const { subject = '', message } = this.#planned ?? {};
    const result = this.#uncertain ?? { subject, message: `it was so already: ${message}` };
    await this.#recording?.settle({ outcome: 'OK', ...result });
  }

  /** failed settles it with what the mutation failed with. */
  async failed(error: unknown): Promise<void> {
    const subject = this.#planned?.subject ?? '';
    const code = error instanceof XnetError ? error.code : 'Internal';
    const unknown = this.#uncertain === undefined ? '' : '; it is not known whether it was done';
    await this.#recording?.settle({ outcome: code, subject, message: `${messageOf(error)}${unknown}` });
  }
}
