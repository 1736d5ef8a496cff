// A bip: docker0's address and length as dockerd writes them. Pure.
// Invariant: what parseBip reads, formatBip writes back the same.
import { formatIpv4, type Ipv4, parseIpv4 } from '../../../proto/domain/address.js';

/** Bip is docker0's address and length, which dockerd writes as one text: "10.76.3.1/24". */
export type Bip = { readonly address: Ipv4; readonly length: number };

/** parseBip reads "10.76.3.1/24"; undefined for anything else. */
export function parseBip(text: string | null | undefined): Bip | undefined {
  const match = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(text ?? '');
  const address = parseIpv4(match?.[1] ?? '');
  const length = Number(match?.[2]);
  return address === undefined || length > 32 ? undefined : { address, length };
}

/** formatBip writes "10.76.3.1/24". */
export function formatBip(bip: Bip): string {
  return `${formatIpv4(bip.address)}/${bip.length}`;
}

/** bipsEqual says whether two bips are the same. */
export function bipsEqual(a: Bip | undefined, b: Bip | undefined): boolean {
  return a !== undefined && b !== undefined && a.address === b.address && a.length === b.length;
}
