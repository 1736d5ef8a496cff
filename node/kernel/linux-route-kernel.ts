// RouteKernel over rtnetlink. Three sockets: changes, dumps (which continue while changes are made), notifications.
import { createHash } from 'node:crypto';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { messageOf, XnetError } from '../../proto/errors.js';
import { errnoName } from '../../proto/process/errno.js';
import { SyscallError } from '../../proto/process/syscall.js';
import { readNotification, writeChange } from './change-messages.js';
import {
  addressMessages,
  linkMessages,
  readAddress,
  readLink,
  writeAddressDump,
  writeLinkDump,
} from './link-messages.js';
import type { MessageWriter } from './netlink-message.js';
import { dumpAttempts, NetlinkSocket } from './netlink-socket.js';
import { nextHopMessages, readNextHop, writeNextHopDump } from './next-hop-messages.js';
import type { Poller } from './poller.js';
import type {
  Address,
  KernelRefusal,
  KernelRoute,
  Link,
  NextHop,
  Notification,
  RouteChange,
  RouteFilter,
  RouteKernel,
} from './route-kernel.js';
import { readRoute, routeMessages, writeRouteDump } from './route-messages.js';

const NETLINK_ROUTE = 0;
// RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_NETCONF, RTNLGRP_NEXTHOP (linux/rtnetlink.h)
const groups = [1, 5, 7, 24, 32];
// Sent at once: all replies must fit into the socket's queue.
const changesPerBatch = 256;
// About 10 ms of work before yielding to the event loop.
const changesPerSlice = 2048;
// Room for an error reply to every request of a batch, at about 1 KiB of kernel memory each.
const answersBytes = 1024 * 1024;
// Room for about 30,000 notifications. If more arrive before they are read, a dump is as quick as reading them.
const notificationsBytes = 16 * 1024 * 1024;

/** LinuxRouteKernelOptions say which network namespace to use. */
export type LinuxRouteKernelOptions = {
  readonly poller: Poller;
  /** Network namespace, "/run/netns/h1"; that of the process by default. */
  readonly namespace?: string | undefined;
};

/**
 * openLinuxRouteKernel opens the routing of a network namespace.
 * @throws XnetError FailedPrecondition without CAP_NET_ADMIN, if the namespace does not exist, or without free file
 *   descriptors
 */
export function openLinuxRouteKernel(options: LinuxRouteKernelOptions): RouteKernel {
  const { poller, namespace } = options;
  const open = { protocol: NETLINK_ROUTE, namespace };
  const sockets: NetlinkSocket[] = [];
  const opened = (socket: NetlinkSocket): NetlinkSocket => {
    sockets.push(socket);
    return socket;
  };
  try {
    return new LinuxRouteKernel({
      poller,
      changes: opened(new NetlinkSocket({ ...open, receiveBufferBytes: answersBytes })),
      dumps: opened(new NetlinkSocket(open)),
      notifications: opened(new NetlinkSocket({ ...open, groups, receiveBufferBytes: notificationsBytes })),
      openDump: () => new NetlinkSocket(open),
    });
  } catch (error) {
    for (const socket of sockets) socket.close();
    const hint = error instanceof SyscallError && error.code === 'EPERM' ? { hint: 'it needs CAP_NET_ADMIN' } : {};
    throw new XnetError('FailedPrecondition', `can't reach the kernel's routing: ${messageOf(error)}`, {
      cause: error,
      ...hint,
    });
  }
}

type Parts = {
  readonly poller: Poller;
  readonly changes: NetlinkSocket;
  readonly dumps: NetlinkSocket;
  readonly notifications: NetlinkSocket;
  /** Opens a socket for one dump beside those of `dumps`. */
  readonly openDump: () => NetlinkSocket;
};

