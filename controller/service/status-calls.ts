// The calls about the whole cluster: status, routes, convergence, and the watch of all nodes.
import type { ServerWritableStream } from '@grpc/grpc-js';
import { XnetError } from '../../proto/errors.js';
import type { Convergence } from '../../proto/gen/xnet/v1/Convergence.js';
import type { GetStatusResponse } from '../../proto/gen/xnet/v1/GetStatusResponse.js';
import type { ListNodesResponse } from '../../proto/gen/xnet/v1/ListNodesResponse.js';
import type { ListRoutesRequest__Output } from '../../proto/gen/xnet/v1/ListRoutesRequest.js';
import type { ListRoutesResponse } from '../../proto/gen/xnet/v1/ListRoutesResponse.js';
import type { NodeState__Output } from '../../proto/gen/xnet/v1/NodeState.js';
import type { RemoveControllerRequest__Output } from '../../proto/gen/xnet/v1/RemoveControllerRequest.js';
import type { RemoveControllerResponse } from '../../proto/gen/xnet/v1/RemoveControllerResponse.js';
import type { WatchConvergenceRequest__Output } from '../../proto/gen/xnet/v1/WatchConvergenceRequest.js';
import { pause } from '../../proto/process/backoff.js';
import { holdersOf, holdingProblems } from '../registry/approval.js';
import type { HostRefusal } from '../session/refused-hosts.js';
import { keys } from '../store/keys.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { type ClusterState, liveOf, mutationId, type ThisController } from './admin-deps.js';
import { controllerProblems, storeProblems } from './controller-problems.js';
import { drained } from './drained.js';
import { findNode } from './find-node.js';
import { leaseProblems } from './lease-problems.js';
import { networkProblems } from './network-problems.js';
import { somethingChanged } from './something-changed.js';
import { stateOfNode, wireFromNode, wireFromPool, wireFromRoutes } from './to-wire/records.js';

const mostNames = 10;
const listEveryMs = 200;
const progressEveryMs = 20;

const countOf = {
  NODE_STATE_UNSPECIFIED: 'pending',
  NODE_STATE_PENDING: 'pending',
  NODE_STATE_PROGRESSING: 'progressing',
  NODE_STATE_READY: 'ready',
  NODE_STATE_DEGRADED: 'degraded',
  NODE_STATE_DOWN: 'down',
  NODE_STATE_REVOKED: 'revoked',
} as const satisfies Record<NodeState__Output, string>;

/** StatusCallDeps are the dependencies of the calls about the whole cluster. */
export type StatusCallDeps = {
  readonly feed: Pick<
    ClusterState['feed'],
    'view' | 'version' | 'ready' | 'connected' | 'refusal' | 'resyncs' | 'onChange'
  >;
  readonly sessions: Pick<ClusterState['sessions'], 'statusOf' | 'fanout' | 'convergence' | 'progress' | 'refused'>;
  readonly controller: Omit<ThisController, 'audit'>;
};

/** StatusCalls are the calls about the whole cluster. */
export class StatusCalls {
  readonly #deps: StatusCallDeps;

  constructor(deps: StatusCallDeps) {
    this.#deps = deps;
  }

