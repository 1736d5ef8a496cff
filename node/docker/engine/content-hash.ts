// The hash by which the journal recognises a file's content.
import { createHash } from 'node:crypto';

/** sha256 returns the SHA-256 of the bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
