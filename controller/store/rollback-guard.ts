// Guards against a store other than the one this controller used before. With a wiped or swapped etcd, or one restored
// from an older backup, every node would withdraw routes and subnets would be leased twice. The controller therefore
// remembers what it saw, in memory and on its own disk, and refuses to act on a store that contradicts it.
// Invariant: the memory is never newer than what was seen. A revision alone proves nothing, because others write to a
// restored store as well: the keys are compared.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { writeOwnFile } from '../../proto/process/atomic-file.js';
import { keys, parseKey, passingKinds } from './keys.js';

const rememberedSchema = v.object({
  /** Identity of the etcd cluster, and of the xnet cluster in it. */
  storeId: v.string(),
  clusterId: v.string(),
  epoch: v.number(),
  revision: v.number(),
  /** The keys that changed last, with their revisions. */
  newest: v.optional(v.record(v.string(), v.number()), {}),
  /** The key that only this controller writes periodically; empty: not written yet. */
  own: v.optional(v.string(), ''),
});

/** RememberedStore is the content of the file on disk. */
export type RememberedStore = v.InferOutput<typeof rememberedSchema>;

/** FoundStore is the store as it is now. */
export type FoundStore = {
  readonly storeId: string;
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
  /** Id of the cluster that a restored backup replaced. */
  readonly restoredOver?: string;
  /** Every key under the prefix, with the revision of its last change. */
  readonly changedAt: ReadonlyMap<string, number>;
};

/**
 * KnownStore is the store as last seen: with all keys except operations and events (`complete`), or with the newest.
 */
export type KnownStore = FoundStore & { readonly complete: boolean; readonly own: string };

/** knownFrom returns the store as remembered on disk. */
export function knownFrom({ newest, ...seen }: RememberedStore): KnownStore {
  return { ...seen, changedAt: new Map(Object.entries(newest)), complete: false };
}

// The absence of a key that expires, or of an unknown one, proves nothing.
function isLasting(key: string): boolean {
  const kind = parseKey(key)?.kind;
  return kind !== undefined && !passingKinds.has(kind);
}

/**
 * removalKey returns the key that records the removal of a registration, as opposed to its loss with a restored backup.
 */
export function removalKey(registration: string): string {
  return keys.revoked(`removed-${registration}`);
}

function wasForgotten(own: string, ownAt: number, { changedAt }: FoundStore): boolean {
  const key = parseKey(own);
  return key?.kind === 'registration' && (changedAt.get(removalKey(key.id)) ?? 0) > ownAt;
}

const remedy = 'If this is intended, start the controller once with --accept-store.';

/**
 * refusalOf returns why a controller that knew `before` must not act on `now`, and what the operator can do; undefined:
 * it may act. An epoch above the remembered one means that an operator accepted a restored store, here or at another
 * controller.
 */
export function refusalOf(before: KnownStore | undefined, now: FoundStore): string | undefined {
  // An operator restored a backup over the cluster without nodes that this controller had made or seen.
  if (before === undefined || before.clusterId === now.restoredOver) return undefined;
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

// A key keeps its revision until a later revision changes it.
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
  // Every deletion writes an event, and controllers write their own keys periodically.
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

// Returns a key changed at a revision that the view had reached without seeing that key.
function strangerIn(before: KnownStore, { changedAt }: FoundStore): string | undefined {
  for (const [key, at] of changedAt) {
    if (at > before.revision || before.changedAt.get(key) === at) continue;
    const kind = parseKey(key)?.kind;
    if (kind !== 'operation' && kind !== 'event') return key;
  }
  return undefined;
}

const keptNewest = 32;

/** NewestKeys holds the keys that changed last. */
export class NewestKeys {
  readonly #changedAt = new Map<string, number>();

  /** begin starts from the keys of a listing. */
  begin(changedAt: ReadonlyMap<string, number>): void {
    this.#changedAt.clear();
    const lasting = [...changedAt].filter(([key]) => isLasting(key));
    for (const [key, at] of lasting.sort(([, a], [, b]) => a - b).slice(-keptNewest)) this.#changedAt.set(key, at);
  }

  /** put records a change of a key. */
  put(key: string, revision: number): void {
    if (!isLasting(key)) return;
    // A Map keeps insertion order: the first key is the one that changed longest ago.
    this.#changedAt.delete(key);
    this.#changedAt.set(key, revision);
    if (this.#changedAt.size <= keptNewest) return;
    for (const oldest of this.#changedAt.keys()) {
      this.#changedAt.delete(oldest);
      break;
    }
  }

  /** forget records the deletion of a key. */
  forget(key: string): void {
    this.#changedAt.delete(key);
  }

  /** entries returns the keys and their revisions. */
  get entries(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#changedAt);
  }
}

/** readRemembered reads the file; undefined: it does not exist. Throws XnetError Corrupt when it is unreadable. */
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

/** writeRemembered writes the file atomically. */
export async function writeRemembered(path: string, seen: RememberedStore): Promise<void> {
  await writeOwnFile(path, Buffer.from(`${JSON.stringify(seen)}\n`));
}
