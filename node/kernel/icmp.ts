// Sends echo requests and receives their replies (RFC 792) on a raw socket. Needs CAP_NET_RAW.
// Invariant: it sends only echo requests, which are never fragmented, and accepts only replies to its own requests.
import { randomInt } from 'node:crypto';
import { closeSync } from 'node:fs';
import { type Ipv4, ipv4FromNumber } from '../../proto/domain/address.js';
import { bindSocket, inNamespace, openSocket, receive, sendTo, setSocketOption } from '../../proto/process/syscall.js';
import type { Poller } from './poller.js';

/** Icmp sends echo requests from one address. */
export interface Icmp {
  /**
   * send sends an echo request.
   * @param sequence 0 to 65,535; the reply carries the same number
   * @param packetBytes length of the whole IP packet, at least 28
   * @throws SyscallError EHOSTUNREACH, ENETUNREACH, EMSGSIZE (longer than the interface's MTU), EPERM (a rule drops it)
   */
  send(to: Ipv4, sequence: number, packetBytes: number): void;
  /** onReply calls `listener` for each reply to a request of this socket. */
  onReply(listener: (from: Ipv4, sequence: number) => void): void;
  close(): void;
}

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
const SOL_RAW = 255;
const ICMP_FILTER = 1; // linux/icmp.h: a mask of the types that are not taken in
const IP_MTU_DISCOVER = 10;
const IP_PMTUDISC_PROBE = 3; // linux/in.h: always "don't fragment", whatever path MTU the kernel has learnt
const echoReply = 0;
const echoRequest = 8;

/** headerBytes is the length of an IPv4 header without options and an ICMP header. */
export const headerBytes = 20 + 8;

/**
 * openIcmp opens a socket for echo requests.
 * @param source source address of the requests; undefined: the address of the outgoing interface
 * @param namespace path of a network namespace: "/run/netns/h1"; undefined: this process's own
 * @param identifier of the requests, from 1 to 65,535. It distinguishes replies to this socket from those to other programs
 * @throws SyscallError EPERM without CAP_NET_RAW (in another namespace: CAP_SYS_ADMIN), EADDRNOTAVAIL when no interface has `source`
 */
export function openIcmp(
  poller: Poller,
  source?: Ipv4,
  namespace?: string,
  identifier: number = randomInt(1, 0x10000),
): Icmp {
  const open = () => openSocket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  const fd = namespace === undefined ? open() : inNamespace(namespace, open);
  try {
    setSocketOption(fd, SOL_RAW, ICMP_FILTER, ~(1 << echoReply) >>> 0);
    setSocketOption(fd, 0, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    if (source !== undefined) bindSocket(fd, socketAddress(source));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const buffer = Buffer.alloc(0x10000);
  let listener: ((from: Ipv4, sequence: number) => void) | undefined;
  poller.add(fd, () => {
    for (let length = receive(fd, buffer); length !== undefined; length = receive(fd, buffer)) {
      const packet = buffer.subarray(0, length);
      const start = (packet.readUInt8(0) & 15) * 4;
      if (length < start + 8 || packet[start] !== echoReply || packet.readUInt16BE(start + 4) !== identifier) continue;
      listener?.(ipv4FromNumber(packet.readUInt32BE(12)), packet.readUInt16BE(start + 6));
    }
  });
  return {
    send: (to, sequence, packetBytes) => sendTo(fd, echo(identifier, sequence, packetBytes - 20), socketAddress(to)),
    onReply: (heard) => {
      listener = heard;
    },
    close: () => {
      poller.remove(fd);
      closeSync(fd);
    },
  };
}

// struct sockaddr_in: family, port, address, padding.
function socketAddress(address: Ipv4): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt32BE(address, 4);
  return bytes;
}

function echo(identifier: number, sequence: number, length: number): Buffer {
  const message = Buffer.alloc(length);
  message.writeUInt8(echoRequest, 0);
  message.writeUInt16BE(identifier, 4);
  message.writeUInt16BE(sequence, 6);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** checksum returns the internet checksum (RFC 1071) of a message whose checksum field is 0. */
export function checksum(message: Buffer): number {
  let sum = 0;
  for (let at = 0; at < message.length; at += 2) {
    sum += at + 1 < message.length ? message.readUInt16BE(at) : message.readUInt8(at) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
