// Deletes expired join tokens, expired certificates of people, and revocations of expired certificates. Every controller
// sweeps from time to time.
// Invariant: a record is deleted only if it has no effect by any controller's clock.
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { keys } from '../store/keys.js';
import type { Commit } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen } from './guards.js';
import type { Context } from './mutation.js';

/**
 * longestSkewMs is the largest tolerated difference between the clocks of controllers: a day. With a larger one, a
 * revocation could be deleted while some controller, by its own clock, still accepts the certificate.
 */
export const longestSkewMs = 24 * 3_600_000;

// A commit has at most 128 operations.
const mostAtOnce = 64;
const everyMs = 60_000;

/** decideSweep decides what to delete in one commit; undefined: nothing. It never deletes unreadable records. Pure. */
export function decideSweep(view: ReadonlyView, nowMs: number): Commit | undefined {
  const longAgo = nowMs - longestSkewMs;
  const due: string[] = [];
  for (const [id, { record }] of view.tokens) if (record.expiresMs <= nowMs) due.push(keys.token(id));
  for (const [serial, { record }] of view.certificates) {
    // The certificate of a node is deleted with the node.
    if (record.role !== 'node' && record.notAfterMs <= longAgo) due.push(keys.certificate(serial));
  }
  for (const [id, { record }] of view.revoked) {
    if (record.untilMs !== undefined && record.untilMs <= longAgo) due.push(keys.revoked(id));
  }
  const chosen = due.filter((key) => !view.undecodable.has(key)).slice(0, mostAtOnce);
  if (chosen.length === 0) return undefined;
  return {
    guards: chosen.map((key) => asSeen(view, key)),
    operations: chosen.map((key) => ({ kind: 'delete', key })),
  };
}

/** sweepOnce deletes everything that has expired. */
export async function sweepOnce({ feed, store, now }: Context): Promise<void> {
  for (;;) {
    const commit = feed.ready ? decideSweep(feed.view, now()) : undefined;
    if (commit === undefined) return;
    const { committed, revision } = await store.commit(commit);
    // Another controller is sweeping, or a record was just used: retry next time.
    if (!committed) return;
    await feed.reached(revision, 5_000);
  }
}

/** runSweeps sweeps periodically until `signal` aborts. */
export async function runSweeps(context: Context, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Jitter, so that the controllers do not sweep at the same time.
    await pause(everyMs * (0.5 + Math.random()), signal);
    if (signal.aborted) return;
    try {
      await sweepOnce(context);
    } catch (error) {
      context.log.debug({ reason: messageOf(error) }, 'sweep: put off');
    }
  }
}
