// Events, as `xctl events` shows them. Each is one record that the store deletes after a day.
import { randomInt } from 'node:crypto';
import { keys } from './keys.js';
import { encode } from './record-codec.js';
import type { Operation } from './store.js';

/** Event informs operators of a change or a fault. It is stored in the transaction of the change that it describes. */
export type Event = {
  /** CamelCase: "NodeAdded". */
  readonly reason: string;
  readonly warning?: boolean;
  /** "node/web-1", "pool/default" */
  readonly subject: string;
  readonly message: string;
};

/** eventKeyAt returns the key that precedes those of all events from a time on, milliseconds since 1970. */
export function eventKeyAt(timeMs: number): string {
  return keys.event(String(Math.max(0, Math.floor(timeMs))).padStart(15, '0'));
}

/** eventOperation is the write of one event, under a key that sorts by time. */
export function eventOperation(event: Event, nowMs: number): Operation {
  const id = `${String(nowMs).padStart(15, '0')}-${randomInt(2 ** 32).toString(36)}`;
  return {
    kind: 'put',
    key: keys.event(id),
    expires: 'record',
    value: encode('event', {
      timeMs: nowMs,
      reason: event.reason,
      warning: event.warning ?? false,
      subject: event.subject,
      message: event.message,
    }),
  };
}
