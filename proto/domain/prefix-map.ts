// A map by prefixKey that never changes: a change makes another map, which shares with the one before all that is the
// same in both. So a change of a table of thousands costs what it changes, in time and in memory, and so does finding
// out what differs between two of them.
// Invariant: the tree of a map that somebody can see is never written to.
import { BTreeEx } from 'sorted-btree/extended/index.js';

// One function for all of them: trees with different ones can't be compared.
const byNumber = (a: number, b: number) => a - b;

/** PrefixMap is a map from prefixKeys, in their order. */
export class PrefixMap<V> {
  readonly #tree: BTreeEx<number, V>;

  private constructor(tree: BTreeEx<number, V>) {
    this.#tree = tree;
  }

  /** from is the map of these entries; of several with one key, the last counts. */
  static from<V>(entries: Iterable<readonly [number, V]>): PrefixMap<V> {
    const tree = new BTreeEx<number, V>(undefined, byNumber);
    for (const [key, value] of entries) tree.set(key, value);
    return new PrefixMap(tree);
  }

  /** size is how many entries there are. */
  get size(): number {
    return this.#tree.size;
  }

  /** get is the value of a key; undefined: there is none. */
  get(key: number): V | undefined {
    return this.#tree.get(key);
  }

  /** has says whether there is an entry of a key. */
  has(key: number): boolean {
    return this.#tree.has(key);
  }

  /** keys are the keys, the least first. */
  keys(): IterableIterator<number> {
    return this.#tree.keys();
  }

  /** values are the values, in the order of their keys. */
  values(): IterableIterator<V> {
    return this.#tree.values();
  }

  /** [Symbol.iterator] lists the entries, in the order of their keys. */
  [Symbol.iterator](): IterableIterator<[number, V]> {
    return this.#tree.entries();
  }

  /** with is the map after `changes`: a value, or undefined to take a key out. This one, if it is so already. */
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

  /** changedSince lists the keys whose values are not those that they have in `before`, in no particular order. */
  changedSince(before: PrefixMap<V>): readonly number[] {
    const keys: number[] = [];
    const note = (key: number) => void keys.push(key);
    this.#tree.diffAgainst(before.#tree, note, note, note);
    return keys;
  }
}
