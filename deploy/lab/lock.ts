// A lock on a file between processes, released when its holder ends for any reason.
// Invariant: processes started under the lock do not inherit it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { XnetError } from '../../proto/errors.js';
import { systemPath } from './paths.js';

/**
 * withLock runs `work` while no other process holds the lock on the file `path`, which is created if absent. A child process
 * holds the lock (flock(1)) as long as this process keeps a pipe to it open; the kernel closes that pipe even if this
 * process is killed.
 * @param timeoutMs how long to wait for the lock, in milliseconds
 * @throws XnetError DeadlineExceeded if another process holds the lock for that long
 */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const seconds = String(timeoutMs / 1000);
  const child = spawn('flock', ['--wait', seconds, path, 'sh', '-c', 'echo held && exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PATH: systemPath() },
    // Ctrl-C at a terminal must not end the child with us: the work is still ending then. The end of the pipe ends it.
    detached: true,
  });
  const ended = once(child, 'close');
  ended.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  const held = await new Promise<boolean>((resolve, reject) => {
    child.once('error', (error) => reject(new XnetError('FailedPrecondition', `can't run flock: ${error.message}`)));
    const lines = createInterface({ input: child.stdout });
    lines.once('line', () => resolve(true));
    lines.once('close', () => resolve(false));
  });
  if (!held) throw new XnetError('DeadlineExceeded', `another process has held ${path} for ${seconds} s`);
  try {
    return await work();
  } finally {
    child.stdin.end();
    await ended;
  }
}
