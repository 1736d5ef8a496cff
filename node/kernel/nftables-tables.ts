// Lists the names of nftables' tables of IPv4, without a program.
// Invariant: it only reads.
import { SyscallError } from '../../proto/process/syscall.js';
import { eachAttribute } from './netlink-message.js';
import { NetlinkSocket } from './netlink-socket.js';

const NETLINK_NETFILTER = 12;
// NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NFT_MSG_GETTABLE (linux/netfilter/nf_tables.h)
const messages = { table: (10 << 8) | 0, get: (10 << 8) | 1 } as const;
const NFPROTO_IPV4 = 2;
const nameAttribute = 1; // NFTA_TABLE_NAME
const nfgenmsgLength = 4;

/**
 * nftablesTables returns the names of the tables of family ip; none on a kernel without nftables.
 * @param namespace "/run/netns/h1"; that of the process by default
 * @throws SyscallError when the kernel refuses
 */
export async function nftablesTables(namespace?: string): Promise<readonly string[]> {
  const socket = openSocket(namespace);
  if (socket === undefined) return [];
  let names: string[] = [];
  try {
    await socket.dump(
      (writer, sequence, flags) => {
        writer.begin(messages.get, flags, sequence);
        writer.u8(NFPROTO_IPV4);
        writer.zeros(nfgenmsgLength - 1);
        writer.end();
      },
      () => {
        names = [];
      },
      (bytes, { type, start, end }) => {
        if (type !== messages.table) return;
        eachAttribute(bytes, start + nfgenmsgLength, end, (attribute, at, valueEnd) => {
          if (attribute === nameAttribute) names.push(bytes.toString('utf8', at, valueEnd - 1));
        });
      },
    );
    return names;
  } finally {
    socket.close();
  }
}

function openSocket(namespace: string | undefined): NetlinkSocket | undefined {
  try {
    return new NetlinkSocket({ protocol: NETLINK_NETFILTER, namespace });
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EPROTONOSUPPORT') return undefined;
    throw error;
  }
}
