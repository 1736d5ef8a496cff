// The value of bip: docker0's address and prefix length as dockerd writes them. Pure.
// Invariant: formatBip writes back exactly the text that parseBip read.
import { formatIpv4, type Ipv4, parseIpv4 } from '../../../proto/domain/address.js';

/** Bip is docker0's address and prefix length, which dockerd writes as one text: "10.76.3.1/24". */
export type Bip = { readonly address: Ipv4; readonly length: number };

/** parseBip parses "10.76.3.1/24"; undefined for anything else. */
export function parseBip(text: string | null | undefined): Bip | undefined {
  const match = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(text ?? '');
  const address = parseIpv4(match?.[1] ?? '');
  const length = Number(match?.[2]);
  return address === undefined || length > 32 ? undefined : { address, length };
}

/** formatBip formats a bip: "10.76.3.1/24". */
export function formatBip(bip: Bip): string {
  return `${formatIpv4(bip.address)}/${bip.length}`;
}

/** bipsEqual reports whether two bips are the same. */
export function bipsEqual(a: Bip | undefined, b: Bip | undefined): boolean {
  return a !== undefined && b !== undefined && a.address === b.address && a.length === b.length;
}
