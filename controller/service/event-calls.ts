// The calls about events: listing recorded ones and watching for new ones.
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Event } from '../../proto/gen/xnet/v1/Event.js';
import type { ListEventsRequest__Output } from '../../proto/gen/xnet/v1/ListEventsRequest.js';
import type { ListEventsResponse } from '../../proto/gen/xnet/v1/ListEventsResponse.js';
import { eventKeyAt } from '../store/events.js';
import { parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { Entry, Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import { wireFromEvent } from './to-wire/records.js';

/** EventQuery selects events. */
export type EventQuery = {
  readonly sinceMs: number;
  /** "node/web-1"; empty: all. */
  readonly subject: string;
  /** Maximum number of events to return, the newest ones. */
  readonly limit: number;
};

const defaultLimit = 1_000;
// A client with this many unread events has stopped reading.
const longestQueue = 10_000;

// Most queries want only the newest events: they are read first, then those of ever longer periods before.
const periodsMs = [60_000, 600_000, 6_000_000, Number.POSITIVE_INFINITY];

/**
 * eventsOf reads recorded events, oldest first: only as far back as `query` needs. Throws the errors of the store.
 * @param nowMs milliseconds since 1970
 */
export async function eventsOf(store: Pick<Store, 'scan'>, query: EventQuery, nowMs: number): Promise<Event[]> {
  let found: Event[] = [];
  let to: string | undefined;
  for (const periodMs of periodsMs) {
    const sinceMs = Math.max(query.sinceMs, nowMs - periodMs);
    const from = eventKeyAt(sinceMs);
    const entries = await store.scan('events/', to === undefined ? { from } : { from, to });
    found = [...eventsFrom(entries, query), ...found];
    if (found.length >= query.limit || sinceMs === query.sinceMs) break;
    to = from;
  }
  return found.slice(-query.limit);
}

function eventsFrom(entries: readonly Entry[], { sinceMs, subject }: EventQuery): Event[] {
  const events: Event[] = [];
  for (const entry of entries) {
    const key = parseKey(entry.key);
    const decoded = decode('event', entry.value);
    if (key?.kind !== 'event' || !('record' in decoded)) continue;
    const { record } = decoded;
    if (record.timeMs < sinceMs || (subject !== '' && record.subject !== subject)) continue;
    events.push(wireFromEvent(key.id, record));
  }
  return events;
}

/** EventCalls are the calls about events. */
export class EventCalls {
  readonly #store: Pick<Store, 'scan'>;
  readonly #watchers = new Set<(event: Event) => void>();

  constructor(store: Pick<Store, 'scan'>, feed: Pick<ViewFeed, 'onChange'>) {
    this.#store = store;
    feed.onChange((touched) => {
      for (const { id, record } of touched.events) {
        const event = wireFromEvent(id, record);
        for (const watcher of this.#watchers) watcher(event);
      }
    });
  }

  async list(request: ListEventsRequest__Output): Promise<ListEventsResponse> {
    return { events: await this.#recorded(request) };
  }

  #recorded({ sinceMs, subject, limit }: ListEventsRequest__Output): Promise<Event[]> {
    return eventsOf(this.#store, { sinceMs, subject, limit: limit || defaultLimit }, Date.now());
  }

  async watch(
    request: ListEventsRequest__Output,
    call: ServerWritableStream<unknown, Event>,
    gone: AbortSignal,
  ): Promise<void> {
    const ended = new AbortController();
    // Subscribe before listing: events that arrive in between are buffered and sent after the recorded ones.
    let early: Event[] | undefined = [];
    const watcher = (event: Event) => {
      if (request.subject !== '' && event.subject !== request.subject) return;
      if (early !== undefined) early.push(event);
      else call.write(event);
      if (call.writableLength > longestQueue) ended.abort();
    };
    this.#watchers.add(watcher);
    try {
      const recorded = await this.#recorded(request);
      const sent = new Set(recorded.map(({ id }) => id));
      for (const event of [...recorded, ...early.filter(({ id }) => !sent.has(id))]) call.write(event);
      early = undefined;
      const over = AbortSignal.any([gone, ended.signal]);
      await new Promise<void>((resolve) => {
        if (over.aborted) resolve();
        else over.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}
