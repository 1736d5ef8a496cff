// One netlink socket: batches of changes, dumps, notifications. It handles framing and errors, not the meaning of
// messages. The kernel processes rtnetlink requests inside sendto(): when it returns, all replies are in the socket's
// queue. So nothing here waits, and only the last request of a batch asks for an acknowledgement: errors are always
// reported.
import { closeSync } from 'node:fs';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { errnoName } from '../../proto/process/errno.js';
import {
  inNamespace,
  isReadable,
  openNetlink,
  receive,
  SyscallError,
  send,
  setNetlinkOption,
  setReceiveBuffer,
} from '../../proto/process/syscall.js';
import {
  type Message,
  MessageWriter,
  messageFlags,
  messagesIn,
  messageTypes,
  type NetlinkError,
  readError,
} from './netlink-message.js';

// The kernel splits dumps into datagrams of at most 32 KiB (net/netlink/af_netlink.c); single messages are smaller.
const longestDatagramBytes = 64 * 1024;
// About 15 ms of a route dump.
const datagramsPerSlice = 16;
/** dumpAttempts is how often a list is read that changes meanwhile; the last reading is used as it is. */
export const dumpAttempts = 4;

/** NetlinkSocketOptions are the options of a NetlinkSocket. */
export type NetlinkSocketOptions = {
  /** NETLINK_ROUTE (0), NETLINK_NETFILTER (12) */
  readonly protocol: number;
  /** Network namespace to open it in, "/run/netns/h1"; that of the process by default. */
  readonly namespace?: string | undefined;
  /** Multicast groups to join, by number. */
  readonly groups?: readonly number[];
  /** Size of its receive queue, in bytes. */
  readonly receiveBufferBytes?: number;
};

// Always the same, because replies carry it; no other request has it.
const digestSequence = 2 ** 32 - 1;

type DumpOptions = {
  readonly sequence: number;
  readonly visit: Visit;
  /** Called with each datagram. */
  readonly each?: (bytes: Buffer) => void;
};

// What one datagram of a dump says of it.
type DumpPart = { readonly ended: boolean; readonly whole: boolean };

/** WriteRequest writes the message of one request. */
export type WriteRequest = (writer: MessageWriter, sequence: number, flags: number) => void;

/** Visit is called for each message, whose content is in `bytes` until it returns. */
export type Visit = (bytes: Buffer, message: Message) => void;

/** NetlinkSocket is an open netlink socket. */
export class NetlinkSocket {
  readonly fd: number;
  /** The port id by which the kernel marks changes requested through this socket. */
  readonly portId: number;
  readonly #buffer = Buffer.allocUnsafeSlow(longestDatagramBytes);
  readonly #writer = new MessageWriter();
  #sequence = 0;
  // Replies to an abandoned request may still be in the queue.
  #leftover = false;
  #closed = false;

