// The value of bip: docker0's address and prefix length as dockerd writes them, and what belongs to them: in mode block the
// range of the other networks that Docker makes, and the part of docker0's subnet that it hands out. Pure.
// Invariant: formatBip writes back exactly the text that parseBip read.
import { formatIpv4, type Ipv4, type Prefix, parseIpv4, prefixesEqual } from '../../../proto/domain/address.js';

/** AddressPool is a range that Docker takes the subnets of new networks from, and their prefix length. */
export type AddressPool = { readonly base: Prefix; readonly size: number };

/** Bip is docker0's address and prefix length, which dockerd writes as one text: "10.76.3.1/24". */
export type Bip = {
  readonly address: Ipv4;
  readonly length: number;
  /** Of mode block: the value of default-address-pools beside the bip; undefined: none. */
  readonly networks?: AddressPool;
  /** The part of docker0's subnet that Docker hands out, which belongs into daemon.json as well; undefined: all of it. */
  readonly fixedCidr?: Prefix;
  /** Of mode lan: daemon.json has no bip, but these, and the address and length are those of fixed-cidr, the lease. */
  readonly over?: OverBridge;
};

/** OverBridge is a bridge that is not Docker's own, and that its default network is on: the keys bridge and default-gateway. */
export type OverBridge = {
  /** "xnet-lan" */
  readonly bridge: string;
  readonly gateway: Ipv4;
};

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

/** bipText names in a message what daemon.json sets: "bip 10.76.3.1/24", or "bridge xnet-lan with fixed-cidr 192.168.61.64/27". */
export function bipText(bip: Bip): string {
  return bip.over === undefined
    ? `bip ${formatBip(bip)}`
    : `bridge ${bip.over.bridge} with fixed-cidr ${formatBip(bip)}`;
}

/** getsText names in a message what changes: "docker0 gets 10.76.3.1/24". @param gets "gets", "does not get" */
export function getsText(bip: Bip, gets = 'gets'): string {
  return bip.over === undefined
    ? `docker0 ${gets} ${formatBip(bip)}`
    : `Docker's default network ${gets} ${formatBip(bip)} on the bridge ${bip.over.bridge}`;
}

/** BipParts holds the settings that daemon.json has beside a bip: see Bip. */
export type BipParts = Pick<Bip, 'networks' | 'fixedCidr'>;

/** partsEqual reports whether the same belongs into daemon.json beside two bips. */
export function partsEqual(a: BipParts | undefined, b: BipParts | undefined): boolean {
  return addressPoolsEqual(a?.networks, b?.networks) && rangesEqual(a?.fixedCidr, b?.fixedCidr);
}

/** rangesEqual reports whether two ranges are the same; two that are undefined are. */
export function rangesEqual(a: Prefix | undefined, b: Prefix | undefined): boolean {
  return a === undefined || b === undefined ? a === b : prefixesEqual(a, b);
}

/** bipsEqual reports whether two bips give the default network the same bridge, address and length, whatever other networks get. */
export function bipsEqual(a: Bip | undefined, b: Bip | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.address === b.address && a.length === b.length && oversEqual(a.over, b.over);
}

function oversEqual(a: OverBridge | undefined, b: OverBridge | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.bridge === b.bridge && a.gateway === b.gateway;
}

/** addressPoolsEqual reports whether two ranges for networks are the same; two that are undefined are. */
export function addressPoolsEqual(a: AddressPool | undefined, b: AddressPool | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && prefixesEqual(a.base, b.base);
}
