// The system calls that Node.js does not offer: netlink sockets, waiting for several descriptors, file locks, network
// namespaces. The only file that imports syscall-napi.
// Invariant: all calls except waitReadable run synchronously on the calling thread and never block for long; every
// failure is a SyscallError with an errno name.
import { closeSync, openSync } from 'node:fs';
import { endianness } from 'node:os';
import binding from 'syscall-napi';
import { messageOf, XnetError } from '../errors.js';
import { errnoOfText } from './errno.js';

/** SyscallError is a failed system call. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  /** Errno name: "ENOBUFS". */
  readonly code: string;
  /** "recvfrom" */
  readonly syscall: string;

  constructor(syscall: string, code: string, text: string) {
    super(`${syscall}: ${text}`);
    this.code = code;
    this.syscall = syscall;
  }
}

type CallName =
  | 'bind'
  | 'eventfd2'
  | 'flock'
  | 'getsockname'
  | 'ppoll'
  | 'recvfrom'
  | 'sendto'
  | 'setns'
  | 'setsockopt'
  | 'socket';

function numberOf(name: CallName): bigint {
  const number = binding[`__NR_${name}`];
  if (number === undefined) {
    throw new XnetError('FailedPrecondition', `xnetd does not run on ${process.arch}: use x64 or arm64`);
  }
  return number;
}

function failed(name: CallName, error: unknown): SyscallError {
  const text = messageOf(error);
  return new SyscallError(name, errnoOfText(text), text);
}

function call(name: CallName, ...args: (bigint | Uint8Array)[]): number {
  const number = numberOf(name);
  try {
    return Number(binding.syscall.sync(number, ...args));
  } catch (error) {
    throw failed(name, error);
  }
}

// Numbers of linux/socket.h, linux/netlink.h, asm-generic/socket.h, fcntl.h, sched.h, poll.h: the same on x64 and arm64.
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1n;
const SO_RCVBUFFORCE = 33n;
const SOL_NETLINK = 270n;
const MSG_DONTWAIT = 0x40n;
const MSG_TRUNC = 0x20n;
const CLONE_NEWNET = 0x40000000n;
const EFD_CLOEXEC = 0x80000n;
const POLLIN = 1;

const socketOptions = {
  addMembership: 1n, // NETLINK_ADD_MEMBERSHIP
  capAck: 10n, // NETLINK_CAP_ACK: errors without a copy of the request
  extAck: 11n, // NETLINK_EXT_ACK: errors with the kernel's explanation
  strictCheck: 12n, // NETLINK_GET_STRICT_CHK: dumps are filtered by what the request says
} as const;

/** NetlinkOption is the name of a netlink socket option. */
export type NetlinkOption = keyof typeof socketOptions;

/**
 * openNetlink opens and binds a netlink socket.
 * @param protocol NETLINK_ROUTE (0), NETLINK_NETFILTER (12)
 * @returns the descriptor, and the port id by which the kernel's notifications identify our own changes
 * @throws SyscallError, such as EMFILE
 */
