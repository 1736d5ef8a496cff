// The steps of the rollouts, and which node has a permit.
// Invariant: an unreadable record of steps leaves the steps that were known, and gives no permit.
import type { StepRecord, StepsRecord } from '../store/records.js';
import type { Held, StoredEntry } from './held.js';
import type { KindTable } from './record-tables.js';
import type { ViewChanges } from './view-changes.js';

/** NodeStep is the step of one node, and where it is. */
export type NodeStep = {
  readonly rollout: string;
  /** Number of the record that has it, and its index there. */
  readonly part: number;
  readonly index: number;
  readonly step: StepRecord;
};

/** ReadonlyRolloutSteps are the steps for all users except the view. */
export type ReadonlyRolloutSteps = Omit<RolloutSteps, 'put' | 'delete'>;

function split(id: string): { readonly rollout: string; readonly part: number } | undefined {
  const dot = id.lastIndexOf('.');
  const part = id.slice(dot + 1);
  return dot > 0 && /^\d{1,6}$/.test(part) ? { rollout: id.slice(0, dot), part: Number(part) } : undefined;
}

/** RolloutSteps holds the steps by rollout and part. */
export class RolloutSteps implements KindTable {
  readonly #parts = new Map<string, Map<number, Held<StepsRecord>>>();
  readonly #permitted = new Map<string, NodeStep>();
  /** What `of` returned, until a part changes. */
  readonly #lists = new Map<string, readonly NodeStep[]>();

  /** of returns the steps of a rollout, in order. */
  of(rollout: string): readonly NodeStep[] {
    const known = this.#lists.get(rollout);
    if (known !== undefined) return known;
    const parts = [...(this.#parts.get(rollout) ?? [])].sort(([a], [b]) => a - b);
    const list = parts.flatMap(([part, { record }]) =>
      record.steps.map((step, index) => ({ rollout, part, index, step })),
    );
    if (list.length > 0) this.#lists.set(rollout, list);
    return list;
  }

  /** part returns one record of steps. */
  part(rollout: string, part: number): Held<StepsRecord> | undefined {
    return this.#parts.get(rollout)?.get(part);
  }

  /** permittedOf returns the step that permits a node's host to restart Docker; undefined: none does. */
  permittedOf(nodeId: string): NodeStep | undefined {
    return this.#permitted.get(nodeId);
  }

  /** permitted returns the ids of the nodes that permittedOf returns a step for. */
  permitted(): Iterable<string> {
    return this.#permitted.keys();
  }

  put(id: string, entry: StoredEntry, changes: ViewChanges): string | undefined {
    const at = split(id);
    if (at === undefined) return 'not a key of this version of xnet';
    this.#forgetPermits(at.rollout, at.part, changes);
    const record = entry.read('steps');
    if (record === undefined) return undefined;
    const parts = this.#parts.get(at.rollout) ?? new Map<number, Held<StepsRecord>>();
    this.#parts.set(at.rollout, parts.set(at.part, { record, modRevision: entry.modRevision }));
    for (const [index, step] of record.steps.entries()) {
      if (step.state !== 'permitted') continue;
      this.#permitted.set(step.node, { ...at, index, step });
      changes.nodes.add(step.node);
    }
    return undefined;
  }

  delete(id: string, changes: ViewChanges): undefined {
    const at = split(id);
    if (at === undefined) return;
    this.#forgetPermits(at.rollout, at.part, changes);
    const parts = this.#parts.get(at.rollout);
    parts?.delete(at.part);
    if (parts?.size === 0) this.#parts.delete(at.rollout);
  }

  #forgetPermits(rollout: string, part: number, changes: ViewChanges): void {
    changes.rollouts = true;
    this.#lists.delete(rollout);
    for (const step of this.part(rollout, part)?.record.steps ?? []) {
      const permitted = this.#permitted.get(step.node);
      if (permitted?.rollout !== rollout || permitted.part !== part) continue;
      this.#permitted.delete(step.node);
      changes.nodes.add(step.node);
    }
  }
}
