// Admits streams to snapshots: a few at once, all others in the order in which they asked.
// Invariant: however many nodes need the whole table at the same moment, a bounded number of copies of it is in memory. A
// reader that takes nothing loses its place after a while, so that it delays the others for a limited time.

/** SnapshotLimits bound the snapshots that are being sent. */
export type SnapshotLimits = {
  /** Streams that may be sent a snapshot at the same time. */
  readonly most: number;
  /** After this time a stream does not count any more, whether or not its reader has taken the snapshot. Milliseconds. */
  readonly longestMs: number;
};

// A copy of the largest table takes some 500 kB in the queues of gRPC and TLS, and a reader takes it in milliseconds.
const defaultLimits: SnapshotLimits = { most: 64, longestMs: 5_000 };

/** SnapshotQueue is the queue of one controller. `Stream` is compared by identity. */
export class SnapshotQueue<Stream extends object> {
  readonly #limits: SnapshotLimits;
  readonly #admitted = new Map<Stream, NodeJS.Timeout>();
  /** In the order in which they asked, with what to call at their turn. */
  readonly #waiting = new Map<Stream, () => void>();

  constructor(limits: SnapshotLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** admit reports whether a stream may be sent a snapshot now. If not, it calls `onTurn` as soon as it may. */
  admit(stream: Stream, onTurn: () => void): boolean {
    if (this.#admitted.has(stream)) return true;
    if (this.#waiting.has(stream)) return false;
    if (this.#admitted.size >= this.#limits.most) {
      this.#waiting.set(stream, onTurn);
      return false;
    }
    this.#add(stream);
    return true;
  }

  /** turn resolves when a stream may be sent a snapshot, or does not want one any more. */
  async turn(stream: Stream): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.admit(stream, resolve)) resolve();
    });
  }

  /** done ends the turn of a stream whose reader has the snapshot, or which does not want one any more. */
  done(stream: Stream): void {
    const waits = this.#waiting.get(stream);
    this.#waiting.delete(stream);
    waits?.();
    const timer = this.#admitted.get(stream);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#admitted.delete(stream);
    this.#next();
  }

  #add(stream: Stream): void {
    this.#admitted.set(stream, setTimeout(() => this.done(stream), this.#limits.longestMs).unref());
  }

  #next(): void {
    for (const [stream, onTurn] of this.#waiting) {
      if (this.#admitted.size >= this.#limits.most) return;
      this.#waiting.delete(stream);
      this.#add(stream);
      onTurn();
    }
  }
}
