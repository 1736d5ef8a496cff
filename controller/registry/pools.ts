// Creates and removes pools, changes their reservations, and ends quarantines.
import type { Prefix } from '../../proto/domain/address.js';
import type { ReadonlyView } from '../view/view.js';
import type { MutationId } from './guards.js';
import { type Context, type Decision, type MutationResult, mutate } from './mutation.js';
import { decideResizePool, decideSetPool, type PoolSettings } from './pool-changes.js';
import { decideCreatePool, decideRemovePool } from './pool-decisions.js';
import type { NewPool } from './pool-rules.js';
import { decideRelease } from './release-decisions.js';
import { decideReleaseFinding, type Releasable } from './release-finding.js';
import { decideReserve, decideUnreserve, type NewReservation } from './reservation-decisions.js';

/** PoolRegistry changes pools. The errors of each call are those of its decision. */
export class PoolRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  #mutate(id: MutationId, call: string, decide: (view: ReadonlyView) => Decision): Promise<MutationResult> {
    return mutate(this.#context, { ...id, call, decide });
  }

  create(id: MutationId, pool: NewPool): Promise<MutationResult> {
    return this.#mutate(id, 'CreatePool', (view) => decideCreatePool(view, pool, this.#context.now()));
  }

  remove(id: MutationId, name: string, force: boolean): Promise<MutationResult> {
    return this.#mutate(id, 'RemovePool', (view) => decideRemovePool(view, name, force, this.#context.now()));
  }

  releaseFinding(id: MutationId, finding: Releasable): Promise<MutationResult> {
    return this.#mutate(id, 'ReleaseFinding', (view) => decideReleaseFinding(view, finding, this.#context.now()));
  }

  resize(id: MutationId, name: string, cidr: Prefix): Promise<MutationResult> {
    return this.#mutate(id, 'ResizePool', (view) => decideResizePool(view, name, cidr, this.#context.now()));
  }

  set(id: MutationId, name: string, settings: PoolSettings): Promise<MutationResult> {
    return this.#mutate(id, 'SetPool', (view) => decideSetPool(view, name, settings));
  }

  reserve(id: MutationId, range: NewReservation): Promise<MutationResult> {
    return this.#mutate(id, 'ReserveSubnet', (view) => decideReserve(view, range));
  }

  unreserve(id: MutationId, pool: string, cidr: Prefix): Promise<MutationResult> {
    return this.#mutate(id, 'UnreserveSubnet', (view) => decideUnreserve(view, pool, cidr));
  }

  release(id: MutationId, subnet: Prefix): Promise<MutationResult> {
    return this.#mutate(id, 'ReleaseSubnet', (view) => decideRelease(view, subnet, this.#context.now()));
  }
}
