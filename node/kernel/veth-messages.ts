// Writes and reads the messages about nics: veth pairs, their addresses, routes and rules (linux/rtnetlink.h,
// linux/if_link.h, linux/fib_rules.h, linux/veth.h).
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import { linkMessages } from './link-messages.js';
import { eachAttribute, type MessageWriter, messageFlags } from './netlink-message.js';

/** VethLink is an interface as far as nics are concerned. */
export type VethLink = {
  readonly ifindex: number;
  readonly name: string;
  readonly isUp: boolean;
  /** "veth", "bridge"; empty if it has none. */
  readonly kind: string;
  /** Index of the bridge that it is a port of; 0: none. */
  readonly master: number;
  readonly mtu: number;
  /** "02:78:0a:4c:03:c8" */
  readonly mac: string;
  /** Empty if it has none. */
  readonly alias: string;
};

/** NewVeth is a pair to make: one end here, the other in another network namespace. */
export type NewVeth = {
  readonly name: string;
  readonly mtu: number;
  /** The other end: its name, its MAC address as six bytes, and an open descriptor of its namespace. */
  readonly peer: { readonly name: string; readonly mac: Buffer; readonly namespaceFd: number };
};

/** VethRequest is one change. Those that add fail with EEXIST where there is an equal object. */
export type VethRequest =
  | { readonly op: 'make'; readonly veth: NewVeth }
  /** Attaches an interface to a bridge, sets its alias, and sets it up. */
  | { readonly op: 'attach'; readonly name: string; readonly master: number; readonly alias: string }
  | { readonly op: 'up'; readonly ifindex: number }
  | { readonly op: 'delete'; readonly ifindex: number }
  | { readonly op: 'address'; readonly ifindex: number; readonly address: Ipv4; readonly length: number }
  | { readonly op: 'route'; readonly route: NicRoute }
  | { readonly op: 'rule' | 'delete rule'; readonly source: Ipv4; readonly table: number };

/** NicRoute is a route in a container. */
export type NicRoute = {
  readonly destination: Prefix;
  /** Undefined: directly on the link. */
  readonly gateway: Ipv4 | undefined;
  readonly ifindex: number;
  readonly source: Ipv4;
  readonly table: number;
};

const AF_INET = 2;
const ifinfomsgLength = 16;
const up = 1; // IFF_UP
const types = { newAddress: 20, newRoute: 24, newRule: 32, deleteRule: 33 } as const;
const link = { mac: 1, name: 3, mtu: 4, master: 10, info: 18, alias: 20, extensionMask: 29, namespaceFd: 28 } as const;
const info = { kind: 1, values: 2 } as const;
const vethPeer = 1; // VETH_INFO_PEER
const address = { address: 1, local: 2, flags: 8 } as const;
const permanent = 0x80; // IFA_F_PERMANENT
const noPrefixRoute = 0x200; // IFA_F_NOPREFIXROUTE: routes are added one by one
const route = { destination: 1, interface: 4, gateway: 5, preferredSource: 7, table: 15 } as const;
const onLink = 4; // RTNH_F_ONLINK
const scopes = { universe: 0, link: 253 } as const;
const unicast = 1;
const rule = { source: 2, priority: 6, table: 15, protocol: 21 } as const;
const toTable = 1; // FR_ACT_TO_TBL
// Before the main table (32766), and after rules that an operator puts first.
const rulePriority = 8_800;
// As for xnet's routes.
const protocol = 88;
const skipStatistics = 8; // RTEXT_FILTER_SKIP_STATS

function textLength(text: string): number {
  return (4 + Buffer.byteLength(text) + 1 + 3) & ~3;
}

function header(writer: MessageWriter, ifindex: number, flags = 0): void {
  writer.zeros(4);
  writer.u32(ifindex);
  writer.u32(flags);
  writer.u32(flags);
}

/** writeVethRequest writes the request that makes a change. */
export function writeVethRequest(writer: MessageWriter, request: VethRequest, sequence: number, flags: number): void {
  const add = flags | messageFlags.create | messageFlags.exclusive;
  switch (request.op) {
    case 'make':
      writer.begin(linkMessages.added, add, sequence);
      writeVeth(writer, request.veth);
      break;
    case 'attach':
      writer.begin(linkMessages.added, flags, sequence);
      header(writer, 0, up);
      writer.reserve(512);
      writer.textAttribute(link.name, request.name);
      writer.textAttribute(link.alias, request.alias);
      writer.attribute(link.master, request.master);
      break;
    case 'up':
      writer.begin(linkMessages.added, flags, sequence);
      header(writer, request.ifindex, up);
      break;
    case 'delete':
      writer.begin(linkMessages.removed, flags, sequence);
      header(writer, request.ifindex);
      break;
    case 'address':
      writer.begin(types.newAddress, add, sequence);
      writer.u8(AF_INET);
      writer.u8(request.length);
      writer.u8(permanent);
      writer.u8(scopes.universe);
      writer.u32(request.ifindex);
      writer.addressAttribute(address.local, request.address);
      writer.addressAttribute(address.address, request.address);
      writer.attribute(address.flags, permanent | noPrefixRoute);
      break;
    case 'route':
      writer.begin(types.newRoute, add, sequence);
      writeRoute(writer, request.route);
      break;
    case 'rule':
      writer.begin(types.newRule, add, sequence);
      writeRule(writer, request);
      break;
    case 'delete rule':
      writer.begin(types.deleteRule, flags, sequence);
      writeRule(writer, request);
      break;
  }
  writer.end();
}

