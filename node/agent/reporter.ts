// Tells the controller what came of what it said: after every change, spread as it asks, and now and then without one.
// Invariant: one report at a time, always the newest state; a report that fails is made again.

import { XnetError } from '../../proto/errors.js';
import type { ReportRequest } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { ReportResponse__Output } from '../../proto/gen/xnet/v1/ReportResponse.js';
import { Alarm, backoffMs, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';

/** ReporterOptions say what to report, and to whom. */
export type ReporterOptions = {
  /** The newest state; undefined: there is nothing to report yet. */
  readonly state: () => ReportRequest | undefined;
  readonly send: (request: ReportRequest, signal: AbortSignal) => Promise<ReportResponse__Output>;
  /** The lease is of another generation, or gone: the stream has to be opened again. */
  readonly onFenced: () => void;
  readonly log: Logger;
};

const backoff = { firstMs: 500, longestMs: 15_000 };
const firstPeriodMs = 30_000;

/** Reporter sends reports. */
export class Reporter {
  readonly #options: ReporterOptions;
  #due = false;
  #soon: NodeJS.Timeout | undefined;
  readonly #alarm = new Alarm();
  #periodMs = firstPeriodMs;
  #spreadMs = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** changed says that there is something new to report. */
  changed(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#due = true;
    this.#alarm.ring();
  }

  /** changedWithin says that there is something new that is worth a report in so many milliseconds, if none goes before. */
  changedWithin(ms: number): void {
    this.#soon ??= setTimeout(() => this.changed(), ms).unref();
  }

  /** run reports until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { state, send, onFenced, log } = this.#options;
    let failures = 0;
    signal.addEventListener('abort', () => this.#alarm.ring(), { once: true });
    while (!signal.aborted) {
      if (!this.#due) await this.#alarm.wait(this.#periodMs * (0.9 + Math.random() * 0.2));
      if (this.#spreadMs > 0) await pause(Math.random() * this.#spreadMs, signal);
      if (signal.aborted) return;
      this.#due = false;
      const request = state();
      if (request === undefined) continue;
      try {
        const { nextReportMs, spreadMs } = await send(request, signal);
        this.#periodMs = Math.max(1_000, nextReportMs);
        this.#spreadMs = spreadMs;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const code = error instanceof XnetError ? error.code : 'Internal';
        if (code === 'Fenced' || code === 'NotFound') onFenced();
        // Without a connection there is nobody to tell; its coming back is a reason to report.
        if (code !== 'Unavailable') log.warn({ err: error }, 'report: failed');
        else if (failures === 1) continue;
        this.#due = true;
        await pause(backoffMs(failures, backoff, Math.random()), signal);
      }
    }
  }
}