  /** status answers even while the controller refuses to act: that is when it is needed most. */
  async status(): Promise<GetStatusResponse> {
    const { feed, controller } = this.#deps;
    const { etcd } = controller;
    const listening = controller.ports.problem();
    const own = {
      controller: controller.id,
      version: controller.version,
      store: {
        endpoints: [...etcd.endpoints],
        embedded: etcd.embedded,
        connected: feed.connected,
        refusal: feed.refusal,
        resyncs: feed.resyncs,
        warnings: [...etcd.warnings()],
      },
      problems: [
        ...(listening === undefined ? [] : [{ text: listening.message, fix: listening.hint ?? '' }]),
        ...storeProblems(controller.health()),
      ],
    };
    if (!feed.ready) return own;
    const { view } = feed;
    const { clusterId, epoch, revision } = feed.version;
    const sessions = [...view.sessions.values()];
    return {
      ...own,
      clusterId,
      epoch,
      revision,
      controllers: [...view.controllers].map(([id, { record }]) => ({
        id,
        version: record.version,
        startedMs: record.startedMs,
        addresses: [...record.addresses],
        sessions: sessions.filter((session) => session.record.controller === id).length,
      })),
      pools: [...view.pools.keys()].sort().map((name) => wireFromPool(view, name, Date.now())),
      nodes: this.#countNodes(view),
      problems: [
        ...own.problems,
        ...controllerProblems(view, controller.registration, controller.offsetOf),
        ...Array.from(view.contradictions, problemFromContradiction),
        ...adoptionProblems(view),
        ...awaitedProblems(view),
        ...refusedProblems(this.#deps.sessions.refused.list()),
        ...leaseProblems(view, liveOf(this.#deps.sessions).statusOf),
        ...networkProblems(view, { live: liveOf(this.#deps.sessions), nowMs: Date.now() }),
        ...holdingProblems(holdersOf(view, liveOf(this.#deps.sessions).statusOf)),
      ],
      undecodable: [...view.undecodable].map(([key, problem]) => ({ key, problem })),
    };
  }

  async removeController(request: RemoveControllerRequest__Output): Promise<RemoveControllerResponse> {
    await this.#deps.controller.forget(mutationId(request), request.id);
    return {};
  }

  #countNodes(view: ReadonlyView) {
    const counts = {
      total: view.nodes.size,
      ready: 0,
      progressing: 0,
      degraded: 0,
      down: 0,
      pending: 0,
      revoked: 0,
      cordoned: 0,
      draining: 0,
      leaving: 0,
    };
    const live = liveOf(this.#deps.sessions);
    for (const [id, { record }] of view.nodes) {
      if (record.availability !== 'active') counts[record.availability] += 1;
      counts[countOf[stateOfNode(view, id, live)]] += 1;
    }
    return counts;
  }

  async routes({ node }: ListRoutesRequest__Output): Promise<ListRoutesResponse> {
    const { feed, sessions } = this.#deps;
    const except = node === '' ? undefined : findNode(feed.view, node);
    const { routes, unresolved } = wireFromRoutes(
      feed.view,
      sessions.fanout.table.entries,
      liveOf(this.#deps.sessions),
      except,
    );
    return { routes, unresolved, revision: feed.view.revision };
  }

  /** watchNodes sends the list of nodes, and sends it again after each change, at most five times a second. */
  async watchNodes(
    list: () => ListNodesResponse,
    call: ServerWritableStream<unknown, ListNodesResponse>,
    gone: AbortSignal,
  ): Promise<void> {
    let last = '';
    while (!gone.aborted) {
      const response = list();
      const nodes = JSON.stringify(response.nodes);
      if (nodes !== last) {
        last = nodes;
        if (!call.write(response)) {
          await drained(call, gone);
          // The list may have changed while it was sent.
          continue;
        }
      }
      await somethingChanged(this.#deps, gone);
      await pause(listEveryMs, gone);
    }
  }

  /** watchConvergence sends how many nodes have the newest change of a node's route, until all have it. */
  async watchConvergence(
    request: WatchConvergenceRequest__Output,
    call: ServerWritableStream<unknown, Convergence>,
    gone: AbortSignal,
  ): Promise<void> {
    const { feed } = this.#deps;
    const nodeId = findNode(feed.view, request.node);
    let last = '';
    while (!gone.aborted) {
      const progress = this.#progressOf(nodeId, request.untilReady);
      const essence = JSON.stringify({ ...progress, elapsedMs: 0 });
      if (essence !== last || progress.done === true) call.write(progress);
      last = essence;
      if (progress.done === true) return;
      await somethingChanged(this.#deps, gone);
      await pause(progressEveryMs, gone);
    }
  }

  #progressOf(nodeId: string, untilReady: boolean): Convergence {
    const { feed, sessions } = this.#deps;
    const { view } = feed;
    // A lease that is marked as ending changes no route.
    const revision = Math.min(routedSince(view, nodeId), sessions.fanout.table.changedAt);
    const count = sessions.progress(revision, nodeId);
    const down = [...view.nodes].filter(([id]) => id !== nodeId && !view.sessions.has(id));
    const node = wireFromNode(view, nodeId, liveOf(this.#deps.sessions));
    if (node === undefined) throw new XnetError('NotFound', 'the node was removed in the meantime');
    const nodeReady = node.state === 'NODE_STATE_READY';
    return {
      revision,
      nodes: count.nodes,
      applied: count.applied,
      pending: [...count.behind].slice(0, mostNames),
      down: down.slice(0, mostNames).map(([, held]) => held.record.name),
      downCount: down.length,
      nodeReady,
      conditions: node.conditions ?? [],
      elapsedMs: Math.round(sessions.convergence.tookMs(revision) ?? 0),
      done: count.applied === count.nodes && (nodeReady || !untilReady),
    };
  }
}

// Returns the revision of the route table since which the node is routed: that of its leases, or of its address, whose
// key is written once, when the node gets it. The node's own record also changes with labels, which no other node
// receives.
function routedSince(view: ReadonlyView, nodeId: string): number {
  const lease = Math.max(0, ...leasesOf(view, nodeId).map(({ modRevision }) => modRevision));
  const address = view.nodes.get(nodeId)?.record.address;
  const isKnown = address !== undefined && view.nodeOfAddress.get(address) === nodeId;
  return Math.max(lease, view.modRevisionOf(isKnown ? keys.address(address) : keys.node(nodeId)));
}

function problemFromContradiction([key, problem]: readonly [string, string]) {
  const fix = 'no route is withdrawn; correct or delete that key with etcdctl if it was written by hand';
  return { text: `the record ${key} contradicts others: ${problem}`, fix };
}

function adoptionProblems(view: ReadonlyView) {
  const adoption = view.adoption?.record;
  if (adoption === undefined) return [];
  return [
    {
      text: `backup of ${new Date(adoption.madeMs).toISOString()} was restored, and its nodes are being adopted: nothing is allocated`,
      fix: 'see who is missing, and end the adoption: xctl backup adopt',
    },
  ];
}

/** refusedProblems returns the hosts that a restored store contradicts. */
export function refusedProblems(refused: readonly HostRefusal[]) {
  const some = refused.slice(0, mostNames).map(({ nodeName, message }) => ({
    text: `${nodeName} came back to the restored store and is refused: ${message}`,
    fix: 'its host keeps what it has and tries again; see: xctl backup adopt',
  }));
  const more = refused.length - some.length;
  return more === 0 ? some : [...some, { text: `${more} more hosts are refused`, fix: 'see: xctl backup adopt' }];
}

function awaitedProblems(view: ReadonlyView) {
  const names = [...view.nodes].flatMap(([id, { record }]) => (view.isAwaited(id) ? [record.name] : [])).sort();
  if (names.length === 0) return [];
  const some = names.slice(0, mostNames).join(', ');
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  return [
    {
      text: `the store was restored from a backup, and ${names.length} of its nodes have not connected since: ${some}${more}`,
      fix: 'hosts keep the routes that they have to them; remove those that were removed after the backup: xctl nodes remove NAME',
    },
  ];
}