function writeVeth(writer: MessageWriter, { name, mtu, peer }: NewVeth): void {
  header(writer, 0);
  writer.reserve(512);
  writer.textAttribute(link.name, name);
  writer.attribute(link.mtu, mtu);
  const peerLength = ifinfomsgLength + textLength(peer.name) + 12 + 8 + 8;
  const kind = 'veth';
  writer.nestedAttribute(link.info, textLength(kind) + 4 + 4 + peerLength);
  writer.textAttribute(info.kind, kind);
  writer.nestedAttribute(info.values, 4 + peerLength);
  writer.nestedAttribute(vethPeer, peerLength);
  header(writer, 0);
  writer.textAttribute(link.name, peer.name);
  writer.u16(10);
  writer.u16(link.mac);
  for (const byte of peer.mac) writer.u8(byte);
  writer.zeros(2);
  writer.attribute(link.mtu, mtu);
  writer.attribute(link.namespaceFd, peer.namespaceFd);
}

function writeRoute(writer: MessageWriter, { destination, gateway, ifindex, source, table }: NicRoute): void {
  writer.u8(AF_INET);
  writer.u8(destination.length);
  writer.zeros(3);
  writer.u8(protocol);
  writer.u8(gateway === undefined ? scopes.link : scopes.universe);
  writer.u8(unicast);
  // The gateway's network is not in the table that the kernel would look into.
  writer.u32(gateway === undefined ? 0 : onLink);
  if (destination.length > 0) writer.addressAttribute(route.destination, destination.network);
  if (gateway !== undefined) writer.addressAttribute(route.gateway, gateway);
  writer.addressAttribute(route.preferredSource, source);
  writer.attribute(route.interface, ifindex);
  writer.attribute(route.table, table);
}

function writeRule(writer: MessageWriter, { source, table }: { readonly source: Ipv4; readonly table: number }): void {
  writer.u8(AF_INET);
  writer.u8(0);
  writer.u8(32);
  writer.zeros(4);
  writer.u8(toTable);
  writer.u32(0);
  writer.addressAttribute(rule.source, source);
  writer.attribute(rule.priority, rulePriority);
  writer.attribute(rule.table, table);
  writer.u16(5);
  writer.u16(rule.protocol);
  writer.u8(protocol);
  writer.zeros(3);
}

/** writeVethDump writes the request that lists all interfaces. */
export function writeVethDump(writer: MessageWriter, sequence: number, flags: number): void {
  writer.begin(linkMessages.get, flags, sequence);
  writer.zeros(ifinfomsgLength);
  writer.attribute(link.extensionMask, skipStatistics);
  writer.end();
}

/** readVethLink decodes a message of an interface. */
export function readVethLink(bytes: Buffer, start: number, end: number): VethLink {
  const text = (at: number, valueEnd: number) => bytes.toString('utf8', at, valueEnd).replace(/\0.*$/, '');
  let [name, kind, mac, alias] = ['', '', '', ''];
  let [master, mtu] = [0, 0];
  eachAttribute(bytes, start + ifinfomsgLength, end, (type, at, valueEnd) => {
    if (type === link.name) name = text(at, valueEnd);
    else if (type === link.alias) alias = text(at, valueEnd);
    else if (type === link.mac) mac = bytes.toString('hex', at, valueEnd).replace(/..(?!$)/g, '$&:');
    else if (type === link.master) master = bytes.readUInt32LE(at);
    else if (type === link.mtu) mtu = bytes.readUInt32LE(at);
    else if (type === link.info) {
      eachAttribute(bytes, at, valueEnd, (inner, from, to) => {
        if (inner === info.kind) kind = text(from, to);
      });
    }
  });
  const isUp = (bytes.readUInt32LE(start + 8) & up) !== 0;
  return { ifindex: bytes.readInt32LE(start + 4), name, isUp, kind, master, mtu, mac, alias };
}
