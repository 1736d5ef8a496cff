// Locks in a state directory: one for the daemon that uses it, one for changes of its identity. The kernel releases a
// lock when its process ends, however it ends.
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { makeFolderSync } from '../../proto/process/folder.js';
import { tryLock } from '../../proto/process/syscall.js';

/** StateLock is a held lock. */
export type StateLock = { release(): void };

/** LockName names a lock: of the whole directory, or only of the identity in it. */
export type LockName = 'lock' | 'identity.lock';

/**
 * lockState takes a lock of a state directory; undefined when another process holds it.
 * @throws XnetError FailedPrecondition when the directory can't be used
 */
export function lockState(stateDir: string, name: LockName = 'lock'): StateLock | undefined {
  let fd: number;
  try {
    makeFolderSync(stateDir, 0o700);
    fd = openSync(join(stateDir, name), 'a', 0o600);
  } catch (error) {
    throw new XnetError('FailedPrecondition', `can't use the state directory ${stateDir}: ${messageOf(error)}`, {
      hint: 'run xnetd as root, or choose another with --state-dir',
      cause: error,
    });
  }
  if (tryLock(fd)) return { release: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
}

const lookMs = 20;
const looks = 5;

/**
 * lockForDaemon is lockState with retries: a command that checks whether the daemon runs holds the lock for a moment.
 * @throws XnetError FailedPrecondition when the directory can't be used
 */
export async function lockForDaemon(stateDir: string): Promise<StateLock | undefined> {
  for (let look = 1; look < looks; look += 1) {
    const lock = lockState(stateDir);
    if (lock !== undefined) return lock;
    await pause(lookMs);
  }
  return lockState(stateDir);
}

/**
 * isLocked reports whether a process holds the lock of a state directory, without taking it.
 * @throws a system error when the lock can't be checked
 */
export function isLocked(stateDir: string): boolean {
  let fd: number;
  try {
    fd = openSync(join(stateDir, 'lock'), 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    return !tryLock(fd, 'shared');
  } finally {
    closeSync(fd);
  }
}
