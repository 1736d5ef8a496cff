// Indexes join tokens by the node that they are for.
// Invariant: the index holds the same tokens as the view's table of tokens.
import type { TokenRecord } from '../store/records.js';
import type { Held } from './held.js';
import type { RecordIndex } from './record-tables.js';

/** NodeTokens finds the tokens for a node. */
export class NodeTokens implements RecordIndex<TokenRecord> {
  readonly #nodeOf = new Map<string, string>();
  readonly #ids = new Map<string, Set<string>>();

  /** ids returns the ids of the tokens for each node, by node id. A node without a token has no entry. */
  get ids(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#ids;
  }

  put(id: string, { record: { node } }: Held<TokenRecord>): void {
    this.delete(id);
    if (node === undefined) return;
    this.#nodeOf.set(id, node);
    this.#ids.set(node, (this.#ids.get(node) ?? new Set()).add(id));
  }

  delete(id: string): void {
    const node = this.#nodeOf.get(id);
    if (node === undefined) return;
    this.#nodeOf.delete(id);
    const left = this.#ids.get(node);
    left?.delete(id);
    if (left?.size === 0) this.#ids.delete(node);
  }
}
