// The records of the kinds that depend on no other record, one table per kind. The kinds that depend on each other (pools,
// nodes, names, addresses, subnets) are in beliefs.ts.
// Invariant: an unreadable record removes nothing from its table.
import type { RecordKind, RecordOf } from '../store/records.js';
import type { Held, StoredEntry } from './held.js';
import type { ViewChanges } from './view-changes.js';

/** KindTable holds the records of one kind. */
export type KindTable = {
  /** put stores an entry of this kind. Returns why the record is ignored; undefined if it is not. */
  readonly put: (id: string, entry: StoredEntry, changes: ViewChanges) => string | undefined;
  /** delete removes a deleted key of this kind. Returns why the deletion is ignored; undefined if it is not. */
  readonly delete: (id: string, changes: ViewChanges) => string | undefined;
};

/** RecordIndex finds the records of one kind by another property than their id. `all` is the table after the change. */
export type RecordIndex<T> = {
  readonly put: (id: string, held: Held<T>, all: ReadonlyMap<string, Held<T>>) => void;
  readonly delete: (id: string, before: Held<T>, all: ReadonlyMap<string, Held<T>>) => void;
};

/** RecordMapOptions configure the table of a kind with many records. */
export type RecordMapOptions<K extends RecordKind> = {
  /** note marks in `changes` what a change of record `id` affects. */
  readonly note: (changes: ViewChanges, id: string) => void;
  readonly index?: RecordIndex<RecordOf<K>>;
  /** placeholder returns the substitute for an unreadable record that the table does not hold yet. Absent: no substitute. */
  readonly placeholder?: (id: string) => RecordOf<K>;
};

/** RecordMap is the table of a kind with many records, by id. */
export class RecordMap<K extends RecordKind> implements KindTable {
  readonly #kind: K;
  readonly #options: RecordMapOptions<K>;
  readonly #all = new Map<string, Held<RecordOf<K>>>();

  constructor(kind: K, options: RecordMapOptions<K>) {
    this.#kind = kind;
    this.#options = options;
  }

  /** all returns the records by id. */
  get all(): ReadonlyMap<string, Held<RecordOf<K>>> {
    return this.#all;
  }

  put(id: string, entry: StoredEntry, changes: ViewChanges): undefined {
    const { note, index, placeholder } = this.#options;
    const { modRevision } = entry;
    const record = entry.read(this.#kind);
    if (record !== undefined) {
      const held = { record, modRevision };
      this.#all.set(id, held);
      index?.put(id, held, this.#all);
      note(changes, id);
    } else if (placeholder !== undefined && !this.#all.has(id)) {
      this.#all.set(id, { record: placeholder(id), modRevision });
      note(changes, id);
    }
  }

  delete(id: string, changes: ViewChanges): undefined {
    const { note, index } = this.#options;
    const before = this.#all.get(id);
    this.#all.delete(id);
    if (before !== undefined) index?.delete(id, before, this.#all);
    note(changes, id);
  }
}

/** SingleRecordOptions configure the table of a kind with one record. */
export type SingleRecordOptions<K extends RecordKind> = {
  /** former returns the previous view's record, which is kept if the record can't be read. */
  readonly former: () => Held<RecordOf<K>> | undefined;
  /** refuse returns why a record must not replace the held one; undefined if it may. */
  readonly refuse?: (record: RecordOf<K>, before: RecordOf<K>) => string | undefined;
  readonly note: (changes: ViewChanges, record: RecordOf<K>) => void;
};

/** SingleRecord is the table of a kind with one record. xnet never deletes that record, so a deletion is ignored. */
export class SingleRecord<K extends RecordKind> implements KindTable {
  readonly #kind: K;
  readonly #options: SingleRecordOptions<K>;
  #held: Held<RecordOf<K>> | undefined;

  constructor(kind: K, options: SingleRecordOptions<K>) {
    this.#kind = kind;
    this.#options = options;
  }

  /** held returns the record; undefined if there never was one. */
  get held(): Held<RecordOf<K>> | undefined {
    return this.#held;
  }

  put(_id: string, entry: StoredEntry, changes: ViewChanges): string | undefined {
    const { former, refuse, note } = this.#options;
    const record = entry.read(this.#kind);
    if (record === undefined) {
      this.#held ??= former();
      return undefined;
    }
    const refusal = this.#held === undefined ? undefined : refuse?.(record, this.#held.record);
    if (refusal !== undefined) return refusal;
    this.#held = { record, modRevision: entry.modRevision };
    note(changes, record);
    return undefined;
  }

  delete(): string {
    return 'it was deleted';
  }
}
