// Delays the end of this process by SIGINT or SIGTERM until what it created is removed.
// Invariant: the process still ends by that signal, so its parent sees the true status, unless it has handlers of its own.
import { messageOf, XnetError } from '../../proto/errors.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** SignalGuard protects one thing that has to be removed first, from its construction until dispose. */
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

  /** signal aborts when the process is about to end, so that nothing more is created. */
  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  /** release sets how to remove what was created. Until then the end is delayed. */
  release(remove: () => Promise<void>): void {
    this.#resolveRemove(remove);
  }

  /** dispose stops handling signals. */
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
