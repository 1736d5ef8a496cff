// Ranges of addresses from a first to a last one, as people write those of DHCP servers: "192.168.61.100-192.168.61.150".
import { type Ipv4, ipv4FromNumber, type Prefix, parseIpv4 } from './address.js';
import { type Checked, checkPrefix, quoted } from './input.js';

/** prefixesOfRange returns the fewest CIDRs that together are exactly a range; `last` is not below `first`. */
export function prefixesOfRange(first: Ipv4, last: Ipv4): readonly Prefix[] {
  const found: Prefix[] = [];
  let next: number = first;
  while (next <= last) {
    let length = 32;
    // The largest block that begins here and does not end beyond the range.
    while (length > 0) {
      const size = 2 ** (33 - length);
      if (next % size !== 0 || next + size - 1 > last) break;
      length -= 1;
    }
    found.push({ network: ipv4FromNumber(next), length });
    next += 2 ** (32 - length);
  }
  return found;
}

/** checkRange checks a CIDR, an address, or a range of addresses, and returns the CIDRs that it consists of. */
export function checkRange(text: string): Checked<readonly Prefix[]> {
  const [first, last, ...more] = text.split('-').map((part) => parseIpv4(part.trim()));
  if (first !== undefined && more.length === 0) {
    if (!text.includes('-')) return { value: [{ network: first, length: 32 }] };
    if (last !== undefined && last >= first) return { value: prefixesOfRange(first, last) };
  }
  if (text.includes('-')) {
    return { problem: `${quoted(text)} is not a range of addresses such as 192.168.61.100-192.168.61.150` };
  }
  const prefix = checkPrefix(text);
  return 'problem' in prefix ? prefix : { value: [prefix.value] };
}
