// One subscription to all that others change in a host's network: what the daemon's loop is triggered by.
import type { KernelChange, KernelMirror } from './mirror.js';
import type { NftablesCommit, NftablesWatch } from './nftables-watch.js';

/** HostChange is what kind of thing changed. */
export type HostChange = KernelChange | 'nftables';

/**
 * HostListener is told what kinds of things changed, and which commits to nftables there were; none when notifications
 * of them were lost.
 */
export type HostListener = (changes: ReadonlySet<HostChange>, commits: readonly NftablesCommit[]) => void;

/** HostMonitor joins a mirror's changes and commits to nftables, both but for those of this process itself. */
export class HostMonitor {
  readonly #listeners = new Set<HostListener>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(mirror: KernelMirror, nftables: NftablesWatch) {
    this.#unsubscribe = [
      mirror.onChange((changes) => this.#tell(changes)),
      nftables.onCommit((commits) => {
        // Lost notifications come as none.
        const ours = commits.length > 0 && commits.every(({ processId }) => processId === process.pid);
        if (!ours) this.#tell(new Set(['nftables']), commits);
      }),
    ];
  }

  /**
   * onChange calls `listener` soon after something changed.
   * @returns ends it
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
