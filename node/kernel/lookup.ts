// Queries how the kernel would forward a packet from an interface, including policy rules (ip-rule(8)) and reverse path
// filtering, and the kinds of interfaces (linux/rtnetlink.h, linux/fib_rules.h).
// Invariant: it only queries; it sends no packet.
import { type Ipv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { SyscallError } from '../../proto/process/syscall.js';
import { linkMessages } from './link-messages.js';
import { eachAttribute } from './netlink-message.js';
import { NetlinkSocket } from './netlink-socket.js';

/** PacketToForward is an incoming packet. */
export type PacketToForward = {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  /** Interface index. */
  readonly from: number;
  /** Packet mark. */
  readonly mark: number;
};

/**
 * Forwarded is the kernel's decision: the routing table that applies and the interface that the packet leaves by, or an
 * errno.
 */
export type Forwarded = { readonly table: number; readonly to: number } | { readonly errno: string };

/** PacketToSend is a packet to look up the route of. */
export type PacketToSend = {
  /** Undefined: the kernel chooses it. */
  readonly source?: Ipv4 | undefined;
  readonly destination: Ipv4;
  /** Index of the interface that it arrives on; undefined: the host itself sends it. */
  readonly from?: number | undefined;
  readonly mark?: number;
};

/** Way is the kernel's decision on a packet. Without a gateway, the destination is on the link, or the host's own. */
export type Way = Forwarded & { readonly gateway?: Ipv4 | undefined };

/** Neighbour is an entry of the neighbour table: one of neighbourStates, and its link-layer address, "02:42:0a:…". */
export type Neighbour = { readonly state: string; readonly address: string };

/** Lookup queries the kernel of one network namespace. */
export interface Lookup {
  /** forward returns the decision for a packet. */
  forward(packet: PacketToForward): Forwarded;
  /** kindOf returns the kind of an interface, "vrf", "bridge"; empty if it has none or no longer exists. */
  kindOf(ifindex: number): string;
  /** ruleCount returns the number of IPv4 policy rules; the kernel starts with three. */
  ruleCount(): Promise<number>;
}

const NETLINK_ROUTE = 0;
const AF_INET = 2;
const routeGet = 26;
const neighbourGet = 30;
const ruleGet = 34;
const rtmsgLength = 12;
const ruleHeaderLength = 12;
const lookupTable = 0x1000; // RTM_F_LOOKUP_TABLE
const routeAttributes = { destination: 1, source: 2, from: 3, to: 4, gateway: 5, table: 15, mark: 16 } as const;
const ndmsgLength = 12;
const neighbourAttributes = { address: 1, linkLayer: 2 } as const;
// NUD_* of linux/neighbour.h.
const neighbourStates: ReadonlyMap<number, string> = new Map([
  [0x01, 'INCOMPLETE'],
  [0x02, 'REACHABLE'],
  [0x04, 'STALE'],
  [0x08, 'DELAY'],
  [0x10, 'PROBE'],
  [0x20, 'FAILED'],
  [0x40, 'NOARP'],
  [0x80, 'PERMANENT'],
]);
const ifinfomsgLength = 16;
const linkInfo = { info: 18, kind: 1 } as const;

/** LinuxLookup queries the kernel of a network namespace until it is closed. */
export class LinuxLookup implements Lookup {
  readonly #socket: NetlinkSocket;

  /** @param namespace "/run/netns/h1"; that of the process by default */
  constructor(namespace?: string) {
    this.#socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespace });
  }

  forward(packet: PacketToForward): Forwarded {
    return this.wayOf(packet);
  }

  /** wayOf returns the decision for a packet. */
  wayOf({ source, destination, from, mark = 0 }: PacketToSend): Way {
    try {
      return this.#socket.ask(
        (writer, sequence, flags) => {
          writer.begin(routeGet, flags, sequence);
          writer.u8(AF_INET);
          writer.u8(32);
          writer.u8(source === undefined ? 0 : 32);
          writer.zeros(5);
          writer.u32(lookupTable);
          writer.addressAttribute(routeAttributes.destination, destination);
          if (source !== undefined) writer.addressAttribute(routeAttributes.source, source);
          if (from !== undefined) writer.attribute(routeAttributes.from, from);
          writer.attribute(routeAttributes.mark, mark);
          writer.end();
        },
        (bytes, { start, end }) => {
          let table = bytes.readUInt8(start + 4);
          let to = 0;
          let gateway: Ipv4 | undefined;
          eachAttribute(bytes, start + rtmsgLength, end, (type, at) => {
            if (type === routeAttributes.table) table = bytes.readUInt32LE(at);
            else if (type === routeAttributes.to) to = bytes.readUInt32LE(at);
            else if (type === routeAttributes.gateway) gateway = ipv4FromNumber(bytes.readUInt32BE(at));
          });
          return { table, to, gateway };
        },
      );
    } catch (error) {
      if (error instanceof SyscallError) return { errno: error.code };
      throw error;
    }
  }

  /** neighbour returns an entry of the neighbour table; undefined: there is none, or the kernel is older than 5.0. */
  neighbour(ifindex: number, address: Ipv4): Neighbour | undefined {
    try {
      return this.#socket.ask(
        (writer, sequence, flags) => {
          writer.begin(neighbourGet, flags, sequence);
          writer.u8(AF_INET);
          writer.zeros(3);
          writer.u32(ifindex);
          writer.zeros(4);
          writer.addressAttribute(neighbourAttributes.address, address);
          writer.end();
        },
        (bytes, { start, end }) => {
          const state = neighbourStates.get(bytes.readUInt16LE(start + 8)) ?? '';
          let linkLayer = '';
          eachAttribute(bytes, start + ndmsgLength, end, (type, at, valueEnd) => {
            if (type !== neighbourAttributes.linkLayer) return;
            linkLayer = bytes.toString('hex', at, valueEnd).replace(/..(?!$)/g, '$&:');
          });
          return { state, address: linkLayer };
        },
      );
    } catch (error) {
      if (error instanceof SyscallError) return undefined;
      throw error;
    }
  }

  kindOf(ifindex: number): string {
    try {
      return this.#socket.ask(
        (writer, sequence, flags) => {
          writer.begin(linkMessages.get, flags, sequence);
          writer.zeros(4);
          writer.u32(ifindex);
          writer.zeros(ifinfomsgLength - 8);
          writer.end();
        },
        (bytes, { start, end }) => {
          let kind = '';
          eachAttribute(bytes, start + ifinfomsgLength, end, (type, at, valueEnd) => {
            if (type !== linkInfo.info) return;
            eachAttribute(bytes, at, valueEnd, (inner, from, to) => {
              if (inner === linkInfo.kind) kind = bytes.toString('utf8', from, to).replace(/\0.*$/, '');
            });
          });
          return kind;
        },
      );
    } catch (error) {
      if (error instanceof SyscallError) return '';
      throw error;
    }
  }

  async ruleCount(): Promise<number> {
    let count = 0;
    await this.#socket.dump(
      (writer, sequence, flags) => {
        writer.begin(ruleGet, flags, sequence);
        writer.u8(AF_INET);
        writer.zeros(ruleHeaderLength - 1);
        writer.end();
      },
      () => {
        count = 0;
      },
      () => {
        count += 1;
      },
    );
    return count;
  }

  close(): void {
    this.#socket.close();
  }
}
