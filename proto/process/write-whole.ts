// Writes to a descriptor until all is written: one write takes only a part where a disk becomes full.
import { writeSync } from 'node:fs';

/**
 * writeWhole writes all bytes, and returns when they are written.
 * @throws the system's error; a part may be written then
 */
export function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(descriptor, rest));
}
