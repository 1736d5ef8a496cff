// Binds the calls about leases to their service definition, and checks their arguments.
// Invariant: all problems of a request are reported together; registry/ decides.
import { formatPrefix } from '../../proto/domain/address.js';
import { checkName, checkPrefix, Problems } from '../../proto/domain/input.js';
import { usesDocker0 } from '../../proto/domain/network.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { AddLeaseRequest__Output } from '../../proto/gen/xnet/v1/AddLeaseRequest.js';
import type { AddLeaseResponse } from '../../proto/gen/xnet/v1/AddLeaseResponse.js';
import type { EndLeaseRequest__Output } from '../../proto/gen/xnet/v1/EndLeaseRequest.js';
import type { EndLeaseResponse } from '../../proto/gen/xnet/v1/EndLeaseResponse.js';
import type { LeaseServiceHandlers } from '../../proto/gen/xnet/v1/LeaseService.js';
import type { Node } from '../../proto/gen/xnet/v1/Node.js';
import { enumProblem, modeFromWire } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import { decideAddLease, type NewLease, wantedLease } from '../registry/lease-additions.js';
import { overlapWarnings } from '../registry/node-networks.js';
import { parseKey } from '../store/keys.js';
import type { ReadonlyView } from '../view/view.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';
import { checkedBridgeName, checkedNetworkName } from './new-pool.js';
import type { Live } from './to-wire/live.js';
import { wireFromNode } from './to-wire/records.js';

/** LeaseServiceDeps are the dependencies of leaseService. */
export type LeaseServiceDeps = Pick<Registries, 'leases'> & {
  readonly feed: Pick<ClusterState['feed'], 'view'>;
  readonly finder: ClusterState['finder'];
  /** See liveOf. */
  readonly live: () => Live;
};

function newLeaseOf(request: AddLeaseRequest__Output): NewLease {
  const problems = new Problems();
  const pool = request.pool === '' ? undefined : problems.take('pool', checkName(request.pool));
  const subnet = request.subnet === '' ? undefined : problems.take('subnet', checkPrefix(request.subnet));
  const replace = request.replace === '' ? undefined : problems.take('replace', checkPrefix(request.replace));
  const networkName = request.networkName === '' ? undefined : checkedNetworkName(request.networkName, problems);
  const bridgeName = request.bridgeName === '' ? undefined : checkedBridgeName(request.bridgeName, problems);
  for (const problem of enumProblem('mode', request.mode)) problems.add(problem);
  const mode = modeFromWire(request.mode);
  if (mode !== undefined && usesDocker0(mode) && (networkName !== undefined || bridgeName !== undefined)) {
    problems.add(`mode ${mode} has no separate network or bridge: omit --network and --bridge, or use --mode bridge`);
  }
  throwIfAny(problems.list, 'invalid lease');
  return {
    ...(pool === undefined ? {} : { pool }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(replace === undefined ? {} : { replace }),
    ...(networkName === undefined ? {} : { networkName }),
    ...(bridgeName === undefined ? {} : { bridgeName }),
    ...(mode === undefined ? {} : { mode }),
  };
}

class LeaseCalls {
  readonly #deps: LeaseServiceDeps;

  constructor(deps: LeaseServiceDeps) {
    this.#deps = deps;
  }

  #node(id: string): Node {
    const node = wireFromNode(this.#deps.feed.view, id, this.#deps.live());
    if (node === undefined) throw new XnetError('NotFound', `node ${id} was removed meanwhile`);
    return node;
  }

  async add(request: AddLeaseRequest__Output): Promise<AddLeaseResponse> {
    const wanted = newLeaseOf(request);
    const id = await this.#deps.finder.find(request.node, { ...mutationId(request), call: 'AddLease' });
    const { unchanged, message } = await this.#deps.leases.add(mutationId(request), id, wanted);
    const { view } = this.#deps.feed;
    const node = this.#node(id);
    const lease = request.dryRun && !unchanged ? planned(view, id, wanted) : wantedLease(view, id, wanted);
    return {
      node,
      unchanged,
      change: message,
      pool: lease?.pool ?? '',
      subnet: lease === undefined ? '' : formatPrefix(lease.subnet),
      warnings: lease === undefined ? [] : overlapWarnings(view, node.name ?? '', lease.subnet),
    };
  }

  async end(request: EndLeaseRequest__Output): Promise<EndLeaseResponse> {
    const problems = new Problems();
    const subnet = problems.take('subnet', checkPrefix(request.subnet));
    throwIfAny(problems.list, 'invalid lease');
    if (subnet === undefined) throw new XnetError('Internal', 'missing validation problem');
    const { leases, live, feed, finder } = this.#deps;
    // A repeated call may name its node by the subnet that its first execution ended.
    const nodeId = await finder.find(request.node, { ...mutationId(request), call: 'EndLease' });
    const isConnected = live().isConnected(nodeId);
    const end = { nodeId, subnet, force: request.force, isConnected };
    const { unchanged, message } = await leases.end(mutationId(request), end);
    const records = [...feed.view.recordsIn(subnet)].flatMap(({ record }) => (record === undefined ? [] : [record]));
    const record = records.find((each) => each.state === 'quarantined' && each.node === nodeId);
    return {
      node: this.#node(nodeId),
      subnet: formatPrefix(subnet),
      unchanged,
      change: message,
      quarantinedUntilMs: record?.state === 'quarantined' ? record.untilMs : 0,
    };
  }
}

// The lease that a dry run would have added.
function planned(view: ReadonlyView, nodeId: string, wanted: NewLease) {
  const input = { view, nodeId, wanted, nowMs: Date.now(), taken: new Set<number>(), spread: 0 };
  const ending = wanted.replace === undefined ? '' : formatPrefix(wanted.replace);
  for (const operation of decideAddLease(input).change?.operations ?? []) {
    const key = operation.kind === 'put' ? parseKey(operation.key) : undefined;
    if (key?.kind === 'subnet' && formatPrefix(key.subnet) !== ending) return key;
  }
  return undefined;
}

/** leaseService binds the calls about leases. */
export function leaseService(deps: LeaseServiceDeps): ServiceBinding {
  const calls = new LeaseCalls(deps);
  const implementation = {
    AddLease: unary((request) => calls.add(request)),
    EndLease: unary((request) => calls.end(request)),
  } satisfies Partial<LeaseServiceHandlers>;
  return { definition: services.lease.service, implementation };
}
