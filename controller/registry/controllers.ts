// Removes the registration of a controller that is permanently gone. The registration of a running controller is never
// removed: the controller would register again.
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import { removalKey } from '../store/rollback-guard.js';
import { liveRegistrations } from '../view/clocks.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, type MutationId, put } from './guards.js';
import { type Context, type Decision, type MutationResult, mutate } from './mutation.js';

/**
 * decideDeregistration decides how the registration of a controller is removed.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideDeregistration(view: ReadonlyView, id: string, nowMs: number): Decision {
  if (!view.registrations.has(id)) {
    throw new XnetError('NotFound', `there is no controller ${id}`, { hint: 'xctl status lists those that are gone' });
  }
  if (liveRegistrations(view).has(id)) {
    throw new XnetError('FailedPrecondition', `controller ${id} is running`, { hint: 'stop it for good first' });
  }
  const key = keys.registration(id);
  // If the controller starts again, this record tells it that its registration was removed, not lost by the store.
  const removal = encode('revoked', { role: 'controller', id, atMs: nowMs });
  return {
    subject: id,
    change: {
      guards: [asSeen(view, key)],
      operations: [{ kind: 'delete', key }, put(removalKey(id), removal)],
      event: {
        reason: 'ControllerRemoved',
        subject: `controller/${id}`,
        message: 'it is not expected to come back',
      },
    },
  };
}

/**
 * deregisterController removes the registration of a controller that is gone.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function deregisterController(context: Context, id: MutationId, controller: string): Promise<MutationResult> {
  return mutate(context, {
    ...id,
    call: 'RemoveController',
    decide: (view) => decideDeregistration(view, controller, context.now()),
  });
}
