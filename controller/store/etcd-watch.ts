// One watch over all keys of xnet that loses no event: it resumes after the last completely delivered revision, and
// lists again after a compaction. etcd3's own Watcher resumes from the server's current revision, and so skips what was
// not delivered before a second disconnect.
import { messageOf } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import type { Change, Entry, Listing, WatchMessage } from './store.js';

type KeyValue = {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mod_revision: string;
  readonly create_revision: string;
};

/** WatchResponse is one message of etcd's Watch service. */
export type WatchResponse = {
  readonly header: { readonly revision: string };
  /** "-1": concerns all watches of the stream. */
  readonly watch_id: string;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: string;
  readonly cancel_reason: string;
  readonly fragment: boolean;
  readonly events: readonly { readonly type: 'Put' | 'Delete'; readonly kv: KeyValue }[];
};

/** WatchStream is a stream of etcd's Watch service. */
export type WatchStream = {
  on(event: 'data', listener: (response: WatchResponse) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  write(request: object): void;
  cancel(): void;
};

/** WatchSource is the access of a watch to its store. */
export type WatchSource = {
  /** open opens a stream to a member; `leave` marks this member as faulty, so that the next stream uses another. */
  open(): Promise<{ readonly stream: WatchStream; readonly leave: (reason: string) => void }>;
  readonly from: Buffer;
  readonly end: Buffer;
  list(): Promise<Listing>;
  entry(kv: KeyValue): Entry;
  readonly signal: AbortSignal;
};

// From one short retry up to the length of an election.
const backoff = { firstMs: 50, longestMs: 2_000 };
// How often a member is asked for the progress of the watch, and how long it may stay silent before the watch leaves
// it.
const askEveryMs = 1_500;
const silenceMs = 6_000;

type Ending = { readonly kind: 'compacted' } | { readonly kind: 'broken'; readonly reason: string };

/** Mailbox passes values from callbacks to one reader, in order. */
class Mailbox<T> {
  #items: T[] = [];
  #wake: (() => void) | undefined;

  put(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  async takeAll(): Promise<readonly T[]> {
    if (this.#items.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

/** watchEtcd yields a listing and every later change, as Store.watch specifies. */
export async function* watchEtcd(source: WatchSource): AsyncGenerator<WatchMessage, void, undefined> {
  const { signal } = source;
  let next: number | undefined;
  let attempt = 0;
  let lost = false;
  while (!signal.aborted) {
    let reason = 'compacted';
    try {
      if (next === undefined) {
        const listing = await source.list();
        attempt = 0;
        lost = false;
        yield { kind: 'listing', listing };
        next = listing.revision + 1;
      }
      const stream = watchFrom(source, next);
      for (;;) {
        const step = await stream.next();
        if (step.done === true) {
          if (step.value.kind === 'compacted') next = undefined;
          else reason = step.value.reason;
          break;
        }
        attempt = 0;
        if (lost) yield { kind: 'resumed' };
        lost = false;
        if (step.value === 'alive') yield { kind: 'current' };
        if (step.value === 'created' || step.value === 'alive') continue;
        if (step.value.changes.length > 0) yield { kind: 'changes', ...step.value };
        next = step.value.revision + 1;
      }
    } catch (error) {
      reason = messageOf(error);
    }
    if (signal.aborted) return;
    if (next !== undefined || reason !== 'compacted') {
      lost = true;
      yield { kind: 'lost', reason };
    }
    // etcd3 gets a new token only when a unary call is refused, so make one.
    if (/auth token/i.test(reason)) next = undefined;
    attempt += 1;
    await pause(backoffMs(attempt, backoff, Math.random()), signal);
  }
}

type Batch = { readonly revision: number; readonly changes: readonly Change[] };

// Follows one stream from one revision; returns why it ended.
async function* watchFrom(
  source: WatchSource,
  start: number,
): AsyncGenerator<Batch | 'created' | 'alive', Ending, undefined> {
  const { stream, leave } = await source.open();
  const mailbox = new Mailbox<WatchResponse | Ending>();
  let heardAt = performance.now();
  stream.on('data', (response) => {
    heardAt = performance.now();
    mailbox.put(response);
  });
  stream.on('error', (error) => mailbox.put({ kind: 'broken', reason: error.message }));
  stream.on('end', () => mailbox.put({ kind: 'broken', reason: 'etcd ended the watch' }));
  // A member that hangs or is partitioned sends nothing and does not end the stream.
  const asking = setInterval(() => {
    if (performance.now() - heardAt > silenceMs) mailbox.put({ kind: 'broken', reason: 'etcd is silent' });
    else stream.write({ progress_request: {} });
  }, askEveryMs);
  // Ends the stream even if the consumer takes no further message.
  const stop = () => {
    clearInterval(asking);
    stream.cancel();
    mailbox.put({ kind: 'broken', reason: 'stopped' });
  };
  source.signal.addEventListener('abort', stop, { once: true });
  if (source.signal.aborted) stop();
  stream.write({
    create_request: {
      key: source.from,
      range_end: source.end,
      start_revision: String(start),
      progress_notify: true,
      fragment: true,
    },
  });
  const pending: WatchResponse['events'][number][] = [];
  let ending: Ending | undefined;
  try {
    for (;;) {
      for (const item of await mailbox.takeAll()) {
        ending = endingOf(item, start);
        if (ending !== undefined) return ending;
        if ('kind' in item) continue;
        pending.push(...item.events);
        // The rest of a large revision follows in the next message.
        if (item.fragment) continue;
        if (item.created) yield 'created';
        else if (item.events.length === 0) yield progressOf(item);
        yield* batchesOf(pending.splice(0), source);
      }
    }
  } finally {
    clearInterval(asking);
    source.signal.removeEventListener('abort', stop);
    stream.cancel();
    if (ending?.kind === 'broken' && !source.signal.aborted) leave(ending.reason);
  }
}

function endingOf(item: WatchResponse | Ending, start: number): Ending | undefined {
  if ('kind' in item) return item;
  if (Number(item.compact_revision) > 0) return { kind: 'compacted' };
  if (item.canceled) return { kind: 'broken', reason: `etcd cancelled the watch: ${item.cancel_reason}` };
  // A store that is behind its own earlier revision is a different store, or the member lags: a listing decides which.
  if (item.created && Number(item.header.revision) < start - 1) return { kind: 'compacted' };
  return undefined;
}

// Unsolicited progress means that everything up to its revision was delivered. Before etcd 3.4.25 and 3.5.8 (etcd issue
// 15220), the answer to a progress request does not mean that: it only proves that the member is alive.
function progressOf({ watch_id, header }: WatchResponse): Batch | 'alive' {
  return watch_id === '-1' ? 'alive' : { revision: Number(header.revision), changes: [] };
}

function* batchesOf(events: WatchResponse['events'], source: WatchSource): Generator<Batch> {
  let changes: Change[] = [];
  let revision = 0;
  for (const { type, kv } of events) {
    const modRevision = Number(kv.mod_revision);
    if (modRevision !== revision && changes.length > 0) {
      yield { revision, changes };
      changes = [];
    }
    revision = modRevision;
    const entry = source.entry(kv);
    changes.push(type === 'Delete' ? { kind: 'delete', key: entry.key, modRevision } : { kind: 'put', entry });
  }
  if (changes.length > 0) yield { revision, changes };
}
