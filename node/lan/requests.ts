// Requests to the kernel for interfaces, addresses, routes, next-hop objects and neighbours, as values.
// Invariant: values only; each request has a description. Pure.
import {
  addressOn,
  cidrOf,
  type KernelObject,
  neighbourOn,
  neighbourStates,
  nextHopOn,
  nextHopText,
  number32,
  type RawAttribute,
  routeOn,
  routeText,
} from './objects.js';
import { type LanLink, macBytes } from './snapshot.js';

/** LanRequest is one request. */
export type LanRequest = KernelObject & {
  readonly type: number;
  /** NLM_F_* besides NLM_F_REQUEST. */
  readonly flags: number;
  /** Errnos that mean that nothing is left to do: "EEXIST". */
  readonly done: readonly string[];
  /** "default moves to xnet-lan" */
  readonly what: string;
};

const types = {
  newLink: 16,
  deleteLink: 17,
  newAddress: 20,
  deleteAddress: 21,
  newRoute: 24,
  deleteRoute: 25,
  newNeighbour: 28,
  newNextHop: 104,
} as const;
const request = { replace: 0x100, exclusive: 0x200, create: 0x400, append: 0x800 } as const;
const link = { mac: 1, name: 3, mtu: 4, master: 10, linkInfo: 18, alias: 20 } as const;
const info = { kind: 1, settings: 2, portKind: 4, portSettings: 5 } as const;
// Learning, and flooding of unicast, multicast and broadcast packets (IFLA_BRPORT_*).
const passive = [8, 9, 27, 30] as const;
const bridge = { forwardDelay: 1, spanningTree: 5 } as const;
const vethPeer = 1;
const IFF_UP = 1;
const nested = 0x8000;

function linkHeader(ifindex: number, up: boolean): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(ifindex, 4);
  header.writeUInt32LE(up ? IFF_UP : 0, 8);
  header.writeUInt32LE(up ? IFF_UP : 0, 12);
  return header;
}

function text(type: number, value: string): RawAttribute {
  return { type, value: Buffer.from(`${value}\0`) };
}

function nest(type: number, attributes: readonly RawAttribute[], before: Buffer = Buffer.alloc(0)): RawAttribute {
  const parts = attributes.map((attribute) => {
    const length = 4 + attribute.value.length;
    const bytes = Buffer.alloc((length + 3) & ~3);
    bytes.writeUInt16LE(length, 0);
    bytes.writeUInt16LE(attribute.type, 2);
    attribute.value.copy(bytes, 4);
    return bytes;
  });
  return { type: type | nested, value: Buffer.concat([before, ...parts]) };
}

/** addBridge makes a bridge without spanning tree, which forwards at once, with this hardware address. */
export function addBridge(name: string, mac: string): LanRequest {
  const settings = nest(info.settings, [
    { type: bridge.forwardDelay, value: number32(0) },
    { type: bridge.spanningTree, value: number32(0) },
  ]);
  return {
    type: types.newLink,
    flags: request.create | request.exclusive,
    header: linkHeader(0, true),
    attributes: [
      text(link.name, name),
      { type: link.mac, value: macBytes(mac) },
      nest(link.linkInfo, [{ type: info.kind, value: Buffer.from('bridge') }, settings]),
    ],
    done: [],
    what: `make the bridge ${name}`,
  };
}

/** addPair makes a pair of interfaces that are connected to each other, both of them down. */
export function addPair(name: string, other: string): LanRequest {
  const peer = nest(vethPeer, [text(link.name, other)], linkHeader(0, false));
  return {
    type: types.newLink,
    flags: request.create | request.exclusive,
    header: linkHeader(0, false),
    attributes: [
      text(link.name, name),
      nest(link.linkInfo, [{ type: info.kind, value: Buffer.from('veth') }, nest(info.settings, [peer])]),
    ],
    done: ['EEXIST'],
    what: `make ${name}`,
  };
}

function setLink(
  { ifindex, name }: Pick<LanLink, 'ifindex' | 'name'>,
  attribute: RawAttribute,
  what: string,
): LanRequest {
  const header = linkHeader(ifindex, false);
  return { type: types.newLink, flags: 0, header, attributes: [attribute], done: [], what: `${name}: ${what}` };
}

/** setMtu sets the MTU of an interface. A bridge whose MTU was set does not follow the MTU of its ports. */
export function setMtu(to: Pick<LanLink, 'ifindex' | 'name'>, mtu: number): LanRequest {
  return setLink(to, { type: link.mtu, value: number32(mtu) }, `MTU ${mtu}`);
}

/** setAlias sets the description of an interface. */
export function setAlias(to: Pick<LanLink, 'ifindex' | 'name'>, alias: string): LanRequest {
  return setLink(to, { type: link.alias, value: Buffer.from(alias) }, `alias ${alias}`);
}

/** setMac sets the hardware address of an interface. */
export function setMac(to: Pick<LanLink, 'ifindex' | 'name'>, mac: string): LanRequest {
  return setLink(to, { type: link.mac, value: macBytes(mac) }, `address ${mac}`);
}

