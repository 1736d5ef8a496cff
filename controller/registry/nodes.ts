// Adds, changes and removes nodes. Each change is one transaction over the node, its name, its address and its leases.
// Invariant: a node has at least one lease, from the commit that adds it to the commit that removes it.

import { randomBytes } from 'node:crypto';
import type { Assignment } from '../../proto/domain/network.js';
import type { Asked } from '../audit/audit.js';
import { keys } from '../store/keys.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { decideAdd, type NewNode } from './add-node.js';
import { decideAdopt } from './adopt.js';
import { decideRemove, decideSet, type NodeChange } from './change-node.js';
import { type Draining, type DrainStep, decideDrain, decideDrainCancel, decideDrainStep } from './drain-node.js';
import { decideExchange, ringOf } from './exchange-addresses.js';
import { type Claimed, decideFollow } from './follow-address.js';
import { type MutationId, put } from './guards.js';
import { requireNode } from './lookup.js';
import { type Context, type MutationResult, mutate } from './mutation.js';
import { decideRename } from './rename-node.js';
import { decideReplace, type ReplaceInput } from './replace-node.js';

/** newNodeId returns an id for a new node: "n-4f2f9c03a1b2". Ids are never reused. */
export function newNodeId(): string {
  return `n-${randomBytes(6).toString('hex')}`;
}

/**
 * spreadAfter returns how many free subnets to skip after lost races. Calls of one controller never choose the same subnet,
 * but a controller does not know the pending commits of others. A random offset makes another clash unlikely.
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
   * @param also returns further writes for the same transaction, given the id of the node
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
        const decision = decideAdd({ view, nodeId, wanted, nowMs, spread, taken });
        const { change } = decision;
        if (change === undefined) return decision;
        return { ...decision, change: { ...change, operations: [...change.operations, ...also(nodeId)] } };
      },
    });
  }

  /**
   * adopt adds back a node that a restored store lost, or leases of it, as its host holds them.
   * @throws XnetError as decideAdopt does
   */
  adopt(nodeId: string, held: Assignment, asked: Asked = {}): Promise<MutationResult> {
    const { now } = this.#context;
    return mutate(this.#context, {
      ...asked,
      call: 'AdoptNode',
      operationId: '',
      dryRun: false,
      decide: (view) => decideAdopt(view, nodeId, held, now()),
    });
  }

  /**
   * confirm marks a node as seen since a restored store was accepted.
   * @throws XnetError Unavailable, DeadlineExceeded
   */
  async confirm(nodeId: string): Promise<void> {
    const { store } = this.#context;
    const key = keys.node(nodeId);
    // Write the same bytes: the new revision of the record is the mark. If the guard fails, another write has set it.
    const entry = await store.read(key);
    if (entry === undefined) return;
    const guards = [{ kind: 'key' as const, key, modRevision: entry.modRevision }];
    await store.commit({ guards, operations: [put(key, entry.value)] });
  }

  /**
   * set changes a node.
   * @throws XnetError as decideSet does
   */
  set(id: MutationId, nodeId: string, change: NodeChange): Promise<MutationResult> {
    return mutate(this.#context, { ...id, call: 'SetNode', decide: (view) => decideSet(view, nodeId, change) });
  }

  /**
   * rename gives a node another name.
   * @throws XnetError as decideRename does
   */
  rename(id: MutationId, nodeId: string, name: string, seenRevision?: number): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideRename(view, nodeId, name, seenRevision);
    return mutate(this.#context, { ...id, call: 'RenameNode', decide });
  }

  /**
   * follow gives a node the address that its own host reports.
   * @param mayFollow throws when the node may not change its address now; called only if there is something to change
   * @throws XnetError as decideFollow does
   */
  async follow(nodeId: string, claimed: Claimed, mayFollow: () => void, asked: Asked = {}): Promise<void> {
    // A host repeats a refused address with every report: the store must not be asked each time.
    if (decideFollow(this.#context.feed.view, nodeId, claimed).change === undefined) return;
    mayFollow();
    const decide = (view: ReadonlyView) => decideFollow(view, nodeId, claimed);
    await mutate(this.#context, { ...asked, call: 'FollowAddress', operationId: '', dryRun: false, decide });
  }

  /**
   * exchange gives the nodes of a ring the addresses that their hosts claim, if the claims of other nodes' hosts lead back to
   * this node.
   * @param mayFollow as of follow
   * @throws XnetError as decideExchange does
   */
  async exchange(nodeId: string, mayFollow: () => void, asked: Asked = {}): Promise<void> {
    const { feed, now } = this.#context;
    if (ringOf(feed.view, nodeId) === undefined) return;
    mayFollow();
    const decide = (view: ReadonlyView) => decideExchange(view, nodeId, now());
    await mutate(this.#context, { ...asked, call: 'FollowAddress', operationId: '', dryRun: false, decide });
  }

  /**
   * drain begins to drain a node, or ends that with `wanted` undefined.
   * @throws XnetError NotFound, FailedPrecondition
   */
  drain(id: MutationId, nodeId: string, wanted: Draining | undefined): Promise<MutationResult> {
    const { now } = this.#context;
    return mutate(this.#context, {
      ...id,
      call: 'DrainNode',
      decide: (view) =>
        wanted === undefined ? decideDrainCancel(view, nodeId) : decideDrain(view, nodeId, wanted, now()),
    });
  }

  /**
   * replace gives a node to new hardware and fences its former host.
   * @param mayReplace throws when the former host may still be in use, given the newest view
   * @param also further writes for the same transaction
   * @throws XnetError as decideReplace does, and what `mayReplace` throws
   */
  replace(
    id: MutationId,
    wanted: Pick<ReplaceInput, 'nodeId' | 'address' | 'also'>,
    mayReplace: (view: ReadonlyView) => void,
  ): Promise<MutationResult> {
    const { now } = this.#context;
    return mutate(this.#context, {
      ...id,
      call: 'ReplaceNode',
      decide: (view) => {
        mayReplace(view);
        return decideReplace({ ...wanted, view, nowMs: now() });
      },
    });
  }

  /**
   * stepDrain takes the next step of a drain, unless that was done already.
   * @param containerCount number of containers that the host reported last; undefined: not known
   * @throws XnetError Unavailable, DeadlineExceeded; NotFound if the node was removed
   */
  stepDrain(nodeId: string, step: DrainStep, containerCount: number | undefined): Promise<MutationResult> {
    const { now } = this.#context;
    return mutate(this.#context, {
      operationId: '',
      dryRun: false,
      call: 'DrainNode',
      decide: (view) => decideDrainStep(view, nodeId, step, { containerCount, nowMs: now() }),
    });
  }

  /**
   * remove ends a node's lease; its subnet goes into quarantine.
   * @param mayRemove throws when the node must not be removed, given the newest view
   * @throws XnetError NotFound, and what `mayRemove` throws
   */
  remove(id: MutationId, nodeId: string, mayRemove: (view: ReadonlyView) => void): Promise<MutationResult> {
    return this.#end(id, nodeId, 'removed', mayRemove);
  }

  /**
   * leave is remove for a host that reported that it no longer uses its subnet.
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
