// The operators' calls that change what a node is, or end it. Invariant: every argument is checked here, and all
// problems are reported together.
import type { ServerWritableStream } from '@grpc/grpc-js';
import { checkName, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { Departure } from '../../proto/gen/xnet/v1/Departure.js';
import type { DrainNodeRequest__Output } from '../../proto/gen/xnet/v1/DrainNodeRequest.js';
import type { DrainNodeResponse } from '../../proto/gen/xnet/v1/DrainNodeResponse.js';
import type { LifecycleServiceHandlers } from '../../proto/gen/xnet/v1/LifecycleService.js';
import type { Node } from '../../proto/gen/xnet/v1/Node.js';
import type { RenameNodeRequest__Output } from '../../proto/gen/xnet/v1/RenameNodeRequest.js';
import type { RenameNodeResponse } from '../../proto/gen/xnet/v1/RenameNodeResponse.js';
import type { WatchDepartureRequest__Output } from '../../proto/gen/xnet/v1/WatchDepartureRequest.js';
import { pause } from '../../proto/process/backoff.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, serverStream, unary } from '../../proto/rpc/server.js';
import { wasRemoved } from '../registry/restored.js';
import { type AdminDeps, type ClusterState, liveOf, mutationId, type Registries } from './admin-deps.js';
import { departureOf } from './departure.js';
import { findNode, findNodeAgain } from './find-node.js';
import { somethingChanged } from './something-changed.js';
import { type Live, wireFromNode } from './to-wire/records.js';

/** LifecycleCallDeps are the dependencies of the calls. */
export type LifecycleCallDeps = Pick<Registries, 'nodes'> & {
  readonly feed: Pick<ClusterState['feed'], 'view' | 'reached' | 'fresh' | 'onChange'>;
  readonly sessions: Pick<ClusterState['sessions'], 'progress' | 'fanout' | 'convergence'>;
  /** See liveOf. */
  readonly live: () => Live;
};

/** LifecycleCalls are the calls that change what a node is, or end it. */
export class LifecycleCalls {
  readonly #deps: LifecycleCallDeps;

  constructor(deps: LifecycleCallDeps) {
    this.#deps = deps;
  }

  #node(id: string): Node {
    const node = wireFromNode(this.#deps.feed.view, id, this.#deps.live());
    if (node === undefined) throw new XnetError('NotFound', `node ${id} was removed meanwhile`);
    return node;
  }

  async rename(request: RenameNodeRequest__Output): Promise<RenameNodeResponse> {
    const problems = new Problems();
    const name = problems.take('name', checkName(request.name));
    throwIfAny(problems.list, 'invalid change');
    const { feed, nodes } = this.#deps;
    const id = await findNodeAgain(feed, request.node, () => nodes.recall(mutationId(request), 'RenameNode'));
    const { unchanged, revision, message } = await nodes.rename(mutationId(request), id, name ?? '');
    return { node: this.#node(id), unchanged, revision, change: message };
  }

  async drain(request: DrainNodeRequest__Output): Promise<DrainNodeResponse> {
    const { feed, nodes } = this.#deps;
    const { deadlineSeconds, remove, cancel } = request;
    const problems = new Problems();
    if (cancel && (remove || deadlineSeconds > 0)) problems.add('cancel: goes with neither a deadline nor a removal');
    if (deadlineSeconds > longestDeadlineSeconds) problems.add('deadline: at most 30 days');
    throwIfAny(problems.list, 'invalid drain');
    const id = await findNodeAgain(feed, request.node, () => nodes.recall(mutationId(request), 'DrainNode'));
    const deadlineMs = deadlineSeconds === 0 ? undefined : deadlineSeconds * 1_000;
    const wanted = cancel ? undefined : { deadlineMs, remove };
    const { unchanged, revision, message } = await nodes.drain(mutationId(request), id, wanted);
    return { node: this.#node(id), unchanged, revision, change: message };
  }

  /** watchDeparture sends the progress of a node on its way out, until there is nothing left to wait for. */
  async watchDeparture(
    request: WatchDepartureRequest__Output,
    call: ServerWritableStream<unknown, Departure>,
    gone: AbortSignal,
  ): Promise<void> {
    const { feed, live, sessions } = this.#deps;
    const id = wasRemoved(feed.view, request.node) ? request.node : findNode(feed.view, request.node);
    let last = '';
    while (!gone.aborted) {
      const departure = departureOf(feed.view, id, live(), sessions);
      const essence = JSON.stringify(departure);
      if (essence !== last) call.write(departure);
      last = essence;
      if (departure.done === true) return;
      await somethingChanged({ feed, sessions }, gone);
      await pause(progressEveryMs, gone);
    }
  }
}

// Until when a deadline may be away: longer than anyone waits for a host.
const longestDeadlineSeconds = 30 * 24 * 3_600;
const progressEveryMs = 100;

/** lifecycleService binds the calls to the service definition. */
export function lifecycleService({ state, registries }: Omit<AdminDeps, 'controller'>): ServiceBinding {
  const { feed, sessions } = state;
  const calls = new LifecycleCalls({ feed, sessions, nodes: registries.nodes, live: () => liveOf(sessions) });
  const implementation = {
    RenameNode: unary((request) => calls.rename(request)),
    DrainNode: unary((request) => calls.drain(request)),
    WatchDeparture: serverStream<WatchDepartureRequest__Output, Departure>((request, call, gone) =>
      calls.watchDeparture(request, call, gone),
    ),
  } satisfies LifecycleServiceHandlers;
  return { definition: services.lifecycle.service, implementation };
}
