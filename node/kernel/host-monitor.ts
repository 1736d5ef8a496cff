// One subscription to all that others change in a host's network: what the daemon's loop is triggered by.
import type { KernelChange, KernelMirror } from './mirror.js';
import type { NftablesWatch } from './nftables-watch.js';

/** HostChange is what kind of thing changed. */
export type HostChange = KernelChange | 'nftables';

/** HostMonitor joins a mirror's changes and commits to nftables, both but for those of this process itself. */
export class HostMonitor {
  readonly #listeners = new Set<(changes: ReadonlySet<HostChange>) => void>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(mirror: KernelMirror, nftables: NftablesWatch) {
    this.#unsubscribe = [
      mirror.onChange((changes) => this.#tell(changes)),
      nftables.onCommit((commits) => {
        // Lost notifications come as none.
        const ours = commits.length > 0 && commits.every(({ processId }) => processId === process.pid);
        if (!ours) this.#tell(new Set(['nftables']));
      }),
    ];
  }

  /**
   * onChange calls `listener` soon after something changed.
   * @returns ends it
   */
  onChange(listener: (changes: ReadonlySet<HostChange>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #tell(changes: ReadonlySet<HostChange>): void {
    for (const listener of this.#listeners) listener(changes);
  }
}