class LinuxRouteKernel implements RouteKernel {
  readonly #parts: Parts;
  #listener: (() => void) | undefined;
  #closed = false;
  #hasNextHops = true;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  routes(filter: RouteFilter): Promise<readonly KernelRoute[]> {
    return this.#dump(writeRouteDump, routeMessages.added, (bytes, start, end) => readRoute(bytes, start, end, filter));
  }

  routesNow(): readonly KernelRoute[] {
    // Rarely called, so the socket is not kept.
    const socket = this.#parts.openDump();
    try {
      for (let attempt = 1; ; attempt += 1) {
        const list: KernelRoute[] = [];
        const isWhole = socket.dumpNow(writeRouteDump, (bytes, { type, start, end }) => {
          const route = type === routeMessages.added ? readRoute(bytes, start, end) : undefined;
          if (route !== undefined) list.push(route);
        });
        if (isWhole || attempt === dumpAttempts) return list;
      }
    } finally {
      socket.close();
    }
  }

  async nextHops(): Promise<readonly NextHop[] | undefined> {
    try {
      return await this.#dump(writeNextHopDump, nextHopMessages.added, readNextHop);
    } catch (error) {
      // Kernels before 5.3 do not support the message.
      if (!(error instanceof SyscallError) || (error.code !== 'EOPNOTSUPP' && error.code !== 'EINVAL')) throw error;
      this.#hasNextHops = false;
      return undefined;
    }
  }

  links(): Promise<readonly Link[]> {
    return this.#dump(writeLinkDump, linkMessages.added, readLink);
  }

  addresses(): Promise<readonly Address[]> {
    return this.#dump(writeAddressDump, addressMessages.added, readAddress);
  }

  async fingerprint(): Promise<string | undefined> {
    const { dumps } = this.#parts;
    const hash = createHash('sha256');
    // Compared as values: the kernel lists them with counters and times that always change.
    hash.update(JSON.stringify([await this.links(), await this.addresses()]));
    const isWhole = await dumps.digest(writeRouteDump, hash);
    if (this.#hasNextHops && !(await dumps.digest(writeNextHopDump, hash))) return undefined;
    return isWhole ? hash.digest('base64') : undefined;
  }

  async #dump<T>(
    write: (writer: MessageWriter, sequence: number, flags: number) => void,
    type: number,
    read: (bytes: Buffer, start: number, end: number) => T | undefined,
  ): Promise<readonly T[]> {
    let list: T[] = [];
    const restart = () => {
      list = [];
    };
    await this.#parts.dumps.dump(write, restart, (bytes, message) => {
      if (message.type !== type) return;
      const item = read(bytes, message.start, message.end);
      if (item !== undefined) list.push(item);
    });
    return list;
  }

  async apply(changes: readonly RouteChange[], signal?: AbortSignal): Promise<readonly (KernelRefusal | undefined)[]> {
    if (changes.length <= changesPerSlice) return this.#applyNow(changes, signal);
    const outcomes: (KernelRefusal | undefined)[] = [];
    // Our own notifications are read once everything is applied, not in between.
    this.#pause();
    try {
      for (let at = 0; at < changes.length; at += changesPerSlice) {
        if (at > 0) await yieldToEvents();
        outcomes.push(...this.#applyNow(changes.slice(at, at + changesPerSlice), signal));
      }
    } finally {
      this.#resume();
    }
    return outcomes;
  }

  #applyNow(changes: readonly RouteChange[], signal: AbortSignal | undefined): readonly (KernelRefusal | undefined)[] {
    if (this.#closed || signal?.aborted === true) return changes.map(() => cancelled);
    const outcomes: (KernelRefusal | undefined)[] = [];
    for (let at = 0; at < changes.length; at += changesPerBatch) {
      outcomes.push(...this.#applyBatch(changes.slice(at, at + changesPerBatch)));
    }
    return outcomes;
  }

  #applyBatch(batch: readonly RouteChange[]): readonly (KernelRefusal | undefined)[] {
    try {
      return this.#parts.changes
        .change(batch, writeChange)
        .map(({ errno, text }) => (errno === 0 ? undefined : { errno: errnoName(errno), text }));
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      // The outcome of each change is unknown; the notifications show it.
      return batch.map(() => ({ errno: error.code, text: error.message }));
    }
  }

  drain(visit: (notification: Notification) => void): boolean {
    if (this.#closed) return true;
    return this.#parts.notifications.drain((bytes, message) => {
      const notification = readNotification(bytes, message, message.portId === this.#parts.changes.portId);
      if (notification !== undefined) visit(notification);
    });
  }

  onReadable(listener: () => void): void {
    this.#listener = listener;
    this.#resume();
  }

  #pause(): void {
    if (this.#listener !== undefined) this.#parts.poller.remove(this.#parts.notifications.fd);
  }

  #resume(): void {
    if (this.#closed || this.#listener === undefined) return;
    this.#parts.poller.add(this.#parts.notifications.fd, this.#listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { poller, changes, dumps, notifications } = this.#parts;
    poller.remove(notifications.fd);
    for (const socket of [changes, dumps, notifications]) socket.close();
  }
}

const cancelled: KernelRefusal = { errno: 'ECANCELED', text: '' };
