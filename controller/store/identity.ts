// Is this the store that this controller knew? A wiped or swapped etcd, or one restored from an older backup, would
// have every node withdraw routes and the same subnets leased twice. So the controller remembers on its own disk what
// it saw, and refuses to act on a store that can't be the same one.
// Invariant: what is remembered is never newer than what was really seen, and lags behind it by seconds at most.
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { makeFolder } from '../../proto/process/folder.js';

const seenSchema = v.object({
  /** Identity of the etcd cluster, and of the xnet cluster in it. */
  storeId: v.string(),
  clusterId: v.string(),
  epoch: v.number(),
  revision: v.number(),
});

/** Seen is what was known of the store when it was last looked at. */
export type Seen = v.InferOutput<typeof seenSchema>;

/**
 * refusalOf says why a controller that saw `before` must not act on `now`, and what to do; undefined: it may. An epoch
 * above the remembered one means that an operator accepted a restored store, here or at another controller.
 */
export function refusalOf(before: Seen | undefined, now: Seen): string | undefined {
  if (before === undefined) return undefined;
  const remedy = 'If this is intended, start the controller once with --accept-store.';
  if (before.clusterId !== now.clusterId) {
    return `the store holds xnet cluster ${now.clusterId}, this controller belongs to ${before.clusterId}. ${remedy}`;
  }
  if (now.epoch > before.epoch) return undefined;
  if (before.storeId !== now.storeId) {
    return `the store is etcd cluster ${now.storeId}, it was ${before.storeId}. ${remedy}`;
  }
  if (now.epoch < before.epoch || now.revision < before.revision) {
    return (
      `the store is at revision ${now.revision} (epoch ${now.epoch}), this controller has seen revision ` +
      `${before.revision} (epoch ${before.epoch}): it was restored from an older backup. ${remedy}`
    );
  }
  return undefined;
}

/** readSeen reads what was remembered; undefined when nothing was. Throws XnetError Corrupt for a file we can't read. */
export async function readSeen(path: string): Promise<Seen | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new XnetError('Corrupt', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    return v.parse(seenSchema, JSON.parse(text));
  } catch (error) {
    throw new XnetError('Corrupt', `${path} does not hold what this controller wrote: ${messageOf(error)}`, {
      hint: 'if you are sure of the store, remove that file',
      cause: error,
    });
  }
}

/** writeSeen remembers: whole or not at all. */
export async function writeSeen(path: string, seen: Seen): Promise<void> {
  await makeFolder(dirname(path), 0o700);
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(seen)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
