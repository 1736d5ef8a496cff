// Follows the nodes that are being drained, and takes the next step of each when it is due.
// Invariant: every controller looks after the deadlines; only the one that has a node's stream acts on its reports. The
// record decides: two controllers never take one step twice.
import type { NodeStatus } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { type DrainStep, drainStepOf } from '../registry/drain-node.js';
import type { ViewFeed } from '../view/view-feed.js';

/** DrainParts are the dependencies of Drains. */
export type DrainParts = {
  readonly feed: Pick<ViewFeed, 'view' | 'ready' | 'onChange'>;
  readonly log: Logger;
  readonly now: () => number;
  /** Takes a step. Repeated, it changes nothing. */
  readonly step: (nodeId: string, step: DrainStep, containerCount: number | undefined) => Promise<unknown>;
};

const lookEveryMs = 1_000;

/** Drains follows the nodes that are being drained. */
export class Drains {
  readonly #parts: DrainParts;
  readonly #draining = new Set<string>();
  /** The newest report of each draining node that is connected here. */
  readonly #reports = new Map<string, NodeStatus>();
  readonly #stepping = new Set<string>();

  constructor(parts: DrainParts) {
    this.#parts = parts;
    parts.feed.onChange((touched, view) => {
      for (const id of touched.nodes) {
        if (view.nodes.get(id)?.record.availability === 'draining') this.#draining.add(id);
        else {
          this.#draining.delete(id);
          this.#reports.delete(id);
        }
        this.#look(id);
      }
    });
  }

  /** reported takes a report of a node that is connected here. */
  reported(nodeId: string, status: NodeStatus): void {
    // A report from before the drain does not count.
    if (!this.#draining.has(nodeId)) return;
    this.#reports.set(nodeId, status);
    this.#look(nodeId);
  }

  /** left forgets what a node reported here: it may report to another controller from now on. */
  left(nodeId: string): void {
    this.#reports.delete(nodeId);
  }

  #look(nodeId: string): void {
    const { feed, now } = this.#parts;
    const record = feed.ready ? feed.view.nodes.get(nodeId)?.record : undefined;
    const status = this.#reports.get(nodeId);
    const step = record === undefined ? undefined : drainStepOf(record, status, now());
    if (step === undefined || this.#stepping.has(nodeId)) return;
    this.#stepping.add(nodeId);
    void this.#take(nodeId, step, status?.containerCount).finally(() => this.#stepping.delete(nodeId));
  }

  async #take(nodeId: string, step: DrainStep, containerCount: number | undefined): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#parts.step(nodeId, step, containerCount);
    } catch (error) {
      // The next look repeats it.
      log.warn({ node: nodeId, step, reason: messageOf(error) }, 'drain: put off');
    }
  }

  /** run looks after the drains until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const nodeId of this.#draining) this.#look(nodeId);
      await pause(lookEveryMs, signal);
    }
  }
}
