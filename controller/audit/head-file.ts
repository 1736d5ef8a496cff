// Remembers the head of the audit log in a file beside it, so that a truncated log is detected when the controller
// starts.
// Invariant: it is written after the entry that it names is on the disk, so it is never ahead of an intact log.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as v from 'valibot';
import { messageOf } from '../../proto/errors.js';
import type { Head } from './chain.js';

const schema = v.object({ sequence: v.pipe(v.number(), v.integer(), v.minValue(0)), hash: v.string() });

// A fixed length, so that it is overwritten in place, which works on a full disk.
const bytes = 128;
const flushEveryMs = 1_000;

/** HeadFile is the open file. Its failures block nothing: it is a second check, not the log. */
export class HeadFile {
  readonly #file: FileHandle | undefined;
  #flush: NodeJS.Timeout | undefined;
  #newest: Head | undefined;
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  /**
   * open opens or creates the file and reads the remembered head; undefined: there is none, and `problem` may say why.
   */
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

  /** remember notes the head of the chain. It does not wait; the file is written within a second. */
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

  /** close writes and closes the file. */
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
