// Puts off the end of this process by SIGINT or SIGTERM until what it made is removed.
// Invariant: the process still ends by that signal, so its parent sees the truth, unless it has handlers of its own.
import { messageOf, XnetError } from '../../proto/errors.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** SignalGuard is one thing that has to be removed first. It begins when it is made, and ends by dispose. */
export class SignalGuard {
  readonly #aborting = new AbortController();
  readonly #remove: Promise<() => Promise<void>>;
  #resolveRemove: (remove: () => Promise<void>) => void = () => undefined;
  readonly #listener = (name: NodeJS.Signals) => void this.#end(name);

  constructor() {
    this.#remove = new Promise((resolve) => {
      this.#resolveRemove = resolve;
    });
    for (const name of signals) process.on(name, this.#listener);
  }

  /** signal aborts when the process is to end: there is no use in making more. */
  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  /** release says how to remove what was made; until then the end is put off. */
  release(remove: () => Promise<void>): void {
    this.#resolveRemove(remove);
  }

  /** dispose stops looking at signals. */
  dispose(): void {
    for (const name of signals) process.off(name, this.#listener);
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    if (this.#aborting.signal.aborted) return;
    this.#aborting.abort();
    const remove = await this.#remove;
    try {
      await remove();
    } catch (error) {
      const details = error instanceof XnetError ? error.problems : [];
      process.stderr.write(`${[messageOf(error), ...details].join('\n  ')}\n`);
    }
    this.dispose();
    if (process.listenerCount(name) === 0) process.kill(process.pid, name);
  }
}
