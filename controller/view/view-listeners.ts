// The parts of the controller that follow the view: listeners called after each change, and calls waiting for a revision.
// Invariant: a failing listener stops neither the other listeners nor the view.
import { XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import type { ReadonlyView } from './view.js';
import type { ViewChanges } from './view-changes.js';

/** ViewListener is called after every change of the view. */
export type ViewListener = (changes: ViewChanges, view: ReadonlyView) => void;

/** ViewListeners holds the listeners of one view. */
export class ViewListeners {
  readonly #log: Logger;
  readonly #listeners = new Set<ViewListener>();
  readonly #waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** add registers a listener, called after those registered earlier. Returns a function that removes it. */
  add(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** publish calls all listeners, and ends the waits for the view's revision. */
  publish(changes: ViewChanges, view: ReadonlyView): void {
    for (const listener of this.#listeners) {
      try {
        listener(changes, view);
      } catch (error) {
        this.#log.error({ err: error }, 'view: a listener failed');
      }
    }
    for (const entry of this.#waiting) if (entry.revision <= view.revision) entry.resolve();
  }

  /**
   * reached waits until the view is published at `revision` or later.
   * @throws XnetError DeadlineExceeded after `timeoutMs`
   */
  reached(revision: number, timeoutMs: number): Promise<void> {
    // Without an AbortSignal: every commit waits here, and a signal would cost more than the rest of the wait.
    return new Promise((resolve, reject) => {
      const late = () => {
        this.#waiting.delete(entry);
        reject(new XnetError('DeadlineExceeded', `the view did not reach revision ${revision} in time`));
      };
      const timer = setTimeout(late, timeoutMs);
      const arrived = () => {
        clearTimeout(timer);
        this.#waiting.delete(entry);
        resolve();
      };
      const entry = { revision, resolve: arrived };
      this.#waiting.add(entry);
    });
  }
}
