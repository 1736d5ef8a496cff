// Queries nftables' generation, which changes with every commit of any program, including iptables-nft: while it is the
// same, nothing in nftables has changed (linux/netfilter/nf_tables.h, NFT_MSG_GETGEN).

import { SyscallError } from '../../proto/process/syscall.js';
import { eachAttribute } from './netlink-message.js';
import { NetlinkSocket } from './netlink-socket.js';

const NETLINK_NETFILTER = 12;
// NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN
const getGeneration = (10 << 8) | 16;
const generationAttribute = 1; // NFTA_GEN_ID
const nfgenmsgLength = 4;

/** NftablesGeneration queries one network namespace until it is closed. */
export class NftablesGeneration {
  readonly #socket: NetlinkSocket | undefined;

  /** @param namespace "/run/netns/h1"; that of the process by default */
  constructor(namespace?: string) {
    try {
      this.#socket = new NetlinkSocket({ protocol: NETLINK_NETFILTER, namespace });
    } catch (error) {
      // A kernel without nfnetlink has no nftables.
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  /** current returns the present generation; undefined if it can't be read. */
  current(): number | undefined {
    try {
      return this.#socket?.ask(
        (writer, sequence, flags) => {
          writer.begin(getGeneration, flags, sequence);
          writer.zeros(nfgenmsgLength);
          writer.end();
        },
        (bytes, { start, end }) => {
          let generation: number | undefined;
          eachAttribute(bytes, start + nfgenmsgLength, end, (type, at) => {
            if (type === generationAttribute) generation = bytes.readUInt32BE(at);
          });
          return generation;
        },
      );
    } catch (error) {
      if (error instanceof SyscallError) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#socket?.close();
  }
}
