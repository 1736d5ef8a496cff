// Waits for a unix socket that nobody listens on: a socket is made when its program starts.
// Invariant: a socket that is made between the failed attempt and the wait ends the wait at once.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pause } from '../../../proto/process/backoff.js';

/** socketId identifies the file of a socket; undefined: there is none. A program that starts makes a new one. */
export function socketId(path: string): string | undefined {
  try {
    const { dev, ino, ctimeMs } = statSync(path);
    return `${dev} ${ino} ${ctimeMs}`;
  } catch {
    return undefined;
  }
}

/**
 * untilSocket waits until the socket at `path` is another than `before`, at most `ms` milliseconds or until `signal`
 * aborts. Where its folder can't be watched, it waits `unwatchedMs`.
 */
export async function untilSocket(
  path: string,
  before: string | undefined,
  { ms, unwatchedMs, signal }: { readonly ms: number; readonly unwatchedMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const stop = new AbortController();
  const look = () => {
    if (socketId(path) !== before) stop.abort();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), (_event, name) => {
      if (name === null || name === basename(path)) look();
    });
    watcher.on('error', () => stop.abort());
  } catch {
    // The folder does not exist, or there are no more watches.
  }
  try {
    look();
    await pause(watcher === undefined ? unwatchedMs : ms, AbortSignal.any([signal, stop.signal]));
  } finally {
    watcher?.close();
  }
}
