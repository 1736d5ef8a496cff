// Limits how long a condition may stay transient: after that, an operator has to act.
// Invariant: the time counts from when the condition was last ok, on a monotonic clock; a change of the reason does not
// restart it.
import { type Condition, pendingReason } from '../../proto/domain/network.js';

const usualMs = 30_000;
// Docker stops its containers first, each within its own time, and starts them again.
const dockerRestartMs = 300_000;
const ofRestart = new Set([pendingReason, 'Interrupted', 'Deferred', 'HostStops']);

/** patienceMs is for how long a condition may be transient, in milliseconds. */
export function patienceMs({ type, reason }: Pick<Condition, 'type' | 'reason'>): number {
  return type === 'Docker' && ofRestart.has(reason) ? dockerRestartMs : usualMs;
}

/** Patience remembers since when each condition has been failing. */
export class Patience {
  readonly #failingSince = new Map<string, number>();

  /**
   * judge clears the transient flag of conditions that have been transient for too long.
   * @param now milliseconds of a monotonic clock
   * @returns the conditions, and the milliseconds until the next of them stops being transient
   */
  judge(
    conditions: readonly Condition[],
    now: number,
  ): { readonly conditions: readonly Condition[]; readonly againMs: number | undefined } {
    let againMs: number | undefined;
    const judged = conditions.map((condition) => {
      if (condition.ok) {
        this.#failingSince.delete(condition.type);
        return condition;
      }
      const since = this.#failingSince.get(condition.type) ?? now;
      this.#failingSince.set(condition.type, since);
      if (!condition.transient) return condition;
      const leftMs = since + patienceMs(condition) - now;
      if (leftMs <= 0) return { ...condition, transient: false };
      againMs = Math.min(againMs ?? leftMs, leftMs);
      return condition;
    });
    return { conditions: judged, againMs };
  }
}
