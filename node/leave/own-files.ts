// Removes what xnetd keeps in its state directory, and what killed processes have left there.
// Invariant: the caller holds the lock of the identity, so that no join ends meanwhile, and that of the directory, so that no
// daemon writes there.
import { access, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { lockState, type StateLock } from '../host/lock.js';
import { pendingKeyPath, readIdentity, removeIdentity } from '../identity/folder.js';
import { removeDaemonSettings } from '../settings/daemon-settings.js';
import { removeCache } from '../table/cache.js';

const lookMs = 100;
// A renewal of the certificate takes milliseconds. A join may take minutes, and a leave that is refused changes nothing.
const longestMs = 5_000;

// Of files with one writer (proto/process/atomic-file.ts). Those of secrets have the id of their process in their name.
const temporaryName = /^\.[a-z.-]+\.xnet-new$/;

/**
 * lockIdentity takes the lock of the identity, which a join holds, and briefly a renewal of the certificate.
 * @throws XnetError Unavailable when a join is under way, Cancelled when `signal` aborts
 */
export async function lockIdentity(stateDir: string, signal: AbortSignal): Promise<StateLock> {
  const deadline = performance.now() + longestMs;
  for (;;) {
    const lock = lockState(stateDir, 'identity.lock');
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      throw new XnetError('Unavailable', 'xnetd join is under way on this host', {
        hint: 'wait for it to end, and run xnetd leave again',
      });
    }
    await pause(lookMs, signal);
    if (signal.aborted) throw new XnetError('Cancelled', 'the leave was stopped');
  }
}

// They hold no secret, and the next write replaces one that can't be removed.
async function discardTemporaries(stateDir: string, others: readonly string[]): Promise<void> {
  const names = await readdir(stateDir).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const left = names.filter((name) => temporaryName.test(name) || others.includes(name));
  for (const name of left) await unlink(join(stateDir, name)).catch(() => undefined);
}

/**
 * removeOwnFiles removes the cache, the identity and the settings of a host that has left. What an operator may still need
 * stays: a daemon.json that was set aside.
 * @throws XnetError FailedPrecondition when something can't be removed
 */
export async function removeOwnFiles(stateDir: string): Promise<void> {
  await removeCache(stateDir);
  await removeIdentity(stateDir);
  await removeDaemonSettings(stateDir);
  await discardTemporaries(stateDir, ['cache.json.unreadable']);
}

/**
 * removeLeftOvers removes what a join that was killed has left of itself on a host without an identity, and reports whether
 * its key was among it. Nothing is removed while a join is under way, or when one has ended meanwhile. What shows which node
 * the host was stays: settings, and a cache that was set aside.
 * @throws XnetError FailedPrecondition when something can't be removed
 */
export async function removeLeftOvers(stateDir: string): Promise<boolean> {
  const lock = lockState(stateDir, 'identity.lock');
  if (lock === undefined) return false;
  try {
    if ((await readIdentity(stateDir)) !== undefined) return false;
    const hadKey = await access(pendingKeyPath(stateDir)).then(
      () => true,
      () => false,
    );
    await removeIdentity(stateDir);
    await discardTemporaries(stateDir, []);
    return hadKey;
  } finally {
    lock.release();
  }
}
