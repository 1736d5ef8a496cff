// One file of the audit log: lines are appended, and are on the disk when append() returns.
// Invariant: a batch of lines is on the disk whole, or none of it counts. What a failed write or a failed fsync left
// behind is cut off before anything else is written; what others did to the file is never cut off.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** LogHandle is what is done to an open file of the log: what a disk can refuse. */
export type LogHandle = Pick<
  FileHandle,
  'stat' | 'chmod' | 'read' | 'write' | 'datasync' | 'sync' | 'truncate' | 'close'
>;

/** OpenLogFile opens a file or a folder, as open() of node:fs/promises does. */
export type OpenLogFile = (path: string, flags: number, mode?: number) => Promise<LogHandle>;

const newline = 0x0a;
const appending = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** openLogFile opens on the disk itself. */
export const openLogFile: OpenLogFile = (path, flags, mode) => open(path, flags, mode);

type Opened = {
  readonly handle: LogHandle;
  readonly size: number;
  /** It ends in the middle of a line. */
  readonly torn: boolean;
};

/** AuditFile is one open file of the log. */
export class AuditFile {
  readonly #path: string;
  readonly #open: OpenLogFile;
  #opened: Opened;
  // A write or an fsync failed: behind the bytes that are on the disk there may be others that are not.
  #suspect = false;

  private constructor(path: string, openFile: OpenLogFile, opened: Opened) {
    this.#path = path;
    this.#open = openFile;
    this.#opened = opened;
  }

  /** open opens a file, or makes it, with mode 0600. Throws a system error. */
  static async open(path: string, openFile: OpenLogFile): Promise<AuditFile> {
    return new AuditFile(path, openFile, await openedAt(path, openFile));
  }

  /** size is how many bytes are on the disk. */
  get size(): number {
    return this.#opened.size;
  }

  /** append writes lines and waits until the disk has them. Throws a system error: then none of them counts. */
  async append(lines: string): Promise<void> {
    const { handle, size, torn } = await this.#ready();
    this.#suspect = true;
    // The rest of a line that a death tore, or a cut: what comes next has a line of its own.
    const bytes = Buffer.from(torn ? `\n${lines}` : lines, 'utf8');
    let done = 0;
    while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
    await handle.datasync();
    this.#suspect = false;
    this.#opened = { handle, size: size + bytes.length, torn: false };
  }

  // After an fsync that failed the kernel takes the pages for clean (fsync(2)): a second one would succeed and write
  // nothing. So what is not known to be on the disk is cut off, and written anew.
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
    // A new file is on the disk when its folder is.
    const folder = await openFile(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    await folder.sync().finally(() => folder.close());
    return { handle, size, torn: false };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}
