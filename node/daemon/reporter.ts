// Sends status reports to the controller: after each change, spread as the controller asks, and periodically.
// Invariant: one report at a time, always of the newest state; a failed report is retried.

import { XnetError } from '../../proto/errors.js';
import type { ReportRequest } from '../../proto/gen/xnet/v1/ReportRequest.js';
import { Alarm, backoffMs, pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { Subscribers } from '../reconcile/live-value.js';
import type { Uplink } from '../uplink/uplink.js';

/** ReportSource has what to report. */
export type ReportSource = {
  /** report is the newest state; undefined: there is nothing to report yet. */
  report(): ReportRequest | undefined;
  /** Notified when the report has changed, with the permitted delay in milliseconds. */
  readonly reportable: Pick<Subscribers<[withinMs: number]>, 'subscribe'>;
};

/** ReporterOptions are the source of reports, and the connection for them. */
export type ReporterOptions = {
  readonly source: ReportSource;
  readonly uplink: Pick<Uplink, 'report' | 'reopen'>;
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
    options.source.reportable.subscribe((withinMs) => {
      if (withinMs === 0) this.changed();
      else this.changedWithin(withinMs);
    });
  }

  /** changed requests a report now. */
  changed(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#due = true;
    this.#alarm.ring();
  }

  /** changedWithin requests a report within so many milliseconds. */
  changedWithin(ms: number): void {
    this.#soon ??= setTimeout(() => this.changed(), ms).unref();
  }

  /** run reports until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, uplink, log } = this.#options;
    let failures = 0;
    signal.addEventListener('abort', () => this.#alarm.ring(), { once: true });
    while (!signal.aborted) {
      if (!this.#due) await this.#alarm.wait(this.#periodMs * (0.9 + Math.random() * 0.2));
      if (this.#spreadMs > 0) await pause(Math.random() * this.#spreadMs, signal);
      if (signal.aborted) return;
      this.#due = false;
      const request = source.report();
      if (request === undefined) continue;
      try {
        const { nextReportMs, spreadMs } = await uplink.report(request, signal);
        this.#periodMs = Math.max(1_000, nextReportMs);
        this.#spreadMs = spreadMs;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const code = error instanceof XnetError ? error.code : 'Internal';
        // The lease has another generation, or is gone: a new stream brings the assignment.
        if (code === 'Fenced' || code === 'NotFound') uplink.reopen();
        // Without a connection no report can be sent; reconnecting triggers one.
        if (code !== 'Unavailable') log.warn({ err: error }, 'report: failed');
        else if (failures === 1) continue;
        this.#due = true;
        await pause(backoffMs(failures, backoff, Math.random()), signal);
      }
    }
  }
}
