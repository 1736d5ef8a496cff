// Resumes an interrupted leave when the daemon starts.
// Invariant: the leave is retried until it is done or fails for a reason that an operator has to act on; an unavailable
// Docker or controller is not such a reason. A leave that an operator requests meanwhile has precedence.
import { messageOf, XnetError } from '../../proto/errors.js';
import { Alarm, backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import type { LeaveBegun } from './leave.js';

type OnStep = (step: string) => void;

/** PendingLeaveOptions are the dependencies of PendingLeave. */
export type PendingLeaveOptions = {
  /** Leaves; throws when it fails. */
  readonly leave: (how: LeaveBegun, onStep: OnStep) => Promise<void>;
  /** Reports whether the host is still leaving after a failed attempt. */
  readonly isPending: () => Promise<boolean>;
  readonly log: Logger;
};

type Asked = {
  readonly how: LeaveBegun;
  readonly onStep: OnStep;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
};

const backoff = { firstMs: 1_000, longestMs: 30_000 };

/** PendingLeave retries an interrupted leave. */
export class PendingLeave {
  readonly #options: PendingLeaveOptions;
  readonly #alarm = new Alarm();
  #asked: Asked | undefined;
  #ended = false;

  constructor(options: PendingLeaveOptions) {
    this.#options = options;
  }

  /**
   * ask starts an attempt at once, with the options of the request.
   * @throws XnetError the error of that attempt
   */
  ask(how: LeaveBegun, onStep: OnStep): Promise<void> {
    return new Promise((done, fail) => {
      this.#asked?.fail(new XnetError('Cancelled', 'another xnetd leave has replaced this one'));
      if (this.#ended)
        return fail(new XnetError('FailedPrecondition', 'this host has left, or xnetd is about to stop'));
      this.#asked = { how, onStep, done, fail };
      this.#alarm.ring();
    });
  }

  /**
   * run retries until the host has left.
   * @throws XnetError the reason why it can't leave, or the error of the last attempt when `signal` aborts
   */
  async run(begun: LeaveBegun, signal: AbortSignal): Promise<void> {
    const { leave, isPending, log } = this.#options;
    const ring = () => this.#alarm.ring();
    signal.addEventListener('abort', ring, { once: true });
    let how = begun;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const asked = this.#asked;
        this.#asked = undefined;
        how = asked?.how ?? how;
        try {
          await leave(how, asked?.onStep ?? (() => undefined));
          asked?.done();
          return;
        } catch (error) {
          asked?.fail(error);
          if (signal.aborted || !(await isPending())) throw error;
          log.warn({ reason: messageOf(error), attempt }, 'leaving: not done yet, continuing');
        }
        if (this.#asked === undefined) await this.#alarm.wait(backoffMs(attempt, backoff, 0.5 + Math.random() / 2));
      }
    } finally {
      this.#ended = true;
      signal.removeEventListener('abort', ring);
      this.#asked?.fail(new XnetError('FailedPrecondition', 'xnetd is about to stop'));
    }
  }
}
