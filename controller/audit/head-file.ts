// Remembers beside the audit log where its chain is at, so that a log whose end was lost or cut off is found when the
// controller starts.
// Invariant: it is written after the entry that it names is on the disk, so it is never ahead of a log that is whole.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as v from 'valibot';
import type { Head } from './chain.js';

const schema = v.object({ sequence: v.pipe(v.number(), v.integer(), v.minValue(0)), hash: v.string() });

// Always as long, so that it is overwritten in place, which a full disk allows.
const bytes = 128;
const flushEveryMs = 1_000;

/** HeadFile is the open file. What goes wrong with it stops nothing: it is a second look, not the log. */
export class HeadFile {
  readonly #file: FileHandle | undefined;
  #flush: NodeJS.Timeout | undefined;
  #newest: Head | undefined;
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  /** open opens the file, or makes it, and reads what it remembers; undefined: nothing. */
  static async open(path: string): Promise<{ readonly file: HeadFile; readonly head: Head | undefined }> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const handle = await open(path, flags, 0o600).catch(() => undefined);
    return { file: new HeadFile(handle), head: handle === undefined ? undefined : await headIn(handle) };
  }

  /** remember notes where the chain is at. It waits for nothing; the disk has it within a second. */
  remember({ sequence, hash }: Head): void {
    this.#newest = { sequence, hash };
    this.#writing ??= this.#writeNewest().finally(() => {
      this.#writing = undefined;
    });
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.#file?.datasync().catch(() => undefined);
    }, flushEveryMs).unref();
  }

  async #writeNewest(): Promise<void> {
    while (this.#newest !== undefined) {
      const text = JSON.stringify(this.#newest).padEnd(bytes - 1);
      this.#newest = undefined;
      await this.#file?.write(`${text}\n`, 0).catch(() => undefined);
    }
  }

  /** close writes it to the disk and closes it. */
  async close(): Promise<void> {
    clearTimeout(this.#flush);
    await this.#writing;
    await this.#file?.datasync().catch(() => undefined);
    await this.#file?.close().catch(() => undefined);
  }
}

async function headIn(file: FileHandle): Promise<Head | undefined> {
  try {
    const parsed = v.safeParse(schema, JSON.parse(await file.readFile('utf8')));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
