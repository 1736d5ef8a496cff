// Removes what xnetd keeps in its state directory, and what killed processes have left there.
// Invariant: an identity is removed by the holder of its lock, so that a join beside it never ends with a part of one. The
// caller holds the lock of the directory, so that no daemon writes there.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { lockState, type StateLock } from '../host/lock.js';
import { readIdentity, removeIdentity } from '../identity/folder.js';
import { removeDaemonSettings } from '../settings/daemon-settings.js';
import { removeCache } from '../table/cache.js';

const lookMs = 100;
// Longer than a call of a join may take (node/join/call.ts).
const longestJoinMs = 120_000;

// Of files with one writer (proto/process/atomic-file.ts). Those of secrets have the id of their process in their name.
const temporaryName = /^\.[a-z.-]+\.xnet-new$/;

async function lockIdentity(stateDir: string, signal: AbortSignal): Promise<StateLock> {
  for (let waited = 0; waited <= longestJoinMs; waited += lookMs) {
    const lock = lockState(stateDir, 'identity.lock');
    if (lock !== undefined) return lock;
    await pause(lookMs, signal);
    signal.throwIfAborted();
  }
  throw new XnetError('Unavailable', 'xnetd join is under way on this host', {
    hint: 'wait for it to end, and run xnetd leave again',
  });
}

async function discardTemporaries(stateDir: string): Promise<void> {
  const names = await readdir(stateDir).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const left = names.filter((name) => temporaryName.test(name) || name === 'cache.json.unreadable');
  for (const name of left) await rm(join(stateDir, name), { force: true });
}

/**
 * removeOwnFiles removes the cache, the identity and the settings of a host that has left. What an operator may still need
 * stays: a daemon.json that was set aside.
 * @param nodeId the node that has left, if it is known: the identity of another one, which has joined meanwhile, stays
 * @throws XnetError FailedPrecondition when something can't be removed, Unavailable when a join does not end
 */
export async function removeOwnFiles(stateDir: string, nodeId: string | undefined, signal: AbortSignal): Promise<void> {
  await removeCache(stateDir);
  const lock = await lockIdentity(stateDir, signal);
  try {
    const now = nodeId === undefined ? undefined : await readIdentity(stateDir).catch(() => undefined);
    if (now === undefined || now.nodeId === nodeId) await removeIdentity(stateDir);
  } finally {
    lock.release();
  }
  await removeDaemonSettings(stateDir);
  await discardTemporaries(stateDir);
}

/**
 * removeLeftOvers removes what a join that was killed has left of itself on a host without an identity. It removes nothing
 * while a join is under way, or when one has ended meanwhile.
 * @throws XnetError FailedPrecondition when something can't be removed
 */
export async function removeLeftOvers(stateDir: string): Promise<void> {
  const lock = lockState(stateDir, 'identity.lock');
  if (lock === undefined) return;
  try {
    if ((await readIdentity(stateDir)) !== undefined) return;
    await removeIdentity(stateDir);
  } finally {
    lock.release();
  }
  await removeDaemonSettings(stateDir);
  await discardTemporaries(stateDir);
}
