// The calls about pools. Invariant: every argument is checked here, and all problems are reported together; registry/
// decides.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import { checkName, checkPrefix, checkText, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { CreatePoolRequest__Output } from '../../proto/gen/xnet/v1/CreatePoolRequest.js';
import type { CreatePoolResponse } from '../../proto/gen/xnet/v1/CreatePoolResponse.js';
import type { GetPoolRequest__Output } from '../../proto/gen/xnet/v1/GetPoolRequest.js';
import type { GetPoolResponse } from '../../proto/gen/xnet/v1/GetPoolResponse.js';
import type { ListPoolsResponse } from '../../proto/gen/xnet/v1/ListPoolsResponse.js';
import type { ListSubnetsRequest__Output } from '../../proto/gen/xnet/v1/ListSubnetsRequest.js';
import type { ListSubnetsResponse } from '../../proto/gen/xnet/v1/ListSubnetsResponse.js';
import type { Pool } from '../../proto/gen/xnet/v1/Pool.js';
import type { ReleaseSubnetRequest__Output } from '../../proto/gen/xnet/v1/ReleaseSubnetRequest.js';
import type { ReleaseSubnetResponse } from '../../proto/gen/xnet/v1/ReleaseSubnetResponse.js';
import type { RemovePoolRequest__Output } from '../../proto/gen/xnet/v1/RemovePoolRequest.js';
import type { RemovePoolResponse } from '../../proto/gen/xnet/v1/RemovePoolResponse.js';
import type { ReserveSubnetRequest__Output } from '../../proto/gen/xnet/v1/ReserveSubnetRequest.js';
import type { ReserveSubnetResponse } from '../../proto/gen/xnet/v1/ReserveSubnetResponse.js';
import type { UnreserveSubnetRequest__Output } from '../../proto/gen/xnet/v1/UnreserveSubnetRequest.js';
import type { UnreserveSubnetResponse } from '../../proto/gen/xnet/v1/UnreserveSubnetResponse.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import { wireFromLan } from '../../proto/rpc/convert-assignment.js';
import { barredIn } from '../registry/lan.js';
import { type NewPool, poolWarnings } from '../registry/pool-rules.js';
import { usageOf } from '../registry/usage.js';
import type { ReadonlyView } from '../view/view.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';
import { newPoolOf } from './new-pool.js';
import { networkLengthOf, wireFromPool, wireFromReservation, wireFromSubnets } from './to-wire/records.js';

/** PoolCallDeps are the dependencies of the calls about pools. */
export type PoolCallDeps = Pick<Registries, 'pools'> & {
  readonly feed: Pick<ClusterState['feed'], 'view'>;
};

/** PoolCalls are the calls about pools and their subnets. */
export class PoolCalls {
  readonly #deps: PoolCallDeps;

  constructor(deps: PoolCallDeps) {
    this.#deps = deps;
  }

  #pool(name: string) {
    return wireFromPool(this.#deps.feed.view, name, Date.now());
  }

  async create(request: CreatePoolRequest__Output): Promise<CreatePoolResponse> {
    const pool = newPoolOf(request);
    const done = await this.#deps.pools.create(mutationId(request), pool);
    const existed = this.#deps.feed.view.pools.has(pool.name);
    return {
      pool: existed ? this.#pool(pool.name) : planned(this.#deps.feed.view, pool),
      unchanged: done.unchanged,
      warnings: poolWarnings(pool.cidr, this.#otherRanges(pool.name)),
    };
  }

  #otherRanges(name: string) {
    const others = [...this.#deps.feed.view.pools].filter(([other]) => other !== name);
    return others.map(([, { record }]) => record.cidr);
  }

  async list(): Promise<ListPoolsResponse> {
    const names = [...this.#deps.feed.view.pools.keys()].sort();
    return { pools: names.map((name) => this.#pool(name)) };
  }

  async get({ name }: GetPoolRequest__Output): Promise<GetPoolResponse> {
    const pool = this.#pool(name);
    return { pool, subnets: wireFromSubnets(this.#deps.feed.view, name, Date.now()) };
  }

  async remove(request: RemovePoolRequest__Output): Promise<RemovePoolResponse> {
    await this.#deps.pools.remove(mutationId(request), request.name, request.force);
    return {};
  }

  async reserve(request: ReserveSubnetRequest__Output): Promise<ReserveSubnetResponse> {
    const problems = new Problems();
    const cidr = problems.take('cidr', checkPrefix(request.cidr));
    const reason = problems.take('reason', checkText(request.reason));
    const nodeName = request.nodeName === '' ? undefined : problems.take('node', checkName(request.nodeName));
    throwIfAny(problems.list, 'invalid reservation');
    const range = {
      pool: request.pool,
      cidr: required(cidr),
      reason: reason ?? '',
      ...(nodeName === undefined ? {} : { nodeName }),
    };
    const done = await this.#deps.pools.reserve(mutationId(request), range);
    return { pool: this.#pool(request.pool), unchanged: done.unchanged };
  }

  async unreserve(request: UnreserveSubnetRequest__Output): Promise<UnreserveSubnetResponse> {
    const cidr = onePrefix(request.cidr);
    await this.#deps.pools.unreserve(mutationId(request), request.pool, cidr);
    return { pool: this.#pool(request.pool) };
  }

  async listSubnets({ pool }: ListSubnetsRequest__Output): Promise<ListSubnetsResponse> {
    return { subnets: wireFromSubnets(this.#deps.feed.view, pool === '' ? undefined : pool, Date.now()) };
  }

  async release(request: ReleaseSubnetRequest__Output): Promise<ReleaseSubnetResponse> {
    await this.#deps.pools.release(mutationId(request), onePrefix(request.cidr));
    return {};
  }
}

// The pool that a dry run would have created.
function planned(view: ReadonlyView, pool: NewPool): Pool {
  const { name, cidr, subnetLength, mode, lan, networkName, bridgeName, quarantineSeconds, reservations = [] } = pool;
  const record = { ...pool, reservations, createdMs: 0 };
  return {
    name,
    cidr: formatPrefix(cidr),
    subnetLength,
    mode: wireFromMode(mode),
    networkLength: networkLengthOf(pool),
    dockerLength: pool.dockerLength ?? 0,
    lan: lan === undefined ? null : wireFromLan(lan),
    networkName,
    bridgeName,
    quarantineSeconds,
    reservations: reservations.map(wireFromReservation),
    usage: usageOf({ record, subnets: new Map(), barred: barredIn(view, record) }, 0),
  };
}

function required(prefix: Prefix | undefined): Prefix {
  if (prefix === undefined) throw new XnetError('Internal', 'missing validation problem');
  return prefix;
}

function onePrefix(text: string): Prefix {
  const problems = new Problems();
  const prefix = problems.take('cidr', checkPrefix(text));
  throwIfAny(problems.list, 'invalid subnet');
  return required(prefix);
}
