// Reads and writes rtmsg, the messages of routes (linux/rtnetlink.h, rtnetlink(7)).
import { type Ipv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { eachAttribute, type MessageWriter } from './netlink-message.js';
import { type Hop, hopFlags, type KernelRoute, mainTable, type RouteFilter, scopes } from './route-kernel.js';

/** routeMessages are the message types of routes. */
export const routeMessages = { added: 24, removed: 25, get: 26 } as const;

const AF_INET = 2;
const AF_INET6 = 10;
const rtmsgLength = 12;
const attributes = {
  destination: 1,
  interface: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  metrics: 8,
  multipath: 9,
  table: 15,
  via: 18,
  encapsulation: 22,
  nextHopId: 30,
} as const;
const noHops: readonly Hop[] = [];

/** writeRouteDump writes the request that lists all IPv4 routes of the main table. */
export function writeRouteDump(writer: MessageWriter, sequence: number, flags: number): void {
  writer.begin(routeMessages.get, flags, sequence);
  writer.u8(AF_INET);
  writer.zeros(3);
  writer.u8(mainTable);
  writer.zeros(rtmsgLength - 5);
  writer.end();
}

/** writeNewRoute writes the request that makes a route. `flags` say which existing routes are acceptable. */
export function writeNewRoute(writer: MessageWriter, route: KernelRoute, sequence: number, flags: number): void {
  writeRoute(writer, { route, type: routeMessages.added, scope: route.scope, sequence, flags });
}

/** writeDeleteRoute writes the request that deletes a route; attributes of 0 or undefined are not compared. */
export function writeDeleteRoute(writer: MessageWriter, route: KernelRoute, sequence: number, flags: number): void {
  // Scope "nowhere" matches any scope.
  writeRoute(writer, { route, type: routeMessages.removed, scope: scopes.nowhere, sequence, flags });
}

type RouteRequest = {
  readonly route: KernelRoute;
  readonly type: number;
  readonly scope: number;
  readonly sequence: number;
  readonly flags: number;
};

function writeRoute(writer: MessageWriter, request: RouteRequest): void {
  const { route } = request;
  const [hop] = route.hops;
  writer.begin(request.type, request.flags, request.sequence);
  writer.u8(AF_INET);
  writer.u8(route.destination.length);
  writer.u8(0);
  writer.u8(route.tos);
  writer.u8(mainTable);
  writer.u8(route.protocol);
  writer.u8(request.scope);
  writer.u8(route.type);
  writer.u32(hop?.flags ?? 0);
  writer.addressAttribute(attributes.destination, route.destination.network);
  if (route.metric !== 0) writer.attribute(attributes.priority, route.metric);
  if (route.nextHopId !== 0) writer.attribute(attributes.nextHopId, route.nextHopId);
  if (typeof hop?.gateway === 'number') writer.addressAttribute(attributes.gateway, hop.gateway);
  if (hop !== undefined) writer.attribute(attributes.interface, hop.ifindex);
  if (route.preferredSource !== undefined) writer.addressAttribute(attributes.preferredSource, route.preferredSource);
  writer.end();
}

/** readRoute decodes a message of a route; undefined for another table or family, or if `filter` rejects it. */
export function readRoute(bytes: Buffer, start: number, end: number, filter?: RouteFilter): KernelRoute | undefined {
  if (end - start < rtmsgLength || bytes[start] !== AF_INET) return undefined;
  const length = bytes.readUInt8(start + 1);
  const protocol = bytes.readUInt8(start + 5);
  const scope = bytes.readUInt8(start + 6);
  // The other flags are the state of the link (dead, linkdown, offload), not part of the route.
  const flags = bytes.readUInt32LE(start + 8) & hopFlags.onLink;
  let table = bytes.readUInt8(start + 4);
  let network = 0;
  let metric = 0;
  let nextHopId = 0;
  let ifindex = 0;
  let gateway: Hop['gateway'];
  let preferredSource: Ipv4 | undefined;
  let hops: readonly Hop[] | undefined;
  let hasOptions = false;
  eachAttribute(bytes, start + rtmsgLength, end, (type, at, valueEnd) => {
    switch (type) {
      case attributes.destination:
        network = bytes.readUInt32BE(at);
        break;
      case attributes.interface:
        ifindex = bytes.readUInt32LE(at);
        break;
      case attributes.gateway:
        gateway = ipv4FromNumber(bytes.readUInt32BE(at));
        break;
      case attributes.via:
        gateway = readVia(bytes, at);
        break;
      case attributes.priority:
        metric = bytes.readUInt32LE(at);
        break;
      case attributes.preferredSource:
        preferredSource = ipv4FromNumber(bytes.readUInt32BE(at));
        break;
      case attributes.multipath:
        hops = readMultipath(bytes, at, valueEnd);
        break;
      case attributes.table:
        table = bytes.readUInt32LE(at);
        break;
      case attributes.nextHopId:
        nextHopId = bytes.readUInt32LE(at);
        break;
      case attributes.metrics:
      case attributes.encapsulation:
        hasOptions = true;
        break;
    }
  });
  if (table !== mainTable) return undefined;
  const destination = { network: ipv4FromNumber(network), length };
  if (filter !== undefined && !filter({ ...destination, protocol, scope, nextHopId })) return undefined;
  // For a next-hop object the kernel may list its hops as well (net.ipv4.nexthop_compat_mode).
  if (nextHopId !== 0) hops = noHops;
  else hops ??= ifindex === 0 ? noHops : [{ gateway, ifindex, flags }];
  return {
    destination,
    tos: bytes.readUInt8(start + 3),
    metric,
    protocol,
    type: bytes.readUInt8(start + 7),
    scope,
    hops,
    nextHopId,
    preferredSource,
    hasOptions,
  };
}

// struct rtvia: family, address.
function readVia(bytes: Buffer, at: number): Hop['gateway'] {
  return bytes.readUInt16LE(at) === AF_INET6 ? 'inet6' : ipv4FromNumber(bytes.readUInt32BE(at + 2));
}

// struct rtnexthop: length, flags, weight - 1, interface; attributes.
function readMultipath(bytes: Buffer, start: number, end: number): readonly Hop[] {
  const hops: Hop[] = [];
  for (let at = start; at + 8 <= end; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 8 || at + length > end) break;
    let gateway: Hop['gateway'];
    eachAttribute(bytes, at + 8, at + length, (type, value) => {
      if (type === attributes.gateway) gateway = ipv4FromNumber(bytes.readUInt32BE(value));
      if (type === attributes.via) gateway = readVia(bytes, value);
    });
    hops.push({ gateway, ifindex: bytes.readUInt32LE(at + 4), flags: bytes.readUInt8(at + 2) & hopFlags.onLink });
    at += (length + 3) & ~3;
  }
  return hops;
}
