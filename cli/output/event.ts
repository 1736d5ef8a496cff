// Events in JSON and as tables. Pure.
// Invariant: fields of EventOutput are only ever added.
import { escaped } from '../../proto/domain/text.js';
import type { Event__Output } from '../../proto/gen/xnet/v1/Event.js';
import type { Kind } from './columns.js';
import { isoTime, timeText } from './time.js';

/** EventOutput is an event in the output of `xctl events`. */
export type EventOutput = {
  readonly id: string;
  readonly time: string | null;
  /** CamelCase, stable: "NodeAdded". */
  readonly reason: string;
  /** Needs attention. */
  readonly warning: boolean;
  /** "node/web-1", "pool/default" */
  readonly subject: string;
  readonly message: string;
};

/** eventFromWire converts an event. */
export function eventFromWire({ id, timeMs, reason, warning, subject, message }: Event__Output): EventOutput {
  return { id, time: isoTime(timeMs), reason, warning, subject, message };
}

/** eventKind describes how events are printed. */
export const eventKind: Kind<EventOutput> = {
  plural: 'events',
  nameOf: ({ id }) => id,
  columns: [
    { header: 'TIME', cell: ({ time }, look) => timeText(time, look) },
    { header: 'SUBJECT', cell: ({ subject }) => escaped(subject) },
    {
      header: 'REASON',
      cell: ({ reason, warning }, { colors }) => ({
        text: escaped(reason),
        paint: warning ? colors.bad : (text) => text,
      }),
    },
    { header: 'MESSAGE', cell: ({ message }) => escaped(message) },
  ],
};
