// How long what is said to pass by itself is waited for. Longer than that, somebody has to look.
// Invariant: it is measured from when a condition was last well, by a clock that nobody sets: a reason that changes
// now and then wins no time.
import { type Condition, pendingReason } from '../../proto/domain/network.js';

const usualMs = 30_000;
// Docker stops its containers first, each within its own time, and starts them again.
const dockerRestartMs = 300_000;
const ofRestart = new Set([pendingReason, 'Interrupted', 'Deferred', 'HostStops']);

/** patienceMs is for how long a condition may be transient, in milliseconds. */
export function patienceMs({ type, reason }: Pick<Condition, 'type' | 'reason'>): number {
  return type === 'Docker' && ofRestart.has(reason) ? dockerRestartMs : usualMs;
}

/** Patience remembers since when conditions are not well. */
export class Patience {
  readonly #failingSince = new Map<string, number>();

  /**
   * judge makes conditions that have been transient for too long what they are: not transient.
   * @param now a time in milliseconds, of a clock that only goes on
   * @returns the conditions, and in how many milliseconds the next of them will be judged otherwise
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
