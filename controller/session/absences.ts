// Tracks nodes that were connected and no longer are, and records the event of each absence.
// Invariant: every controller checks every node, so that a node that goes down together with its controller is noticed.
// The record in the store makes exactly one controller report the absence.
import { messageOf } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { eventOperation } from '../store/events.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { Store } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';

/** AbsenceParts are the dependencies of Absences. */
export type AbsenceParts = {
  readonly store: Store;
  readonly feed: ViewFeed;
  readonly log: Logger;
  /** Reports whether a node's stream is on this controller. */
  readonly isHere: (nodeId: string) => boolean;
};

/** Grace is how long a node may be disconnected before its absence is reported, in milliseconds. */
export type Grace = {
  /** For a stream whose end was seen: a stream that returns within this time counts as uninterrupted. */
  readonly seen: number;
  /** For a stream whose end was not seen: its controller is gone, and its nodes are looking for another one. */
  readonly orphan: number;
  /** Maximum of a random addition, so that controllers seldom report at the same moment. */
  readonly jitter: number;
};

const usualGrace: Grace = { seen: 15_000, orphan: 30_000, jitter: 3_000 };

type Wait = { readonly timer: NodeJS.Timeout; readonly sinceMs: number; readonly orphan: boolean };

/** Absences checks for disconnected nodes. */
export class Absences {
  readonly #parts: AbsenceParts;
  readonly #grace: Grace;
  readonly #waits = new Map<string, Wait>();

  constructor(parts: AbsenceParts, grace: Grace = usualGrace) {
    this.#parts = parts;
    this.#grace = grace;
    parts.feed.onChange((touched, view) => {
      for (const nodeId of touched.nodes) this.#look(nodeId, view);
    });
  }

  #isAway(nodeId: string, view: ReadonlyView): boolean {
    const wasHere = view.absences.has(nodeId) || view.statuses.has(nodeId);
    return wasHere && view.nodes.has(nodeId) && !view.sessions.has(nodeId) && !this.#parts.isHere(nodeId);
  }

  #look(nodeId: string, view: ReadonlyView): void {
    const absence = view.absences.get(nodeId)?.record;
    const orphan = absence === undefined;
    const wait = this.#waits.get(nodeId);
    if (!this.#isAway(nodeId, view) || absence?.told === true) {
      clearTimeout(wait?.timer);
      this.#waits.delete(nodeId);
      return;
    }
    if (wait?.orphan === orphan) return;
    clearTimeout(wait?.timer);
    this.#wait(nodeId, { sinceMs: wait?.sinceMs ?? Date.now(), orphan });
  }

  #wait(nodeId: string, { sinceMs, orphan }: Omit<Wait, 'timer'>): void {
    const { seen, jitter, ...grace } = this.#grace;
    const ms = (orphan ? grace.orphan : seen) + Math.random() * jitter;
    const timer = setTimeout(() => {
      this.#tell(nodeId, sinceMs).catch((error: unknown) => {
        this.#parts.log.warn({ node: nodeId, reason: messageOf(error) }, 'could not record that a node is down');
        if (this.#waits.has(nodeId)) this.#wait(nodeId, { sinceMs, orphan });
      });
    }, ms).unref();
    this.#waits.set(nodeId, { timer, sinceMs, orphan });
  }

  async #tell(nodeId: string, noticedMs: number): Promise<void> {
    const { feed, store } = this.#parts;
    const { view } = feed;
    const name = view.nodes.get(nodeId)?.record.name;
    const absence = view.absences.get(nodeId)?.record;
    if (name === undefined || absence?.told === true || !this.#isAway(nodeId, view)) return;
    const record = { sinceMs: absence?.sinceMs ?? noticedMs, told: true };
    const seen = [keys.node(nodeId), keys.session(nodeId), keys.absence(nodeId)];
    const event = {
      reason: 'NodeDown',
      warning: true,
      subject: `node/${name}`,
      message: 'its daemon is disconnected; its lease and the routes to it stay',
    };
    // A failed guard means that another controller was faster or the node is back: the view will contain it and end the
    // wait.
    const { committed } = await store.commit({
      guards: seen.map((key) => ({ kind: 'key', key, modRevision: view.modRevisionOf(key) })),
      operations: [
        { kind: 'put', key: keys.absence(nodeId), value: encode('absence', record) },
        eventOperation(event, Date.now()),
      ],
    });
    const wait = this.#waits.get(nodeId);
    if (!committed && wait !== undefined) this.#wait(nodeId, wait);
    if (committed) this.#parts.log.info({ reason: event.reason, subject: event.subject }, event.message);
  }

  /** end cancels the pending checks. */
  end(): void {
    for (const { timer } of this.#waits.values()) clearTimeout(timer);
    this.#waits.clear();
  }
}
