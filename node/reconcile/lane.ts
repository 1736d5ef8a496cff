// The loop of one effect: a turn after each trigger, periodic turns, and backoff after failures.
// Invariant: one turn at a time; any number of triggers during a turn cause one more turn. A slow effect (a restart of
// Docker) delays no other: each has a separate lane.

import type { ConditionType } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { Alarm, backoffMs } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { Debounce } from './debounce.js';
import type { Effect, Outcome } from './effect.js';

/** LaneOptions are the options of a Lane. */
export type LaneOptions<Desired> = {
  readonly effect: Effect<Desired>;
  /** The condition type of the finding when a turn throws. */
  readonly type: ConditionType;
  /** Returns the desired state; undefined: it is unknown yet, and nothing is changed. */
  readonly desired: () => Desired | undefined;
  /** The longest time between turns in milliseconds; up to a quarter is added at random. */
  readonly resyncMs: number;
  readonly log: Logger;
  /** Called after each turn with a desired state. */
  readonly onTurn: (outcome: Outcome, desired: Desired) => void;
  /** Called after each turn: a sign of life. */
  readonly onBeat?: () => void;
};

// Changes by other programs come in bursts: a container start, a script, a firewall reload.
const debounce = { quietMs: 200, longestMs: 1_000 };
const backoff = { firstMs: 200, longestMs: 15_000 };

/** Lane runs one effect. */
export class Lane<Desired> {
  readonly #options: LaneOptions<Desired>;
  #due = true;
  readonly #alarm = new Alarm();
  #within: NodeJS.Timeout | undefined;
  #isIdle = false;
  readonly #soon = new Debounce(debounce, () => this.trigger());
  #failures = 0;

  constructor(options: LaneOptions<Desired>) {
    this.#options = options;
  }

  /** trigger requests a turn now. */
  trigger(): void {
    this.#due = true;
    this.#alarm.ring();
  }

  /**
   * advanceWithin has a change of the desired state take effect: between two turns if the effect can, else by a turn.
   * All such requests are served together, `ms` milliseconds after the first.
   */
  advanceWithin(ms: number): void {
    this.#within ??= setTimeout(() => {
      this.#within = undefined;
      if (!this.#advance()) this.trigger();
    }, ms).unref();
  }

  /** triggerSoon requests a turn after 200 ms without further requests, or after a second at the latest. */
  triggerSoon(): void {
    this.#soon.soon();
  }

  /** run takes turns until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#alarm.ring(), { once: true });
    while (!signal.aborted) {
      this.#isIdle = !this.#due;
      if (this.#isIdle) await this.#alarm.wait(this.#waitMs());
      this.#isIdle = false;
      if (signal.aborted) return;
      this.#due = false;
      // This turn serves all requests so far.
      this.#soon.cancel();
      clearTimeout(this.#within);
      this.#within = undefined;
      await this.#turn(signal);
      this.#options.onBeat?.();
    }
  }

  // The periodic turns come when they would have come.
  #advance(): boolean {
    const { effect, desired, log, onTurn } = this.#options;
    const wanted = desired();
    if (!this.#isIdle || this.#due || wanted === undefined) return false;
    try {
      const outcome = effect.advance?.(wanted);
      if (outcome === undefined) return false;
      if (outcome.changes > 0) log.info({ effect: effect.name, ...describeChanges(outcome) }, 'changed');
      onTurn(outcome, wanted);
      return true;
    } catch (error) {
      log.error({ err: error, effect: effect.name }, 'a turn failed');
      return false;
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
    if (outcome.changes > 0) log.info({ effect: effect.name, ...describeChanges(outcome) }, 'changed');
    if (signal.aborted) return;
    this.#failures = outcome.findings.some((finding) => finding.transient) ? this.#failures + 1 : 0;
    onTurn(outcome, wanted);
  }
}

// Log lines are for people: long lists are cut.
const mostNamed = 10;

/** describeChanges returns the log fields of a turn's changes: how many, and which. */
export function describeChanges({ changes, what = [] }: Pick<Outcome, 'changes' | 'what'>): {
  readonly changes: number;
  readonly what?: readonly string[];
} {
  if (what.length === 0) return { changes };
  const more = Math.max(changes, what.length) - mostNamed;
  return { changes, what: [...what.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])] };
}
