// Adds and deletes elements of nftables sets in one transaction, which the kernel executes only if nftables is still at
// the generation that it names (linux/netfilter/nfnetlink.h, NFNL_BATCH_GENID). nft(8) does the same in 10 ms, most of
// which is its start.
import type { Ipv4 } from '../../proto/domain/address.js';
import { SyscallError } from '../../proto/process/syscall.js';
import { type MessageWriter, messageFlags, messageTypes, readError } from './netlink-message.js';
import { NetlinkSocket } from './netlink-socket.js';
import type { NftablesGeneration } from './nftables-generation.js';

/** SetChange lists the addresses to add to and delete from one set of IPv4 addresses. */
export type SetChange = {
  /** "peers24" */
  readonly set: string;
  readonly add: readonly Ipv4[];
  readonly remove: readonly Ipv4[];
};

const NETLINK_NETFILTER = 12;
// linux/netfilter/nfnetlink.h: NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END
const batch = { begin: 16, end: 17, generation: 1 } as const;
const NFNL_SUBSYS_NFTABLES = 10;
// linux/netfilter/nf_tables.h: NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM
const elementMessages = { add: (NFNL_SUBSYS_NFTABLES << 8) | 12, remove: (NFNL_SUBSYS_NFTABLES << 8) | 14 } as const;
const attributes = { table: 1, set: 2, elements: 3, element: 1, key: 1, value: 1 } as const;
const NFPROTO_IPV4 = 2;
const elementLength = 16;
// The length field of an attribute has 16 bits.
const elementsPerMessage = 2_000;
// A transaction is one datagram, which must fit into the socket's send buffer (net.core.wmem_default, 208 KiB).
const mostElements = 8_000;

/** NftablesSets changes the sets of one network namespace until it is closed. */
export class NftablesSets {
  readonly #socket: NetlinkSocket | undefined;
  readonly #generation: NftablesGeneration;

  /** @param namespace "/run/netns/h1"; that of the process by default */
  constructor(generation: NftablesGeneration, namespace?: string) {
    this.#generation = generation;
    try {
      this.#socket = new NetlinkSocket({ protocol: NETLINK_NETFILTER, namespace });
    } catch (error) {
      // A kernel without nfnetlink has no nftables.
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  /**
   * change makes all changes, or none.
   * @param generation the generation at which the sets had the content that the changes assume
   * @returns the generation after the change: `generation` + 1 unless another program has committed since. Undefined if
   *   nothing was changed, for any reason; nft(8) then reports the reason
   */
  change(table: string, generation: number, changes: readonly SetChange[]): number | undefined {
    const messages = changes.flatMap(({ set, add, remove }) => [
      ...slices(remove).map((elements) => ({ type: elementMessages.remove, table, set, elements })),
      ...slices(add).map((elements) => ({ type: elementMessages.add, table, set, elements })),
    ]);
    const count = messages.reduce((sum, { elements }) => sum + elements.length, 0);
    if (this.#socket === undefined || count === 0 || count > mostElements) return undefined;
    let done = 0;
    let refused = false;
    try {
      this.#socket.exchange(
        messages.length + 2,
        (writer, first) => {
          writeBatchMessage(writer, batch.begin, first, generation);
          for (const [index, message] of messages.entries()) writeElements(writer, message, first + 1 + index);
          writeBatchMessage(writer, batch.end, first + messages.length + 1);
        },
        (bytes, message) => {
          if (message.type !== messageTypes.error) return;
          if (readError(bytes, message).errno === 0) done += 1;
          else refused = true;
        },
      );
    } catch (error) {
      if (error instanceof SyscallError) return undefined;
      throw error;
    }
    return refused || done < messages.length ? undefined : this.#generation.current();
  }

  close(): void {
    this.#socket?.close();
  }
}

function slices(elements: readonly Ipv4[]): readonly (readonly Ipv4[])[] {
  const parts: (readonly Ipv4[])[] = [];
  for (let at = 0; at < elements.length; at += elementsPerMessage) {
    parts.push(elements.slice(at, at + elementsPerMessage));
  }
  return parts;
}

function writeBatchMessage(writer: MessageWriter, type: number, sequence: number, generation?: number): void {
  writer.begin(type, messageFlags.request, sequence);
  // struct nfgenmsg: family, version, and the subsystem in network byte order.
  writer.zeros(2);
  writer.u16(NFNL_SUBSYS_NFTABLES << 8);
  if (generation !== undefined) writer.numberAttribute(batch.generation, generation);
  writer.end();
}

type ElementsMessage = {
  readonly type: number;
  readonly table: string;
  readonly set: string;
  readonly elements: readonly Ipv4[];
};

function writeElements(writer: MessageWriter, { type, table, set, elements }: ElementsMessage, sequence: number): void {
  const { request, ack, create } = messageFlags;
  writer.begin(type, request | ack | (type === elementMessages.add ? create : 0), sequence);
  writer.u8(NFPROTO_IPV4);
  writer.zeros(3);
  writer.textAttribute(attributes.table, table);
  writer.textAttribute(attributes.set, set);
  writer.reserve(elements.length * elementLength + 4);
  writer.nestedAttribute(attributes.elements, elements.length * elementLength);
  for (const element of elements) {
    writer.nestedAttribute(attributes.element, elementLength - 4);
    writer.nestedAttribute(attributes.key, elementLength - 8);
    writer.addressAttribute(attributes.value, element);
  }
  writer.end();
}
