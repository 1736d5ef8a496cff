// Taking turns: what would change the same record is done one after the other, instead of one winning and all others
// trying again.
// Invariant: nothing waits for anything of another name, and what fails holds up nobody.

/** Turns are the queues of those that wait, by the name of what they change. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** take runs `work` when all that was taken before for the same name has ended, and returns what it returns. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    }
  }
}
