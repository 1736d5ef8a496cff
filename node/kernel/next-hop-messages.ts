// Reads and writes nhmsg, the messages of next-hop objects (linux/nexthop.h, kernel 5.3 and later).
import { ipv4FromNumber } from '../../proto/domain/address.js';
import { eachAttribute, type MessageWriter } from './netlink-message.js';
import { type Hop, hopFlags, type NextHop } from './route-kernel.js';

/** nextHopMessages are the message types of next-hop objects. */
export const nextHopMessages = { added: 104, removed: 105, get: 106 } as const;

const AF_UNSPEC = 0;
const AF_INET = 2;
const nhmsgLength = 8;
const attributes = { id: 1, group: 2, blackhole: 4, interface: 5, gateway: 6, encapsulation: 8, fdb: 11 } as const;

/** writeNextHopDump writes the request that lists all next-hop objects. */
export function writeNextHopDump(writer: MessageWriter, sequence: number, flags: number): void {
  writer.begin(nextHopMessages.get, flags, sequence);
  writer.u8(AF_UNSPEC);
  writer.zeros(nhmsgLength - 1);
  writer.end();
}

/** writeNewNextHop writes the request that makes or replaces a next-hop object. */
export function writeNewNextHop(writer: MessageWriter, nextHop: NextHop, sequence: number, flags: number): void {
  writer.begin(nextHopMessages.added, flags, sequence);
  writer.u8(AF_INET);
  writer.u8(0);
  writer.u8(nextHop.protocol);
  writer.u8(0);
  writer.u32(nextHop.hop?.flags ?? 0);
  writer.attribute(attributes.id, nextHop.id);
  if (nextHop.hop !== undefined) {
    writer.attribute(attributes.interface, nextHop.hop.ifindex);
    if (typeof nextHop.hop.gateway === 'number') writer.addressAttribute(attributes.gateway, nextHop.hop.gateway);
  }
  writer.end();
}

/** writeDeleteNextHop writes the request that deletes a next-hop object. The kernel accepts only its id. */
export function writeDeleteNextHop(writer: MessageWriter, nextHop: NextHop, sequence: number, flags: number): void {
  writer.begin(nextHopMessages.removed, flags, sequence);
  writer.u8(AF_UNSPEC);
  writer.zeros(nhmsgLength - 1);
  writer.attribute(attributes.id, nextHop.id);
  writer.end();
}

/** readNextHop decodes a message of a next-hop object. */
export function readNextHop(bytes: Buffer, start: number, end: number): NextHop | undefined {
  if (end - start < nhmsgLength) return undefined;
  const family = bytes.readUInt8(start);
  const flags = bytes.readUInt32LE(start + 4) & hopFlags.onLink;
  let id = 0;
  let ifindex = 0;
  let gateway: Hop['gateway'];
  let plain = true;
  let members: readonly number[] = [];
  eachAttribute(bytes, start + nhmsgLength, end, (type, at, valueEnd) => {
    switch (type) {
      case attributes.id:
        id = bytes.readUInt32LE(at);
        break;
      case attributes.interface:
        ifindex = bytes.readUInt32LE(at);
        break;
      case attributes.gateway:
        gateway = valueEnd - at === 4 ? ipv4FromNumber(bytes.readUInt32BE(at)) : 'inet6';
        break;
      case attributes.group:
        plain = false;
        members = readGroup(bytes, at, valueEnd);
        break;
      case attributes.blackhole:
      case attributes.encapsulation:
      case attributes.fdb:
        plain = false;
        break;
    }
  });
  const protocol = bytes.readUInt8(start + 2);
  const hop = plain && family === AF_INET ? { gateway, ifindex, flags } : undefined;
  return { id, protocol, hop, members };
}

// Array of struct nexthop_grp: id, weight, reserved.
function readGroup(bytes: Buffer, start: number, end: number): readonly number[] {
  const members: number[] = [];
  for (let at = start; at + 8 <= end; at += 8) members.push(bytes.readUInt32LE(at));
  return members;
}
