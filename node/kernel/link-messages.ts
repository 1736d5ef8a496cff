// Reads and writes ifinfomsg, ifaddrmsg and netconfmsg, the messages of interfaces, their IPv4 addresses and their
// settings (linux/rtnetlink.h, linux/if_addr.h, linux/netconf.h).
import { ipv4FromNumber, prefixOf } from '../../proto/domain/address.js';
import { eachAttribute, type MessageWriter } from './netlink-message.js';
import { type Address, addressFlags, type Link, linkFlags } from './route-kernel.js';

/** linkMessages are the message types of interfaces. */
export const linkMessages = { added: 16, removed: 17, get: 18 } as const;

/** addressMessages are the message types of addresses. */
export const addressMessages = { added: 20, removed: 21, get: 22 } as const;

/** settingMessages are the message types of settings. */
export const settingMessages = { changed: 80 } as const;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_BRIDGE = 7;
const ifinfomsgLength = 16;
const ifaddrmsgLength = 8;
const linkAttributes = { name: 3, mtu: 4, master: 10, extensionMask: 29 } as const;
const knownLinkFlags = linkFlags.up | linkFlags.loopback | linkFlags.lowerUp;
const knownAddressFlags = addressFlags.secondary | addressFlags.deprecated;
const skipStatistics = 8; // RTEXT_FILTER_SKIP_STATS
const netconfmsgLength = 4;
const settingAttributes = { ifindex: 1, forwarding: 2 } as const;
const addressAttributes = { address: 1, local: 2, flags: 8 } as const;

/** writeLinkDump writes the request that lists all interfaces. */
export function writeLinkDump(writer: MessageWriter, sequence: number, flags: number): void {
  writer.begin(linkMessages.get, flags, sequence);
  writer.u8(AF_UNSPEC);
  writer.zeros(ifinfomsgLength - 1);
  writer.attribute(linkAttributes.extensionMask, skipStatistics);
  writer.end();
}

/** readLink decodes a message of an interface; undefined for a message of a bridge port. */
export function readLink(bytes: Buffer, start: number, end: number): Link | undefined {
  // A bridge sends RTM_DELLINK of its own family when a port leaves it; the interface still exists.
  if (end - start < ifinfomsgLength || bytes[start] === AF_BRIDGE) return undefined;
  let name = '';
  let master = 0;
  let mtu = 0;
  eachAttribute(bytes, start + ifinfomsgLength, end, (type, at, valueEnd) => {
    if (type === linkAttributes.name) name = bytes.toString('utf8', at, valueEnd - 1);
    else if (type === linkAttributes.master) master = bytes.readUInt32LE(at);
    else if (type === linkAttributes.mtu) mtu = bytes.readUInt32LE(at);
  });
  const flags = bytes.readUInt32LE(start + 8) & knownLinkFlags;
  return { ifindex: bytes.readInt32LE(start + 4), name, flags, master, mtu };
}

/** writeAddressDump writes the request that lists all IPv4 addresses. */
export function writeAddressDump(writer: MessageWriter, sequence: number, flags: number): void {
  writer.begin(addressMessages.get, flags, sequence);
  writer.u8(AF_INET);
  writer.zeros(ifaddrmsgLength - 1);
  writer.end();
}

/** readAddress decodes a message of an address; undefined for another address family. */
export function readAddress(bytes: Buffer, start: number, end: number): Address | undefined {
  if (end - start < ifaddrmsgLength || bytes[start] !== AF_INET) return undefined;
  let address = 0;
  let local: number | undefined;
  let flags = bytes.readUInt8(start + 2);
  eachAttribute(bytes, start + ifaddrmsgLength, end, (type, at) => {
    if (type === addressAttributes.address) address = bytes.readUInt32BE(at);
    else if (type === addressAttributes.local) local = bytes.readUInt32BE(at);
    else if (type === addressAttributes.flags) flags = bytes.readUInt32LE(at);
  });
  // On a point-to-point link IFA_ADDRESS is the remote end's; IFA_LOCAL is always our own.
  return {
    ifindex: bytes.readUInt32LE(start + 4),
    address: ipv4FromNumber(local ?? address),
    prefix: prefixOf(ipv4FromNumber(address), bytes.readUInt8(start + 1)),
    scope: bytes.readUInt8(start + 3),
    flags: flags & knownAddressFlags,
  };
}

/**
 * readForwardingMessage decodes whether a message of settings turned forwarding on. It returns undefined for another
 * setting, and for the message of a new interface, which lists all its initial settings.
 */
export function readForwardingMessage(bytes: Buffer, start: number, end: number): boolean | undefined {
  if (end - start < netconfmsgLength || bytes[start] !== AF_INET) return undefined;
  let forwarding: number | undefined;
  let others = false;
  eachAttribute(bytes, start + netconfmsgLength, end, (type, at) => {
    if (type === settingAttributes.forwarding) forwarding = bytes.readInt32LE(at);
    else if (type !== settingAttributes.ifindex) others = true;
  });
  return forwarding === undefined || others ? undefined : forwarding !== 0;
}
