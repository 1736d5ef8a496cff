// Replaces files that other programs write as well: atomically, and only if they are unchanged since they were read.
// Invariant: a path never has partial content; a file that another program changed after it was read is not replaced. A
// symlink stays: its target is replaced; mode, owner and extended attributes are kept. A file with several hard links
// is not replaced, as the other links would keep the old content.
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readlink, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, XnetError } from '../../../proto/errors.js';
import {
  discardTemporary,
  fileError,
  fill,
  flushFolder,
  openNew,
  temporaryOf,
} from '../../../proto/process/atomic-file.js';
import type { Exec } from '../../../proto/process/exec.js';

/** FileSeen is a file as it was read. */
export type FileSeen = {
  /** Where the content is: the path with every symlink followed. */
  readonly target: string;
  readonly bytes: Buffer;
  /** Permission bits: 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Changes with every replacement and every write: device, inode, size and times. */
  readonly identity: string;
};

/** FileAbsent is a file that did not exist. */
export type FileAbsent = { readonly target: string; readonly bytes: undefined };

/**
 * readForReplace reads a regular file, through symlinks.
 * @param largest size in bytes above which the file is not read
 * @throws XnetError FailedPrecondition: a dangling symlink, not a regular file, too large, not readable
 */
export async function readForReplace(path: string, largest: number): Promise<FileSeen | FileAbsent> {
  const target = await targetOf(path);
  let file: FileHandle;
  try {
    // O_NONBLOCK: a FIFO in the file's place would block.
    file = await open(target, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { target, bytes: undefined };
    throw fileError(`can't read ${target}`, error);
  }
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw new XnetError('FailedPrecondition', `${target} is not a regular file`);
    if (before.size > BigInt(largest)) {
      const message = `${target} has ${before.size} bytes; more than ${largest} are not read`;
      throw new XnetError('FailedPrecondition', message, { hint: `make ${target} smaller` });
    }
    const bytes = await file.readFile();
    // If another program writes during the read, the identity from before the read shows it.
    const { mode, uid, gid } = before;
    return {
      target,
      bytes,
      mode: Number(mode) & 0o7777,
      uid: Number(uid),
      gid: Number(gid),
      identity: identityOf(before),
    };
  } catch (error) {
    throw fileError(`can't read ${target}`, error);
  } finally {
    await file.close();
  }
}

async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(`can't read ${path}`, error);
  }
  const linkTarget = await readlink(path).catch(() => undefined);
  if (linkTarget !== undefined) {
    const message = `${path} is a symlink to ${linkTarget}, which does not exist`;
    throw new XnetError('FailedPrecondition', message, { hint: `create ${linkTarget}, or remove the link ${path}` });
  }
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

function identityOf(stats: BigIntStats): string {
  // ctime also changes with chmod and link: another program is changing the file then.
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/** ReplaceOptions are the options of replaceFile. */
export type ReplaceOptions = {
  /** Permission bits of a file that did not exist. */
  readonly mode: number;
  /** Runs cp, which copies extended attributes (ACLs, SELinux labels); without it only mode and owner are copied. */
  readonly exec?: Exec;
  /** Called right before and right after the rename. */
  readonly reached?: (step: 'temporary-written' | 'renamed') => Promise<void> | void;
};

/**
 * replaceFile replaces the content of a file that was read, or creates a file that did not exist.
 * @throws XnetError Conflict when the file has changed since it was read; FailedPrecondition when it can't be written (disk
 *   full, read-only, immutable, a mount point): nothing is changed then
 */
export async function replaceFile(
  seen: FileSeen | FileAbsent,
  bytes: Uint8Array,
  options: ReplaceOptions,
): Promise<void> {
  const { target } = seen;
  const temporary = temporaryOf(target);
  try {
    await checkFolder(target);
    await writeTemporary(seen, temporary, bytes, options);
    await options.reached?.('temporary-written');
    await compare(seen);
    if (seen.bytes === undefined) await place(temporary, target);
    else await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw fileError(`can't write ${target}`, error);
  }
  await options.reached?.('renamed');
  await flushFolder(dirname(target));
}

/**
 * removeFile removes a file that was read. It is no error if the file is gone.
 * @throws XnetError Conflict when the file has changed since it was read, FailedPrecondition when it can't be removed
 */
export async function removeFile(seen: FileSeen): Promise<void> {
  try {
    // A crash may have left the temporary file as a second link to the file.
    await discardTemporary(seen.target);
    await compare(seen);
    await unlink(seen.target);
  } catch (error) {
    throw fileError(`can't remove ${seen.target}`, error);
  }
  await flushFolder(dirname(seen.target));
}

async function writeTemporary(
  seen: FileSeen | FileAbsent,
  temporary: string,
  bytes: Uint8Array,
  options: ReplaceOptions,
): Promise<void> {
  if (seen.bytes === undefined) {
    await mkdir(dirname(temporary), { recursive: true });
    return fill(await openNew(temporary, options.mode), bytes);
  }
  // Private until it has the mode of the file that it replaces.
  const file = await openNew(temporary, 0o600);
  const copied = await copyAttributes(seen.target, temporary, options.exec);
  if (!copied) {
    await file.chown(seen.uid, seen.gid);
    await file.chmod(seen.mode);
  }
  return fill(file, bytes);
}

// Of the programs on every host, only coreutils' cp copies extended attributes. The content does not come from it.
async function copyAttributes(from: string, to: string, exec: Exec | undefined): Promise<boolean> {
  if (exec === undefined) return false;
  try {
    const { code } = await exec(['cp', '--attributes-only', '--preserve=all', '--', from, to]);
    return code === 0;
  } catch {
    return false;
  }
}

async function compare(seen: FileSeen | FileAbsent): Promise<void> {
  const changed = new XnetError('Conflict', `${seen.target} was changed by another program meanwhile`);
  let stats: BigIntStats;
  try {
    stats = await lstat(seen.target, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && seen.bytes === undefined) return;
    throw errnoOf(error) === 'ENOENT' ? changed : error;
  }
  if (seen.bytes === undefined || identityOf(stats) !== seen.identity) throw changed;
  if (stats.nlink > 1n) {
    const message = `${seen.target} has ${stats.nlink} names (hard links), and replacing it would leave the others with the old content`;
    const hint = `make it a separate file, or a symlink; find / -xdev -samefile ${seen.target} shows the other names`;
    throw new XnetError('FailedPrecondition', message, { hint });
  }
  // Two writes within one clock tick have the same times.
  const now = await readForReplace(seen.target, seen.bytes.length);
  if (now.bytes === undefined || !now.bytes.equals(seen.bytes)) throw changed;
}

// link fails if the file exists; rename would replace it.
async function place(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      throw new XnetError('Conflict', `${target} was made by another program meanwhile`, { cause: error });
    }
    // A file system without hard links (vfat, some FUSE).
    if (errnoOf(error) !== 'EPERM' && errnoOf(error) !== 'ENOTSUP') throw error;
    return rename(temporary, target);
  }
  await unlink(temporary);
}

// Settings that root reads must not be replaceable by other users.
async function checkFolder(target: string): Promise<void> {
  const folder = dirname(target);
  const stats = await stat(folder).catch(() => undefined);
  if (stats !== undefined && (stats.mode & 0o002) !== 0) {
    const message = `every user can write to the folder ${folder}`;
    throw new XnetError('FailedPrecondition', message, { hint: `chmod o-w ${folder}` });
  }
}
