// The operators' calls that change what a node is, or end it. Invariant: every argument is checked here, and all
// problems are reported together.
import type { ServerWritableStream } from '@grpc/grpc-js';
import { checkAddress, checkName, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { Departure } from '../../proto/gen/xnet/v1/Departure.js';
import type { DrainNodeRequest__Output } from '../../proto/gen/xnet/v1/DrainNodeRequest.js';
import type { DrainNodeResponse } from '../../proto/gen/xnet/v1/DrainNodeResponse.js';
import type { LifecycleServiceHandlers } from '../../proto/gen/xnet/v1/LifecycleService.js';
import type { Node } from '../../proto/gen/xnet/v1/Node.js';
import type { RenameNodeRequest__Output } from '../../proto/gen/xnet/v1/RenameNodeRequest.js';
import type { RenameNodeResponse } from '../../proto/gen/xnet/v1/RenameNodeResponse.js';
import type { ReplaceNodeRequest__Output } from '../../proto/gen/xnet/v1/ReplaceNodeRequest.js';
import type { ReplaceNodeResponse } from '../../proto/gen/xnet/v1/ReplaceNodeResponse.js';
import type { WatchDepartureRequest__Output } from '../../proto/gen/xnet/v1/WatchDepartureRequest.js';
import { pause } from '../../proto/process/backoff.js';
import { services } from '../../proto/rpc/definitions.js';
import { formatPeer, type Peer, peerOf } from '../../proto/rpc/peer.js';
import { type ServiceBinding, serverStream, unary } from '../../proto/rpc/server.js';
import { joinTokenMs, namesFor, putToken, tokenRecord } from '../authority/tokens.js';
import { requireNode } from '../registry/lookup.js';
import { wasRemoved } from '../registry/restored.js';
import type { ReadonlyView } from '../view/view.js';
import { type AdminDeps, type ClusterState, liveOf, mutationId, type Registries } from './admin-deps.js';
import { departureOf } from './departure.js';
import { findNode } from './find-node.js';
import { somethingChanged } from './something-changed.js';
import type { Live } from './to-wire/live.js';
import { wireFromNode } from './to-wire/records.js';
import { wireFromJoinToken } from './to-wire/security.js';

/** LifecycleCallDeps are the dependencies of the calls. */
export type LifecycleCallDeps = Pick<Registries, 'nodes'> & {
  readonly feed: Pick<ClusterState['feed'], 'view' | 'onChange'>;
  readonly finder: ClusterState['finder'];
  readonly sessions: Pick<ClusterState['sessions'], 'progress' | 'fanout' | 'convergence'>;
  readonly authority: Pick<Registries['authority'], 'require'>;
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
    const { finder, nodes } = this.#deps;
    const id = await finder.find(request.node, { ...mutationId(request), call: 'RenameNode' });
    const seenRevision = request.seenRevision === 0 ? undefined : request.seenRevision;
    const { unchanged, revision, message } = await nodes.rename(mutationId(request), id, name ?? '', seenRevision);
    return { node: this.#node(id), unchanged, revision, change: message };
  }

  async replace(request: ReplaceNodeRequest__Output, peer: Peer): Promise<ReplaceNodeResponse> {
    const { feed, finder, nodes, live } = this.#deps;
    const problems = new Problems();
    const address = problems.take('address', checkAddress(request.address));
    throwIfAny(problems.list, 'invalid replacement');
    if (address === undefined) throw new XnetError('Internal', 'missing validation problem');
    const id = await finder.find(request.node, { ...mutationId(request), call: 'ReplaceNode' });
    const opened = this.#deps.authority.require();
    const names = namesFor(opened.clusterKey, request.operationId);
    const token = { node: id, uses: 1, ttlMs: joinTokenMs, createdBy: formatPeer(peer) };
    const also = [putToken(names.id, tokenRecord(opened.clusterKey, names, token, Date.now()))];
    const done = await nodes.replace(mutationId(request), { nodeId: id, address, also }, (view) => {
      if (!request.force) requireUnused(view, id, live());
    });
    const { revision, message } = done;
    const joinToken = request.dryRun ? {} : { joinToken: wireFromJoinToken(feed.view, opened, names) };
    return { node: this.#node(id), revision, change: message, ...joinToken };
  }

  async drain(request: DrainNodeRequest__Output): Promise<DrainNodeResponse> {
    const { finder, nodes } = this.#deps;
    const { deadlineSeconds, remove, cancel } = request;
    const problems = new Problems();
    if (cancel && (remove || deadlineSeconds > 0)) problems.add('cancel: goes with neither a deadline nor a removal');
    if (deadlineSeconds > longestDeadlineSeconds) problems.add('deadline: at most 30 days');
    throwIfAny(problems.list, 'invalid drain');
    const id = await finder.find(request.node, { ...mutationId(request), call: 'DrainNode' });
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

// The host of a node that is replaced has to be down or drained.
function requireUnused(view: ReadonlyView, id: string, live: Live): void {
  const { name, drain } = requireNode(view, id);
  const isConnected = view.sessions.has(id) || live.isConnected(id);
  if (!isConnected || drain?.drainedMs !== undefined) return;
  throw new XnetError('FailedPrecondition', `${name} is connected, and its host may use its subnets`, {
    hint: `drain it first: xctl nodes drain ${name}; or replace it all the same: --force`,
  });
}

// The longest deadline: longer than anyone waits for a host.
const longestDeadlineSeconds = 30 * 24 * 3_600;
const progressEveryMs = 100;

/** lifecycleService binds the calls to the service definition. */
export function lifecycleService({ state, registries }: Omit<AdminDeps, 'controller'>): ServiceBinding {
  const { feed, sessions, finder } = state;
  const calls = new LifecycleCalls({
    feed,
    finder,
    sessions,
    nodes: registries.nodes,
    authority: registries.authority,
    live: () => liveOf(sessions),
  });
  const implementation = {
    RenameNode: unary((request) => calls.rename(request)),
    ReplaceNode: unary((request, call) => calls.replace(request, peerOf(call))),
    DrainNode: unary((request) => calls.drain(request)),
    WatchDeparture: serverStream<WatchDepartureRequest__Output, Departure>((request, call, gone) =>
      calls.watchDeparture(request, call, gone),
    ),
  } satisfies LifecycleServiceHandlers;
  return { definition: services.lifecycle.service, implementation };
}
