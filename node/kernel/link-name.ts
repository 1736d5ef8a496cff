// Names of interfaces in messages.
import { quoted } from '../../proto/domain/input.js';
import type { Link } from './route-kernel.js';

/**
 * linkName names an interface for people: "eth0"; "if7" for one that is gone. The kernel allows characters that a
 * terminal takes specially: those are escaped.
 */
export function linkName(links: ReadonlyMap<number, Link>, ifindex: number): string {
  const name = links.get(ifindex)?.name ?? `if${ifindex}`;
  return /^[\x21-\x7e]+$/.test(name) ? name : quoted(name);
}