export function openNetlink(protocol: number): { readonly fd: number; readonly portId: number } {
  if (endianness() !== 'LE') throw new XnetError('FailedPrecondition', 'xnetd runs on little-endian machines only');
  const fd = call('socket', BigInt(AF_NETLINK), BigInt(SOCK_RAW | SOCK_CLOEXEC), BigInt(protocol));
  try {
    // struct sockaddr_nl: family, padding, port id (0: the kernel chooses), groups.
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    call('bind', BigInt(fd), address, BigInt(address.length));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(address.length, 0);
    call('getsockname', BigInt(fd), address, length);
    return { fd, portId: address.readUInt32LE(4) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * openSocket opens a socket.
 * @throws SyscallError EPERM without the necessary capability, EMFILE
 */
export function openSocket(family: number, type: number, protocol: number): number {
  return call('socket', BigInt(family), BigInt(type | SOCK_CLOEXEC), BigInt(protocol));
}

/** bindSocket binds a socket to a struct sockaddr. Throws SyscallError EADDRNOTAVAIL for an address of no interface. */
export function bindSocket(fd: number, address: Uint8Array): void {
  call('bind', BigInt(fd), address, BigInt(address.length));
}

/** sendTo sends a datagram to a struct sockaddr without blocking. Throws SyscallError, such as EHOSTUNREACH. */
export function sendTo(fd: number, bytes: Uint8Array, address: Uint8Array): void {
  call('sendto', BigInt(fd), bytes, BigInt(bytes.length), MSG_DONTWAIT, address, BigInt(address.length));
}

/** setSocketOption sets a 32-bit option. */
export function setSocketOption(fd: number, level: number, option: number, value: number): void {
  setOption(fd, BigInt(level), BigInt(option), value);
}

function setOption(fd: number, level: bigint, option: bigint, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  call('setsockopt', BigInt(fd), level, option, bytes, BigInt(bytes.length));
}

/**
 * setNetlinkOption sets an option of a netlink socket.
 * @returns false if the kernel is too old to know the option or the group
 * @throws SyscallError for any other failure
 */
export function setNetlinkOption(fd: number, option: NetlinkOption, value: number): boolean {
  try {
    setOption(fd, SOL_NETLINK, socketOptions[option], value);
    return true;
  } catch (error) {
    if (error instanceof SyscallError && (error.code === 'ENOPROTOOPT' || error.code === 'EINVAL')) return false;
    throw error;
  }
}

/**
 * setReceiveBuffer sets the size of a socket's receive queue in bytes, beyond the system's limit. Needs CAP_NET_ADMIN.
 */
export function setReceiveBuffer(fd: number, bytes: number): void {
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes);
}

/** send sends the first `length` bytes. The kernel has processed all of them when it returns. */
export function send(fd: number, bytes: Uint8Array, length: number): void {
  for (;;) {
    try {
      call('sendto', BigInt(fd), bytes, BigInt(length), 0n, 0n, 0n);
      return;
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== 'EINTR') throw error;
    }
  }
}

/**
 * isReadable reports whether a descriptor currently has data or an error to read. That costs a thirtieth of a read that
 * fails with EAGAIN, which creates an Error with a stack.
 */
export function isReadable(fd: number): boolean {
  // struct pollfd (descriptor, events requested, events seen), and a struct timespec of zero.
  const polled = Buffer.alloc(8);
  polled.writeInt32LE(fd, 0);
  polled.writeInt16LE(POLLIN, 4);
  for (;;) {
    try {
      return call('ppoll', polled, 1n, Buffer.alloc(16), 0n, 0n) > 0;
    } catch (error) {
      // Interrupted by a signal, such as that of a reload: ppoll is never restarted automatically (signal(7)).
      if (!(error instanceof SyscallError) || error.code !== 'EINTR') throw error;
    }
  }
}

/**
 * receive reads one datagram from a socket's queue without blocking.
 * @returns its length in bytes; undefined when the queue is empty
 * @throws SyscallError ENOBUFS after datagrams were lost, EMSGSIZE for one that is longer than `buffer`
 */
export function receive(fd: number, buffer: Uint8Array): number | undefined {
  const number = numberOf('recvfrom');
  for (;;) {
    try {
      const flags = MSG_DONTWAIT | MSG_TRUNC;
      const length = Number(binding.syscall.sync(number, BigInt(fd), buffer, BigInt(buffer.length), flags, 0n, 0n));
      if (length <= buffer.length) return length;
    } catch (error) {
      const errno = errnoOfText(messageOf(error));
      if (errno === 'EAGAIN') return undefined;
      if (errno === 'EINTR') continue;
      throw failed('recvfrom', error);
    }
    throw new SyscallError('recvfrom', 'EMSGSIZE', 'Message too long');
  }
}

/** openEvent opens an eventfd: readable once an 8-byte number other than 0 has been written to it. */
export function openEvent(): number {
  return call('eventfd2', 0n, EFD_CLOEXEC);
}

/**
 * waitReadable waits, on a thread of libuv's pool, until a descriptor has data or an error to read. It reads nothing.
 * @returns the readable descriptors
 */
export async function waitReadable(fds: readonly number[]): Promise<readonly number[]> {
  // struct pollfd: descriptor, events requested, events seen.
  const polled = Buffer.alloc(8 * fds.length);
  for (const [index, fd] of fds.entries()) {
    polled.writeInt32LE(fd, 8 * index);
    polled.writeInt16LE(POLLIN, 8 * index + 4);
  }
  const number = numberOf('ppoll');
  for (;;) {
    try {
      await binding.syscall(number, polled, BigInt(fds.length), 0n, 0n, 0n);
      return fds.filter((_, index) => polled.readInt16LE(8 * index + 6) !== 0);
    } catch (error) {
      const failure = failed('ppoll', error);
      if (failure.code !== 'EINTR') throw failure;
    }
  }
}

// sys/file.h
const lockOperations = { shared: 1n, exclusive: 2n } as const;
const nonBlocking = 4n;

/**
 * tryLock locks an open file; the kernel releases the lock when the process ends, however it ends. Any number of open
 * files can share a lock; an exclusive one has a single holder.
 * @returns false when another open file holds it
 */
export function tryLock(fd: number, kind: keyof typeof lockOperations = 'exclusive'): boolean {
  try {
    call('flock', BigInt(fd), lockOperations[kind] | nonBlocking);
    return true;
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EAGAIN') return false;
    throw error;
  }
}

/**
 * inNamespace runs `action` with this thread in another network namespace, "/run/netns/h1", and returns to the present
 * one. A socket stays in the namespace that it was opened in. `action` must be synchronous: asynchronous work would run
 * elsewhere.
 * @throws an Error of node:fs when there is no such namespace, SyscallError EPERM without CAP_SYS_ADMIN
 */
export function inNamespace<T>(path: string, action: () => T): T {
  const target = openSync(path, 'r');
  try {
    // Namespaces belong to threads: /proc/self is the main thread.
    const here = openSync('/proc/thread-self/ns/net', 'r');
    try {
      call('setns', BigInt(target), CLONE_NEWNET);
      try {
        return action();
      } finally {
        call('setns', BigInt(here), CLONE_NEWNET);
      }
    } finally {
      closeSync(here);
    }
  } finally {
    closeSync(target);
  }
}
