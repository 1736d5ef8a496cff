// Where the lab keeps its things, and where it finds programs.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XnetError } from '../../proto/errors.js';

/** labsFolder holds one folder per lab: its record, and each machine's /run. Short: a socket's path has 107 bytes. */
export const labsFolder = '/run/xnet-lab';

/** storesFolder holds one folder per lab of what may be large: Docker's data, logs, state of daemons. */
export const storesFolder = '/var/cache/xnet-lab';

/** programsFolder is where a lab's own programs are, before all others in the PATH of its machines. */
export function programsFolder(id: string): string {
  return join(storesFolder, id, 'bin');
}

/** cgroupOf is the cgroup, relative to the root of each hierarchy, under which a lab's containers run. */
export function cgroupOf(id: string): string {
  return `/xnet-lab-${id}`;
}

/** labMark is the environment variable that everything in a lab is started with; its value is the lab's id. */
export const labMark = 'XNET_LAB';

/** repositoryRoot is the folder that holds package.json, from the sources and from dist alike. */
export function repositoryRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== '/'; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new XnetError('Internal', 'the lab runs from its repository only: no package.json above it');
}

const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * systemPath is a PATH that has the system's folders, which those of non-root users and of cron lack.
 * @param base the PATH to add to, this process's own unless given
 */
export function systemPath(base: string = process.env['PATH'] ?? ''): string {
  const folders = base.split(':').filter((folder) => folder !== '');
  return [...folders, ...systemFolders.filter((folder) => !folders.includes(folder))].join(':');
}
