// Counts the nodes that have a table revision in their kernel, and measures how long that took from its commit.
// Invariant: a node counts only by its own report. Disconnected nodes are not waited for, and are named.
import type { ProgressRecord } from '../store/records.js';

/** Count is the progress of the connected nodes with one revision. */
export type Count = {
  readonly nodes: number;
  readonly applied: number;
  /** Names of up to ten nodes that are behind. */
  readonly behind: readonly string[];
};

const mostNames = 10;
const rememberedRevisions = 1_024;

type Tracked = { readonly name: string; applied: number };
type Learnt = { readonly at: number; doneAt: number | undefined };

/** Convergence tracks this controller's connected nodes. */
export class Convergence {
  readonly #nodes = new Map<string, Tracked>();
  /** Number of nodes per revision: few revisions, however many nodes. */
  readonly #counts = new Map<number, number>();
  /**
   * Table revisions, oldest first: when this controller learnt of each, and when all its nodes had it. Monotonic ms.
   */
  readonly #learnt = new Map<number, Learnt>();
  /** Those that not all nodes have yet. */
  readonly #open = new Set<number>();
  readonly #listeners = new Set<() => void>();

  /** learnt records a change of the table. */
  learnt(revision: number): void {
    this.#learnt.set(revision, { at: performance.now(), doneAt: undefined });
    this.#open.add(revision);
    const oldest = this.#learnt.size > rememberedRevisions ? this.#learnt.keys().next().value : undefined;
    if (oldest !== undefined) {
      this.#learnt.delete(oldest);
      this.#open.delete(oldest);
    }
    this.#changed();
  }

  /**
   * tookMs returns how long it took from a revision's commit until all nodes of this controller had it, or the time so
   * far, in milliseconds; undefined for a revision that this controller did not see committed.
   */
  tookMs(revision: number): number | undefined {
    const learnt = this.#learnt.get(revision);
    return learnt === undefined ? undefined : (learnt.doneAt ?? performance.now()) - learnt.at;
  }

  /** joined starts counting a node, which has no table yet. */
  joined(nodeId: string, name: string): void {
    this.left(nodeId);
    this.#nodes.set(nodeId, { name, applied: 0 });
    this.#move(undefined, 0);
    this.#changed();
  }

  /** left stops counting a node. */
  left(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    this.#nodes.delete(nodeId);
    this.#move(node.applied, undefined);
    this.#changed();
  }

  /** applied records the revision that a node has in its kernel. */
  applied(nodeId: string, revision: number): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined || node.applied === revision) return;
    this.#move(node.applied, revision);
    node.applied = revision;
    this.#changed();
  }

  #move(from: number | undefined, to: number | undefined): void {
    if (from !== undefined) {
      const left = (this.#counts.get(from) ?? 0) - 1;
      if (left > 0) this.#counts.set(from, left);
      else this.#counts.delete(from);
    }
    if (to !== undefined) this.#counts.set(to, (this.#counts.get(to) ?? 0) + 1);
  }

  /** appliedBy returns the revision that a node has in its kernel; undefined when it is not connected here. */
  appliedBy(nodeId: string): number | undefined {
    return this.#nodes.get(nodeId)?.applied;
  }

  /** onChange registers a listener for changes of the counts. Returns its removal. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const revision of this.#counts.keys()) lowest = Math.min(lowest, revision);
    for (const revision of this.#open) {
      if (lowest < revision) continue;
      this.#open.delete(revision);
      const learnt = this.#learnt.get(revision);
      if (learnt !== undefined) learnt.doneAt = performance.now();
    }
    for (const listener of this.#listeners) listener();
  }

  /** count counts this controller's nodes, except one. */
  count(revision: number, except: string): Count {
    let nodes = 0;
    let applied = 0;
    const behind: string[] = [];
    for (const [id, node] of this.#nodes) {
      if (id === except) continue;
      nodes += 1;
      if (node.applied >= revision) applied += 1;
      else if (behind.length < mostNames) behind.push(node.name);
    }
    return { nodes, applied, behind };
  }

  /** record returns the part for other controllers. `newest`: revision of the table's newest change. */
  record(newest: number): ProgressRecord {
    const behind: string[] = [];
    for (const node of this.#nodes.values()) {
      if (behind.length === mostNames) break;
      if (node.applied < newest) behind.push(node.name);
    }
    return { applied: [...this.#counts].sort(([a], [b]) => b - a), behind };
  }
}

/**
 * withoutNode returns a record without one of the nodes that it counts. The node's revision is known only while the
 * record names it as behind.
 */
export function withoutNode(record: ProgressRecord, name: string): ProgressRecord {
  const isBehind = record.behind.includes(name);
  const revisions = record.applied.map(([at]) => at);
  const its = isBehind ? Math.min(...revisions) : Math.max(...revisions);
  return {
    applied: record.applied.map(([at, howMany]) => [at, at === its ? Math.max(0, howMany - 1) : howMany]),
    behind: record.behind.filter((other) => other !== name),
  };
}

/** addRecord adds another controller's record to a count. */
export function addRecord(count: Count, record: ProgressRecord, revision: number): Count {
  let { nodes, applied } = count;
  for (const [at, howMany] of record.applied) {
    nodes += howMany;
    if (at >= revision) applied += howMany;
  }
  const room = Math.max(0, mostNames - count.behind.length);
  return { nodes, applied, behind: [...count.behind, ...record.behind.slice(0, room)] };
}
