// Waits until netlink sockets are readable, with one thread of libuv's pool for all of them.
// It only waits: the main thread reads, and empties the whole queue of a socket at once and in order. Compared with a
// read() per notification in the pool, and with a worker thread: the same latency, a seventh of the processor time in
// bursts, no second isolate.
// Invariant: the waiting thread never delays the exit of the process: writing to a descriptor of ours wakes it.
import { closeSync, readSync, writeSync } from 'node:fs';
import { openEvent, waitReadable } from '../../proto/process/syscall.js';

/** Poller watches descriptors until it is closed. An open poller keeps the process alive. */
export class Poller {
  readonly #wake = openEvent();
  readonly #listeners = new Map<number, () => void>();
  readonly #stop = () => this.#interrupt();
  #running: Promise<void> | undefined;
  #closed = false;

  /** add calls `onReadable` whenever `fd` is readable; the callback must read everything. */
  add(fd: number, onReadable: () => void): void {
    this.#listeners.set(fd, onReadable);
    if (this.#running === undefined) {
      // Node.js joins its pool's threads when it exits; a thread that waits forever would prevent the exit.
      process.once('exit', this.#stop);
      this.#running = this.#run();
    } else this.#interrupt();
  }

  /** remove stops watching `fd`, which may be closed right after. */
  remove(fd: number): void {
    this.#listeners.delete(fd);
    if (this.#running !== undefined) this.#interrupt();
  }

  /** close stops watching all descriptors. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listeners.clear();
    this.#interrupt();
    await this.#running;
    process.off('exit', this.#stop);
    closeSync(this.#wake);
  }

  #interrupt(): void {
    writeSync(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer));
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      for (const fd of await waitReadable([this.#wake, ...this.#listeners.keys()])) {
        if (fd === this.#wake)
          readSync(fd, new Uint8Array(8)); // back to 0: not readable until the next interrupt
        else this.#listeners.get(fd)?.();
      }
    }
  }
}
