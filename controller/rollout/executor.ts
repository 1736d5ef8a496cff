// Carries out the rollouts. Every controller runs it; there is no leader.
// Invariant: each step forward is one transaction, guarded by the revisions that its decision was based on. A controller
// that dies leaves nothing but the record, and any other continues from there.
import { createHash } from 'node:crypto';
import { messageOf } from '../../proto/errors.js';
import { Alarm, pause } from '../../proto/process/backoff.js';
import { type Context, mutate } from '../registry/mutation.js';
import type { NodeStep } from '../view/rollout-steps.js';
import type { ReadonlyView } from '../view/view.js';
import { decideAdvance } from './advance.js';
import { isOpen, keepsGrants, nextOf } from './next.js';
import type { Facts } from './standing.js';

/** ExecutorOptions are the dependencies of the executor. */
export type ExecutorOptions = {
  readonly context: Context;
  /** Id of this controller. */
  readonly controllerId: string;
  readonly facts: Omit<Facts, 'permittedMs'>;
  /** Calls a listener when the facts may have changed. Returns its removal. */
  readonly onFacts: (listener: () => void) => () => void;
};

// Timeouts are found by polling; everything else by changes of the view and of the facts.
const lookEveryMs = 1_000;
// How long a controller waits for the controller before it in the order, which needs some milliseconds.
const yieldMs = 1_500;
const retryMs = 1_000;
// Evaluating a rollout of 5,000 nodes takes some 10 ms, and after a change each node reports: evaluation takes at most
// a tenth of the time.
const restPerLook = 9;
const longestRestMs = 500;

/** turnOf returns the position of a controller in the order in which they carry out a rollout. Pure. */
export function turnOf(controllerId: string, others: Iterable<string>, rollout: string): number {
  const weight = (id: string) => createHash('sha256').update(`${rollout} ${id}`).digest('hex');
  const own = weight(controllerId);
  return [...others].filter((id) => id !== controllerId && weight(id) < own).length;
}

/** RolloutExecutor carries out the rollouts of the view. */
export class RolloutExecutor {
  readonly #options: ExecutorOptions;
  readonly #facts: Facts;
  /** When this controller first saw a permit: monotonic ms. */
  readonly #permits = new Map<string, number>();
  /** Since when a change is due that another controller should make: monotonic ms, by rollout and revision. */
  readonly #left = new Map<string, { readonly revision: number; readonly at: number }>();
  readonly #alarm = new Alarm();
  /** Time of evaluation since the last pause, in milliseconds. */
  #lookedMs = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#facts = { ...options.facts, permittedMs: (at) => this.#permittedMs(at) };
  }

  #permittedMs({ rollout, step }: NodeStep): number {
    const key = `${rollout}/${step.node}/${step.attempt}`;
    const now = performance.now();
    const since = this.#permits.get(key) ?? now;
    this.#permits.set(key, since);
    return now - since;
  }

  /** run carries out rollouts until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { context, onFacts } = this.#options;
    const { feed, log } = context;
    const wake = () => {
      // Reports of the whole fleet arrive here: without a rollout they are ignored.
      if (signal.aborted || !feed.ready || feed.view.rollouts.size > 0) this.#alarm.ring();
    };
    signal.addEventListener('abort', wake, { once: true });
    const stops = [feed.onChange(wake), feed.onStanding(wake), onFacts(wake)];
    try {
      while (!signal.aborted) {
        // From here on, so that a change during the turn leads to another one.
        const changed = this.#alarm.wait(lookEveryMs);
        try {
          await this.#turn(signal);
        } catch (error) {
          log.warn({ reason: messageOf(error) }, 'rollout: put off');
          await pause(retryMs, signal);
        }
        await this.#rest(signal);
        await changed;
      }
    } finally {
      for (const stop of stops) stop();
      signal.removeEventListener('abort', wake);
      this.#alarm.ring();
    }
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const restMs = Math.min(longestRestMs, this.#lookedMs * restPerLook);
    this.#lookedMs = 0;
    if (restMs > 0) await pause(restMs, signal);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { feed } = this.#options.context;
    if (!feed.ready || !feed.connected) return;
    for (const [id, { record }] of feed.view.rollouts) {
      const steps = feed.view.rolloutSteps.of(id);
      if (isOpen(record, steps) || keepsGrants(record, steps)) await this.#carryOut(id, signal);
      else this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#left.delete(id);
    for (const key of this.#permits.keys()) if (key.startsWith(`${id}/`)) this.#permits.delete(key);
  }

  async #carryOut(id: string, signal: AbortSignal): Promise<void> {
    const { context, controllerId } = this.#options;
    const { feed, now } = context;
    while (!signal.aborted && feed.ready && this.#isDue(feed.view, id)) {
      await mutate(context, {
        call: 'AdvanceRollout',
        operationId: '',
        dryRun: false,
        decide: (view, { taken, lostRaces }) => {
          const spread = lostRaces === 0 ? 0 : turnOf(controllerId, view.controllers.keys(), id) * 8;
          return decideAdvance({ view, id, facts: this.#facts, nowMs: now(), taken, spread });
        },
      });
    }
  }

  // A change is due, and it is this controller's turn: the controllers before it had time to make it.
  #isDue(view: ReadonlyView, id: string): boolean {
    const began = performance.now();
    const next = nextOf(view, id, this.#facts);
    this.#lookedMs += performance.now() - began;
    if (next === undefined || next.kind === 'wait') {
      this.#left.delete(id);
      return false;
    }
    const turn = turnOf(this.#options.controllerId, view.controllers.keys(), id);
    const revision = view.rollouts.get(id)?.modRevision ?? 0;
    const left = this.#left.get(id);
    if (turn > 0 && left?.revision !== revision) this.#left.set(id, { revision, at: performance.now() });
    return turn === 0 || (left?.revision === revision && performance.now() - left.at >= turn * yieldMs);
  }
}
