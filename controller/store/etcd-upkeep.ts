// Gives back the disk space that the embedded etcd has freed: etcd compacts its history by itself, but its file shrinks
// only when it is defragmented.
// Invariant: it defragments only if most of the file is free, because etcd answers no call while it copies the rest; and
// only an etcd without other members, such as the embedded one.
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { clientOf, type EtcdClient, type EtcdOptions } from './etcd-client.js';

/** DatabaseSize is the size of etcd's file and how much of it is in use, in bytes. */
export type DatabaseSize = { readonly size: number; readonly inUse: number };

// A tenth of the quota (embedded-etcd.ts): below it nothing is gained.
const leastBytes = 200 * 1024 ** 2;
const everyMs = 10 * 60_000;
const timeoutMs = 60_000;

/** isFragmented reports whether a file is large and less than half of it is in use. Pure. */
export function isFragmented({ size, inUse }: DatabaseSize, least = leastBytes): boolean {
  return size >= least && inUse * 2 < size;
}

async function sizeOf(client: EtcdClient): Promise<DatabaseSize> {
  const { dbSize, dbSizeInUse } = await client.maintenance.status();
  return { size: Number(dbSize), inUse: Number(dbSizeInUse) };
}

/**
 * defragment defragments an etcd if it is fragmented. Returns its size before and after; undefined: it is not.
 * @param least smallest file that is defragmented, in bytes
 */
export async function defragment(
  options: EtcdOptions,
  least = leastBytes,
): Promise<{ readonly before: DatabaseSize; readonly after: DatabaseSize } | undefined> {
  const client = clientOf(options, options.endpoints[0] ?? '');
  try {
    const before = await sizeOf(client);
    if (!isFragmented(before, least)) return undefined;
    await client.maintenance.defragment({ deadline: Date.now() + timeoutMs });
    return { before, after: await sizeOf(client) };
  } finally {
    client.close();
  }
}

/** runUpkeep looks at the etcd every ten minutes until `signal` aborts. */
export async function runUpkeep(options: EtcdOptions, log: Logger, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    const began = performance.now();
    try {
      const done = await defragment(options);
      if (done !== undefined)
        log.info({ ...done, tookMs: Math.round(performance.now() - began) }, 'etcd: defragmented');
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'etcd: not defragmented');
    }
  }
}
