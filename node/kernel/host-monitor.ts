// One subscription to all changes of the host's network by other programs, which trigger the daemon's lanes.
import type { KernelChange, KernelMirror } from './mirror.js';
import type { NftablesCommit, NftablesWatch } from './nftables-watch.js';

/** HostChange is a kind of change. */
export type HostChange = KernelChange | 'nftables';

/**
 * HostListener receives the kinds of changes, and the commits to nftables; no commits when notifications were lost.
 */
export type HostListener = (changes: ReadonlySet<HostChange>, commits: readonly NftablesCommit[]) => void;

/** HostMonitor merges changes of the mirror and commits to nftables, without those of this process. */
export class HostMonitor {
  readonly #listeners = new Set<HostListener>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(mirror: KernelMirror, nftables: NftablesWatch) {
    this.#unsubscribe = [
      mirror.onChange((changes) => this.#tell(changes)),
      nftables.onCommit((commits) => {
        // Lost notifications are reported as an empty list.
        const ours = commits.length > 0 && commits.every(({ processId }) => processId === process.pid);
        if (!ours) this.#tell(new Set(['nftables']), commits);
      }),
    ];
  }

  /**
   * onChange calls `listener` soon after something changed.
   * @returns ends the subscription
   */
  onChange(listener: HostListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #tell(changes: ReadonlySet<HostChange>, commits: readonly NftablesCommit[] = []): void {
    for (const listener of this.#listeners) listener(changes, commits);
  }
}
