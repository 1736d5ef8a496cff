// The operators' calls that change what a node is, or end it. Invariant: every argument is checked here, and all
// problems are reported together.
import { checkName, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { LifecycleServiceHandlers } from '../../proto/gen/xnet/v1/LifecycleService.js';
import type { Node } from '../../proto/gen/xnet/v1/Node.js';
import type { RenameNodeRequest__Output } from '../../proto/gen/xnet/v1/RenameNodeRequest.js';
import type { RenameNodeResponse } from '../../proto/gen/xnet/v1/RenameNodeResponse.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import { type AdminDeps, type ClusterState, liveOf, mutationId, type Registries } from './admin-deps.js';
import { findNodeAgain } from './find-node.js';
import { type Live, wireFromNode } from './to-wire/records.js';

/** LifecycleCallDeps are the dependencies of the calls. */
export type LifecycleCallDeps = Pick<Registries, 'nodes'> & {
  readonly feed: Pick<ClusterState['feed'], 'view' | 'reached' | 'fresh'>;
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
}

/** lifecycleService binds the calls to the service definition. */
export function lifecycleService({ state, registries }: Omit<AdminDeps, 'controller'>): ServiceBinding {
  const { feed, sessions } = state;
  const calls = new LifecycleCalls({ feed, nodes: registries.nodes, live: () => liveOf(sessions) });
  const implementation = {
    RenameNode: unary((request) => calls.rename(request)),
  } satisfies LifecycleServiceHandlers;
  return { definition: services.lifecycle.service, implementation };
}
