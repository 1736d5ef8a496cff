// An immutable map by prefixKey. A change returns another map that shares the unchanged part with the old one, so a
// change of a table of thousands costs time and memory proportional to the change, and so does comparing two maps.
// Invariant: the tree of a published map is never written to.
import { BTreeEx } from 'sorted-btree/extended/index.js';

// One function for all maps: trees with different ones can't be compared.
const byNumber = (a: number, b: number) => a - b;

/** PrefixMap is an immutable map from prefixKeys, in ascending order. */
export class PrefixMap<V> {
  readonly #tree: BTreeEx<number, V>;

  private constructor(tree: BTreeEx<number, V>) {
    this.#tree = tree;
  }

  /** from returns the map of these entries; of several with one key, the last wins. */
  static from<V>(entries: Iterable<readonly [number, V]>): PrefixMap<V> {
    const tree = new BTreeEx<number, V>(undefined, byNumber);
    for (const [key, value] of entries) tree.set(key, value);
    return new PrefixMap(tree);
  }

  /** size is the number of entries. */
  get size(): number {
    return this.#tree.size;
  }

  /** get returns the value of a key; undefined if absent. */
  get(key: number): V | undefined {
    return this.#tree.get(key);
  }

  /** has reports whether a key is present. */
  has(key: number): boolean {
    return this.#tree.has(key);
  }

  /** keys returns the keys in ascending order. */
  keys(): IterableIterator<number> {
    return this.#tree.keys();
  }

  /** values returns the values in the order of their keys. */
  values(): IterableIterator<V> {
    return this.#tree.values();
  }

  /** [Symbol.iterator] returns the entries in the order of their keys. */
  [Symbol.iterator](): IterableIterator<[number, V]> {
    return this.#tree.entries();
  }

  /**
   * with returns the map after `changes`: a value to set, or undefined to remove the key. Returns this map if nothing
   * changes.
   */
  with(changes: Iterable<readonly [number, V | undefined]>): PrefixMap<V> {
    let tree: BTreeEx<number, V> | undefined;
    for (const [key, value] of changes) {
      if ((tree ?? this.#tree).get(key) === value) continue;
      tree ??= this.#tree.clone();
      if (value === undefined) tree.delete(key);
      else tree.set(key, value);
    }
    return tree === undefined ? this : new PrefixMap(tree);
  }

  /** changedSince returns the keys whose values differ from those in `before`, in no particular order. */
  changedSince(before: PrefixMap<V>): readonly number[] {
    const keys: number[] = [];
    const note = (key: number) => void keys.push(key);
    this.#tree.diffAgainst(before.#tree, note, note, note);
    return keys;
  }
}
