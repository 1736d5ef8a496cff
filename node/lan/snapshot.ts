// The part of a host's network that a move concerns, as the kernel dumps it at one moment.
// Invariant: values only; nothing here touches the host.
import { eachAttribute } from '../kernel/netlink-message.js';
import type { KernelObject } from './objects.js';

/** LanLink is one interface. */
export type LanLink = {
  readonly ifindex: number;
  /** "eth0" */
  readonly name: string;
  /** ARPHRD_* of linux/if_arp.h; 1: Ethernet. */
  readonly hardware: number;
  readonly isUp: boolean;
  /** Whether packets can leave it: it has a carrier, and the kernel has acted on that. */
  readonly isRunning: boolean;
  /** Its hardware address: "02:fc:00:00:00:01" */
  readonly mac: string;
  readonly mtu: number;
  /** Interface index of the bridge, bond or VRF it belongs to; 0: none. */
  readonly master: number;
  /** Index of the interface below it, for a VLAN or a macvlan; 0: none. */
  readonly lower: number;
  /** "bridge", "veth", "vlan"; empty for hardware. */
  readonly kind: string;
  /** `ip link set NAME alias TEXT`; empty: none. */
  readonly alias: string;
};

/** PolicyRule is one policy rule with the interfaces that it names. */
export type PolicyRule = { readonly priority: number; readonly incoming: string; readonly outgoing: string };

/** LanSnapshot is the network of a host at one moment. */
export type LanSnapshot = {
  readonly links: readonly LanLink[];
  /** IPv4 addresses of all interfaces, in the kernel's order: a primary address before its secondary ones. */
  readonly addresses: readonly KernelObject[];
  /** IPv6 addresses other than those of links: interface index and "2001:db8::1/64". */
  readonly inet6: readonly { readonly ifindex: number; readonly text: string }[];
  /** IPv4 routes of all tables except the kernel's own local one. */
  readonly routes: readonly KernelObject[];
  readonly nextHops: readonly KernelObject[];
  /** IPv4 neighbours. */
  readonly neighbours: readonly KernelObject[];
  readonly rules: readonly PolicyRule[];
};

/** linkNamed returns the interface of a name. */
export function linkNamed({ links }: Pick<LanSnapshot, 'links'>, name: string): LanLink | undefined {
  return links.find((link) => link.name === name);
}

/** linkAt returns the interface of an index. */
export function linkAt({ links }: Pick<LanSnapshot, 'links'>, ifindex: number): LanLink | undefined {
  return links.find((link) => link.ifindex === ifindex);
}

/** portsOf lists the ports of a bridge. */
export function portsOf({ links }: Pick<LanSnapshot, 'links'>, bridge: LanLink): readonly LanLink[] {
  return links.filter(({ master }) => master === bridge.ifindex);
}

const AF_BRIDGE = 7;
const ifinfomsgLength = 16;
const attributes = { mac: 1, name: 3, mtu: 4, lower: 5, master: 10, linkInfo: 18, alias: 20 } as const;
const kindOfLink = 1;
const flags = { up: 0x1, running: 0x40, lowerUp: 0x10000 } as const;

function textAt(bytes: Buffer, at: number, end: number): string {
  return bytes.toString('utf8', at, end).replace(/\0.*$/, '');
}

/** readLanLink decodes a message of an interface; undefined for a message of a bridge port. */
export function readLanLink(bytes: Buffer, start: number, end: number): LanLink | undefined {
  if (bytes[start] === AF_BRIDGE) return undefined;
  let [name, mac, kind, alias] = ['', '', '', ''];
  let [mtu, master, lower] = [0, 0, 0];
  eachAttribute(bytes, start + ifinfomsgLength, end, (type, at, valueEnd) => {
    if (type === attributes.name) name = textAt(bytes, at, valueEnd);
    else if (type === attributes.mac) mac = formatMac(bytes.subarray(at, valueEnd));
    else if (type === attributes.mtu) mtu = bytes.readUInt32LE(at);
    else if (type === attributes.master) master = bytes.readUInt32LE(at);
    else if (type === attributes.lower) lower = bytes.readUInt32LE(at);
    else if (type === attributes.alias) alias = textAt(bytes, at, valueEnd);
    else if (type === attributes.linkInfo) {
      eachAttribute(bytes, at, valueEnd, (inner, from, to) => {
        if (inner === kindOfLink) kind = textAt(bytes, from, to);
      });
    }
  });
  const [ifindex, bits] = [bytes.readInt32LE(start + 4), bytes.readUInt32LE(start + 8)];
  const carrier = flags.running | flags.lowerUp;
  return {
    ifindex,
    name,
    hardware: bytes.readUInt16LE(start + 2),
    isUp: (bits & flags.up) !== 0,
    isRunning: (bits & carrier) === carrier,
    mac,
    mtu,
    master,
    lower: lower === ifindex ? 0 : lower,
    kind,
    alias,
  };
}

/** formatMac returns "02:fc:00:00:00:01". */
export function formatMac(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** macBytes returns the bytes of "02:fc:00:00:00:01". */
export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

const ruleAttributes = { incoming: 3, priority: 6, outgoing: 17 } as const;
const ruleHeaderLength = 12;

/** readPolicyRule decodes a message of a policy rule. */
export function readPolicyRule(bytes: Buffer, start: number, end: number): PolicyRule {
  let [priority, incoming, outgoing] = [0, '', ''];
  eachAttribute(bytes, start + ruleHeaderLength, end, (type, at, valueEnd) => {
    if (type === ruleAttributes.incoming) incoming = textAt(bytes, at, valueEnd);
    else if (type === ruleAttributes.outgoing) outgoing = textAt(bytes, at, valueEnd);
    else if (type === ruleAttributes.priority) priority = bytes.readUInt32LE(at);
  });
  return { priority, incoming, outgoing };
}

/** inet6Text returns "2001:db8:0:0:0:0:0:1/64" of an address of IPv6. */
export function inet6Text({ header, attributes: all }: KernelObject): string {
  const value = all.find(({ type }) => type === 2)?.value ?? all.find(({ type }) => type === 1)?.value;
  const groups = Array.from({ length: 8 }, (_, index) => (value?.readUInt16BE(2 * index) ?? 0).toString(16));
  return `${groups.join(':')}/${header[1]}`;
}
