// What the daemon says of itself, for `xnetd status`: a file that is there while it runs.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import type { AgentStatus } from '../agent/agent.js';
import { writeOwnFile } from './atomic-file.js';

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
      sinceMs: v.number(),
    }),
  ),
});

/** DaemonStatus is what the daemon said last. */
export type DaemonStatus = v.InferOutput<typeof schema>;

function statusPath(runDir: string): string {
  return join(runDir, 'status.json');
}

/** readStatus is what the daemon said last; undefined when none runs. */
export async function readStatus(runDir: string): Promise<DaemonStatus | undefined> {
  try {
    return v.parse(schema, JSON.parse(await readFile(statusPath(runDir), 'utf8')));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

/** StatusFile is that file. */
export class StatusFile {
  readonly #runDir: string;
  readonly #log: Logger;
  #newest: AgentStatus | undefined;
  #writing: Promise<void> | undefined;

  constructor(runDir: string, log: Logger) {
    this.#runDir = runDir;
    this.#log = log;
  }

  /** write has the newest status written. */
  write(status: AgentStatus): void {
    this.#newest = status;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    while (this.#newest !== undefined) {
      const { connection, applied, conditions } = this.#newest;
      this.#newest = undefined;
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
      try {
        await mkdir(this.#runDir, { recursive: true, mode: 0o755 });
        await writeOwnFile(statusPath(this.#runDir), Buffer.from(`${JSON.stringify(status)}\n`), 0o644);
      } catch (error) {
        this.#log.warn({ reason: messageOf(error) }, 'status: could not write');
      }
    }
  }

  /** close removes the file. */
  async close(): Promise<void> {
    this.#newest = undefined;
    await this.#writing;
    await rm(statusPath(this.#runDir), { force: true });
  }
}
