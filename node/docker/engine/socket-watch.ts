// Waits for a unix socket that nobody listens on: a socket is made when its program starts.
// Invariant: a socket that is made between the failed attempt and the wait ends the wait at once, also in a folder that is
// made or replaced meanwhile.
import { type FSWatcher, readlinkSync, statSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
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
 * aborts. Where folders can't be watched, it waits `unwatchedMs`.
 */
export async function untilSocket(
  path: string,
  before: string | undefined,
  { ms, unwatchedMs, signal }: { readonly ms: number; readonly unwatchedMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const untilMs = performance.now() + ms;
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = untilMs - performance.now()) {
    const changed = new AbortController();
    const { complete, close } = watchWay(path, () => changed.abort());
    try {
      if (socketId(path) !== before) return;
      await pause(complete ? leftMs : Math.min(unwatchedMs, leftMs), AbortSignal.any([signal, changed.signal]));
    } finally {
      close();
    }
    if (!complete || socketId(path) !== before) return;
    // A folder on the way was replaced: watch the new one.
  }
}

// Watches all existing folders on the way to a file, in which missing ones would appear. `complete`: no change is missed.
function watchWay(path: string, onChange: () => void): { readonly complete: boolean; readonly close: () => void } {
  const watchers: FSWatcher[] = [];
  let complete = true;
  for (const { folder, name } of [...wayTo(path), ...wayTo(targetOf(path))]) {
    try {
      const watcher = watch(folder, (_event, changed) => {
        if (changed === null || changed === name) onChange();
      });
      watchers.push(watcher.on('error', onChange));
    } catch (error) {
      // A missing folder needs no watch. Without more watches, or if the folder is not readable, changes are missed.
      complete &&= error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    }
  }
  const close = () => {
    for (const watcher of watchers) watcher.close();
  };
  return { complete, close };
}

// Every folder above a file, with the name of the entry in it that leads to the file.
function wayTo(path: string | undefined): readonly { readonly folder: string; readonly name: string }[] {
  if (path === undefined || dirname(path) === path) return [];
  return [{ folder: dirname(path), name: basename(path) }, ...wayTo(dirname(path))];
}

// A socket may be a symbolic link into another folder.
function targetOf(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}
