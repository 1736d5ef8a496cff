// Files of /proc that the firewall looks at: sysctls, and which tables iptables-legacy has.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { errnoOf } from '../../proto/errors.js';

/** ProcFiles reads and writes files below /proc, as a network namespace shows them to those within it. */
export interface ProcFiles {
  /** read returns a file without its final newline, "1"; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** write replaces a file's content. Rejects with the system's error. */
  write(path: string, text: string): Promise<void>;
}

/** procFiles are those of the network namespace that this process is in. */
export const procFiles: ProcFiles = {
  async read(path) {
    try {
      // At once: the kernel has it in memory, and a trip through the pool of threads costs ten times as much.
      return readFileSync(`/proc/${path}`, 'utf8').trimEnd();
    } catch (error) {
      // EINVAL and EIO: an interface went while its file was read.
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
