// How long to wait before the next stream is opened. Pure but for its count.
// Invariant: only a stream that brought something ends a row of failures. Being connected is not enough: a controller
// whose first message can't be taken in would be asked again several times a second, by a whole fleet, for ever.
import type { ErrorCode } from '../../proto/errors.js';
import { backoffMs } from '../../proto/process/backoff.js';
import { isAccessRefusal } from './connection-errors.js';

/** EndedStream is what is known of a stream that has ended, or did not come about. */
export type EndedStream = {
  /** A part of the table was taken in. */
  readonly tookIn: boolean;
  /** How long it brought messages without one that could not be taken in, in milliseconds. */
  readonly livedMs: number;
  readonly code: ErrorCode;
};

const backoff = { firstMs: 200, longestMs: 8_000 };
// Whoever is not let in is let in only after somebody did something about it.
const refusedBackoff = { firstMs: 1_000, longestMs: 60_000 };
// A stream that goes on where the last one ended may bring nothing but the assignment for a long time.
const settledMs = 5_000;

/** WatchBackoff counts streams that brought nothing. */
export class WatchBackoff {
  readonly #endpoints: () => number;
  #inRow = 0;

  /** @param endpoints how many controllers there are */
  constructor(endpoints: () => number) {
    this.#endpoints = endpoints;
  }

  /** inRow is how many streams have ended since one brought something, that one included. */
  get inRow(): number {
    return this.#inRow;
  }

  /**
   * pauseMs takes in that a stream has ended, and is how long to wait before the next, in milliseconds.
   * @param random a number from 0 to 1
   */
  pauseMs({ tookIn, livedMs, code }: EndedStream, random: number): number {
    const good = tookIn || livedMs >= settledMs;
    this.#inRow = good ? 1 : this.#inRow + 1;
    // Every other controller is tried once before the pauses begin; that one failed is no reason to spare the next.
    const endpoints = this.#endpoints();
    if (!good && this.#inRow < endpoints) return 0;
    const round = Math.ceil(this.#inRow / endpoints);
    const waitsLonger = isAccessRefusal(code) || code === 'ResourceExhausted';
    return backoffMs(round, waitsLonger ? refusedBackoff : backoff, random);
  }
}
