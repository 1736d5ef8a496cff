// A leave that the controllers request: the host leaves as with `xnetd leave`, once there are no obstacles.
// Invariant: nothing is forced. Obstacles are found before anything is undone, and reported until they are gone. When
// the controllers no longer ask, the host stays.
import { messageOf, XnetError } from '../../proto/errors.js';
import { Alarm, backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { problemText } from '../../proto/process/problem.js';
import type { Known } from '../daemon/known.js';
import type { Finding } from '../reconcile/effect.js';
import type { LiveValue } from '../reconcile/live-value.js';
import { SingleFinding } from '../reconcile/single-finding.js';

/** AskedLeaveOptions are the dependencies of AskedLeave. */
export type AskedLeaveOptions = {
  readonly known: Pick<LiveValue<Known>, 'current' | 'subscribe'>;
  /** Returns what prevents a leave that forces nothing; see DockerEffect. Throws XnetError as Engine does. */
  readonly obstacles: (signal: AbortSignal) => Promise<readonly Finding[]>;
  /** Begins the leave, which ends the parts of the daemon. */
  readonly begin: () => void;
  readonly log: Logger;
};

// No event reports that a container was detached or a setting of the host changed.
const againMs = 5_000;
const longestWaitMs = 3_600_000;
const failedBackoff = { firstMs: 5_000, longestMs: 300_000 };

/** AskedLeave waits for the controllers to ask this host to leave. One object lasts as long as the process. */
export class AskedLeave {
  readonly #options: AskedLeaveOptions;
  readonly #finding = new SingleFinding();
  readonly #alarm = new Alarm();
  #failures = 0;

  constructor(options: AskedLeaveOptions) {
    this.#options = options;
  }

  /** findings are the obstacles to leaving; empty unless the controllers request it. */
  get findings(): readonly Finding[] {
    return this.#finding.findings;
  }

  /** subscribe calls `listener` whenever the findings have changed. */
  subscribe(listener: () => void): () => void {
    return this.#finding.subscribe(listener);
  }

  /** failed records that a leave failed: the next one begins after a pause. */
  failed(error: unknown): void {
    this.#failures += 1;
    const { problems, hint } = error instanceof XnetError ? error : { problems: [], hint: undefined };
    const fix = hint === undefined ? {} : { fix: hint };
    this.#finding.note(refused([{ message: [messageOf(error), ...problems].join('; '), transient: false, ...fix }]));
  }

  /** run waits until `signal` aborts, and begins at most one leave. */
  async run(signal: AbortSignal): Promise<void> {
    const { known, obstacles, begin, log } = this.#options;
    const ring = () => this.#alarm.ring();
    const end = known.subscribe((now, before) => {
      if (now.assignment !== before.assignment) ring();
    });
    signal.addEventListener('abort', ring, { once: true });
    try {
      if (this.#failures > 0) await this.#pause(signal);
      while (!signal.aborted) {
        const isAsked = known.current.assignment?.leave === true;
        const found = isAsked ? await obstacles(signal).catch(asFindings) : [];
        if (signal.aborted) return;
        this.#finding.note(found.length === 0 ? undefined : refused(found));
        if (isAsked && found.length === 0) {
          log.warn('the controllers ask this host to leave');
          begin();
          return;
        }
        await this.#alarm.wait(isAsked ? againMs : longestWaitMs);
      }
    } finally {
      end();
      signal.removeEventListener('abort', ring);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { known } = this.#options;
    const until = performance.now() + backoffMs(this.#failures, failedBackoff, 1);
    while (!signal.aborted && known.current.assignment?.leave === true) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return;
      await this.#alarm.wait(leftMs);
    }
  }
}

function asFindings(error: unknown): readonly Finding[] {
  return [{ type: 'Docker', transient: true, reason: 'DockerFailed', message: messageOf(error) }];
}

function refused(found: readonly Pick<Finding, 'message' | 'fix' | 'transient'>[]): Finding {
  const why = found.map(({ message, fix = null }) => problemText({ text: message, fix })).join('; ');
  return {
    type: 'Docker',
    transient: found.every(({ transient }) => transient),
    reason: 'LeaveRefused',
    message: `this host is asked to leave, and can't: ${why}`,
    fix: 'once that is corrected, the host leaves by itself; or on this host: xnetd leave --force',
  };
}
