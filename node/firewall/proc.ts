// The /proc files that the firewall reads and writes: sysctls, and the tables that iptables-legacy has.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { errnoOf } from '../../proto/errors.js';

/** ProcFiles reads and writes files below /proc, as seen from one network namespace. */
export interface ProcFiles {
  /** read returns a file's content without the final newline, "1"; undefined if there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** write replaces a file's content. Rejects with the system's error. */
  write(path: string, text: string): Promise<void>;
}

/** procFiles are those of this process's network namespace. */
export const procFiles: ProcFiles = {
  async read(path) {
    try {
      // Synchronous: the kernel has it in memory, and a trip through the thread pool costs ten times as much.
      return readFileSync(`/proc/${path}`, 'utf8').trimEnd();
    } catch (error) {
      // EINVAL and EIO: an interface was removed while its file was read.
      if (['ENOENT', 'ENOTDIR', 'EINVAL', 'EIO'].includes(errnoOf(error) ?? '')) return undefined;
      throw error;
    }
  },
  write: (path, text) => writeFile(`/proc/${path}`, `${text}\n`),
};

/** ipv4Sysctl is the path of a sysctl of IPv4: "sys/net/ipv4/ip_forward". Names of interfaces keep their dots. */
export function ipv4Sysctl(...names: readonly string[]): string {
  return ['sys/net/ipv4', ...names].join('/');
}
