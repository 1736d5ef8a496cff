// A lock on a file between processes, which ends with its holder however that ends.
// Invariant: what is started under the lock does not inherit it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { XnetError } from '../../proto/errors.js';
import { systemPath } from './paths.js';

/**
 * withLock runs `work` while no other process holds the lock on the file `path`, which is made when absent. A child
 * holds the lock (flock(1)) for as long as this process keeps a pipe to it open, and the kernel closes that pipe even
 * when this process is killed.
 * @param timeoutMs how long to wait for the lock, in milliseconds
 * @throws XnetError DeadlineExceeded when another holds the lock for that long
 */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const seconds = String(timeoutMs / 1000);
  const child = spawn('flock', ['--wait', seconds, path, 'sh', '-c', 'echo held && exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PATH: systemPath() },
    // Not ended with us by Ctrl-C at a terminal, but by the end of the pipe: the work is still ending then.
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
