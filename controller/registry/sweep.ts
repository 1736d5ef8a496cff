// Clears away what has ended: join tokens whose time is over, certificates of people that have expired, and denials of
// certificates that have. Every controller does, now and then; whoever is first does it for all.
// Invariant: nothing goes that can still open or close anything, by whatever controller's clock.
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { keys } from '../store/keys.js';
import type { Commit } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen } from './guards.js';
import type { Context } from './mutation.js';

/**
 * longestSkewMs is how far apart the clocks of controllers may be before a denial is cleared away while some controller
 * still takes the certificate: a day. Certificates end by each controller's own clock.
 */
export const longestSkewMs = 24 * 3_600_000;

// A commit has room for 128.
const mostAtOnce = 64;
const everyMs = 60_000;

/** decideSweep decides what to clear away, so much at a time; undefined: nothing. What can't be read stays. Pure. */
export function decideSweep(view: ReadonlyView, nowMs: number): Commit | undefined {
  const longAgo = nowMs - longestSkewMs;
  const due: string[] = [];
  for (const [id, { record }] of view.tokens) if (record.expiresMs <= nowMs) due.push(keys.token(id));
  for (const [serial, { record }] of view.certificates) {
    // A node's is of interest as long as there is the node, and goes with it.
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

/** sweepOnce clears away all that has ended by now. */
export async function sweepOnce({ feed, store, now }: Context): Promise<void> {
  for (;;) {
    const commit = feed.ready ? decideSweep(feed.view, now()) : undefined;
    if (commit === undefined) return;
    const { committed, revision } = await store.commit(commit);
    // Another controller is at it, or one of them was just used: the next time.
    if (!committed) return;
    await feed.reached(revision, 5_000);
  }
}

/** runSweeps clears away now and then until `signal` aborts. */
export async function runSweeps(context: Context, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Not all controllers at the same moment.
    await pause(everyMs * (0.5 + Math.random()), signal);
    if (signal.aborted) return;
    try {
      await sweepOnce(context);
    } catch (error) {
      context.log.debug({ reason: messageOf(error) }, 'sweep: put off');
    }
  }
}
