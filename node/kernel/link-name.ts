// Formats interface names for messages.
import { quoted } from '../../proto/domain/input.js';
import type { Link } from './route-kernel.js';

/**
 * linkName formats an interface for people: "eth0", or "if7" if it no longer exists. Characters that are special to a
 * terminal, which the kernel allows in names, are escaped.
 */
export function linkName(links: ReadonlyMap<number, Link>, ifindex: number): string {
  const name = links.get(ifindex)?.name ?? `if${ifindex}`;
  return /^[\x21-\x7e]+$/.test(name) ? name : quoted(name);
}
