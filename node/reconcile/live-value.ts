// Subscribers of an event, and values that notify theirs when they change.
// Invariant: a listener is called synchronously, in the order of registration, after the value has changed.

/** Subscribers are the functions to call when one kind of event happens. */
export class Subscribers<Event extends readonly unknown[] = []> {
  readonly #all = new Set<(...event: Event) => void>();

  /**
   * subscribe adds a listener.
   * @returns a function that removes it
   */
  subscribe(listener: (...event: Event) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  /** notify calls every listener. */
  notify(...event: Event): void {
    for (const listener of this.#all) listener(...event);
  }
}

/** LiveValue holds the newest value of something. */
export class LiveValue<T> {
  readonly #listeners = new Subscribers<[now: T, before: T]>();
  #current: T;

  constructor(initial: T) {
    this.#current = initial;
  }

  /** current is the newest value. */
  get current(): T {
    return this.#current;
  }

  /** set replaces the value; the same value changes nothing and notifies no listener. */
  set(next: T): void {
    const before = this.#current;
    if (next === before) return;
    this.#current = next;
    this.#listeners.notify(next, before);
  }

  /**
   * subscribe calls `listener` with the new and the former value after each change.
   * @returns ends it
   */
  subscribe(listener: (now: T, before: T) => void): () => void {
    return this.#listeners.subscribe(listener);
  }
}
