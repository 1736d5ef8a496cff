// Decides how long to wait before the next stream is opened. Pure except for its counter.
// Invariant: only a stream that delivered something resets the counter. A mere connection does not: otherwise a whole
// fleet would retry several times a second at a controller whose first message can't be accepted.
import type { ErrorCode } from '../../proto/errors.js';
import { backoffMs } from '../../proto/process/backoff.js';
import { isAccessRefusal } from './connection-errors.js';

/** EndedStream describes a stream that has ended, or could not be opened. */
export type EndedStream = {
  /** It delivered a part of the table. */
  readonly tookIn: boolean;
  /** How long it delivered acceptable messages, in milliseconds. */
  readonly livedMs: number;
  readonly code: ErrorCode;
};

const backoff = { firstMs: 200, longestMs: 8_000 };
// A refused host stays refused until an operator acts.
const refusedBackoff = { firstMs: 1_000, longestMs: 60_000 };
// A stream that continues a former one may deliver nothing but the assignment for a long time.
const settledMs = 5_000;

/** WatchBackoff counts consecutive streams that delivered nothing. */
export class WatchBackoff {
  readonly #endpoints: () => number;
  #inRow = 0;

  /** @param endpoints how many controllers there are */
  constructor(endpoints: () => number) {
    this.#endpoints = endpoints;
  }

  /** inRow is the number of streams that have ended since one delivered something, including that one. */
  get inRow(): number {
    return this.#inRow;
  }

  /** reset forgets the streams that have ended. */
  reset(): void {
    this.#inRow = 0;
  }

  /**
   * pauseMs records the end of a stream and returns the pause before the next one, in milliseconds.
   * @param random a number from 0 to 1
   */
  pauseMs({ tookIn, livedMs, code }: EndedStream, random: number): number {
    const good = tookIn || livedMs >= settledMs;
    this.#inRow = good ? 1 : this.#inRow + 1;
    // Every other controller is tried once before the first pause.
    const endpoints = this.#endpoints();
    if (!good && this.#inRow < endpoints) return 0;
    const round = Math.ceil(this.#inRow / endpoints);
    const waitsLonger = isAccessRefusal(code) || code === 'ResourceExhausted';
    return backoffMs(round, waitsLonger ? refusedBackoff : backoff, random);
  }
}
