// Creates and controls rollouts.

import type { MutationId } from '../registry/guards.js';
import { type Context, type MutationResult, mutate } from '../registry/mutation.js';
import type { ReadonlyView } from '../view/view.js';
import { type Control, decideControl, decideCreate, type NewRollout, newRolloutId } from './control.js';

/** RolloutRegistry creates and controls rollouts. */
export class RolloutRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * create creates a rollout. Returns its id as the subject; empty if there is nothing to do.
   * @param wanted returns the request for the newest view
   * @throws XnetError as decideCreate does
   */
  create(id: MutationId, wanted: (view: ReadonlyView) => NewRollout): Promise<MutationResult> {
    const rollout = newRolloutId();
    return mutate(this.#context, {
      ...id,
      call: 'CreateRollout',
      decide: (view) => decideCreate(view, rollout, wanted(view), this.#context.now()),
    });
  }

  /** control changes the state of a rollout. @throws XnetError as decideControl does */
  control(id: MutationId, rollout: string, control: Control): Promise<MutationResult> {
    return mutate(this.#context, {
      ...id,
      call: 'ControlRollout',
      decide: (view) => decideControl(view, rollout, control, this.#context.now()),
    });
  }
}
