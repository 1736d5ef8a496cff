// Binds the calls about nics to their service definition, and checks their arguments.
// Invariant: all problems of a request are reported together; registry/ decides.
import { formatIpv4, type Ipv4 } from '../../proto/domain/address.js';
import { type Checked, checkAddress, checkName, Problems } from '../../proto/domain/input.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import { checkContainer, checkNicName } from '../../proto/domain/nic.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { AddNicRequest__Output } from '../../proto/gen/xnet/v1/AddNicRequest.js';
import type { AddNicResponse } from '../../proto/gen/xnet/v1/AddNicResponse.js';
import type { ListNicsRequest__Output } from '../../proto/gen/xnet/v1/ListNicsRequest.js';
import type { ListNicsResponse } from '../../proto/gen/xnet/v1/ListNicsResponse.js';
import type { NicServiceHandlers } from '../../proto/gen/xnet/v1/NicService.js';
import type { NicStatus } from '../../proto/gen/xnet/v1/NicStatus.js';
import type { RemoveNicRequest__Output } from '../../proto/gen/xnet/v1/RemoveNicRequest.js';
import type { RemoveNicResponse } from '../../proto/gen/xnet/v1/RemoveNicResponse.js';
import { wireFromNic, wireFromNicUse } from '../../proto/rpc/convert-nic.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import {
  type AskedAddresses,
  decideAddNic,
  type FoundNic,
  findNic,
  leaseOfNic,
  type NewNic,
  nicRecords,
} from '../registry/nics.js';
import { keys } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { ReadonlyView } from '../view/view.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';
import { findNode } from './find-node.js';

/** NicServiceDeps are the dependencies of nicService. */
export type NicServiceDeps = Pick<Registries, 'nics'> &
  Pick<ClusterState, 'feed' | 'finder'> & {
    /** Returns the newest report of a node that is connected here. */
    readonly statusOf: (nodeId: string) => NodeStatus | undefined;
  };

function newNicOf({ container, pool, address, interfaceName }: AddNicRequest__Output): NewNic {
  const problems = new Problems();
  const optional = <T>(what: string, text: string, check: (text: string) => Checked<T>): T | undefined =>
    text === '' ? undefined : problems.take(what, check(text));
  const checked = {
    container: problems.take('container', checkContainer(container)),
    pool: optional('pool', pool, checkName),
    address: optional('address', address, checkAddress),
    interfaceName: optional('name', interfaceName, checkNicName),
  };
  throwIfAny(problems.list, 'invalid nic');
  return {
    container,
    ...(checked.pool === undefined ? {} : { pool: checked.pool }),
    ...(checked.address === undefined ? {} : { address: checked.address }),
    ...(checked.interfaceName === undefined ? {} : { interfaceName: checked.interfaceName }),
  };
}

function addressOf(text: string): Ipv4 {
  const problems = new Problems();
  const address = problems.take('address', checkAddress(text));
  throwIfAny(problems.list, 'invalid nic');
  if (address === undefined) throw new XnetError('Internal', 'missing validation problem');
  return address;
}

class NicCalls {
  readonly #deps: NicServiceDeps;

  constructor(deps: NicServiceDeps) {
    this.#deps = deps;
  }

  #wire(view: ReadonlyView, { nodeId, nic }: FoundNic): NicStatus {
    const status = this.#deps.statusOf(nodeId) ?? view.statuses.get(nodeId)?.record;
    const use = status?.nics?.find(({ address }) => address === nic.address);
    const lease = leaseOfNic(view, nodeId, nic.address);
    return {
      nic: wireFromNic(nic),
      node: view.nodes.get(nodeId)?.record.name ?? nodeId,
      pool: lease?.pool ?? '',
      addedMs: nic.addedMs,
      ...(use === undefined ? {} : { use: wireFromNicUse(use) }),
      leased: lease !== undefined,
    };
  }

  #asked(nodeId: string): AskedAddresses {
    const containers = this.#deps.statusOf(nodeId)?.containers ?? [];
    return new Map(
      containers.flatMap(({ askedAddress, name }) => (askedAddress === undefined ? [] : [[askedAddress, name]])),
    );
  }

  async add(request: AddNicRequest__Output): Promise<AddNicResponse> {
    const wanted = newNicOf(request);
    const { feed, finder, nics } = this.#deps;
    const id = mutationId(request);
    const nodeId = await finder.find(request.node);
    // Of a dry run, the nic that it would have added.
    const asked = this.#asked(nodeId);
    const planned = request.dryRun ? plannedNic(feed.view, nodeId, wanted, asked) : undefined;
    const { subject, unchanged, message } = await nics.add(id, nodeId, wanted, asked);
    const found = planned ?? findNic(feed.view, addressOf(subject));
    return { nic: this.#wire(feed.view, found), unchanged, change: message };
  }

  async remove(request: RemoveNicRequest__Output): Promise<RemoveNicResponse> {
    const address = addressOf(request.address);
    const { nics } = this.#deps;
    const before = this.#removed(address);
    await nics.remove(mutationId(request), address);
    return { nic: before ?? { nic: { address: formatIpv4(address) } } };
  }

  // A repeated call finds it gone already.
  #removed(address: Ipv4): NicStatus | undefined {
    const { view } = this.#deps.feed;
    try {
      return this.#wire(view, findNic(view, address));
    } catch (error) {
      if (error instanceof XnetError && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  list({ node }: ListNicsRequest__Output): ListNicsResponse {
    const { view } = this.#deps.feed;
    const nodeIds = node === '' ? [...view.nics.keys()] : [findNode(view, node)];
    const all = nodeIds.flatMap((nodeId) => nicRecords(view, nodeId).map((nic) => ({ nodeId, nic })));
    return { nics: all.sort((a, b) => a.nic.address - b.nic.address).map((found) => this.#wire(view, found)) };
  }
}

function plannedNic(view: ReadonlyView, nodeId: string, wanted: NewNic, asked: AskedAddresses): FoundNic | undefined {
  const operation = decideAddNic(view, nodeId, wanted, { nowMs: Date.now(), asked }).change?.operations[0];
  const decoded = operation?.kind === 'put' && operation.key === keys.nics(nodeId) && decode('nics', operation.value);
  const nic = decoded && 'record' in decoded ? decoded.record.nics.at(-1) : undefined;
  return nic && { nodeId, nic };
}

/** nicService binds the calls about nics. */
export function nicService(deps: NicServiceDeps): ServiceBinding {
  const calls = new NicCalls(deps);
  const implementation = {
    AddNic: unary((request) => calls.add(request)),
    RemoveNic: unary((request) => calls.remove(request)),
    ListNics: unary(async (request) => calls.list(request)),
  } satisfies Partial<NicServiceHandlers>;
  return { definition: services.nic.service, implementation };
}
