// Maps route changes to netlink requests, and notifications to changes.
import {
  addressMessages,
  linkMessages,
  readAddress,
  readForwardingMessage,
  readLink,
  settingMessages,
} from './link-messages.js';
import { type Message, type MessageWriter, messageFlags } from './netlink-message.js';
import { nextHopMessages, readNextHop, writeDeleteNextHop, writeNewNextHop } from './next-hop-messages.js';
import type { Notification, RouteChange } from './route-kernel.js';
import { readRoute, routeMessages, writeDeleteRoute, writeNewRoute } from './route-messages.js';

/** writeChange writes the request that makes a change. */
export function writeChange(writer: MessageWriter, change: RouteChange, sequence: number, flags: number): void {
  const { create, exclusive, append, replace } = messageFlags;
  switch (change.op) {
    case 'addRoute':
      writeNewRoute(writer, change.route, sequence, flags | create | exclusive);
      break;
    case 'appendRoute':
      writeNewRoute(writer, change.route, sequence, flags | create | append);
      break;
    case 'deleteRoute':
      writeDeleteRoute(writer, change.route, sequence, flags);
      break;
    case 'addNextHop':
      writeNewNextHop(writer, change.nextHop, sequence, flags | create | exclusive);
      break;
    case 'replaceNextHop':
      writeNewNextHop(writer, change.nextHop, sequence, flags | replace);
      break;
    case 'deleteNextHop':
      writeDeleteNextHop(writer, change.nextHop, sequence, flags);
      break;
  }
}

/**
 * readNotification decodes a notification; undefined for kinds that RouteKernel does not report. `own`: this process
 * requested the change.
 */
export function readNotification(bytes: Buffer, message: Message, own: boolean): Notification | undefined {
  const { type, flags, start, end } = message;
  switch (type) {
    case routeMessages.added:
    case routeMessages.removed: {
      const route = readRoute(bytes, start, end);
      if (route === undefined) return undefined;
      const replaced = (flags & messageFlags.replace) !== 0;
      const appended = (flags & messageFlags.append) !== 0;
      return { kind: 'route', own, removed: type === routeMessages.removed, route, replaced, appended };
    }
    case nextHopMessages.added:
    case nextHopMessages.removed: {
      const nextHop = readNextHop(bytes, start, end);
      return nextHop && { kind: 'nextHop', own, removed: type === nextHopMessages.removed, nextHop };
    }
    case linkMessages.added:
    case linkMessages.removed: {
      const link = readLink(bytes, start, end);
      return link && { kind: 'link', own, removed: type === linkMessages.removed, link };
    }
    case addressMessages.added:
    case addressMessages.removed: {
      const address = readAddress(bytes, start, end);
      return address && { kind: 'address', own, removed: type === addressMessages.removed, address };
    }
    case settingMessages.changed: {
      const on = readForwardingMessage(bytes, start, end);
      return on === undefined ? undefined : { kind: 'forwarding', own, on };
    }
    default:
      return undefined;
  }
}
