// An immutable map by prefixKey. A change returns another map that shares the unchanged part with the old one, so a
// change of a table of thousands costs time and memory proportional to the change, and so does comparing two maps.
// Invariant: the tree of a published map is never written to.
import { BTreeEx } from 'sorted-btree/extended/index.js';

// One function for all maps: trees with different ones can't be compared.
const byNumber = (a: number, b: number) => a - b;

// A difference of this many keys is worth remembering; a larger one is found by comparing.
const mostKept = 64;

/** PrefixMap is an immutable map from prefixKeys, in ascending order. */
export class PrefixMap<V> {
  readonly #tree: BTreeEx<number, V>;
  // The map that with() made this one of, which may be gone, and the keys that differ.
  readonly #made: { readonly of: WeakRef<PrefixMap<V>>; readonly keys: readonly number[] } | undefined;

  private constructor(
    tree: BTreeEx<number, V>,
    made?: { readonly of: WeakRef<PrefixMap<V>>; keys: readonly number[] },
  ) {
    this.#tree = tree;
    this.#made = made;
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

  /** forEachPair visits the entries in the order of their keys, at a fraction of the cost of iterating. */
  forEachPair(visit: (key: number, value: V) => void): void {
    this.#tree.forEachPair(visit);
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
    const touched = new Set<number>();
    for (const [key, value] of changes) {
      if ((tree ?? this.#tree).get(key) === value) continue;
      tree ??= this.#tree.clone();
      touched.add(key);
      if (value === undefined) tree.delete(key);
      else tree.set(key, value);
    }
    if (tree === undefined) return this;
    if (touched.size > mostKept) return new PrefixMap(tree);
    const keys = [...touched].filter((key) => tree.get(key) !== this.#tree.get(key));
    return new PrefixMap(tree, { of: new WeakRef(this), keys });
  }

  /** changedSince returns the keys whose values differ from those in `before`, in no particular order. */
  changedSince(before: PrefixMap<V>): readonly number[] {
    if (before === this) return [];
    if (this.#made?.of.deref() === before) return this.#made.keys;
    const keys: number[] = [];
    const note = (key: number) => void keys.push(key);
    this.#tree.diffAgainst(before.#tree, note, note, note);
    return keys;
  }
}
