// One file of the audit log: lines are appended, and are on the disk when append() returns.
// Invariant: a batch of lines is on the disk completely or does not count. Leftovers of a failed write or fsync are
// truncated before the next write; changes by others are never truncated.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** LogHandle is the part of an open file that the log uses: the operations that a disk can fail. */
export type LogHandle = Pick<FileHandle, 'stat' | 'chmod' | 'read' | 'write' | 'sync' | 'truncate' | 'close'>;

/** OpenLogFile opens a file or a folder, as open() of node:fs/promises does. */
export type OpenLogFile = (path: string, flags: number, mode?: number) => Promise<LogHandle>;

const newline = 0x0a;
// O_DSYNC: a write ends when what it wrote is on the disk, as if fdatasync followed.
const appending = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_DSYNC;

/** openLogFile opens files on the disk. */
export const openLogFile: OpenLogFile = (path, flags, mode) => open(path, flags, mode);

type Opened = {
  readonly handle: LogHandle;
  readonly size: number;
  /** Its last line is incomplete. */
  readonly torn: boolean;
};

/** AuditFile is one open file of the log. */
export class AuditFile {
  readonly #path: string;
  readonly #open: OpenLogFile;
  #opened: Opened;
  // A write or an fsync failed: bytes beyond those known to be on the disk may be in the file.
  #suspect = false;

  private constructor(path: string, openFile: OpenLogFile, opened: Opened) {
    this.#path = path;
    this.#open = openFile;
    this.#opened = opened;
  }

  /** open opens a file, or creates it with mode 0600. Throws a system error. */
  static async open(path: string, openFile: OpenLogFile): Promise<AuditFile> {
    return new AuditFile(path, openFile, await openedAt(path, openFile));
  }

  /** size returns how many bytes are on the disk. */
  get size(): number {
    return this.#opened.size;
  }

  /** append writes lines and waits until they are on the disk. Throws a system error: then none of them counts. */
  async append(lines: string): Promise<void> {
    const { handle, size, torn } = await this.#ready();
    this.#suspect = true;
    // A new line follows the remains of a torn or truncated one.
    const bytes = Buffer.from(torn ? `\n${lines}` : lines, 'utf8');
    let done = 0;
    while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
    this.#suspect = false;
    this.#opened = { handle, size: size + bytes.length, torn: false };
  }

  // After a failed fsync the kernel marks the pages as clean (fsync(2)): a second fsync would succeed and write
  // nothing. Bytes not known to be on the disk are therefore truncated and written again.
  async #ready(): Promise<Opened> {
    const { handle, size } = this.#opened;
    const now = await handle.stat();
    if (!this.#suspect && now.nlink > 0 && now.size === size) return this.#opened;
    if (this.#suspect && now.nlink > 0 && now.size > size) {
      await handle.truncate(size);
      await handle.sync();
    }
    this.#opened = await openedAt(this.#path, this.#open);
    this.#suspect = false;
    await handle.close().catch(() => undefined);
    return this.#opened;
  }

  /** close closes the file. */
  async close(): Promise<void> {
    await this.#opened.handle.close();
  }
}

async function openedAt(path: string, openFile: OpenLogFile): Promise<Opened> {
  const handle = await openFile(path, appending, 0o600);
  try {
    const { size, mode } = await handle.stat();
    if ((mode & 0o077) !== 0) await handle.chmod(0o600);
    if (size > 0) {
      const last = Buffer.alloc(1);
      await handle.read(last, 0, 1, size - 1);
      return { handle, size, torn: last[0] !== newline };
    }
    // A new file is durable once its folder is flushed.
    const folder = await openFile(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    await folder.sync().finally(() => folder.close());
    return { handle, size, torn: false };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}
