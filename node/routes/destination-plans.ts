// The plans of all destinations, by prefixKey. Pure state.
// Invariant: filling it in order costs no more than two arrays. A map of thousands of keys beyond 31 bits costs more than
// the plans themselves, and is made for those alone that change afterwards.

/** DestinationPlans has a plan of type T for each of many destinations. */
export class DestinationPlans<T> {
  // In ascending order.
  readonly #keys: number[] = [];
  readonly #plans: T[] = [];
  // What has changed since; undefined: removed.
  readonly #changed = new Map<number, T | undefined>();

  /** add sets the plan of a destination that has none. */
  add(key: number, plan: T): void {
    const last = this.#keys[this.#keys.length - 1];
    if (this.#changed.size > 0 || (last !== undefined && last >= key)) {
      this.#changed.set(key, plan);
      return;
    }
    this.#keys.push(key);
    this.#plans.push(plan);
  }

  /** get returns the plan of a destination; undefined: it has none. */
  get(key: number): T | undefined {
    const changed = this.#changed.size === 0 ? undefined : this.#changed.get(key);
    if (changed !== undefined || this.#changed.has(key)) return changed;
    const index = this.#indexOf(key);
    return index === undefined ? undefined : this.#plans[index];
  }

  /** delete removes the plan of a destination. */
  delete(key: number): void {
    if (this.#indexOf(key) === undefined) this.#changed.delete(key);
    else this.#changed.set(key, undefined);
  }

  /** forEach visits all plans: in ascending order of keys if they were added so and nothing has changed since. */
  forEach(visit: (plan: T, key: number) => void): void {
    let index = 0;
    for (const plan of this.#plans) {
      const key = this.#keys[index] ?? 0;
      index += 1;
      if (this.#changed.size === 0 || !this.#changed.has(key)) visit(plan, key);
    }
    for (const [key, plan] of this.#changed) if (plan !== undefined) visit(plan, key);
  }

  #indexOf(key: number): number | undefined {
    const keys = this.#keys;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return keys[low] === key ? low : undefined;
  }
}
