// Locks in a state directory: for the one xnetd that uses it, and for who changes its identity. A lock is the kernel's, so
// it goes with the process however that ends.
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, XnetError } from '../../proto/errors.js';
import { makeFolderSync } from '../../proto/process/folder.js';
import { tryLock } from '../kernel/syscall.js';

/** StateLock is a held lock. */
export type StateLock = { release(): void };

/** LockName names a lock: of the whole directory, or of the identity in it alone. */
export type LockName = 'lock' | 'identity.lock';

/**
 * lockState takes a lock of a state directory; undefined when another process has it.
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
