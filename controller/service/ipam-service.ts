// Binds the calls about ranges, leases and addresses to their service definition, and checks their arguments.
// Invariant: all problems of a request are reported together; registry/ decides.
import { checkName, checkPrefix, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { IpamServiceHandlers } from '../../proto/gen/xnet/v1/IpamService.js';
import type { ResizePoolRequest__Output } from '../../proto/gen/xnet/v1/ResizePoolRequest.js';
import type { ResizePoolResponse } from '../../proto/gen/xnet/v1/ResizePoolResponse.js';
import type { SetPoolRequest__Output } from '../../proto/gen/xnet/v1/SetPoolRequest.js';
import type { SetPoolResponse } from '../../proto/gen/xnet/v1/SetPoolResponse.js';
import { enumProblem, modeFromWire } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import {
  longestQuarantineSeconds,
  longestReclaimSeconds,
  poolWarnings,
  shortestReclaimSeconds,
} from '../registry/pool-rules.js';
import { mutationId } from './admin-deps.js';
import { checkIpam, type IpamCheckDeps, releaseFinding } from './ipam-check.js';
import { wireFromPool } from './to-wire/records.js';

/** IpamDeps are the dependencies of ipamService. */
export type IpamDeps = IpamCheckDeps;

async function resizePool({ feed, pools }: IpamDeps, request: ResizePoolRequest__Output): Promise<ResizePoolResponse> {
  const problems = new Problems();
  const name = problems.take('name', checkName(request.name));
  const cidr = problems.take('cidr', checkPrefix(request.cidr));
  throwIfAny(problems.list, 'invalid range');
  if (name === undefined || cidr === undefined) throw new XnetError('Internal', 'missing validation problem');
  const done = await pools.resize(mutationId(request), name, cidr);
  const others = [...feed.view.pools].filter(([other]) => other !== name).map(([, { record }]) => record.cidr);
  return {
    pool: wireFromPool(feed.view, name, Date.now()),
    unchanged: done.unchanged,
    change: done.message,
    warnings: [...poolWarnings(cidr, others)],
  };
}

async function setPool({ feed, pools }: IpamDeps, request: SetPoolRequest__Output): Promise<SetPoolResponse> {
  const problems = new Problems();
  const name = problems.take('name', checkName(request.name));
  for (const problem of enumProblem('mode', request.mode)) problems.add(problem);
  const { quarantineSeconds, reclaimAfterSeconds, followAddress, dockerLength } = request;
  const mode = modeFromWire(request.mode);
  if ((quarantineSeconds ?? 0) > longestQuarantineSeconds) problems.add('quarantine: longer than a year');
  const reclaim = reclaimAfterSeconds ?? 0;
  if (reclaim !== 0 && (reclaim < shortestReclaimSeconds || reclaim > longestReclaimSeconds)) {
    problems.add('reclaim after: 0 (never), or from 10 minutes to a year');
  }
  const given = [quarantineSeconds, reclaimAfterSeconds, followAddress, dockerLength, mode];
  if (problems.list.length === 0 && given.every((each) => each === undefined)) {
    problems.add(
      'nothing to change: give a quarantine, a time to reclaim after, whether addresses are followed, or a docker length',
    );
  }
  throwIfAny(problems.list, 'invalid settings');
  const done = await pools.set(mutationId(request), name ?? '', {
    ...(quarantineSeconds === undefined ? {} : { quarantineSeconds }),
    ...(reclaimAfterSeconds === undefined ? {} : { reclaimAfterSeconds }),
    ...(mode === undefined ? {} : { mode }),
    ...(followAddress === undefined ? {} : { followAddress }),
    ...(dockerLength === undefined ? {} : { dockerLength }),
  });
  return {
    pool: wireFromPool(feed.view, request.name, Date.now()),
    unchanged: done.unchanged,
    change: done.message,
  };
}

/** ipamService binds the calls about ranges, leases and addresses. */
export function ipamService(deps: IpamDeps): ServiceBinding {
  const implementation = {
    ResizePool: unary((request) => resizePool(deps, request)),
    SetPool: unary((request) => setPool(deps, request)),
    CheckIpam: unary(() => checkIpam(deps)),
    ReleaseFinding: unary((request) => releaseFinding(deps, request)),
  } satisfies Partial<IpamServiceHandlers>;
  return { definition: services.ipam.service, implementation };
}
