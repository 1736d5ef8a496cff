// Reads and writes files that hold secrets, such as private keys.
// Invariant: only the owner can read them, from the first byte on, and a path never has partial content.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../errors.js';
import { writeAtomically } from '../process/atomic-file.js';
import { makeFolder } from '../process/folder.js';

/**
 * readSecretFile returns the content of a secret file; undefined when it does not exist.
 * @throws XnetError FailedPrecondition when others can read or write it, another user owns it, or it is not a regular
 * file
 */
export async function readSecretFile(path: string): Promise<Buffer | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new XnetError('FailedPrecondition', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const { mode, uid } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new XnetError('FailedPrecondition', `${path} is not a plain file`);
    }
    if ((mode & 0o077) !== 0) {
      throw new XnetError(
        'FailedPrecondition',
        `${path} holds a secret, and others can get at it (mode ${octal(mode)})`,
        {
          hint: `if no other user has read it: chmod 600 ${path}`,
        },
      );
    }
    const own = process.geteuid?.();
    if (own !== undefined && own !== 0 && uid !== own) {
      throw new XnetError('FailedPrecondition', `${path} belongs to user ${uid}, not to ${own} who runs this`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/**
 * removeSecretFile removes a secret file, and the temporary ones of killed processes. The caller makes sure that no process
 * writes it. A missing file is no error.
 * @throws the system's error
 */
export async function removeSecretFile(path: string): Promise<void> {
  await rm(path, { force: true });
  // A process may have the id of one that was killed.
  await removeLeftOver(path, true);
}

// The temporary file of a killed process holds a secret too.
async function removeLeftOver(path: string, noneWrites = false): Promise<void> {
  const begin = `.${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const pid = name.startsWith(begin) ? /^(\d+)-[0-9a-f]+\.xnet-new$/.exec(name.slice(begin.length))?.[1] : undefined;
    const isLeft = pid !== undefined && (noneWrites || !isRunning(Number(pid)));
    if (isLeft) await unlink(join(dirname(path), name)).catch(() => undefined);
  }
}

// A temporary name for this call alone: another call may be writing the same file.
function ownTemporary(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.xnet-new`);
}

function notWritten(path: string, error: unknown): XnetError {
  return new XnetError('FailedPrecondition', `can't write ${path}: ${messageOf(error)}`, { cause: error });
}

/**
 * writeSecretFile writes a secret file, mode 0600, replacing an existing one. It creates the folder with 0700 if
 * necessary.
 * @throws XnetError FailedPrecondition when it can't be written; the file is then unchanged
 */
export async function writeSecretFile(path: string, content: Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(path), 0o700);
    await removeLeftOver(path);
    await writeAtomically(path, content, { temporary: ownTemporary(path) });
  } catch (error) {
    throw notWritten(path, error);
  }
}

/**
 * writeNewSecretFile creates a secret file, mode 0600.
 * @throws XnetError AlreadyExists, which leaves the existing file unchanged; FailedPrecondition when it can't be
 * written: then no file exists
 */
export async function writeNewSecretFile(path: string, content: Uint8Array): Promise<void> {
  try {
    await removeLeftOver(path);
    await writeAtomically(path, content, { temporary: ownTemporary(path), place: 'create' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw notWritten(path, error);
    throw new XnetError('AlreadyExists', `${path} already exists`, { hint: 'name another file, or remove it' });
  }
}
