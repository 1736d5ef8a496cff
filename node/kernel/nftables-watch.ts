// Reports each commit to nftables, including those of iptables-nft, and what it touched (nfnetlink(7),
// linux/netfilter/nf_tables.h). The legacy iptables backend sends no notifications.
// Invariant: touchedSince() reports everything that was touched in a span of generations, or undefined.
import { messageOf, XnetError } from '../../proto/errors.js';
import { SyscallError } from '../../proto/process/syscall.js';
import { eachAttribute } from './netlink-message.js';
import { NetlinkSocket } from './netlink-socket.js';
import { nftablesSubsystem, readTouched, type TouchedObject } from './nftables-touched.js';
import type { Poller } from './poller.js';

const NETLINK_NETFILTER = 12;
const NFNLGRP_NFTABLES = 7;
// NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN: the last message of every commit.
const newGeneration = (10 << 8) | 15;
const nfgenmsgLength = 4;
const attributes = { generation: 1, processId: 2, processName: 3 } as const;
// A commit of 5,000 set elements is about 0.5 MB of notifications.
const notificationsBytes = 4 * 1024 * 1024;

/**
 * NftablesCommit is one commit: the process id and name ("nft") of the program, what it touched, and the generation
 * after it.
 */
export type NftablesCommit = {
  readonly processId: number;
  readonly program: string;
  readonly generation: number;
  readonly touched: readonly TouchedObject[];
};

// Number of commits kept for touchedSince(): more than a busy host makes in the 30 s between two turns.
const mostRemembered = 128;

/** NftablesWatch watches one network namespace until it is closed. */
export class NftablesWatch {
  readonly #poller: Poller;
  readonly #socket: NetlinkSocket | undefined;
  readonly #listeners = new Set<(commits: readonly NftablesCommit[]) => void>();
  #remembered: NftablesCommit[] = [];
  // Objects of the commit whose notifications are arriving.
  #touched = new Map<string, TouchedObject>();
  // Whether some of its notifications were lost.
  #isPartial = false;

  /**
   * @param namespace "/run/netns/h1"; that of the process by default
   * @throws XnetError FailedPrecondition without CAP_NET_ADMIN
   */
  constructor(poller: Poller, namespace?: string) {
    this.#poller = poller;
    this.#socket = openSocket(namespace);
    if (this.#socket !== undefined) poller.add(this.#socket.fd, () => this.#drain());
  }

  /**
   * onCommit calls `listener` with the commits since the last call; with none if notifications were lost.
   * @returns ends the subscription
   */
  onCommit(listener: (commits: readonly NftablesCommit[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * touchedSince returns what was touched after one generation, up to another; undefined if that is not known.
   * @param to the present generation of nftables
   */
  touchedSince(from: number, to: number): readonly TouchedObject[] | undefined {
    this.#drain();
    const since = this.#remembered.filter(({ generation }) => generation > from && generation <= to);
    // Missing generations were lost, or have not arrived yet.
    return to > from && since.length === to - from ? since.flatMap(({ touched }) => touched) : undefined;
  }

  close(): void {
    if (this.#socket === undefined) return;
    this.#poller.remove(this.#socket.fd);
    this.#socket.close();
  }

  #drain(): void {
    const commits: NftablesCommit[] = [];
    let lost = false;
    const complete = this.#socket?.drain((bytes, { type, start, end }) => {
      if (type >> 8 !== nftablesSubsystem) return;
      if (type !== newGeneration) {
        const touched = readTouched(bytes, type, start, end);
        this.#touched.set(Object.values(touched).join(' '), touched);
        return;
      }
      let generation = 0;
      let processId = 0;
      let program = '';
      eachAttribute(bytes, start + nfgenmsgLength, end, (attribute, at, valueEnd) => {
        if (attribute === attributes.generation) generation = bytes.readUInt32BE(at);
        if (attribute === attributes.processId) processId = bytes.readUInt32BE(at);
        if (attribute === attributes.processName) program = bytes.toString('utf8', at, valueEnd - 1);
      });
      if (!this.#isPartial) commits.push({ processId, program, generation, touched: [...this.#touched.values()] });
      else lost = true;
      this.#isPartial = false;
      this.#touched.clear();
    });
    if (complete === false) {
      this.#isPartial = true;
      lost = true;
    }
    this.#remembered = lost ? [] : [...this.#remembered, ...commits].slice(-mostRemembered);
    if (!lost && commits.length === 0) return;
    for (const listener of this.#listeners) listener(lost ? [] : commits);
  }
}

function openSocket(namespace: string | undefined): NetlinkSocket | undefined {
  try {
    return new NetlinkSocket({
      protocol: NETLINK_NETFILTER,
      namespace,
      groups: [NFNLGRP_NFTABLES],
      receiveBufferBytes: notificationsBytes,
    });
  } catch (error) {
    // A kernel without nfnetlink has no nftables that could change.
    if (error instanceof SyscallError && error.code === 'EPROTONOSUPPORT') return undefined;
    throw new XnetError('FailedPrecondition', `can't watch nftables: ${messageOf(error)}`, { cause: error });
  }
}
