// Opens the network namespace of a running container.
// Invariant: the descriptor is that of this container: it is detected if the container has ended meanwhile and another
// process has its process id.
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { errnoOf } from '../../proto/errors.js';
import type { ContainerProcess, Engine } from '../docker/engine/engine.js';

/**
 * withNamespace runs `work` with the network namespace of a container open, and closes it.
 * @returns 'host' if the container has the host's own namespace, 'gone' if it does not run any more
 * @throws XnetError as Engine does
 */
export async function withNamespace<T>(
  engine: Pick<Engine, 'process'>,
  containerId: string,
  work: (fd: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T | 'host' | 'gone'> {
  const before = await engine.process(containerId, signal);
  if (before === undefined) return 'gone';
  const fd = openNamespace(before);
  if (fd === undefined) return 'gone';
  try {
    const after = await engine.process(containerId, signal);
    if (after?.pid !== before.pid || after.startedAt !== before.startedAt) return 'gone';
    return isOwn(fd) ? 'host' : await work(fd);
  } finally {
    closeSync(fd);
  }
}

function openNamespace({ pid }: ContainerProcess): number | undefined {
  try {
    return openSync(`/proc/${pid}/ns/net`, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

function isOwn(fd: number): boolean {
  const [one, own] = [fstatSync(fd), statSync('/proc/thread-self/ns/net')];
  return one.ino === own.ino && one.dev === own.dev;
}
