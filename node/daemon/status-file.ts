// The daemon's status for `xnetd status`: a file that exists while the daemon runs, and stays when it is killed.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf } from '../../proto/errors.js';
import { writeNow } from '../../proto/process/atomic-file.js';
import { makeFolderSync } from '../../proto/process/folder.js';
import type { Logger } from '../../proto/process/log.js';
import { Paced } from '../reconcile/paced.js';
import type { DaemonState } from './self-status.js';

const schema = v.object({
  pid: v.number(),
  connection: v.optional(
    v.variant('connected', [
      v.object({ connected: v.literal(true), endpoint: v.string() }),
      v.object({ connected: v.literal(false), reason: v.string(), hint: v.optional(v.string()) }),
    ]),
  ),
  appliedRevision: v.optional(v.number()),
  conditions: v.array(
    v.object({
      type: v.string(),
      ok: v.boolean(),
      transient: v.boolean(),
      reason: v.string(),
      message: v.string(),
      fix: v.optional(v.string()),
      sinceMs: v.number(),
    }),
  ),
});

/** DaemonStatus is the content of the status file. */
export type DaemonStatus = v.InferOutput<typeof schema>;

function statusPath(runDir: string): string {
  return join(runDir, 'status.json');
}

/** readStatus reads the last status, perhaps of a daemon that was killed; undefined when there is none. */
export async function readStatus(runDir: string): Promise<DaemonStatus | undefined> {
  try {
    return v.parse(schema, JSON.parse(await readFile(statusPath(runDir), 'utf8')));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

// Often enough for people, rarely enough not to burden the daemon: the delay after a change of the conditions, and after a
// change of the revision alone.
const delayMs = 200;
const revisionDelayMs = 2_000;

/** StatusFile writes the status file. */
export class StatusFile {
  readonly #runDir: string;
  readonly #log: Logger;
  #newest: DaemonState | undefined;
  #written = '';
  #essence = '';
  readonly #due = new Paced(0, () => this.#write());

  constructor(runDir: string, log: Logger) {
    this.#runDir = runDir;
    this.#log = log;
  }

  /** write schedules a write of the newest status. */
  write(status: DaemonState): void {
    this.#newest = status;
    const essence = textOf({ ...status, applied: undefined });
    const isRevision = essence === this.#essence;
    this.#essence = essence;
    this.#due.within(isRevision ? revisionDelayMs : delayMs);
  }

  // Not flushed: /run does not survive a crash of the machine.
  #write(): void {
    if (this.#newest === undefined) return;
    const text = textOf(this.#newest);
    this.#newest = undefined;
    if (text === this.#written) return;
    try {
      if (this.#written === '') makeFolderSync(this.#runDir, 0o755);
      writeNow(statusPath(this.#runDir), Buffer.from(text), 0o644);
      this.#written = text;
    } catch (error) {
      this.#log.warn({ reason: messageOf(error) }, 'status: could not write');
    }
  }

  /** clear removes the file of a daemon that was killed. */
  async clear(): Promise<void> {
    await rm(statusPath(this.#runDir), { force: true });
  }

  /** close removes the file. */
  async close(): Promise<void> {
    this.#due.end();
    this.#newest = undefined;
    await this.clear();
  }
}

function textOf({ connection, applied, conditions }: DaemonState): string {
  const status: DaemonStatus = {
    pid: process.pid,
    ...(connection === undefined
      ? {}
      : {
          connection: connection.connected
            ? connection
            : {
                connected: false,
                reason: connection.error.message,
                ...(connection.error.hint === undefined ? {} : { hint: connection.error.hint }),
              },
        }),
    ...(applied === undefined ? {} : { appliedRevision: applied.revision }),
    conditions: [...conditions],
  };
  return `${JSON.stringify(status)}\n`;
}
