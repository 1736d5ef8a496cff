// Queries how the kernel would forward a packet from an interface, including policy rules (ip-rule(8)) and reverse path
// filtering, and the kinds of interfaces (linux/rtnetlink.h, linux/fib_rules.h).
// Invariant: it only queries; it sends no packet.
import type { Ipv4 } from '../../proto/domain/address.js';
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
const ruleGet = 34;
const rtmsgLength = 12;
const ruleHeaderLength = 12;
const lookupTable = 0x1000; // RTM_F_LOOKUP_TABLE
const routeAttributes = { destination: 1, source: 2, from: 3, to: 4, table: 15, mark: 16 } as const;
const ifinfomsgLength = 16;
const linkInfo = { info: 18, kind: 1 } as const;

/** LinuxLookup queries the kernel of a network namespace until it is closed. */
export class LinuxLookup implements Lookup {
  readonly #socket: NetlinkSocket;

  /** @param namespace "/run/netns/h1"; that of the process by default */
  constructor(namespace?: string) {
    this.#socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespace });
  }

  forward({ source, destination, from, mark }: PacketToForward): Forwarded {
    try {
      return this.#socket.ask(
        (writer, sequence, flags) => {
          writer.begin(routeGet, flags, sequence);
          writer.u8(AF_INET);
          writer.u8(32);
          writer.u8(32);
          writer.zeros(5);
          writer.u32(lookupTable);
          writer.addressAttribute(routeAttributes.destination, destination);
          writer.addressAttribute(routeAttributes.source, source);
          writer.attribute(routeAttributes.from, from);
          writer.attribute(routeAttributes.mark, mark);
          writer.end();
        },
        (bytes, { start, end }) => {
          let table = bytes.readUInt8(start + 4);
          let to = 0;
          eachAttribute(bytes, start + rtmsgLength, end, (type, at) => {
            if (type === routeAttributes.table) table = bytes.readUInt32LE(at);
            else if (type === routeAttributes.to) to = bytes.readUInt32LE(at);
          });
          return { table, to };
        },
      );
    } catch (error) {
      if (error instanceof SyscallError) return { errno: error.code };
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
