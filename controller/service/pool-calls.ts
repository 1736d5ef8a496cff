// The calls about pools. Invariant: every argument is checked here, and all problems are reported together; registry/
// decides.
import { formatPrefix, type Prefix, subnetCount } from '../../proto/domain/address.js';
import {
  checkDockerName,
  checkInterfaceName,
  checkName,
  checkPrefix,
  checkText,
  Problems,
} from '../../proto/domain/input.js';
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
import { enumProblem, modeFromWire, wireFromMode } from '../../proto/rpc/convert.js';
import {
  dockerLengthProblems,
  fittingSubnetLength,
  longestQuarantineSeconds,
  modeProblems,
  type NewPool,
  poolProblems,
  poolWarnings,
  usualSubnetLength,
} from '../registry/pool-rules.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';
import { networkLengthOf, wireFromPool, wireFromSubnets } from './to-wire/records.js';

const defaultQuarantineSeconds = 3_600;

/** checkedNetworkName checks the name of the Docker network of mode bridge. */
export function checkedNetworkName(text: string, problems: Problems): string | undefined {
  const name = problems.take('network name', checkDockerName(text));
  if (name === undefined || !['bridge', 'host', 'none', 'default'].includes(name)) return name;
  problems.add(`network name: ${name} is one of Docker's own`);
  return undefined;
}

/** checkedBridgeName checks the name of the Linux bridge of mode bridge. */
export function checkedBridgeName(text: string, problems: Problems): string | undefined {
  const name = problems.take('bridge name', checkInterfaceName(text));
  if (name !== 'docker0') return name;
  problems.add("bridge name: docker0 is Docker's own");
  return undefined;
}

function newPoolOf(request: CreatePoolRequest__Output): NewPool {
  const problems = new Problems();
  const name = problems.take('name', checkName(request.name));
  const cidr = problems.take('cidr', checkPrefix(request.cidr));
  const networkName = checkedNetworkName(request.networkName || 'xnet', problems);
  const bridgeName = checkedBridgeName(request.bridgeName || 'xnet0', problems);
  for (const problem of enumProblem('mode', request.mode)) problems.add(problem);
  const quarantineSeconds = request.quarantineSeconds ?? defaultQuarantineSeconds;
  if (quarantineSeconds > longestQuarantineSeconds) problems.add('quarantine: longer than a year');
  const subnetLength = request.subnetLength || usualSubnetLength;
  const fitting = cidr === undefined ? usualSubnetLength : fittingSubnetLength(cidr);
  if (cidr !== undefined && request.subnetLength === 0 && fitting !== usualSubnetLength) {
    problems.add(
      `subnet length: ${formatPrefix(cidr)} is small for subnets of /${usualSubnetLength}: state their length, ` +
        `such as xctl pools create ${name ?? 'NAME'} ${formatPrefix(cidr)} --subnet-length ${fitting}`,
    );
    throwIfAny(problems.list, 'invalid pool');
  }
  const mode = modeFromWire(request.mode) ?? 'bip';
  const lengths = {
    subnetLength,
    ...(request.networkLength === 0 ? {} : { networkLength: request.networkLength }),
    ...(request.dockerLength === 0 ? {} : { dockerLength: request.dockerLength }),
  };
  if (cidr !== undefined) {
    for (const problem of poolProblems({ cidr, subnetLength })) problems.add(problem);
    for (const problem of modeProblems({ name: request.name, mode, ...lengths })) problems.add(problem);
    for (const problem of dockerLengthProblems({ mode, ...lengths })) problems.add(problem);
  }
  throwIfAny(problems.list, 'invalid pool');
  if (name === undefined || cidr === undefined || networkName === undefined || bridgeName === undefined) {
    throw new XnetError('Internal', 'missing validation problem');
  }
  return { name, cidr, mode, ...lengths, networkName, bridgeName, quarantineSeconds };
}

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
      pool: existed ? this.#pool(pool.name) : planned(pool),
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
function planned(pool: NewPool): Pool {
  const { name, cidr, subnetLength, mode, networkName, bridgeName, quarantineSeconds } = pool;
  const total = subnetCount(cidr, subnetLength);
  return {
    name,
    cidr: formatPrefix(cidr),
    subnetLength,
    mode: wireFromMode(mode),
    networkLength: networkLengthOf(pool),
    dockerLength: pool.dockerLength ?? 0,
    networkName,
    bridgeName,
    quarantineSeconds,
    usage: { total, free: total },
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
