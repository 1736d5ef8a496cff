// The folders of the lab, and where it finds programs.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XnetError } from '../../proto/errors.js';

/** labsFolder holds one folder per lab: its record, and each machine's /run. Short: socket paths have at most 107 bytes. */
export const labsFolder = '/run/xnet-lab';

/** storesFolder holds one folder per lab for large content: Docker's data, logs, state of daemons. */
export const storesFolder = '/var/cache/xnet-lab';

/** programsFolder returns the folder of a lab's own programs, first in the PATH of its machines. */
export function programsFolder(id: string): string {
  return join(storesFolder, id, 'bin');
}

/** cgroupOf returns the cgroup, relative to the root of each hierarchy, under which a lab's containers run. */
export function cgroupOf(id: string): string {
  return `/xnet-lab-${id}`;
}

/** labMark is the environment variable of everything started in a lab; its value is the lab's id. */
export const labMark = 'XNET_LAB';

/** repositoryRoot returns the folder that holds package.json, from the sources as well as from dist. */
export function repositoryRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== '/'; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new XnetError('Internal', 'the lab runs from its repository only: no package.json above it');
}

const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * systemPath returns a PATH that includes the system's folders, which the PATH of non-root users and of cron lacks.
 * @param base the PATH to extend, by default that of this process
 */
export function systemPath(base: string = process.env['PATH'] ?? ''): string {
  const folders = base.split(':').filter((folder) => folder !== '');
  return [...folders, ...systemFolders.filter((folder) => !folders.includes(folder))].join(':');
}
