// IPv4 addresses and prefixes as numbers: parsed once at the edge, computed on as uint32 everywhere else.
// Invariant: a Prefix has no host bits set, and an Ipv4 is an integer from 0 to 2^32 - 1.

declare const ipv4Brand: unique symbol;

/** Ipv4 is an address as an unsigned 32-bit number: 10.76.3.1 is 0x0a4c0301. */
export type Ipv4 = number & { readonly [ipv4Brand]: true };

/** Prefix is a CIDR block, e.g. 10.76.3.0/24: its first address and its length in bits, 0 to 32. */
export type Prefix = { readonly network: Ipv4; readonly length: number };

const dottedQuad = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** ipv4FromNumber returns the low 32 bits of `value` as an address. */
export function ipv4FromNumber(value: number): Ipv4 {
  return (value >>> 0) as Ipv4;
}

/**
 * parseIpv4 parses a dotted quad, "192.168.83.11"; undefined for anything else. Leading zeros are refused: some parsers
 * take them as octal.
 */
export function parseIpv4(text: string): Ipv4 | undefined {
  const match = dottedQuad.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (const octet of match.slice(1)) {
    const number = Number(octet);
    if (number > 255) return undefined;
    value = value * 256 + number;
  }
  return value as Ipv4;
}

/** formatIpv4 returns the dotted quad: "192.168.83.11". */
export function formatIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** netmask returns the mask of a prefix length as a number: 0xffffff00 for 24. */
export function netmask(length: number): Ipv4 {
  return ipv4FromNumber(length === 0 ? 0 : 0xffffffff << (32 - length));
}

/** prefixOf returns the block of `length` bits that contains `address`. */
export function prefixOf(address: Ipv4, length: number): Prefix {
  return { network: ipv4FromNumber(address & netmask(length)), length };
}

/** parsePrefix parses a canonical CIDR, "10.76.3.0/24"; undefined for anything else, including host bits. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIpv4(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d?)$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  if (length > 32) return undefined;
  const prefix = prefixOf(address, length);
  return prefix.network === address ? prefix : undefined;
}

/** formatPrefix returns the canonical CIDR: "10.76.3.0/24". */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIpv4(prefix.network)}/${prefix.length}`;
}

/** prefixKey returns a unique number per prefix, for Maps and Sets. It orders by address, shorter prefixes first. */
export function prefixKey(prefix: Prefix): number {
  return prefix.network * 64 + prefix.length;
}

/** prefixFromKey is the inverse of prefixKey. */
export function prefixFromKey(key: number): Prefix {
  return { network: ipv4FromNumber(Math.floor(key / 64)), length: key % 64 };
}

/** lastAddress returns the highest address of a prefix: 10.76.3.255 for 10.76.3.0/24. */
export function lastAddress(prefix: Prefix): Ipv4 {
  return ipv4FromNumber(prefix.network + 2 ** (32 - prefix.length) - 1);
}

/** prefixContains reports whether `address` is in `prefix`. */
export function prefixContains(prefix: Prefix, address: Ipv4): boolean {
  return ipv4FromNumber(address & netmask(prefix.length)) === prefix.network;
}

/** prefixCovers reports whether all of `inner` is in `outer`. */
export function prefixCovers(outer: Prefix, inner: Prefix): boolean {
  return inner.length >= outer.length && prefixContains(outer, inner.network);
}

/** prefixesOverlap reports whether two prefixes share an address. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return prefixCovers(a, b) || prefixCovers(b, a);
}

/** prefixesEqual reports whether two prefixes are the same block. */
export function prefixesEqual(a: Prefix, b: Prefix): boolean {
  return a.network === b.network && a.length === b.length;
}

/** subnetCount returns how many subnets of `subnetLength` bits a pool holds: 256 /24s in a /16. */
export function subnetCount(pool: Prefix, subnetLength: number): number {
  return 2 ** (subnetLength - pool.length);
}

/** subnetAt returns the subnet of a pool at `index`, from 0. */
export function subnetAt(pool: Prefix, subnetLength: number, index: number): Prefix {
  return { network: ipv4FromNumber(pool.network + index * 2 ** (32 - subnetLength)), length: subnetLength };
}

/** subnetKeyAt is prefixKey(subnetAt(pool, subnetLength, index)), for loops over thousands. */
export function subnetKeyAt(pool: Prefix, subnetLength: number, index: number): number {
  return (pool.network + index * 2 ** (32 - subnetLength)) * 64 + subnetLength;
}

/** subnetIndex is the inverse of subnetAt. `subnet` must be in `pool`. */
export function subnetIndex(pool: Prefix, subnet: Prefix): number {
  return (subnet.network - pool.network) / 2 ** (32 - subnet.length);
}

/** gatewayOf returns the bridge's own address in its subnet: the first one after the network address. */
export function gatewayOf(subnet: Prefix): Ipv4 {
  return ipv4FromNumber(subnet.network + 1);
}

const specialRanges: readonly (readonly [string, string])[] = [
  // IANA IPv4 Special-Purpose Address Registry (RFC 6890), the ranges that can't be routed to hosts.
  ['0.0.0.0/8', '"this network" (RFC 791)'],
  ['127.0.0.0/8', 'loopback (RFC 1122)'],
  ['169.254.0.0/16', 'link-local (RFC 3927)'],
  ['224.0.0.0/4', 'multicast (RFC 5771)'],
  ['240.0.0.0/4', 'reserved (RFC 1112)'],
];

// RFC 1918, RFC 6598 (shared address space) and RFC 2544 (benchmarking): not used on the internet.
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15'];

function known(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`not a prefix: ${text}`);
  return prefix;
}

/** specialRange returns the name of the range that can't hold hosts and overlaps `prefix`: "loopback (RFC 1122)". */
export function specialRange(prefix: Prefix): string | undefined {
  return specialRanges.find(([cidr]) => prefixesOverlap(known(cidr), prefix))?.[1];
}

/** isPrivate reports whether all of `prefix` is in a range that is not used on the internet. */
export function isPrivate(prefix: Prefix): boolean {
  return privateRanges.some((cidr) => prefixCovers(known(cidr), prefix));
}