/** setUp turns an interface on. */
export function setUp({ ifindex, name }: Pick<LanLink, 'ifindex' | 'name'>): LanRequest {
  return {
    type: types.newLink,
    flags: 0,
    header: linkHeader(ifindex, true),
    attributes: [],
    done: [],
    what: `${name}: up`,
  };
}

/** setMaster makes an interface a port of a bridge; undefined: takes it out. */
export function setMaster(port: LanLink, master: LanLink | undefined): LanRequest {
  const what = master === undefined ? 'no longer a port' : `a port of ${master.name}`;
  return setLink(port, { type: link.master, value: number32(master?.ifindex ?? 0) }, what);
}

/** setPassive turns off learning and flooding on a port of a bridge. */
export function setPassive({ ifindex, name }: Pick<LanLink, 'ifindex' | 'name'>): LanRequest {
  const settings = passive.map((type): RawAttribute => ({ type, value: Buffer.from([0]) }));
  const parts = [{ type: info.portKind, value: Buffer.from('bridge\0') }, nest(info.portSettings, settings)];
  const attributes = [nest(link.linkInfo, parts)];
  return {
    type: types.newLink,
    flags: 0,
    header: linkHeader(ifindex, false),
    attributes,
    done: [],
    what: `${name}: passive`,
  };
}

/** deleteLink deletes an interface with its addresses and routes. */
export function deleteLink({ ifindex, name }: Pick<LanLink, 'ifindex' | 'name'>): LanRequest {
  const header = linkHeader(ifindex, false);
  return { type: types.deleteLink, flags: 0, header, attributes: [], done: ['ENODEV'], what: `delete ${name}` };
}

/** deleteNamed deletes the interface of a name, if there is one. */
export function deleteNamed(name: string): LanRequest {
  const header = linkHeader(0, false);
  return {
    type: types.deleteLink,
    flags: 0,
    header,
    attributes: [text(link.name, name)],
    done: ['ENODEV'],
    what: `delete ${name}`,
  };
}

/** addAddress adds an address to an interface other than the one that it was read from. */
export function addAddress(address: KernelObject, from: Pick<LanLink, 'name'>, to: LanLink): LanRequest {
  const flags = request.create | request.replace;
  const what = `${cidrOf(address)} on ${to.name}`;
  return { type: types.newAddress, flags, ...addressOn(address, from.name, to), done: [], what };
}

/** deleteAddress deletes an address from the interface that it was read from. */
export function deleteAddress(address: KernelObject): LanRequest {
  // Only the attributes that identify it: with lifetimes the request would be refused.
  const attributes = address.attributes.filter(({ type }) => type <= 3);
  const what = `delete ${cidrOf(address)}`;
  const { header } = address;
  return { type: types.deleteAddress, flags: 0, header, attributes, done: ['EADDRNOTAVAIL', 'ENODEV'], what };
}

/** appendRoute adds a route behind those with its destination, tos and metric: it takes effect when they are gone. */
export function appendRoute(route: KernelObject, from: Pick<LanLink, 'ifindex'>, to: LanLink): LanRequest {
  const flags = request.create | request.append;
  const what = `${routeText(route)} by ${to.name}`;
  return { type: types.newRoute, flags, ...routeOn(route, from.ifindex, to.ifindex), done: ['EEXIST'], what };
}

/** deleteRoute deletes a route as it was read. */
export function deleteRoute(route: KernelObject): LanRequest {
  const what = `delete ${routeText(route)}`;
  return { type: types.deleteRoute, flags: 0, ...routeOn(route, 0, 0), done: ['ESRCH', 'ENODEV'], what };
}

/** moveNextHop moves a next-hop object, with all routes that use it, at once. */
export function moveNextHop(nextHop: KernelObject, to: LanLink): LanRequest {
  const flags = request.create | request.replace;
  const what = `${nextHopText(nextHop)} by ${to.name}`;
  return { type: types.newNextHop, flags, ...nextHopOn(nextHop, to.ifindex), done: [], what };
}

/** addNeighbour adds a neighbour to another interface; the kernel confirms it when it is used. */
export function addNeighbour(neighbour: KernelObject, to: LanLink): LanRequest {
  const flags = request.create | request.replace;
  return { type: types.newNeighbour, flags, ...neighbourOn(neighbour, to.ifindex), done: [], what: 'neighbour' };
}

const useNeighbour = 1; // NTF_USE
const AF_INET = 2;

/** confirmNeighbour makes the kernel ask a neighbour for its hardware address; `known`: it has one already. */
export function confirmNeighbour(
  address: number,
  on: Pick<LanLink, 'ifindex'>,
  known: KernelObject | undefined,
): LanRequest {
  const header = Buffer.alloc(12);
  header[0] = AF_INET;
  header.writeInt32LE(on.ifindex, 4);
  header.writeUInt16LE(known === undefined ? 0 : neighbourStates.probe, 8);
  header.writeUInt8(known === undefined ? useNeighbour : 0, 10);
  const value = Buffer.alloc(4);
  value.writeUInt32BE(address, 0);
  const flags = request.create | request.replace;
  return { type: types.newNeighbour, flags, header, attributes: [{ type: 1, value }], done: ['EINVAL'], what: 'ask' };
}
