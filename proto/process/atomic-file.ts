// The only writer of files: writes a temporary file beside the target, flushes it, renames or links it to the target,
// and flushes the folder.
// Invariant: a path never has partial content, whether after a crash or on a full disk; except for appendToOwnFile.
import { closeSync, constants, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../errors.js';
import { makeFolder } from './folder.js';

/** AtomicWriteOptions control how a file is written. */
export type AtomicWriteOptions = {
  /** Permission bits, whatever the umask. Default 0o600. */
  readonly mode?: number;
  /** `replace` (the default) replaces an existing file; `create` fails with EEXIST if there is one. */
  readonly place?: 'replace' | 'create';
  /** The temporary file, in the target's folder. Default temporaryOf(path), which suits a file with one writer. */
  readonly temporary?: string;
  /** Whether file and folder are flushed to disk. Default true. */
  readonly flush?: boolean;
};

/**
 * writeAtomically writes a file completely or not at all. A symlink at the target is replaced, not followed. The folder
 * must exist.
 * @throws the system's error; unless only the flush of the folder failed, the target is unchanged
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  { mode = 0o600, place = 'replace', temporary = temporaryOf(path), flush = true }: AtomicWriteOptions = {},
): Promise<void> {
  try {
    await fill(await openNew(temporary, mode), bytes, flush);
    if (place === 'replace') {
      await rename(temporary, path);
    } else {
      // Unlike rename, link fails if the target exists (link(2)).
      await link(temporary, path);
      await unlink(temporary);
    }
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  if (flush) await flushFolder(dirname(path));
}

/**
 * writeOwnFile writes a file that only this program writes, such as a cache or a journal. It creates the folder if
 * necessary.
 * @throws XnetError FailedPrecondition when it can't be written; the file is then unchanged
 */
export async function writeOwnFile(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  try {
    await makeFolder(dirname(path), 0o700);
    await writeAtomically(path, bytes, { mode });
  } catch (error) {
    throw fileError(`can't write ${path}`, error);
  }
}

/**
 * appendToOwnFile appends to a file that only this program writes, and flushes it. A crash may leave a part of what is
 * appended: the reader has to recognise that.
 * @throws XnetError FailedPrecondition when it can't be written, or there is no such file; a part may have been written
 */
export async function appendToOwnFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    // O_DSYNC: the write returns once it is on disk (open(2)).
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_DSYNC;
    const file = await open(path, flags);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(`can't write ${path}`, error);
  }
}

/**
 * removeOwnFile removes a file that only this program writes, and what a killed process left of a new one. A missing
 * file is no error.
 * @throws XnetError FailedPrecondition when it can't be removed
 */
export async function removeOwnFile(path: string): Promise<void> {
  await discardTemporary(path);
  if (await unlinkOwnFile(path)) await flushFolder(dirname(path));
}

/**
 * unlinkOwnFile is removeOwnFile for a file whose removal need not survive a crash, and that another process of xnet may be
 * writing. It returns whether there was one.
 * @throws XnetError FailedPrecondition when it can't be removed
 */
export async function unlinkOwnFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(`can't remove ${path}`, error);
  }
}

/** temporaryOf returns the name of a file's incomplete new content: a crash leaves it, the next write replaces it. */
export function temporaryOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.xnet-new`);
}

/** discardTemporary removes the temporary file that a crash may have left. */
export async function discardTemporary(target: string): Promise<void> {
  await unlink(temporaryOf(target)).catch(() => undefined);
}

/**
 * writeNow is writeAtomically at once and without a flush, for a small file in memory, such as in /run: there, each trip
 * through the thread pool would cost more than all of it.
 * @throws the system's error; the target is unchanged then
 */
export function writeNow(path: string, bytes: Uint8Array, mode: number): void {
  const temporary = temporaryOf(path);
  try {
    const fd = openNewNow(temporary, mode);
    try {
      fchmodSync(fd, mode);
      writeFileSync(fd, bytes);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function openNewNow(temporary: string, mode: number): number {
  try {
    return openSync(temporary, newFile, mode);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    rmSync(temporary);
    return openSync(temporary, newFile, mode);
  }
}

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** openNew creates an empty file with this mode, whatever the umask, replacing an existing one. */
export async function openNew(temporary: string, mode: number): Promise<FileHandle> {
  await unlink(temporary).catch(() => undefined);
  const file = await open(temporary, newFile, mode);
  // open applies the process's umask; chmod does not.
  await file.chmod(mode);
  return file;
}

/** fill writes a file's content, flushes it to disk unless `flush` is false, and closes it. */
export async function fill(
  file: FileHandle,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  flush = true,
): Promise<void> {
  try {
    await file.truncate(0);
    if (bytes instanceof Uint8Array) await file.writeFile(bytes);
    // From the present position on.
    else for await (const some of bytes) await file.writeFile(some);
    if (flush) await file.sync();
  } finally {
    await file.close();
  }
}

/** flushFolder flushes a folder's entries to disk. A rename is durable only after that. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some FUSE file systems can't flush a folder; the rename has succeeded anyway.
    if (errnoOf(error) !== 'EINVAL') throw fileError(`can't flush ${folder}`, error);
  } finally {
    await handle.close();
  }
}

const explanations: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EPERM: 'not permitted: the file or its folder may be immutable (see lsattr)',
  EACCES: 'permission denied',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EBUSY: 'it is a mount point: change the file that is mounted there',
  EXDEV: 'it is a mount point: change the file that is mounted there',
};

/** fileError returns the XnetError for an error of the file system: "can't write /x: the disk is full (ENOSPC)". */
export function fileError(what: string, error: unknown): XnetError {
  if (error instanceof XnetError) return error;
  const errno = errnoOf(error);
  const why = (errno === undefined ? undefined : explanations[errno]) ?? messageOf(error);
  return new XnetError('FailedPrecondition', `${what}: ${why}${errno === undefined ? '' : ` (${errno})`}`, {
    cause: error,
  });
}
