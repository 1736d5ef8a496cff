// Adding, changing and removing nodes: each is one transaction over the node, its name, its address and its subnet.
// Invariant: a node has exactly one leased subnet, from the commit that adds it to the commit that removes it.
import { randomBytes } from 'node:crypto';
import type { ReadonlyView } from '../view/view.js';
import { decideAdd, type NewNode } from './add-node.js';
import { decideRemove, decideSet, type NodeChange } from './change-node.js';
import type { MutationId } from './guards.js';
import { requireNode } from './lookup.js';
import { type Context, type Done, mutate, outcomeOf } from './mutation.js';

/** NodeRegistry adds, changes and removes nodes. */
export class NodeRegistry {
  readonly #context: Context;
  // Subnets that calls of this process are committing: others choose differently instead of losing a race.
  readonly #inFlight = new Set<number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * add leases a subnet to a new node. Returns its id as the subject.
   * @throws XnetError NotFound, AlreadyExists, InvalidArgument, FailedPrecondition, PoolExhausted
   */
  async add(id: MutationId, wanted: NewNode): Promise<Done> {
    const nodeId = `n-${randomBytes(6).toString('hex')}`;
    let taken: number | undefined;
    const letGo = () => {
      if (taken !== undefined) this.#inFlight.delete(taken);
    };
    try {
      return await mutate(this.#context, {
        ...id,
        call: 'AddNode',
        decide: (view, lostRaces) => {
          letGo();
          // After a lost race, a random one of the next few: two controllers then seldom meet again.
          const spread = lostRaces === 0 ? 0 : Math.floor(Math.random() * Math.min(64, 8 * lostRaces));
          const nowMs = this.#context.now();
          const addition = decideAdd({ view, nodeId, wanted, nowMs, spread, inFlight: this.#inFlight });
          taken = addition.taken;
          if (taken !== undefined) this.#inFlight.add(taken);
          return addition;
        },
      });
    } finally {
      letGo();
    }
  }

  /**
   * recall is what an operation on a node came to, for a call that names a node which is not there any more.
   * @throws XnetError what outcomeOf throws
   */
  recall(operationId: string, call: 'SetNode' | 'RemoveNode'): Promise<Done | undefined> {
    return outcomeOf(this.#context, { operationId, call });
  }

  /**
   * set changes a node.
   * @throws XnetError NotFound, AlreadyExists, FailedPrecondition
   */
  set(id: MutationId, nodeId: string, change: NodeChange): Promise<Done> {
    return mutate(this.#context, { ...id, call: 'SetNode', decide: (view) => decideSet(view, nodeId, change) });
  }

  /**
   * remove ends a node's lease; its subnet goes into quarantine.
   * @param mayRemove throws what speaks against it, looking at the newest view
   * @throws XnetError NotFound, and what `mayRemove` throws
   */
  remove(id: MutationId, nodeId: string, mayRemove: (view: ReadonlyView) => void): Promise<Done> {
    return this.#end(id, nodeId, 'removed', mayRemove);
  }

  /**
   * leave is remove for a host that has said that it does not use its subnet any more.
   * @throws XnetError NotFound
   */
  leave(id: MutationId, nodeId: string): Promise<Done> {
    return this.#end(id, nodeId, 'left', () => undefined);
  }

  #end(
    id: MutationId,
    nodeId: string,
    how: 'left' | 'removed',
    mayRemove: (view: ReadonlyView) => void,
  ): Promise<Done> {
    return mutate(this.#context, {
      ...id,
      call: 'RemoveNode',
      decide: (view) => {
        requireNode(view, nodeId);
        mayRemove(view);
        return decideRemove(view, nodeId, how, this.#context.now());
      },
    });
  }
}
