// Unix sockets of daemons.
// Invariant: a socket is reachable under its path only when its mode is set, and replaces none that is listened on.
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { XnetError } from '../errors.js';
import { makeFolder } from './folder.js';

async function socketAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

// A socket file outlives its process. One without a listener is removed.
async function prepareSocket(path: string): Promise<void> {
  await makeFolder(dirname(path));
  if (await socketAnswers(path)) {
    throw new XnetError('FailedPrecondition', `another process already listens on ${path}`);
  }
  await rm(path, { force: true });
}

/**
 * placeSocket makes a unix socket with mode 0660. A socket is reachable as soon as it is bound, so it is bound in a
 * folder that no other user may enter, and moved to its place once its mode is set.
 * @param bind begins to listen on the path that it is given
 * @throws XnetError FailedPrecondition when another process listens on `path`, and the errors of `bind`
 */
export async function placeSocket(path: string, bind: (path: string) => Promise<unknown>): Promise<void> {
  await prepareSocket(path);
  const folder = join(dirname(path), '.new');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const inside = join(folder, 's');
    await bind(inside);
    await chmod(inside, 0o660);
    await rename(inside, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
