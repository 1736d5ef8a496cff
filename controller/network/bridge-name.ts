// The Linux bridge of a named network. Pure.
import { createHash } from 'node:crypto';

// IFNAMSIZ is 16 with the final NUL (linux/if.h).
const longest = 15;
const prefix = 'br-';
const digits = 6;

/**
 * bridgeNameFor returns the name of the bridge of a network: "br-blue". A long name is cut, and a part of its digest is
 * appended: "br-front-4f2f9c".
 * @param attempt 0; n: the n-th other name, which has a digest
 */
export function bridgeNameFor(network: string, attempt = 0): string {
  const plain = `${prefix}${network}`;
  if (attempt === 0 && plain.length <= longest) return plain;
  const digest = createHash('sha256').update(`${network} ${attempt}`).digest('hex').slice(0, digits);
  return `${plain.slice(0, longest - digits - 1)}-${digest}`;
}
