// Addresses, routes, next-hop objects and neighbours as the kernel dumps them, and the same objects on another
// interface.
// Invariant: attributes that are not understood here are copied unchanged, so an object that moves keeps its flags,
// lifetimes, metrics and protocol. Only references to the interface change. Pure.
import { formatIpv4, type Ipv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { eachAttribute } from '../kernel/netlink-message.js';

/** RawAttribute is one attribute of a message. */
export type RawAttribute = { readonly type: number; readonly value: Buffer };

/** KernelObject is one object: the fixed part of its message and its attributes. */
export type KernelObject = { readonly header: Buffer; readonly attributes: readonly RawAttribute[] };

/** headerLengths are the lengths of ifaddrmsg, rtmsg, nhmsg and ndmsg in bytes. */
export const headerLengths = { address: 8, route: 12, nextHop: 8, neighbour: 12 } as const;

const AF_INET = 2;
const addressAttributes = { address: 1, local: 2, label: 3, flags: 8 } as const;
const routeAttributes = {
  destination: 1,
  interface: 4,
  gateway: 5,
  priority: 6,
  source: 7,
  multipath: 9,
  cacheInfo: 12,
  table: 15,
  via: 18,
  nextHopId: 30,
} as const;
const nextHopAttributes = { id: 1, interface: 5, gateway: 6 } as const;
const neighbourAttributes = { destination: 1, linkLayer: 2 } as const;
const onLink = 4;
const noPrefixRoute = 0x200;
const protocolKernel = 2;
const longestLabelBytes = 15;

/** neighbourStates are states of a neighbour (NUD_* of linux/neighbour.h). */
export const neighbourStates = { reachable: 2, stale: 4, delay: 8, probe: 16, noArp: 64, permanent: 128 } as const;

/** readObject copies a message: its fixed part of `headerLength` bytes, and its attributes. */
export function readObject(bytes: Buffer, start: number, end: number, headerLength: number): KernelObject {
  const attributes: RawAttribute[] = [];
  eachAttribute(bytes, start + headerLength, end, (type, at, valueEnd) => {
    attributes.push({ type, value: Buffer.from(bytes.subarray(at, valueEnd)) });
  });
  return { header: Buffer.from(bytes.subarray(start, start + headerLength)), attributes };
}

function valueIn({ attributes }: KernelObject, type: number): Buffer | undefined {
  return attributes.find((attribute) => attribute.type === type)?.value;
}

function numberOf(object: KernelObject, type: number): number {
  return valueIn(object, type)?.readUInt32LE(0) ?? 0;
}

function ipv4Of(object: KernelObject, type: number): Ipv4 | undefined {
  const value = valueIn(object, type);
  return value?.length === 4 ? ipv4FromNumber(value.readUInt32BE(0)) : undefined;
}

/** number32 returns a 32-bit number as the value of an attribute. */
export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function changed(object: KernelObject, change: (header: Buffer) => void): Buffer {
  const header = Buffer.from(object.header);
  change(header);
  return header;
}

// --- addresses

/** interfaceOfAddress returns the interface index of an address. */
export function interfaceOfAddress({ header }: KernelObject): number {
  return header.readUInt32LE(4);
}

/** ipv4OfAddress returns the host's address; undefined for one of IPv6. */
export function ipv4OfAddress(object: KernelObject): Ipv4 | undefined {
  if (object.header[0] !== AF_INET) return undefined;
  return ipv4Of(object, addressAttributes.local) ?? ipv4Of(object, addressAttributes.address);
}

/** cidrOf returns "192.168.83.11/24". */
export function cidrOf(object: KernelObject): string {
  const address = ipv4OfAddress(object);
  return `${address === undefined ? '?' : formatIpv4(address)}/${object.header[1]}`;
}

/** hasPrefixRoute reports whether the kernel makes a route to the network of an address by itself. */
export function hasPrefixRoute(object: KernelObject): boolean {
  return (numberOf(object, addressAttributes.flags) & noPrefixRoute) === 0;
}

/** addressOn returns an address as it is on another interface. Its label, "eth0:web", changes with the name: "br0:web". */
export function addressOn(object: KernelObject, from: string, to: { readonly ifindex: number; readonly name: string }) {
  const attributes = object.attributes.map((attribute): RawAttribute => {
    if (attribute.type !== addressAttributes.label) return attribute;
    const label = attribute.value.toString('utf8').replace(/\0.*$/, '');
    const isNamed = label === from || label.startsWith(`${from}:`);
    const next = isNamed ? `${to.name}${label.slice(from.length)}`.slice(0, longestLabelBytes) : label;
    return { type: attribute.type, value: Buffer.from(`${next}\0`) };
  });
  return { header: changed(object, (header) => header.writeUInt32LE(to.ifindex, 4)), attributes };
}

// --- routes

/** tableOfRoute returns the routing table of a route. */
export function tableOfRoute(object: KernelObject): number {
  return numberOf(object, routeAttributes.table) || (object.header[4] ?? 0);
}

/** typeOfRoute returns one of routeTypes. */
export function typeOfRoute({ header }: KernelObject): number {
  return header[7] ?? 0;
}

/** nextHopIdOfRoute returns the id of a route's next-hop object; 0: it has none. */
export function nextHopIdOfRoute(object: KernelObject): number {
  return numberOf(object, routeAttributes.nextHopId);
}

/** isDefaultRoute reports whether it is a default route of the main table. */
export function isDefaultRoute(object: KernelObject): boolean {
  return object.header[1] === 0 && tableOfRoute(object) === 254;
}

/** gatewayOfRoute returns the gateway of a route with one. */
export function gatewayOfRoute(object: KernelObject): Ipv4 | undefined {
  return ipv4Of(object, routeAttributes.gateway);
}

/** needsGateway reports whether a route leads through a gateway, which needs another, on-link route first. */
export function needsGateway(object: KernelObject): boolean {
  return object.attributes.some(({ type }) =>
    [routeAttributes.gateway, routeAttributes.via, routeAttributes.multipath].some((each) => each === type),
  );
}

/** interfacesOfRoute returns the interface indexes that a route leads to. */
export function interfacesOfRoute(object: KernelObject): readonly number[] {
  const direct = numberOf(object, routeAttributes.interface);
  const several = valueIn(object, routeAttributes.multipath);
  return [
    ...(direct === 0 ? [] : [direct]),
    ...(several === undefined ? [] : hopsIn(several).map(({ ifindex }) => ifindex)),
  ];
}

/** routeText returns "10.9.0.0/16", with its table if it is not the main one. */
export function routeText(object: KernelObject): string {
  const length = object.header[1] ?? 0;
  const network = ipv4Of(object, routeAttributes.destination);
  const table = tableOfRoute(object);
  const text = length === 0 ? 'default' : `${network === undefined ? '?' : formatIpv4(network)}/${length}`;
  return table === 254 ? text : `${text} table ${table}`;
}

/** isPrefixRouteOf reports whether a route is the one that the kernel makes for an address. */
export function isPrefixRouteOf(route: KernelObject, address: KernelObject): boolean {
  const { header } = route;
  return (
    header[5] === protocolKernel &&
    header[1] === address.header[1] &&
    tableOfRoute(route) === 254 &&
    ipv4Of(route, routeAttributes.source) === ipv4OfAddress(address)
  );
}

// struct rtnexthop: length, flags, weight - 1, interface; attributes.
function hopsIn(value: Buffer): readonly { readonly at: number; readonly ifindex: number }[] {
  const hops = [];
  for (let at = 0; at + 8 <= value.length; ) {
    const length = value.readUInt16LE(at);
    if (length < 8) break;
    hops.push({ at, ifindex: value.readUInt32LE(at + 4) });
    at += (length + 3) & ~3;
  }
  return hops;
}

/** routeOn returns a route as it is with one interface in the place of another. */
export function routeOn(object: KernelObject, from: number, to: number): KernelObject {
  const attributes = object.attributes
    .filter(({ type }) => type !== routeAttributes.cacheInfo)
    .map(({ type, value }): RawAttribute => {
      if (type === routeAttributes.interface && value.readUInt32LE(0) === from) return { type, value: number32(to) };
      if (type !== routeAttributes.multipath) return { type, value };
      const copy = Buffer.from(value);
      for (const { at, ifindex } of hopsIn(value)) {
        copy.writeUInt8((value[at + 2] ?? 0) & onLink, at + 2);
        if (ifindex === from) copy.writeUInt32LE(to, at + 4);
      }
      return { type, value: copy };
    });
  // The other flags are the state of the link.
  return { header: changed(object, (header) => header.writeUInt32LE(header.readUInt32LE(8) & onLink, 8)), attributes };
}

// --- next-hop objects

/** interfaceOfNextHop returns the interface index of a next-hop object; 0: it has none. */
export function interfaceOfNextHop(object: KernelObject): number {
  return numberOf(object, nextHopAttributes.interface);
}

/** nextHopText returns "next hop 172755200". */
export function nextHopText(object: KernelObject): string {
  return `next hop ${numberOf(object, nextHopAttributes.id)}`;
}

/** nextHopOn returns a next-hop object as it is on another interface. */
export function nextHopOn(object: KernelObject, to: number): KernelObject {
  const attributes = object.attributes.map(({ type, value }) =>
    type === nextHopAttributes.interface ? { type, value: number32(to) } : { type, value },
  );
  const header = changed(object, (bytes) => {
    // The scope is the kernel's; a request must not have one.
    bytes.writeUInt8(0, 1);
    bytes.writeUInt32LE(bytes.readUInt32LE(4) & onLink, 4);
  });
  return { header, attributes };
}

// --- neighbours

/** interfaceOfNeighbour returns the interface index of a neighbour. */
export function interfaceOfNeighbour({ header }: KernelObject): number {
  return header.readUInt32LE(4);
}

/** stateOfNeighbour returns one of neighbourStates, or another state. */
export function stateOfNeighbour({ header }: KernelObject): number {
  return header.readUInt16LE(8);
}

/** ipv4OfNeighbour returns a neighbour's address; undefined for one of IPv6. */
export function ipv4OfNeighbour(object: KernelObject): Ipv4 | undefined {
  return object.header[0] === AF_INET ? ipv4Of(object, neighbourAttributes.destination) : undefined;
}

/** neighbourOn returns a neighbour as it is on another interface: to be confirmed, unless it is permanent. */
export function neighbourOn(object: KernelObject, to: number): KernelObject {
  const { permanent, stale } = neighbourStates;
  const attributes = object.attributes.filter(
    ({ type }) => type === neighbourAttributes.destination || type === neighbourAttributes.linkLayer,
  );
  const header = changed(object, (bytes) => {
    bytes.writeUInt32LE(to, 4);
    bytes.writeUInt16LE(stateOfNeighbour(object) === permanent ? permanent : stale, 8);
    bytes.writeUInt8(0, 10);
  });
  return { header, attributes };
}
