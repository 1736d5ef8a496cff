// Decides which records a backup has and a restore writes, in which order, and how they are compared. Pure.
// Invariant: records keep the order in which they were created, because of two contradicting records the older one is
// valid.
import { createHash } from 'node:crypto';
import { XnetError } from '../../proto/errors.js';
import { type Key, parseKey, passingKinds } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { Entry, Listing } from '../store/store.js';
import { View } from '../view/view.js';

/** SavedRecord is one record of a backup: its key without the prefix, and its value as stored. */
export type SavedRecord = { readonly key: string; readonly value: string };

// Records that a restore must not bring back: the cluster's record is written last and anew; running controllers
// register themselves; a join token may have been used or revoked since.
const notRestored: ReadonlySet<Key['kind'] | undefined> = new Set(['cluster', 'adoption', 'registration', 'token']);

/** isSaved reports whether a backup has the record of a key. Keys that this version does not know are saved. */
export function isSaved(key: string): boolean {
  return !passingKinds.has(parseKey(key)?.kind);
}

/** isRestored reports whether a restore writes the record of a key, and deletes it where the backup lacks it. */
export function isRestored(key: string): boolean {
  return isSaved(key) && !notRestored.has(parseKey(key)?.kind);
}

/** isReplaced reports whether a restore deletes a key of the former content: running controllers keep their own. */
export function isReplaced(key: string): boolean {
  const kind = parseKey(key)?.kind;
  return isRestored(key) || kind === 'token' || kind === 'adoption';
}

/** mostRecordBytes is the size of the largest record that can be restored: a request has at most 256 KiB. */
export const mostRecordBytes = 192 * 1024;
// Several times smaller than the largest request.
const partBytes = 96 * 1024;

/**
 * partsOf returns the records of a listing that are saved, oldest first, in parts that fit a request.
 * @throws XnetError FailedPrecondition for a record that would fit none
 */
export function* partsOf({ entries }: Listing): Generator<readonly SavedRecord[]> {
  let part: SavedRecord[] = [];
  let bytes = 0;
  for (const { key, value } of entries.filter((entry) => isSaved(entry.key)).sort(byAge)) {
    const size = Buffer.byteLength(key) + Buffer.byteLength(value);
    if (size > mostRecordBytes) {
      throw new XnetError(
        'FailedPrecondition',
        `the record ${key} has ${size} bytes, a backup takes ${mostRecordBytes}`,
      );
    }
    if (bytes + size > partBytes && part.length > 0) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push({ key, value });
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function byAge(a: Entry, b: Entry): number {
  return a.createRevision - b.createRevision || (a.key < b.key ? -1 : 1);
}

/** digestOfRecords returns the SHA-256 of records, which does not depend on their order. */
export function digestOfRecords(records: Iterable<SavedRecord>): Buffer {
  const digest = createHash('sha256');
  const sorted = [...records].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, value } of sorted) digest.update(`${key}\0${value}\0`);
  return digest.digest();
}

const mostProblems = 100;

/** recordProblems returns the records of a listing that can't be read or contradict each other, one line each; at most 100. */
export function recordProblems(listing: Listing): readonly string[] {
  const view = new View();
  view.replace(listing);
  const found = [
    ...Array.from(view.undecodable, ([key, problem]) => `${key}: ${problem}`),
    ...Array.from(view.contradictions, ([key, problem]) => `${key}: ${problem}`),
  ];
  return found.slice(0, mostProblems);
}

/** sealedByOf returns the name of the cluster key that seals the authority in a listing; empty: it has no authority. */
export function sealedByOf({ entries }: Listing): string {
  const entry = entries.find(({ key }) => key === 'authority');
  const decoded = entry === undefined ? undefined : decode('authority', entry.value);
  return decoded !== undefined && 'record' in decoded ? decoded.record.sealedBy : '';
}
