// The finding of a source that has at most one, such as the cache writer.
// Invariant: subscribers are notified when the message changes, and only then.
import type { Finding } from './effect.js';
import { Subscribers } from './live-value.js';

/** SingleFinding holds at most one finding. */
export class SingleFinding {
  readonly #changed = new Subscribers();
  #finding: Finding | undefined;

  /** findings has the finding; it is empty if there is none. */
  get findings(): readonly Finding[] {
    return this.#finding === undefined ? [] : [this.#finding];
  }

  /**
   * subscribe calls `listener` whenever the findings have changed.
   * @returns a function that removes it
   */
  subscribe(listener: () => void): () => void {
    return this.#changed.subscribe(listener);
  }

  /** note replaces the finding; undefined: there is none. */
  note(finding: Finding | undefined): void {
    const isSame = finding?.message === this.#finding?.message;
    this.#finding = finding;
    if (!isSame) this.#changed.notify();
  }
}
