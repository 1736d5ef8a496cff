// Binds the calls about static routes to their service definition, and checks their arguments.
// Invariant: all problems of a request are reported together; registry/ decides.
import { formatIpv4, formatPrefix, type Prefix, prefixKey } from '../../proto/domain/address.js';
import { checkAddress, checkName, checkPrefix, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { AddStaticRouteRequest__Output } from '../../proto/gen/xnet/v1/AddStaticRouteRequest.js';
import type { AddStaticRouteResponse } from '../../proto/gen/xnet/v1/AddStaticRouteResponse.js';
import type { RemoveStaticRouteRequest__Output } from '../../proto/gen/xnet/v1/RemoveStaticRouteRequest.js';
import type { RemoveStaticRouteResponse } from '../../proto/gen/xnet/v1/RemoveStaticRouteResponse.js';
import type { StaticRoute } from '../../proto/gen/xnet/v1/StaticRoute.js';
import type { StaticRouteServiceHandlers } from '../../proto/gen/xnet/v1/StaticRouteService.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import { overlapWarnings } from '../registry/node-networks.js';
import type { NewStaticRoute } from '../registry/static-routes.js';
import { poolOf } from '../view/pool-of.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';

/** StaticRouteServiceDeps are the dependencies of staticRouteService. */
export type StaticRouteServiceDeps = Pick<Registries, 'staticRoutes'> & Pick<ClusterState, 'feed'>;

const usualName = 'static';

function newRouteOf({ subnet, nextHop, name }: AddStaticRouteRequest__Output): NewStaticRoute {
  const problems = new Problems();
  const checked = {
    subnet: problems.take('subnet', checkPrefix(subnet)),
    nextHop: problems.take('next hop', checkAddress(nextHop)),
    name: problems.take('name', checkName(name === '' ? usualName : name)),
  };
  throwIfAny(problems.list, 'invalid static route');
  if (checked.subnet === undefined || checked.nextHop === undefined || checked.name === undefined) {
    throw new XnetError('Internal', 'missing validation problem');
  }
  return { subnet: checked.subnet, nextHop: checked.nextHop, name: checked.name };
}

class StaticRouteCalls {
  readonly #deps: StaticRouteServiceDeps;

  constructor(deps: StaticRouteServiceDeps) {
    this.#deps = deps;
  }

  // The route as it is or was: the record of its quarantine still names it.
  #wire(subnet: Prefix): StaticRoute {
    const { view } = this.#deps.feed;
    const held = view.subnets.get(prefixKey(subnet))?.record;
    const [nextHop, name] =
      held?.state === 'static'
        ? [formatIpv4(held.nextHop), held.name]
        : held?.state === 'quarantined'
          ? [formatIpv4(held.address), held.nodeName]
          : ['', ''];
    return { subnet: formatPrefix(subnet), nextHop, name, pool: poolOf(view, subnet)?.[0] ?? '' };
  }

  async add(request: AddStaticRouteRequest__Output): Promise<AddStaticRouteResponse> {
    const wanted = newRouteOf(request);
    const { subnet, nextHop, name } = wanted;
    const { unchanged, message } = await this.#deps.staticRoutes.add(mutationId(request), wanted);
    const { view } = this.#deps.feed;
    const route = { ...this.#wire(subnet), nextHop: formatIpv4(nextHop), name };
    return { route, unchanged, change: message, warnings: overlapWarnings(view, '', subnet) };
  }

  async remove(request: RemoveStaticRouteRequest__Output): Promise<RemoveStaticRouteResponse> {
    const problems = new Problems();
    const subnet = problems.take('subnet', checkPrefix(request.subnet));
    throwIfAny(problems.list, 'invalid static route');
    if (subnet === undefined) throw new XnetError('Internal', 'missing validation problem');
    await this.#deps.staticRoutes.remove(mutationId(request), subnet);
    const { view } = this.#deps.feed;
    const record = view.subnets.get(prefixKey(subnet))?.record;
    const quarantinedUntilMs = record?.state === 'quarantined' ? record.untilMs : 0;
    return { route: this.#wire(subnet), quarantinedUntilMs };
  }
}

/** staticRouteService binds the calls about static routes. */
export function staticRouteService(deps: StaticRouteServiceDeps): ServiceBinding {
  const calls = new StaticRouteCalls(deps);
  const implementation = {
    AddStaticRoute: unary((request) => calls.add(request)),
    RemoveStaticRoute: unary((request) => calls.remove(request)),
  } satisfies Partial<StaticRouteServiceHandlers>;
  return { definition: services.staticRoute.service, implementation };
}
