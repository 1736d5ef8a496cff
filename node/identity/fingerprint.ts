// Distinguishes this running host from a clone: a clone has the same files, but another boot id and network namespace.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

function readOr(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return '';
  }
}

/** hostFingerprint is 32 hex digits: the same for every process of this host until it reboots, and for no other host. */
export function hostFingerprint(): string {
  const parts = [
    readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    readOr(() => readFileSync('/etc/machine-id', 'utf8')),
    readOr(() => readlinkSync('/proc/self/ns/net')),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}
