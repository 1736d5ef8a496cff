// Decides whether a worker hangs, from the times of its messages. Pure.
// Invariant: time in which the supervisor, or the whole machine, was suspended does not count against a worker.

/** WorkerLimits are the times after which a worker is killed. Milliseconds. */
export type WorkerLimits = {
  /** It sent no message for this long. */
  readonly silentMs: number;
  /** It sent messages, but answered no call for this long. */
  readonly unansweredMs: number;
  /** It was started again, and serves nothing after this long. The first start is limited by the service manager. */
  readonly startMs: number;
  /** How often the supervisor looks. */
  readonly lookMs: number;
};

/** workerLimits are the usual limits. A start has as long as xnet-controller.service allows (TimeoutStartSec). */
export const workerLimits: WorkerLimits = { silentMs: 30_000, unansweredMs: 60_000, startMs: 300_000, lookMs: 5_000 };

/** SignsOfLife are the times of a worker's last messages, by the monotonic clock. Milliseconds. */
export type SignsOfLife = {
  /** When its process was started. */
  readonly startedMs: number;
  /** When its last message came. */
  readonly heardMs: number;
  /** When it last showed that it answers calls. */
  readonly answeredMs: number;
  readonly ready: boolean;
  /** It replaces a worker that ended. */
  readonly again: boolean;
};

/** hangOf returns what is wrong with a worker that hangs: "it has sent no message for 30 s"; undefined: it does not. */
export function hangOf(signs: SignsOfLife, nowMs: number, limits: WorkerLimits): string | undefined {
  const { startedMs, heardMs, answeredMs, ready, again } = signs;
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  if (!ready) {
    const hangs = again && nowMs - startedMs >= limits.startMs;
    return hangs ? `it serves nothing ${seconds(limits.startMs)} after its start` : undefined;
  }
  if (nowMs - heardMs >= limits.silentMs) return `it has sent no message for ${seconds(limits.silentMs)}`;
  if (nowMs - answeredMs >= limits.unansweredMs) return `it has answered no call for ${seconds(limits.unansweredMs)}`;
  return undefined;
}

/** stoodStill reports whether the supervisor looks so late that messages may have arrived which it has not read yet. */
export function stoodStill(lookedMs: number, nowMs: number, { lookMs }: Pick<WorkerLimits, 'lookMs'>): boolean {
  return nowMs - lookedMs > 2 * lookMs;
}

/** excused returns the signs of a worker with all times set to now. */
export function excused(signs: SignsOfLife, nowMs: number): SignsOfLife {
  return { ...signs, startedMs: nowMs, heardMs: nowMs, answeredMs: nowMs };
}