  /** @throws SyscallError, or an Error of node:fs if the namespace does not exist */
  constructor(options: NetlinkSocketOptions) {
    const { protocol, namespace, groups = [], receiveBufferBytes } = options;
    const opened =
      namespace === undefined ? openNetlink(protocol) : inNamespace(namespace, () => openNetlink(protocol));
    this.fd = opened.fd;
    this.portId = opened.portId;
    try {
      setNetlinkOption(this.fd, 'extAck', 1);
      setNetlinkOption(this.fd, 'capAck', 1);
      setNetlinkOption(this.fd, 'strictCheck', 1);
      if (receiveBufferBytes !== undefined) setReceiveBuffer(this.fd, receiveBufferBytes);
      for (const group of groups) setNetlinkOption(this.fd, 'addMembership', group);
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /**
   * change sends a batch of requests and returns the result of each. A failed request does not affect the others.
   * @param write writes the message of one request, between begin() and end()
   * @returns one entry per request; errno 0: succeeded
   */
  change<T>(
    requests: readonly T[],
    write: (writer: MessageWriter, request: T, sequence: number, flags: number) => void,
  ): readonly NetlinkError[] {
    const outcomes = requests.map((): NetlinkError => ({ errno: 0, text: '' }));
    const writer = this.#writer;
    writer.clear();
    const first = this.#takeSequences(requests.length);
    const last = first + requests.length - 1;
    for (const [index, request] of requests.entries()) {
      const ack = index === requests.length - 1 ? messageFlags.ack : 0;
      write(writer, request, first + index, messageFlags.request | ack);
    }
    this.#send(writer);
    for (let answered = false; !answered; ) {
      const length = receive(this.fd, this.#buffer);
      if (length === undefined) throw new SyscallError('recvfrom', 'EPROTO', 'the kernel did not answer');
      for (const message of messagesIn(this.#buffer, length)) {
        if (message.type !== messageTypes.error || message.sequence < first || message.sequence > last) continue;
        outcomes[message.sequence - first] = readError(this.#buffer, message);
        answered ||= message.sequence === last;
      }
    }
    this.#leftover = false;
    return outcomes;
  }

  /**
   * dump requests a list. It yields to the event loop between the parts; nothing else may use the socket meanwhile. If
   * the kernel reports that the list changed during the dump, it starts again, up to a few times.
   * @param restart called before the first message of each attempt
   * @throws SyscallError with the kernel's errno: EOPNOTSUPP for a list that it does not support
   */
  async dump(write: WriteRequest, restart: () => void, visit: Visit): Promise<void> {
    for (let attempt = 1; attempt <= dumpAttempts; attempt += 1) {
      restart();
      if (await this.#dumpOnce(write, { sequence: this.#takeSequences(1), visit })) return;
    }
  }

  /** dumpNow is one attempt of dump, without yielding; false if the list changed meanwhile. */
  dumpNow(write: WriteRequest, visit: Visit): boolean {
    const options = { sequence: this.#takeSequences(1), visit };
    this.#sendDump(write, options.sequence);
    for (let whole = true; ; ) {
      const part = this.#receivePart(options);
      whole &&= part.whole;
      if (part.ended) return whole;
    }
  }

  /**
   * digest adds all bytes of a list to a hash: for the same list, the same bytes on one socket.
   * @returns false if the list changed meanwhile
   * @throws SyscallError as dump does
   */
  digest(write: WriteRequest, hash: { update(bytes: Buffer): unknown }): Promise<boolean> {
    return this.#dumpOnce(write, {
      sequence: digestSequence,
      visit: () => undefined,
      each: (bytes) => hash.update(bytes),
    });
  }

  async #dumpOnce(write: WriteRequest, options: DumpOptions): Promise<boolean> {
    this.#sendDump(write, options.sequence);
    let whole = true;
    for (let datagrams = 1; ; datagrams += 1) {
      const part = this.#receivePart(options);
      whole &&= part.whole;
      if (part.ended) return whole;
      if (datagrams % datagramsPerSlice === 0) await yieldToEvents();
      // After a close, the descriptor may be reused by another socket.
      if (this.#closed) throw new SyscallError('recvfrom', 'EBADF', 'the socket was closed');
    }
  }

  #sendDump(write: WriteRequest, sequence: number): void {
    const writer = this.#writer;
    writer.clear();
    write(writer, sequence, messageFlags.request | messageFlags.dump);
    this.#send(writer);
  }

  #receivePart({ sequence, visit, each }: DumpOptions): DumpPart {
    // Receiving one part makes the kernel queue the next one.
    const length = receive(this.fd, this.#buffer);
    if (length === undefined) throw new SyscallError('recvfrom', 'EPROTO', 'the kernel did not answer');
    each?.(this.#buffer.subarray(0, length));
    let whole = true;
    for (const message of messagesIn(this.#buffer, length)) {
      if (message.sequence !== sequence) continue;
      if ((message.flags & messageFlags.dumpInterrupted) !== 0) whole = false;
      if (message.type === messageTypes.error || message.type === messageTypes.done) {
        this.#leftover = false;
        const { errno, text } = readEnd(this.#buffer, message);
        if (errno !== 0) throw new SyscallError('dump', errnoName(errno), text === '' ? errnoName(errno) : text);
        return { ended: true, whole };
      }
      visit(this.#buffer, message);
    }
    return { ended: false, whole };
  }

  /**
   * ask sends one request that the kernel answers with one message, and returns the result of `read`.
   * @throws SyscallError with the errno if the kernel answers with an error
   */
  ask<T>(write: WriteRequest, read: (bytes: Buffer, message: Message) => T): T {
    const writer = this.#writer;
    writer.clear();
    const sequence = this.#takeSequences(1);
    write(writer, sequence, messageFlags.request);
    this.#send(writer);
    for (;;) {
      const length = receive(this.fd, this.#buffer);
      if (length === undefined) throw new SyscallError('recvfrom', 'EPROTO', 'the kernel did not answer');
      for (const message of messagesIn(this.#buffer, length)) {
        if (message.sequence !== sequence) continue;
        this.#leftover = false;
        if (message.type !== messageTypes.error) return read(this.#buffer, message);
        const { errno, text } = readError(this.#buffer, message);
        throw new SyscallError('ask', errnoName(errno), text === '' ? errnoName(errno) : text);
      }
    }
  }

  /**
   * exchange sends messages as one datagram and calls `visit` for each reply that the kernel has queued when it has
   * processed them.
   * @param count number of messages; their sequence numbers begin at the one passed to `write`
   * @throws SyscallError when they could not be sent, or replies were lost
   */
  exchange(count: number, write: (writer: MessageWriter, first: number) => void, visit: Visit): void {
    const writer = this.#writer;
    writer.clear();
    const first = this.#takeSequences(count);
    write(writer, first);
    this.#send(writer);
    const complete = this.drain((bytes, message) => {
      if (message.sequence >= first && message.sequence < first + count) visit(bytes, message);
    });
    if (!complete) throw new SyscallError('recvfrom', 'ENOBUFS', 'answers were lost');
    this.#leftover = false;
  }

  /**
   * drain reads all notifications from the queue, in the order of the changes.
   * @returns false if some were lost: anything may have changed
   */
  drain(visit: Visit): boolean {
    let complete = true;
    for (;;) {
      try {
        const length = isReadable(this.fd) ? receive(this.fd, this.#buffer) : undefined;
        if (length === undefined) return complete;
        for (const message of messagesIn(this.#buffer, length)) visit(this.#buffer, message);
      } catch (error) {
        if (!(error instanceof SyscallError) || (error.code !== 'ENOBUFS' && error.code !== 'EMSGSIZE')) throw error;
        complete = false;
      }
    }
  }

  /** close closes the socket; a dump under way fails. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.fd);
  }

  #send(writer: MessageWriter): void {
    if (this.#leftover) this.drain(() => undefined);
    this.#leftover = true;
    send(this.fd, writer.bytes, writer.length);
  }

  #takeSequences(count: number): number {
    if (this.#sequence + count >= digestSequence) this.#sequence = 0;
    const first = this.#sequence + 1;
    this.#sequence += count;
    return first;
  }
}

function readEnd(bytes: Buffer, message: Message): NetlinkError {
  // A successful dump ends with a length or a 0 (NLMSG_DONE); old kernels send less.
  if (message.end - message.start < 4) return { errno: 0, text: '' };
  if (message.type === messageTypes.error) return readError(bytes, message);
  return { errno: Math.max(0, -bytes.readInt32LE(message.start)), text: '' };
}
