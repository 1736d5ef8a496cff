// Adding, changing and removing nodes: each is one transaction over the node, its name, its address and its subnet.
// Invariant: a node has exactly one leased subnet, from the commit that adds it to the commit that removes it.
import { randomBytes } from 'node:crypto';
import type { Assignment } from '../../proto/domain/network.js';
import { keys } from '../store/keys.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { decideAdd, type NewNode } from './add-node.js';
import { decideRemove, decideSet, type NodeChange } from './change-node.js';
import { type MutationId, put } from './guards.js';
import { requireNode } from './lookup.js';
import { type Context, type MutationResult, mutate } from './mutation.js';
import { outcomeOf } from './operation.js';
import { decideAdopt } from './restored.js';

/** newNodeId is a new node's id: "n-4k2f9c03a1b2". Never given twice. */
export function newNodeId(): string {
  return `n-${randomBytes(6).toString('hex')}`;
}

/**
 * spreadAfter is how far from the first free subnet to look after lost races. This controller's own calls never choose
 * the same one, but what another has under way nobody here knows: a random one of the next few seldom meets it again.
 */
export function spreadAfter(lostRaces: number): number {
  return lostRaces === 0 ? 0 : Math.floor(Math.random() * Math.min(256, 32 * lostRaces));
}

/** NodeRegistry adds, changes and removes nodes. */
export class NodeRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * add leases a subnet to a new node. Returns its id as the subject.
   * @param also what is to be written with it, for the node of this id
   * @throws XnetError NotFound, AlreadyExists, InvalidArgument, FailedPrecondition, PoolExhausted
   */
  async add(
    id: MutationId,
    wanted: NewNode,
    also: (nodeId: string) => readonly Operation[] = () => [],
  ): Promise<MutationResult> {
    const nodeId = newNodeId();
    return mutate(this.#context, {
      ...id,
      call: 'AddNode',
      decide: (view, { taken, lostRaces }) => {
        const nowMs = this.#context.now();
        const spread = spreadAfter(lostRaces);
        const decision = decideAdd({ view, nodeId, wanted, nowMs, spread, inFlight: taken });
        const { change } = decision;
        if (change === undefined) return decision;
        return { ...decision, change: { ...change, operations: [...change.operations, ...also(nodeId)] } };
      },
    });
  }

  /**
   * adopt brings a node back that a restored store lost, with what its host holds.
   * @throws XnetError what decideAdopt throws
   */
  adopt(nodeId: string, held: Assignment): Promise<MutationResult> {
    const { now } = this.#context;
    return mutate(this.#context, {
      call: 'AdoptNode',
      operationId: '',
      dryRun: false,
      decide: (view) => decideAdopt(view, nodeId, held, now()),
    });
  }

  /**
   * confirm has the store note that a node is there, after the store was restored from a backup.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  async confirm(nodeId: string): Promise<void> {
    const { store } = this.#context;
    const key = keys.node(nodeId);
    // As it stands, byte for byte: its being written is what says so. Whoever changed it meanwhile has said as much.
    const entry = await store.read(key);
    if (entry === undefined) return;
    const guards = [{ kind: 'key' as const, key, modRevision: entry.modRevision }];
    await store.commit({ guards, operations: [put(key, entry.value)] });
  }

  /**
   * recall is what an operation on a node came to, for a call that names a node which is not there any more.
   * @throws XnetError what outcomeOf throws
   */
  recall(id: MutationId, call: 'SetNode' | 'RemoveNode'): Promise<MutationResult | undefined> {
    return outcomeOf(this.#context.store, { ...id, call });
  }

  /**
   * set changes a node.
   * @throws XnetError NotFound, AlreadyExists, FailedPrecondition
   */
  set(id: MutationId, nodeId: string, change: NodeChange): Promise<MutationResult> {
    return mutate(this.#context, { ...id, call: 'SetNode', decide: (view) => decideSet(view, nodeId, change) });
  }

  /**
   * remove ends a node's lease; its subnet goes into quarantine.
   * @param mayRemove throws what speaks against it, looking at the newest view
   * @throws XnetError NotFound, and what `mayRemove` throws
   */
  remove(id: MutationId, nodeId: string, mayRemove: (view: ReadonlyView) => void): Promise<MutationResult> {
    return this.#end(id, nodeId, 'removed', mayRemove);
  }

  /**
   * leave is remove for a host that has said that it does not use its subnet any more.
   * @throws XnetError NotFound
   */
  leave(id: MutationId, nodeId: string): Promise<MutationResult> {
    return this.#end(id, nodeId, 'left', () => undefined);
  }

  #end(
    id: MutationId,
    nodeId: string,
    how: 'left' | 'removed',
    mayRemove: (view: ReadonlyView) => void,
  ): Promise<MutationResult> {
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
