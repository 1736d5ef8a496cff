// The one way in which files are written: the content goes into a temporary file beside the target, is flushed, and is then
// renamed or linked to the target, whose folder is flushed.
// Invariant: a path never has half a content, wherever a crash or a full disk comes in between.
import { constants } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../errors.js';
import { makeFolder } from './folder.js';

/** AtomicWriteOptions say how a file is written. */
export type AtomicWriteOptions = {
  /** Permission bits, whatever the umask. Default 0o600. */
  readonly mode?: number;
  /** `replace` (the default) takes the place of a file; `create` fails with EEXIST where there is one. */
  readonly place?: 'replace' | 'create';
  /** The temporary file, in the target's folder. Default temporaryOf(path), which suits a file with one writer. */
  readonly temporary?: string;
  /** Whether file and folder are flushed to disk. Default true. */
  readonly flush?: boolean;
};

/**
 * writeAtomically writes a file whole or not at all. A symlink in the target's place is replaced, not followed. The folder
 * has to be there.
 * @throws the system's error; unless only the flush of the folder failed, the target is as it was
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  { mode = 0o600, place = 'replace', temporary = temporaryOf(path), flush = true }: AtomicWriteOptions = {},
): Promise<void> {
  try {
    await fill(await openNew(temporary, mode), bytes, flush);
    if (place === 'replace') {
      await rename(temporary, path);
    } else {
      // Unlike rename, link fails where there is a file (link(2)).
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
 * writeOwnFile writes a file that only this program writes, such as a cache or a journal. Its folder is made if need be.
 * @throws XnetError FailedPrecondition when it can't be written; the file is as it was then
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
 * removeOwnFile removes a file that only this program writes. A missing file is no error.
 * @throws XnetError FailedPrecondition when it can't be removed
 */
export async function removeOwnFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw fileError(`can't remove ${path}`, error);
  }
  await flushFolder(dirname(path));
}

/** temporaryOf is the name that a file's new content has until it is complete: a crash leaves it, the next write takes it. */
export function temporaryOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.xnet-new`);
}

/** discardTemporary removes what a crash may have left beside a file. */
export async function discardTemporary(target: string): Promise<void> {
  await unlink(temporaryOf(target)).catch(() => undefined);
}

/** openNew makes a new, empty file with this mode, whatever the umask; what was in its place goes. */
export async function openNew(temporary: string, mode: number): Promise<FileHandle> {
  await unlink(temporary).catch(() => undefined);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, mode);
  // The process's umask is none of the file's business.
  await file.chmod(mode);
  return file;
}

/** fill gives a file its content, flushes it to disk unless `flush` is false, and closes it. */
export async function fill(file: FileHandle, bytes: Uint8Array, flush = true): Promise<void> {
  try {
    await file.truncate(0);
    await file.writeFile(bytes);
    if (flush) await file.sync();
  } finally {
    await file.close();
  }
}

/** flushFolder flushes a folder's entries to disk. A rename survives a crash only after that. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some FUSE file systems can't flush a folder; the rename has happened all the same.
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
  EBUSY: 'it is a mount point of its own, and has to be changed where it is mounted from',
  EXDEV: 'it is a mount point of its own, and has to be changed where it is mounted from',
};

/** fileError is an error of the file system with what it means: "can't write /x: the disk is full (ENOSPC)". */
export function fileError(what: string, error: unknown): XnetError {
  if (error instanceof XnetError) return error;
  const errno = errnoOf(error);
  const why = (errno === undefined ? undefined : explanations[errno]) ?? messageOf(error);
  return new XnetError('FailedPrecondition', `${what}: ${why}${errno === undefined ? '' : ` (${errno})`}`, {
    cause: error,
  });
}
