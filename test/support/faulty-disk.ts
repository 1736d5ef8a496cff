// A disk for the audit log, over real files, that fails on request. After a failed fsync it leaves what a kernel leaves:
// pages marked clean that were never written, here zeros.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type LogHandle, openLogFile } from '../../controller/audit/audit-file.js';

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the disk was told to fail`), { code });
}

/** FaultyDisk opens files that fail as its fields specify. */
export class FaultyDisk {
  /** Number of bytes of each write after which it fails with ENOSPC; undefined: writes do not fail. */
  roomLeft: number | undefined;
  /** Number of fsyncs, of which each write has one (O_DSYNC), that fail with EIO. */
  failingSyncs = 0;
  /** Whether truncating a file fails. */
  failingTruncate = false;
  /** Number of fsyncs that succeeded. */
  synced = 0;
  /** Awaited before each fsync. */
  hold: Promise<void> | undefined;

  readonly open = async (path: string, flags: number, mode?: number): Promise<LogHandle> => {
    const handle = await openLogFile(path, flags, mode);
    let durable = (await handle.stat()).size;
    const sync = async () => {
      await this.hold;
      const { size } = await handle.stat();
      if (this.failingSyncs > 0) {
        this.failingSyncs -= 1;
        await lose(path, durable, size);
        throw failure('EIO');
      }
      await handle.sync();
      durable = size;
      this.synced += 1;
    };
    const faulty = {
      stat: () => handle.stat(),
      chmod: (to: number) => handle.chmod(to),
      read: handle.read.bind(handle),
      write: async (bytes: Buffer, offset: number) => {
        const { roomLeft } = this;
        const room = Math.min(roomLeft ?? Number.POSITIVE_INFINITY, bytes.length - offset);
        const written = await handle.write(bytes, offset, room);
        if (roomLeft !== undefined && roomLeft <= written.bytesWritten) throw failure('ENOSPC');
        if ((flags & constants.O_DSYNC) !== 0) await sync();
        return written;
      },
      sync: (flags & constants.O_DIRECTORY) === 0 ? sync : () => handle.sync(),
      truncate: async (size: number) => {
        if (this.failingTruncate) throw failure('EIO');
        await handle.truncate(size);
        durable = Math.min(durable, size);
      },
      close: () => handle.close(),
    };
    return faulty as unknown as LogHandle;
  };
}

async function lose(path: string, from: number, to: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(Math.max(0, to - from)), 0, Math.max(0, to - from), from);
  await file.close();
}
