// Changes named networks.
import type { MutationId } from '../registry/guards.js';
import { type Context, type MutationResult, mutate } from '../registry/mutation.js';
import type { ReadonlyView } from '../view/view.js';
import { decideChangeNetwork, decideCreateNetwork, type NetworkChange, type NewNetwork } from './decisions.js';
import { decideRemoveNetwork, type NetworkUser } from './removal.js';

/** NetworkRegistry changes named networks. The errors of each call are those of its decision. */
export class NetworkRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  create(id: MutationId, wanted: NewNetwork): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideCreateNetwork(view, wanted, this.#context.now());
    return mutate(this.#context, { ...id, call: 'CreateNetwork', decide });
  }

  change(id: MutationId, name: string, wanted: NetworkChange): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideChangeNetwork(view, name, wanted, this.#context.now());
    return mutate(this.#context, { ...id, call: 'ChangeNetwork', decide });
  }

  /** remove begins the removal of a network. @param usersOf returns the nodes with containers on it */
  remove(
    id: MutationId,
    { name, disconnect }: { readonly name: string; readonly disconnect: boolean },
    usersOf: (view: ReadonlyView) => readonly NetworkUser[],
  ): Promise<MutationResult> {
    const decide = (view: ReadonlyView) =>
      decideRemoveNetwork(view, name, { disconnect, users: usersOf(view) }, this.#context.now());
    return mutate(this.#context, { ...id, call: 'RemoveNetwork', decide });
  }
}
