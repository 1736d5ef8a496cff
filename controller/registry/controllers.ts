// Forgetting a controller that will not come back. One that lives is never forgotten: it would only register again.
import { XnetError } from '../../proto/errors.js';
import { liveRegistrations } from '../session/clocks.js';
import { keys } from '../store/keys.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, type MutationId } from './guards.js';
import { type Context, type Decision, type Done, mutate } from './mutation.js';

/**
 * decideRemoveController decides how a controller is forgotten.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideRemoveController(view: ReadonlyView, id: string): Decision {
  if (!view.registrations.has(id)) {
    throw new XnetError('NotFound', `there is no controller ${id}`, { hint: 'xctl status lists those that are gone' });
  }
  if (liveRegistrations(view).has(id)) {
    throw new XnetError('FailedPrecondition', `controller ${id} is running`, { hint: 'stop it for good first' });
  }
  const key = keys.registration(id);
  return {
    subject: id,
    change: {
      guards: [asSeen(view, key)],
      operations: [{ kind: 'delete', key }],
      happening: {
        reason: 'ControllerRemoved',
        subject: `controller/${id}`,
        message: 'it was gone, and is not awaited',
      },
    },
  };
}

/**
 * removeController forgets a controller that is gone.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function removeController(context: Context, id: MutationId, controller: string): Promise<Done> {
  return mutate(context, {
    ...id,
    call: 'RemoveController',
    decide: (view) => decideRemoveController(view, controller),
  });
}
