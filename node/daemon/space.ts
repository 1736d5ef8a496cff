// Checks whether the state directory has room left, so that a full disk is reported before xnetd has to write there.
// Invariant: only reads; nothing is written to find out.
import { statfs } from 'node:fs/promises';
import { messageOf } from '../../proto/errors.js';
import { Alarm } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { Finding } from '../reconcile/effect.js';
import { SingleFinding } from '../reconcile/single-finding.js';

/** Space is the free space of a file system: blocks for root and their size in bytes, and inodes; 0 inodes in all: no limit. */
export type Space = {
  readonly bfree: number;
  readonly bsize: number;
  readonly files: number;
  readonly ffree: number;
};

// The cache of 10,000 peers has about 500 KiB, and is written beside the one before.
const leastBytes = 1024 * 1024;
const leastInodes = 16;

/** spaceFinding reports too little room in a state directory; undefined when there is enough. Pure. */
export function spaceFinding(
  stateDir: string,
  { bfree, bsize, files, ffree }: Space,
): Finding<'StateFull'> | undefined {
  const bytes = bfree * bsize;
  const lacks =
    bytes < leastBytes
      ? `${Math.floor(bytes / 1024)} KiB of room`
      : files > 0 && ffree < leastInodes
        ? `room for ${ffree} files`
        : undefined;
  if (lacks === undefined) return undefined;
  const message = `${stateDir} has ${lacks} left: the cache and a renewed certificate can't be written`;
  const fix = `make room on its file system: df -h ${stateDir}; df -i ${stateDir}`;
  return { type: 'State', transient: false, reason: 'StateFull', message, fix };
}

const everyMs = 30_000;

/** StateSpace checks the room of a state directory periodically. */
export class StateSpace {
  readonly #stateDir: string;
  readonly #finding = new SingleFinding();
  readonly #log: Logger;
  readonly #alarm = new Alarm();

  constructor(stateDir: string, log: Logger) {
    this.#stateDir = stateDir;
    this.#log = log;
  }

  /** findings are the last ones; empty while there is room. */
  get findings(): readonly Finding[] {
    return this.#finding.findings;
  }

  /** subscribe calls `listener` whenever the findings have changed. */
  subscribe(listener: () => void): () => void {
    return this.#finding.subscribe(listener);
  }

  /** again checks now: a write has succeeded or failed. */
  again(): void {
    this.#alarm.ring();
  }

  /** run checks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#alarm.ring(), { once: true });
    while (!signal.aborted) {
      try {
        this.#finding.note(spaceFinding(this.#stateDir, await statfs(this.#stateDir)));
      } catch (error) {
        this.#log.debug({ reason: messageOf(error) }, 'state directory: room not known');
      }
      if (!signal.aborted) await this.#alarm.wait(everyMs);
    }
  }
}
