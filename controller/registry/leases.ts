// Adds and ends leases of nodes.
// Invariant: a lease that its host has stopped using is ended once, whichever controllers get the report.

import type { Prefix } from '../../proto/domain/address.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import type { Asked } from '../audit/audit.js';
import type { MutationId } from './guards.js';
import { decideAddLease, type NewLease } from './lease-additions.js';
import { decideEndLease, decideFinishLease, type LeaseEnd, unusedLeases } from './lease-ends.js';
import { type Context, type MutationResult, mutate } from './mutation.js';
import { keyOfLease } from './node-leases.js';
import { spreadAfter } from './nodes.js';

/** LeaseRegistry adds and ends leases of nodes. */
export class LeaseRegistry {
  readonly #context: Context;
  /** Keys of leases that are being ended because their hosts do not use them. */
  readonly #finishing = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * add leases a node another subnet. Returns the node's id as the subject.
   * @throws XnetError as decideAddLease does
   */
  add(id: MutationId, nodeId: string, wanted: NewLease): Promise<MutationResult> {
    return mutate(this.#context, {
      ...id,
      call: 'AddLease',
      decide: (view, { taken, lostRaces }) =>
        decideAddLease({ view, nodeId, wanted, nowMs: this.#context.now(), taken, spread: spreadAfter(lostRaces) }),
    });
  }

  /**
   * end ends a lease: it is marked, or if its host is gone, its subnet goes into quarantine.
   * @throws XnetError as decideEndLease does
   */
  end(id: MutationId, end: LeaseEnd): Promise<MutationResult> {
    return mutate(this.#context, {
      ...id,
      call: 'EndLease',
      decide: (view) => decideEndLease(view, end, this.#context.now()),
    });
  }

  /** finish ends those ending leases of a connected node that its report says it does not use. It never throws. */
  async finish(
    nodeId: string,
    status: Pick<NodeStatus, 'leases' | 'containers' | 'containerCount'>,
    asked: Asked = {},
  ): Promise<void> {
    const unused = unusedLeases(this.#context.feed.view, nodeId, status);
    await Promise.all(
      unused.map(({ pool, subnet, record }) => this.#finish(nodeId, { pool, subnet, ...record }, asked)),
    );
  }

  async #finish(
    nodeId: string,
    { pool, subnet, generation }: { readonly pool: string; readonly subnet: Prefix; readonly generation: number },
    asked: Asked,
  ): Promise<void> {
    const key = keyOfLease({ pool, subnet });
    if (this.#finishing.has(key)) return;
    this.#finishing.add(key);
    const { log, now } = this.#context;
    try {
      await mutate(this.#context, {
        ...asked,
        call: 'EndLease',
        operationId: '',
        dryRun: false,
        decide: (view) => decideFinishLease(view, { nodeId, subnet, generation }, now()),
      });
    } catch (error) {
      // The node's next report leads here again.
      log.warn({ node: nodeId, lease: key, reason: messageOf(error) }, 'lease: not ended yet');
    } finally {
      this.#finishing.delete(key);
    }
  }
}
