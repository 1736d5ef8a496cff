// The calls about routes that nodes keep although they were withdrawn, bound to their service.
import { Problems } from '../../proto/domain/input.js';
import { throwIfAny } from '../../proto/errors.js';
import type { ApproveWithdrawalsRequest__Output } from '../../proto/gen/xnet/v1/ApproveWithdrawalsRequest.js';
import type { ApproveWithdrawalsResponse } from '../../proto/gen/xnet/v1/ApproveWithdrawalsResponse.js';
import type { HeldRouteServiceHandlers } from '../../proto/gen/xnet/v1/HeldRouteService.js';
import type { ListHeldRoutesResponse } from '../../proto/gen/xnet/v1/ListHeldRoutesResponse.js';
import { wireFromHeldRoutes } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import { decideApproval, holdersOf } from '../registry/approval.js';
import { type Context, mutate } from '../registry/mutation.js';
import { approvedVersion } from '../view/assignment.js';
import type { ViewFeed } from '../view/view-feed.js';
import { mutationId } from './admin-deps.js';
import type { Live } from './to-wire/live.js';

/** HeldRouteServiceDeps are the dependencies of the calls. */
export type HeldRouteServiceDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'version'>;
  readonly context: Context;
  readonly live: Pick<Live, 'statusOf' | 'isConnected'>;
};

function listHeld({ feed, live }: HeldRouteServiceDeps): ListHeldRoutesResponse {
  // Throws while the controller does not act on its store.
  const { clusterId } = feed.version;
  const approved = approvedVersion(feed.view);
  return {
    clusterId,
    nodes: holdersOf(feed.view, live.statusOf).map(({ nodeId, name, held, sinceMs }) => ({
      nodeName: name,
      held: wireFromHeldRoutes(held),
      sinceMs,
      connected: feed.view.sessions.has(nodeId) || live.isConnected(nodeId),
    })),
    approvedEpoch: approved?.epoch ?? 0,
    approvedRevision: approved?.revision ?? 0,
  };
}

async function approve(
  { context, live }: HeldRouteServiceDeps,
  request: ApproveWithdrawalsRequest__Output,
): Promise<ApproveWithdrawalsResponse> {
  const { clusterId, epoch, revision } = request;
  const problems = new Problems();
  if (clusterId === '') problems.add('cluster id: missing');
  if (epoch < 1) problems.add('epoch: at least 1');
  if (revision < 1) problems.add('revision: at least 1');
  throwIfAny(problems.list, 'invalid version');
  const { unchanged, message } = await mutate(context, {
    ...mutationId(request),
    call: 'ApproveWithdrawals',
    decide: (view) =>
      decideApproval(
        view,
        { clusterId, epoch, revision },
        { holders: holdersOf(view, live.statusOf), nowMs: context.now() },
      ),
  });
  return { unchanged, change: message };
}

/** heldRouteService binds the calls. */
export function heldRouteService(deps: HeldRouteServiceDeps): ServiceBinding {
  const implementation = {
    ListHeldRoutes: unary(async () => listHeld(deps)),
    ApproveWithdrawals: unary((request) => approve(deps, request)),
  } satisfies Partial<HeldRouteServiceHandlers>;
  return { definition: services.heldRoute.service, implementation };
}
