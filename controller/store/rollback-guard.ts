// Is this the store that this controller knew? A wiped or swapped etcd, or one restored from an older backup, would
// have every node withdraw routes and the same subnets leased twice. So the controller remembers what it saw, in memory
// and on its own disk, and refuses to act on a store that can't be the same one.
// Invariant: what is remembered is never newer than what was really seen. A revision alone proves nothing: others write
// to a restored store as well, so the keys themselves are compared.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { writeOwnFile } from '../../proto/process/atomic-file.js';
import { type Key, keys, parseKey } from './keys.js';

const rememberedSchema = v.object({
  /** Identity of the etcd cluster, and of the xnet cluster in it. */
  storeId: v.string(),
  clusterId: v.string(),
  epoch: v.number(),
  revision: v.number(),
  /** Keys that changed last, and when. */
  newest: v.optional(v.record(v.string(), v.number()), {}),
  /** The key that this controller alone writes, again and again; empty: it has not yet. */
  own: v.optional(v.string(), ''),
});

/** RememberedStore is what was known of the store when it was last looked at, as it is on disk. */
export type RememberedStore = v.InferOutput<typeof rememberedSchema>;

/** FoundStore is a store as it is now. */
export type FoundStore = {
  readonly storeId: string;
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
  /** Every key of ours, and the revision it was last changed at. */
  readonly changedAt: ReadonlyMap<string, number>;
};

/** KnownStore is a store as it was seen: `complete` with every key but operations and events, or with those that changed last. */
export type KnownStore = FoundStore & { readonly complete: boolean; readonly own: string };

/** knownFrom is what was remembered on disk. */
export function knownFrom({ newest, ...seen }: RememberedStore): KnownStore {
  return { ...seen, changedAt: new Map(Object.entries(newest)), complete: false };
}

// What goes when its controller does, or after a time, proves nothing by its absence.
const passing: ReadonlySet<Key['kind'] | undefined> = new Set([
  'session',
  'controller',
  'progress',
  'operation',
  'event',
  undefined,
]);

function isLasting(key: string): boolean {
  return !passing.has(parseKey(key)?.kind);
}

/** removalKey is the key of the note that a controller was forgotten, which tells it from one that a backup lost. */
export function removalKey(registration: string): string {
  return keys.revoked(`removed-${registration}`);
}

function wasForgotten(own: string, ownAt: number, { changedAt }: FoundStore): boolean {
  const key = parseKey(own);
  return key?.kind === 'registration' && (changedAt.get(removalKey(key.id)) ?? 0) > ownAt;
}

const remedy = 'If this is intended, start the controller once with --accept-store.';

/**
 * refusalOf says why a controller that saw `before` must not act on `now`, and what to do; undefined: it may. An epoch
 * above the remembered one means that an operator accepted a restored store, here or at another controller.
 */
export function refusalOf(before: KnownStore | undefined, now: FoundStore): string | undefined {
  if (before === undefined) return undefined;
  if (before.clusterId !== now.clusterId) {
    return `the store holds xnet cluster ${now.clusterId}, this controller belongs to ${before.clusterId}. ${remedy}`;
  }
  if (now.epoch > before.epoch) return undefined;
  if (before.storeId !== now.storeId) {
    return `the store is etcd cluster ${now.storeId}, it was ${before.storeId}. ${remedy}`;
  }
  if (now.epoch < before.epoch || now.revision < before.revision) {
    return (
      `the store is at revision ${now.revision} (epoch ${now.epoch}), this controller has seen revision ` +
      `${before.revision} (epoch ${before.epoch}): it was restored from an older backup. ${remedy}`
    );
  }
  const contradiction = contradictionOf(before, now);
  return contradiction === undefined
    ? undefined
    : `${contradiction}: it was restored from an older backup and written to since. ${remedy}`;
}

// What was seen at a revision stays so, or is changed at a later one.
function contradictionOf(before: KnownStore, now: FoundStore): string | undefined {
  for (const [key, seenAt] of before.changedAt) {
    const at = now.changedAt.get(key);
    if (at !== undefined && at !== seenAt && at <= before.revision) {
      return `the store has ${key} of revision ${at}, this controller has seen it of revision ${seenAt}`;
    }
  }
  const stranger = before.complete ? strangerIn(before, now) : undefined;
  if (stranger !== undefined) {
    return `the store has ${stranger}, which was not there at revision ${before.revision} when this controller saw it`;
  }
  const ownAt = before.changedAt.get(before.own);
  if (ownAt !== undefined && !now.changedAt.has(before.own) && !wasForgotten(before.own, ownAt, now)) {
    return `the store does not have ${before.own}, which this controller wrote at revision ${ownAt}`;
  }
  // Whoever deletes a key writes an event with it, and controllers write their own keys all the time.
  const lastSeen = latest([...before.changedAt].filter(([key]) => isLasting(key)));
  const last = latest(now.changedAt);
  if (last < lastSeen) {
    return `nothing in the store is newer than revision ${last}, this controller has seen a change at ${lastSeen}`;
  }
  return undefined;
}

function latest(changes: Iterable<readonly [string, number]>): number {
  let last = 0;
  for (const [, at] of changes) last = Math.max(last, at);
  return last;
}

// A key of the store that was changed at a revision which the view has reached without it.
function strangerIn(before: KnownStore, { changedAt }: FoundStore): string | undefined {
  for (const [key, at] of changedAt) {
    if (at > before.revision || before.changedAt.get(key) === at) continue;
    const kind = parseKey(key)?.kind;
    if (kind !== 'operation' && kind !== 'event') return key;
  }
  return undefined;
}

const keptNewest = 32;

/** NewestKeys keeps the keys that changed last. */
export class NewestKeys {
  readonly #changedAt = new Map<string, number>();

  /** begin takes what a listing has. */
  begin(changedAt: ReadonlyMap<string, number>): void {
    this.#changedAt.clear();
    const lasting = [...changedAt].filter(([key]) => isLasting(key));
    for (const [key, at] of lasting.sort(([, a], [, b]) => a - b).slice(-keptNewest)) this.#changedAt.set(key, at);
  }

  /** put notes a change of a key. */
  put(key: string, revision: number): void {
    if (!isLasting(key)) return;
    // The order of a Map is that of insertion: the first one is the one that changed longest ago.
    this.#changedAt.delete(key);
    this.#changedAt.set(key, revision);
    if (this.#changedAt.size <= keptNewest) return;
    for (const oldest of this.#changedAt.keys()) {
      this.#changedAt.delete(oldest);
      break;
    }
  }

  /** forget notes that a key is gone. */
  forget(key: string): void {
    this.#changedAt.delete(key);
  }

  /** entries are the keys and their revisions. */
  get entries(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#changedAt);
  }
}

/** readRemembered reads what was remembered; undefined when nothing was. Throws XnetError Corrupt for a file we can't read. */
export async function readRemembered(path: string): Promise<RememberedStore | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new XnetError('Corrupt', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    return v.parse(rememberedSchema, JSON.parse(text));
  } catch (error) {
    throw new XnetError('Corrupt', `${path} does not hold what this controller wrote: ${messageOf(error)}`, {
      hint: 'if you are sure of the store, remove that file',
      cause: error,
    });
  }
}

/** writeRemembered remembers: whole or not at all. */
export async function writeRemembered(path: string, seen: RememberedStore): Promise<void> {
  await writeOwnFile(path, Buffer.from(`${JSON.stringify(seen)}\n`));
}
