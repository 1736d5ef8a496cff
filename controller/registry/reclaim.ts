// Ends the leases of nodes that were down for as long as their pools allow (reclaim-after), and fences the nodes.
// Invariant: nothing is reclaimed while many nodes are down at once, because then it is more likely that the controllers are
// cut off. Every controller measures by itself, and the guards let only one of them act.
import { formatDuration } from '../../proto/domain/duration.js';
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { eventOperation } from '../store/events.js';
import { keys } from '../store/keys.js';
import { type Downtimes, isDown, lookEveryMs } from '../view/downtimes.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { decideRemove } from './change-node.js';
import { asSeen } from './guards.js';
import { type Context, type Decision, mutate } from './mutation.js';

/**
 * mostDown is how many of `nodes` nodes may be down at once without anything being held. It is never more than half of them:
 * in a small fleet, the controllers may be cut off together with the rest.
 */
export function mostDown(nodes: number): number {
  return Math.min(Math.max(3, Math.floor(nodes * 0.2)), Math.floor(nodes / 2));
}

/** Outage counts the nodes that are down while nothing is reclaimed. */
export type Outage = { readonly down: number; readonly nodes: number };

/** outageOf returns the outage that holds every reclaim; undefined: there is none. */
export function outageOf(view: ReadonlyView): Outage | undefined {
  const nodes = view.nodes.size;
  const down = [...view.absences.keys()].filter((nodeId) => isDown(view, nodeId)).length;
  // If no node is connected, the controllers themselves may be cut off.
  const isCutOff = down > mostDown(nodes) || (down > 0 && view.sessions.size === 0);
  return isCutOff ? { down, nodes } : undefined;
}

/**
 * reclaimAfterMs returns how long a node may be down before its leases end, in milliseconds: the longest time of the pools
 * that it has leases of; undefined if one of these keeps its leases.
 */
export function reclaimAfterMs(view: ReadonlyView, nodeId: string): number | undefined {
  const times = leasesOf(view, nodeId).map(({ pool }) => view.pools.get(pool)?.record.reclaimAfterSeconds ?? 0);
  return times.length === 0 || times.includes(0) ? undefined : Math.max(...times) * 1000;
}

/** dueReclaims returns the ids of the nodes that were down for too long. @param downMs how long a node has been down */
export function dueReclaims(view: ReadonlyView, downMs: (nodeId: string) => number): readonly string[] {
  return [...view.absences.keys()].filter((nodeId) => {
    const afterMs = isDown(view, nodeId) && !view.isAwaited(nodeId) ? reclaimAfterMs(view, nodeId) : undefined;
    return afterMs !== undefined && downMs(nodeId) >= afterMs;
  });
}

/**
 * decideReclaim decides how to end the leases of a node that is down. It decides on no change if the node is back, was
 * removed, is to be kept by now, or if many nodes are down at once.
 */
export function decideReclaim(view: ReadonlyView, nodeId: string, downMs: number, nowMs: number): Decision {
  const afterMs = isDown(view, nodeId) ? reclaimAfterMs(view, nodeId) : undefined;
  if (afterMs === undefined || downMs < afterMs || outageOf(view) !== undefined) return { subject: nodeId };
  const { change } = decideRemove(view, nodeId, 'removed', nowMs);
  if (change === undefined) return { subject: nodeId };
  const pools = new Set(leasesOf(view, nodeId).map(({ pool }) => keys.pool(pool)));
  return {
    subject: nodeId,
    change: {
      ...change,
      guards: [...change.guards, ...[keys.absence(nodeId), ...pools].map((key) => asSeen(view, key))],
      event: {
        ...change.event,
        reason: 'NodeReclaimed',
        warning: true,
        message: `it was down for ${formatDuration(afterMs)}, and its pool reclaims then: ${change.event.message}`,
      },
    },
  };
}

/** ReclaimParts are the dependencies of Reclaims. */
export type ReclaimParts = {
  readonly context: Context;
  readonly downtimes: Downtimes;
  /** "ctl-1-3f2a" */
  readonly controllerId: string;
  /** Returns the monotonic clock, in milliseconds. */
  readonly monotonicMs: () => number;
};

/** Reclaims looks at the nodes that are down. */
export class Reclaims {
  readonly #parts: ReclaimParts;
  #held: Outage | undefined;

  constructor(parts: ReclaimParts) {
    this.#parts = parts;
  }

  /** problem returns why nothing is reclaimed although a pool reclaims; undefined: reclaiming works. */
  get problem(): string | undefined {
    if (this.#held === undefined) return undefined;
    const { down, nodes } = this.#held;
    return `${down} of ${nodes} nodes are down at once: no lease is reclaimed, and their time does not count`;
  }

  /** look measures, and reclaims what is due. */
  async look(): Promise<void> {
    const { context, downtimes, monotonicMs } = this.#parts;
    const { feed, now } = context;
    const { view } = feed;
    const isWatching = feed.serving;
    const outage = isWatching ? outageOf(view) : undefined;
    const reclaims = [...view.pools.values()].some(({ record }) => (record.reclaimAfterSeconds ?? 0) > 0);
    await this.#note(reclaims ? outage : undefined);
    downtimes.look(view, monotonicMs(), isWatching && outage === undefined);
    if (!isWatching || outage !== undefined) return;
    for (const nodeId of dueReclaims(view, (id) => downtimes.of(id))) {
      const downMs = downtimes.of(nodeId);
      const decide = (newest: ReadonlyView) => decideReclaim(newest, nodeId, downMs, now());
      await mutate(context, { call: 'ReclaimNode', operationId: '', dryRun: false, decide });
    }
  }

  async #note(held: Outage | undefined): Promise<void> {
    const began = held !== undefined && this.#held === undefined;
    this.#held = held;
    const { context, controllerId } = this.#parts;
    // Only one of the controllers records the event.
    const [first = controllerId] = [...context.feed.view.controllers.keys()].sort();
    if (!began || first !== controllerId) return;
    const event = { reason: 'ReclaimHeld', warning: true, subject: 'cluster', message: this.problem ?? '' };
    await context.store.commit({ guards: [], operations: [eventOperation(event, context.now())] });
  }

  /** run looks periodically until `signal` aborts. @param path file that keeps the times */
  async run(path: string, signal: AbortSignal): Promise<void> {
    const { context, downtimes } = this.#parts;
    while (!signal.aborted) {
      await pause(lookEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.look();
        await downtimes.save(path);
      } catch (error) {
        context.log.warn({ reason: messageOf(error) }, 'reclaim: put off');
      }
    }
  }
}
