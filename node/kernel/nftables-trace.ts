// Receives the kernel's traces of packets: which chains, rules and policies of nftables, and of iptables-nft, they pass
// (linux/netfilter/nf_tables.h, NFTA_TRACE_*). A packet is traced after a rule with `meta nftrace set 1`. Rules of
// iptables-legacy leave no trace.
// Invariant: it only listens.
import { type Ipv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { eachAttribute } from './netlink-message.js';
import { NetlinkSocket } from './netlink-socket.js';

/** TraceVerdict is what a rule or a policy says of a packet. */
export type TraceVerdict = 'drop' | 'accept' | 'stolen' | 'queue' | 'continue' | 'jump' | 'goto' | 'return';

/** EchoHeader is what a trace shows of an echo request or reply. */
export type EchoHeader = {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly reply: boolean;
  readonly identifier: number;
  readonly sequence: number;
};

/** TraceEvent is one step of a packet. */
export type TraceEvent = {
  /** The same for all steps of a packet in one hook. */
  readonly id: number;
  /** Of the table: "ip", "inet", "bridge", "netdev", "arp", "ip6"; else empty. */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** A rule, the end of a chain that is not a base chain, or the policy of a base chain. */
  readonly kind: 'rule' | 'return' | 'policy';
  /** Of a rule; 0 else. */
  readonly handle: number;
  readonly verdict: TraceVerdict;
  /** In the first step of each hook. */
  readonly echo: EchoHeader | undefined;
  /** Interface indexes, in the first step of each hook; 0: none. */
  readonly from: number;
  readonly to: number;
};

const NETLINK_NETFILTER = 12;
const NFNLGRP_NFTRACE = 9;
// NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE
const traceMessage = (10 << 8) | 17;
const nfgenmsgLength = 4;
const families: Readonly<Record<number, string>> = {
  1: 'inet',
  2: 'ip',
  3: 'arp',
  5: 'netdev',
  7: 'bridge',
  10: 'ip6',
};
const attributes = {
  table: 1,
  chain: 2,
  handle: 3,
  type: 4,
  verdict: 5,
  id: 6,
  networkHeader: 8,
  transportHeader: 9,
  from: 10,
  to: 12,
  policy: 16,
} as const;
const verdictCode = 1;
const kinds: Readonly<Record<number, TraceEvent['kind']>> = { 1: 'policy', 2: 'return', 3: 'rule' };
const verdicts: Readonly<Record<number, TraceVerdict>> = {
  0: 'drop',
  1: 'accept',
  2: 'stolen',
  3: 'queue',
  [-1]: 'continue',
  [-2]: 'continue', // NFT_BREAK
  [-3]: 'jump',
  [-4]: 'goto',
  [-5]: 'return',
};
const icmp = 1;
const [echoReply, echoRequest] = [0, 8];
// Some 40 steps of 200 bytes for each packet of a probe.
const receiveBufferBytes = 1024 * 1024;

/** NftablesTrace receives traces of one network namespace until it is closed. */
export class NftablesTrace {
  readonly #socket: NetlinkSocket;

  /**
   * @param namespace "/run/netns/h1"; that of the process by default
   * @throws SyscallError
   */
  constructor(namespace?: string) {
    this.#socket = new NetlinkSocket({
      protocol: NETLINK_NETFILTER,
      namespace,
      groups: [NFNLGRP_NFTRACE],
      receiveBufferBytes,
    });
  }

  /** take returns the steps since the last call, and whether none was lost. */
  take(): { readonly events: readonly TraceEvent[]; readonly complete: boolean } {
    const events: TraceEvent[] = [];
    const complete = this.#socket.drain((bytes, { type, start, end }) => {
      if (type === traceMessage) events.push(readTrace(bytes, start, end));
    });
    return { events, complete };
  }

  close(): void {
    this.#socket.close();
  }
}

function readTrace(bytes: Buffer, start: number, end: number): TraceEvent {
  let [table, chain, handle, kind, verdict] = ['', '', 0, 'rule' as TraceEvent['kind'], 'continue' as TraceVerdict];
  let [id, from, to] = [0, 0, 0];
  let network: Buffer | undefined;
  let transport: Buffer | undefined;
  eachAttribute(bytes, start + nfgenmsgLength, end, (attribute, at, valueEnd) => {
    if (attribute === attributes.table) table = bytes.toString('utf8', at, valueEnd - 1);
    else if (attribute === attributes.chain) chain = bytes.toString('utf8', at, valueEnd - 1);
    else if (attribute === attributes.handle) handle = Number(bytes.readBigUInt64BE(at));
    else if (attribute === attributes.type) kind = kinds[bytes.readUInt32BE(at)] ?? 'rule';
    else if (attribute === attributes.policy) verdict = verdicts[bytes.readInt32BE(at)] ?? 'continue';
    else if (attribute === attributes.id) id = bytes.readUInt32BE(at);
    else if (attribute === attributes.from) from = bytes.readUInt32BE(at);
    else if (attribute === attributes.to) to = bytes.readUInt32BE(at);
    else if (attribute === attributes.networkHeader) network = bytes.subarray(at, valueEnd);
    else if (attribute === attributes.transportHeader) transport = bytes.subarray(at, valueEnd);
    else if (attribute === attributes.verdict) {
      eachAttribute(bytes, at, valueEnd, (inner, value) => {
        // The upper half of a drop is an errno.
        if (inner === verdictCode) verdict = verdicts[codeOf(bytes.readInt32BE(value))] ?? 'continue';
      });
    }
  });
  const family = families[bytes.readUInt8(start)] ?? '';
  return { id, family, table, chain, kind, handle, verdict, echo: echoOf(network, transport), from, to };
}

function codeOf(value: number): number {
  return value < 0 && value >= -5 ? value : value & 0xffff;
}

function echoOf(network: Buffer | undefined, transport: Buffer | undefined): EchoHeader | undefined {
  if (network === undefined || transport === undefined || network.length < 20 || transport.length < 8) return undefined;
  const type = transport.readUInt8(0);
  if (network.readUInt8(9) !== icmp || (type !== echoRequest && type !== echoReply)) return undefined;
  return {
    source: ipv4FromNumber(network.readUInt32BE(12)),
    destination: ipv4FromNumber(network.readUInt32BE(16)),
    reply: type === echoReply,
    identifier: transport.readUInt16BE(4),
    sequence: transport.readUInt16BE(6),
  };
}
