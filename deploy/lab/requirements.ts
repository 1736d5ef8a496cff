// The lab's requirements on the machine that it runs on.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import { staticBusybox } from './image.js';
import { systemPath } from './paths.js';

// The Debian package of each program.
const programs = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  tar: 'tar',
  'iptables-nft': 'iptables',
  'iptables-legacy': 'iptables',
  nft: 'nftables',
} as const;

/**
 * checkRequirements checks that a lab can be created on this machine.
 * @throws XnetError PermissionDenied unless root, FailedPrecondition with the name of every missing program
 */
export function checkRequirements(): void {
  if (process.getuid?.() !== 0) {
    throw new XnetError('PermissionDenied', 'the lab needs root: it makes network namespaces', { hint: 'use sudo' });
  }
  const missing = Object.entries(programs)
    .filter(([program]) => findProgram(program) === undefined)
    .map(([program, from]) => `${program} (Debian package ${from})`);
  if (missing.length > 0) {
    throw new XnetError('FailedPrecondition', `programs are missing: ${missing.join(', ')}`, {
      hint: 'run: sudo sh deploy/setup.sh',
    });
  }
  staticBusybox();
}

/** findProgram returns the path of a program, found as by a shell: "/usr/sbin/nft". */
export function findProgram(name: string): string | undefined {
  return systemPath()
    .split(':')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
