// Files that hold secrets: keys, and what is proved with them.
// Invariant: nobody but their owner reads them, from the first byte on, and a path never has half a content.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../errors.js';
import { writeAtomically } from '../process/atomic-file.js';
import { makeFolder } from '../process/folder.js';

/**
 * readSecretFile is the content of a secret file; undefined when there is none.
 * @throws XnetError FailedPrecondition when others can read or write it, when it is somebody else's, or no plain file
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
          hint: `if nobody has read it: chmod 600 ${path}`,
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

// What was being written by a process that was killed is a secret, too.
async function removeLeftOver(path: string): Promise<void> {
  const begin = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const pid = name.startsWith(begin) ? /^(\d+)-[0-9a-f]+\.xnet-new$/.exec(name.slice(begin.length))?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid))) await unlink(join(dirname(path), name)).catch(() => undefined);
  }
}

// A temporary file of this call alone: another call may write the same file at this moment.
function ownTemporary(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.xnet-new`);
}

function notWritten(path: string, error: unknown): XnetError {
  return new XnetError('FailedPrecondition', `can't write ${path}: ${messageOf(error)}`, { cause: error });
}

/**
 * writeSecretFile writes a secret file, mode 0600, in place of the one there is. Its folder is made with 0700 if need be.
 * @throws XnetError FailedPrecondition when it can't be written; the file is as it was then
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
 * writeNewSecretFile writes a secret file, mode 0600, where there is none.
 * @throws XnetError AlreadyExists, which leaves what is there as it is; FailedPrecondition when it can't be written:
 * then there is none
 */
export async function writeNewSecretFile(path: string, content: Uint8Array): Promise<void> {
  try {
    await removeLeftOver(path);
    await writeAtomically(path, content, { temporary: ownTemporary(path), place: 'create' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw notWritten(path, error);
    throw new XnetError('AlreadyExists', `${path} is there already`, { hint: 'name another file, or remove it' });
  }
}
