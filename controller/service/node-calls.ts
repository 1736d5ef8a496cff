// The operators' calls about nodes. Invariant: every argument is checked here, and all problems are reported together.
import {
  formatIpv4,
  formatPrefix,
  gatewayOf,
  type Ipv4,
  type Prefix,
  parsePrefix,
} from '../../proto/domain/address.js';
import { checkAddress, checkLabel, checkName, checkPrefix, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { AddNodeRequest__Output } from '../../proto/gen/xnet/v1/AddNodeRequest.js';
import type { AddNodeResponse } from '../../proto/gen/xnet/v1/AddNodeResponse.js';
import type { GetNodeRequest__Output } from '../../proto/gen/xnet/v1/GetNodeRequest.js';
import type { GetNodeResponse } from '../../proto/gen/xnet/v1/GetNodeResponse.js';
import type { ListNodesRequest__Output } from '../../proto/gen/xnet/v1/ListNodesRequest.js';
import type { ListNodesResponse } from '../../proto/gen/xnet/v1/ListNodesResponse.js';
import type { Node } from '../../proto/gen/xnet/v1/Node.js';
import type { RemoveNodeRequest__Output } from '../../proto/gen/xnet/v1/RemoveNodeRequest.js';
import type { RemoveNodeResponse } from '../../proto/gen/xnet/v1/RemoveNodeResponse.js';
import type { SetNodeRequest__Output } from '../../proto/gen/xnet/v1/SetNodeRequest.js';
import type { SetNodeResponse } from '../../proto/gen/xnet/v1/SetNodeResponse.js';
import { availabilityFromWire, enumProblem, modeFromWire, wireFromMode } from '../../proto/rpc/convert.js';
import { formatPeer, type Peer } from '../../proto/rpc/peer.js';
import { joinTokenMs, namesFor, putToken, tokenRecord } from '../authority/tokens.js';
import { decideAdd, type NewNode } from '../registry/add-node.js';
import type { NodeChange } from '../registry/change-node.js';
import { requireNode } from '../registry/lookup.js';
import { overlapWarnings } from '../registry/node-networks.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';
import { eventsOf } from './event-calls.js';
import { findNode } from './find-node.js';
import type { Live } from './to-wire/live.js';
import { summaryFromNode, wireFromNode } from './to-wire/records.js';
import { wireFromJoinToken } from './to-wire/security.js';

const eventsShown = 10;

/** labelsOf checks the labels of a request. */
export function labelsOf(labels: Readonly<Record<string, string>>, problems: Problems): Record<string, string> {
  const checked = Object.entries(labels).map(([key, value]) => problems.take('label', checkLabel(key, value)));
  return Object.fromEntries(checked.filter((label) => label !== undefined));
}

function newNodeOf(request: AddNodeRequest__Output): NewNode {
  const problems = new Problems();
  const name = problems.take('name', checkName(request.name));
  const address = problems.take('address', checkAddress(request.address));
  const pool = request.pool === '' ? undefined : problems.take('pool', checkName(request.pool));
  const subnet: Prefix | undefined =
    request.subnet === '' ? undefined : problems.take('subnet', checkPrefix(request.subnet));
  const labels = labelsOf(request.labels, problems);
  for (const problem of enumProblem('mode', request.mode)) problems.add(problem);
  throwIfAny(problems.list, 'invalid node');
  const mode = modeFromWire(request.mode);
  if (name === undefined || address === undefined) throw new XnetError('Internal', 'missing validation problem');
  return {
    name,
    address,
    labels,
    ...(pool === undefined ? {} : { pool }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(mode === undefined ? {} : { mode }),
  };
}

function warningsOf(view: ReadonlyView, { name = '', subnet = '' }: Node): string[] {
  const leased = parsePrefix(subnet);
  return leased === undefined ? [] : overlapWarnings(view, name, leased);
}

/** NodeCallDeps are the dependencies of the calls about nodes. */
export type NodeCallDeps = Pick<Registries, 'nodes'> & {
  readonly feed: Pick<ClusterState['feed'], 'view'>;
  readonly finder: ClusterState['finder'];
  readonly store: Pick<ClusterState['store'], 'scan'>;
  readonly authority: Pick<Registries['authority'], 'opened'>;
  /** See liveOf. */
  readonly live: () => Live;
};

/** NodeCalls are the calls about nodes. */
export class NodeCalls {
  readonly #deps: NodeCallDeps;

  constructor(deps: NodeCallDeps) {
    this.#deps = deps;
  }

  #node(id: string): Node {
    const node = wireFromNode(this.#deps.feed.view, id, this.#deps.live());
    if (node === undefined) throw new XnetError('NotFound', `node ${id} was removed meanwhile`);
    return node;
  }

  async add(request: AddNodeRequest__Output, peer: Peer): Promise<AddNodeResponse> {
    const wanted = newNodeOf(request);
    const { opened } = this.#deps.authority;
    const names = opened === undefined ? undefined : namesFor(opened.clusterKey, request.operationId);
    const done = await this.#deps.nodes.add(mutationId(request), wanted, (nodeId) => {
      if (opened === undefined || names === undefined) return [];
      const token = { node: nodeId, uses: 1, ttlMs: joinTokenMs, createdBy: formatPeer(peer) };
      return [putToken(names.id, tokenRecord(opened.clusterKey, names, token, Date.now()))];
    });
    const { view } = this.#deps.feed;
    if (request.dryRun && !view.nodes.has(done.subject)) {
      const node = this.#planned(view, wanted);
      return { node, unchanged: false, revision: done.revision, warnings: warningsOf(view, node) };
    }
    const node = this.#node(done.subject);
    return {
      node,
      unchanged: done.unchanged,
      revision: done.unchanged ? grantRevision(view, done.subject) : done.revision,
      warnings: warningsOf(view, node),
      ...(opened === undefined || names === undefined || done.unchanged
        ? {}
        : { joinToken: wireFromJoinToken(view, opened, names) }),
    };
  }

  // The node that a dry run would have added.
  #planned(view: ReadonlyView, wanted: NewNode): Node {
    const decision = decideAdd({ view, wanted, nodeId: '', nowMs: Date.now(), taken: new Set(), spread: 0 });
    const put = decision.change?.operations.find(
      (operation) => operation.kind === 'put' && operation.key.startsWith('subnets/'),
    );
    const key = put?.kind === 'put' ? put.key : '';
    const [, pool = '', block = ''] = key.split('/');
    const subnet = parsePrefix(block.replace('-', '/'));
    return {
      name: wanted.name,
      address: formatIpv4(wanted.address),
      labels: wanted.labels,
      availability: 'AVAILABILITY_ACTIVE',
      mode: wireFromMode(wanted.mode ?? view.pools.get(pool)?.record.mode ?? 'bip'),
      pool,
      ...(subnet === undefined ? {} : { subnet: formatPrefix(subnet), gateway: formatIpv4(gatewayOf(subnet)) }),
      state: 'NODE_STATE_PENDING',
    };
  }

  /** list returns every node, sorted by name. */
  list({ summary }: ListNodesRequest__Output): ListNodesResponse {
    const { view } = this.#deps.feed;
    const live = this.#deps.live();
    const names = [...view.nodeOfName].sort(([a], [b]) => (a < b ? -1 : 1));
    const show = summary ? summaryFromNode : wireFromNode;
    return {
      nodes: names.flatMap(([, id]) => show(view, id, live) ?? []),
      revision: view.revision,
    };
  }

  async get(request: GetNodeRequest__Output): Promise<GetNodeResponse> {
    const id = findNode(this.#deps.feed.view, request.node);
    const node = this.#node(id);
    const query = { sinceMs: 0, subject: `node/${node.name}`, limit: eventsShown };
    const events = await eventsOf(this.#deps.store, query, Date.now());
    return { node, events };
  }

  async set(request: SetNodeRequest__Output): Promise<SetNodeResponse> {
    const id = await this.#deps.finder.find(request.node, { ...mutationId(request), call: 'SetNode' });
    const problems = new Problems();
    const address: Ipv4 | undefined =
      request.address === '' ? undefined : problems.take('address', checkAddress(request.address));
    const availability = availabilityFromWire(request.availability);
    if (availability === 'leaving' || availability === 'draining') {
      const how = availability === 'draining' ? 'use xctl nodes drain' : 'run "xnetd leave" on the host';
      problems.add(`availability: ${availability} is not set by hand: ${how}`);
    }
    const setLabels = labelsOf(request.setLabels, problems);
    for (const problem of enumProblem('mode', request.mode)) problems.add(problem);
    for (const problem of enumProblem('availability', request.availability)) problems.add(problem);
    throwIfAny(problems.list, 'invalid change');
    const mode = modeFromWire(request.mode);
    const change: NodeChange = {
      setLabels,
      removeLabels: request.removeLabels,
      ...(request.seenRevision === 0 ? {} : { seenRevision: request.seenRevision }),
      ...(address === undefined ? {} : { address }),
      ...(availability === undefined ? {} : { availability }),
      ...(mode === undefined ? {} : { mode }),
    };
    const done = await this.#deps.nodes.set(mutationId(request), id, change);
    const { unchanged, revision, message } = done;
    return { node: this.#node(id), unchanged, revision, change: message };
  }

  async remove(request: RemoveNodeRequest__Output): Promise<RemoveNodeResponse> {
    const { feed, finder, nodes } = this.#deps;
    const id = await finder.find(request.node, { ...mutationId(request), call: 'RemoveNode' });
    const node = wireFromNode(feed.view, id, this.#deps.live());
    await nodes.remove(mutationId(request), id, (view) => {
      if (!request.force) requireGone(view, id, this.#deps.live());
    });
    const freed = [...feed.view.subnets.values()].flatMap(({ record, subnet }) =>
      record.state === 'quarantined' && record.node === id ? [{ ...record, subnet }] : [],
    );
    const [last] = freed.sort((a, b) => b.untilMs - a.untilMs);
    if (last === undefined) return { node: node ?? { id }, quarantinedUntilMs: 0 };
    const { nodeName: name, address, subnet, untilMs } = last;
    const former = { id, name, address: formatIpv4(address), subnet: formatPrefix(subnet) };
    return { node: node ?? former, quarantinedUntilMs: untilMs };
  }
}

function grantRevision(view: ReadonlyView, nodeId: string): number {
  return Math.max(0, ...leasesOf(view, nodeId).map(({ modRevision }) => modRevision));
}

// A host that has ever connected may keep using its subnet, whether it is up or not.
function requireGone(view: ReadonlyView, id: string, live: Live): void {
  const { name } = requireNode(view, id);
  const hint = `to have its host leave: xctl nodes remove ${name} --wait; if the host is gone for good: --force`;
  if (view.sessions.has(id) || live.isConnected(id)) {
    throw new XnetError('FailedPrecondition', `${name} is connected and uses its subnet`, { hint });
  }
  if (view.statuses.has(id) || view.absences.has(id) || live.statusOf(id) !== undefined) {
    throw new XnetError('FailedPrecondition', `${name} is down but has not left: its host may still use the subnet`, {
      hint,
    });
  }
}
