// Files that nobody but us writes, and what every safe write of a file is made of.
// Invariant: a path never has half a content, wherever a crash or a full disk comes in between.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';

/**
 * writeOwnFile writes a file that nobody but us writes, such as a cache or a journal. Its folder is made if need be.
 * @throws XnetError FailedPrecondition when it can't be written; the file is as it was then
 */
export async function writeOwnFile(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await openNew(temporary, mode);
    await fill(file, bytes);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw fileError(`can't write ${path}`, error);
  }
  await flushFolder(dirname(path));
}

/**
 * removeOwnFile removes a file that nobody but us writes. Gone already is done.
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

/** sha256 is the hash of a content, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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

/** fill gives a file its content, has it written to disk and closes it. */
export async function fill(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await file.truncate(0);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** flushFolder has a folder's entries written to disk: a rename is safe only then. */
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
