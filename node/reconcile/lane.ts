// The loop of one effect: a turn after every trigger, a turn now and then without one, a pause after failures.
// Invariant: one turn at a time; a trigger during a turn makes another one follow, however many triggers there were.
// A slow effect (a restart of Docker) keeps no other waiting: each has a lane of its own.

import type { ConditionType } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { Alarm, backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { Debounce } from './debounce.js';
import type { Effect, Outcome } from './effect.js';

/** LaneOptions say what a lane runs, and how often without being asked. */
export type LaneOptions<Desired> = {
  readonly effect: Effect<Desired>;
  /** What findings of a turn that threw are about. */
  readonly type: ConditionType;
  /** What to make so; undefined: nothing is known yet, and nothing is touched. */
  readonly desired: () => Desired | undefined;
  /** A turn at the latest after so long, in milliseconds, with up to a quarter of it added at random. */
  readonly resyncMs: number;
  readonly log: Logger;
  /** Called after each turn that had something to make so. */
  readonly onTurn: (outcome: Outcome, desired: Desired) => void;
  /** Called after each turn: a sign of life. */
  readonly onBeat?: () => void;
};

// What others do comes in bursts: a container that starts, a script, a storm of rules.
const debounce = { quietMs: 200, longestMs: 1_000 };
const backoff = { firstMs: 200, longestMs: 15_000 };

/** Lane runs one effect. */
export class Lane<Desired> {
  readonly #options: LaneOptions<Desired>;
  #due = true;
  readonly #alarm = new Alarm();
  #within: NodeJS.Timeout | undefined;
  readonly #soon = new Debounce(debounce, () => this.trigger());
  #failures = 0;

  constructor(options: LaneOptions<Desired>) {
    this.#options = options;
  }

  /** trigger asks for a turn. */
  trigger(): void {
    this.#due = true;
    this.#alarm.ring();
  }

  /** triggerWithin asks for a turn in so many milliseconds: what else comes until then is dealt with by the same turn. */
  triggerWithin(ms: number): void {
    this.#within ??= setTimeout(() => {
      this.#within = undefined;
      this.trigger();
    }, ms).unref();
  }

  /** triggerSoon asks for a turn when nobody has asked for 200 ms, and in a second at the latest. */
  triggerSoon(): void {
    this.#soon.soon();
  }

  /** run takes turns until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#alarm.ring(), { once: true });
    while (!signal.aborted) {
      if (!this.#due) await this.#alarm.wait(this.#waitMs());
      if (signal.aborted) return;
      this.#due = false;
      // The turn sees what they were asked for.
      this.#soon.cancel();
      clearTimeout(this.#within);
      this.#within = undefined;
      await this.#turn(signal);
      this.#options.onBeat?.();
    }
  }

  #waitMs(): number {
    const { resyncMs } = this.#options;
    if (this.#failures === 0) return resyncMs * (1 + Math.random() / 4);
    return Math.min(resyncMs, backoffMs(this.#failures, backoff, 0.5 + Math.random() / 2));
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { effect, type, desired, log, onTurn } = this.#options;
    const wanted = desired();
    if (wanted === undefined) return;
    let outcome: Outcome;
    try {
      outcome = await effect.converge(wanted, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error, effect: effect.name }, 'a turn failed');
      const message = `${effect.name}: ${messageOf(error)}`;
      outcome = { findings: [{ type, transient: true, reason: 'TurnFailed', message }], changes: 0 };
    }
    if (signal.aborted) return;
    this.#failures = outcome.findings.some((finding) => finding.transient) ? this.#failures + 1 : 0;
    if (outcome.changes > 0) log.info({ effect: effect.name, ...describeChanges(outcome) }, 'changed');
    onTurn(outcome, wanted);
  }
}

// A line of a log is for people: a table of thousands is not.
const mostNamed = 10;

/** describeChanges is what a log says of the changes of a turn: how many, and which. */
export function describeChanges({ changes, what = [] }: Pick<Outcome, 'changes' | 'what'>): {
  readonly changes: number;
  readonly what?: readonly string[];
} {
  if (what.length === 0) return { changes };
  const more = Math.max(changes, what.length) - mostNamed;
  return { changes, what: [...what.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])] };
}
