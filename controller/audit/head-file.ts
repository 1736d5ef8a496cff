// Remembers beside the audit log where its chain is at, so that a log whose end was lost or cut off is found when the
// controller starts.
// Invariant: it is written after the entry that it names is on the disk, so it is never ahead of a log that is whole.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as v from 'valibot';
import { messageOf } from '../../proto/errors.js';
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

  /** open opens the file, or makes it, and reads what it remembers; undefined: nothing, and `problem` may say why. */
  static async open(path: string): Promise<{
    readonly file: HeadFile;
    readonly head: Head | undefined;
    readonly problem?: string;
  }> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    let handle: FileHandle;
    try {
      handle = await open(path, flags, 0o600);
    } catch (error) {
      return { file: new HeadFile(undefined), head: undefined, problem: messageOf(error) };
    }
    const file = new HeadFile(handle);
    const text = await handle.readFile('utf8').catch(() => '');
    const head = headFrom(text);
    return { file, head, ...(head === undefined && text !== '' ? { problem: 'it holds something else' } : {}) };
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

function headFrom(text: string): Head | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
