// How long each node has been down while this controller looked: what a pool's reclaim-after is compared with.
// Invariant: only time counts in which this process ran and watched, by the machine's monotonic clock. A clock that is set,
// a stopped controller, and a store that did not answer never make a node look down for longer than it was.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { errnoOf } from '../../proto/errors.js';
import { writeOwnFile } from '../../proto/process/atomic-file.js';
import type { Logger } from '../../proto/process/log.js';
import type { ReadonlyView } from './view.js';

const kept = v.object({ nodes: v.record(v.string(), v.object({ absence: v.string(), ms: v.number() })) });

type Down = { readonly absence: string; readonly ms: number };

/** lookEveryMs is how often the nodes are looked at, in milliseconds. */
export const lookEveryMs = 15_000;

/** isDown reports whether a node that was connected is not. */
export function isDown(view: ReadonlyView, nodeId: string): boolean {
  return view.nodes.has(nodeId) && view.absences.has(nodeId) && !view.sessions.has(nodeId);
}

// The same as long as the node does not return.
function absenceOf(view: ReadonlyView, nodeId: string): string {
  const held = view.absences.get(nodeId);
  return `${held?.modRevision ?? 0}/${held?.record.sinceMs ?? 0}`;
}

/** Downtimes adds up how long each node has been down. */
export class Downtimes {
  #nodes = new Map<string, Down>();
  #lookedMs: number | undefined;
  #isSaved = true;

  /**
   * look adds the time since the last look to all nodes that were down then and are now.
   * @param nowMs the monotonic clock, milliseconds
   * @param counts false: the time since the last look does not count, because the nodes could not be seen
   */
  look(view: ReadonlyView, nowMs: number, counts: boolean): void {
    const passed = this.#lookedMs === undefined ? 0 : nowMs - this.#lookedMs;
    // A longer pause is one in which this process did not run.
    const ms = counts && passed <= 2 * lookEveryMs ? Math.max(0, passed) : 0;
    this.#lookedMs = nowMs;
    const next = new Map<string, Down>();
    for (const nodeId of view.absences.keys()) {
      if (!isDown(view, nodeId)) continue;
      const absence = absenceOf(view, nodeId);
      const before = this.#nodes.get(nodeId);
      next.set(nodeId, { absence, ms: before?.absence === absence ? before.ms + ms : 0 });
    }
    if (next.size > 0 || this.#nodes.size > 0) this.#isSaved = false;
    this.#nodes = next;
  }

  /** of returns how long a node has been down, in milliseconds; 0 if it is not. */
  of(nodeId: string): number {
    return this.#nodes.get(nodeId)?.ms ?? 0;
  }

  /** load reads the saved times. If they are unreadable, every node is down since now. */
  async load(path: string, log: Logger): Promise<this> {
    try {
      const { nodes } = v.parse(kept, JSON.parse(await readFile(path, 'utf8')));
      this.#nodes = new Map(Object.entries(nodes));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') {
        log.warn({ err: error, path }, 'downtimes: not read; the times after which leases are reclaimed start again');
      }
    }
    return this;
  }

  /** save writes the times to a file atomically. Throws XnetError FailedPrecondition when it can't. */
  async save(path: string): Promise<void> {
    if (this.#isSaved) return;
    await writeOwnFile(path, Buffer.from(`${JSON.stringify({ nodes: Object.fromEntries(this.#nodes) })}\n`));
    this.#isSaved = true;
  }
}
