// Checks the request to create a pool. Pure. Invariant: all problems are reported together.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import {
  checkAddress,
  checkDockerName,
  checkInterfaceName,
  checkName,
  checkPrefix,
  checkText,
  Problems,
} from '../../proto/domain/input.js';
import { type Lan, usualLanName } from '../../proto/domain/network.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { CreatePoolRequest__Output } from '../../proto/gen/xnet/v1/CreatePoolRequest.js';
import type { Reservation__Output } from '../../proto/gen/xnet/v1/Reservation.js';
import { enumProblem, modeFromWire } from '../../proto/rpc/convert.js';
import { checkReservable } from '../registry/allocate.js';
import { lanProblems } from '../registry/lan.js';
import {
  dockerLengthProblems,
  fittingSubnetLength,
  hasRoomForSubnet,
  longestQuarantineSeconds,
  modeProblems,
  type NewPool,
  poolProblems,
  usualSubnetLength,
} from '../registry/pool-rules.js';
import type { ReservationRecord } from '../store/records.js';

const defaultQuarantineSeconds = 3_600;

/** checkedNetworkName checks the name of the Docker network of modes bridge and lan. */
export function checkedNetworkName(text: string, problems: Problems): string | undefined {
  const name = problems.take('network name', checkDockerName(text));
  if (name === undefined || !['bridge', 'host', 'none', 'default'].includes(name)) return name;
  problems.add(`network name: ${name} is one of Docker's own`);
  return undefined;
}

/** checkedBridgeName checks the name of the Linux bridge of modes bridge and lan. */
export function checkedBridgeName(text: string, problems: Problems): string | undefined {
  const name = problems.take('bridge name', checkInterfaceName(text));
  if (name !== 'docker0') return name;
  problems.add("bridge name: docker0 is Docker's own");
  return undefined;
}

// Undefined: there is none, or it has a problem.
function lanOf({ lan }: CreatePoolRequest__Output, cidr: Prefix | undefined, problems: Problems): Lan | undefined {
  if (lan === null) return undefined;
  const prefix = lan.prefix === '' ? cidr : problems.take('lan', checkPrefix(lan.prefix));
  const gateway = problems.take('gateway', checkAddress(lan.gateway));
  if (prefix === undefined || gateway === undefined) return undefined;
  return { prefix, gateway, ...(lan.defaultNetwork ? { defaultNetwork: true } : {}) };
}

function reservationFrom({ cidr: text, nodeName, reason }: Reservation__Output, problems: Problems) {
  const cidr = problems.take('reservation', checkPrefix(text));
  const why = problems.take('reason', checkText(reason));
  const node = nodeName === '' ? undefined : problems.take('node', checkName(nodeName));
  return cidr === undefined ? [] : [{ cidr, reason: why ?? '', ...(node === undefined ? {} : { nodeName: node }) }];
}

function checkReservations(
  pool: Omit<NewPool, 'reservations'>,
  wanted: readonly ReservationRecord[],
  problems: Problems,
) {
  const before: ReservationRecord[] = [];
  for (const each of wanted) {
    const record = { ...pool, reservations: before, createdMs: 0 };
    const problem = checkReservable(
      { name: pool.name, record, subnets: new Map() },
      each.cidr,
      each.nodeName,
      () => '',
    );
    if (problem === undefined) before.push(each);
    else problems.add(`reservation: ${problem}`);
  }
}

/**
 * newPoolOf returns the pool that a request describes.
 * @throws XnetError InvalidArgument with all problems
 */
export function newPoolOf(request: CreatePoolRequest__Output): NewPool {
  const problems = new Problems();
  const name = problems.take('name', checkName(request.name));
  const cidr = problems.take('cidr', checkPrefix(request.cidr));
  for (const problem of enumProblem('mode', request.mode)) problems.add(problem);
  const mode = modeFromWire(request.mode) ?? 'bip';
  const isLan = mode === 'lan';
  const networkName = checkedNetworkName(request.networkName || (isLan ? usualLanName : 'xnet'), problems);
  const bridgeName = checkedBridgeName(request.bridgeName || (isLan ? usualLanName : 'xnet0'), problems);
  const quarantineSeconds = request.quarantineSeconds ?? defaultQuarantineSeconds;
  if (quarantineSeconds > longestQuarantineSeconds) problems.add('quarantine: longer than a year');
  const subnetLength = request.subnetLength || usualSubnetLength;
  const fitting = cidr === undefined ? usualSubnetLength : fittingSubnetLength(cidr);
  const isLengthNeeded = request.subnetLength === 0 && fitting !== usualSubnetLength;
  if (cidr !== undefined && isLengthNeeded && hasRoomForSubnet(cidr)) {
    problems.add(
      `subnet length: ${formatPrefix(cidr)} is small for subnets of /${usualSubnetLength}: state their length, ` +
        `such as xctl pools create ${name ?? 'NAME'} ${formatPrefix(cidr)} --subnet-length ${fitting}`,
    );
    throwIfAny(problems.list, 'invalid pool');
  }
  const lan = lanOf(request, cidr, problems);
  const parts = {
    subnetLength,
    ...(request.networkLength === 0 ? {} : { networkLength: request.networkLength }),
    ...(request.dockerLength === 0 ? {} : { dockerLength: request.dockerLength }),
    ...(lan === undefined ? {} : { lan }),
  };
  const reservations = request.reservations.flatMap((each) => reservationFrom(each, problems));
  if (cidr !== undefined) {
    for (const problem of poolProblems({ cidr, subnetLength })) problems.add(problem);
    for (const problem of modeProblems({ name: request.name, mode, ...parts })) problems.add(problem);
    for (const problem of dockerLengthProblems({ mode, ...parts })) problems.add(problem);
    if (request.lan === null || lan !== undefined) {
      for (const problem of lanProblems({ mode, cidr, ...parts })) problems.add(problem);
    }
  }
  if (name !== undefined && cidr !== undefined && networkName !== undefined && bridgeName !== undefined) {
    const pool = { name, cidr, mode, ...parts, networkName, bridgeName, quarantineSeconds };
    checkReservations(pool, reservations, problems);
    throwIfAny(problems.list, 'invalid pool');
    return reservations.length === 0 ? pool : { ...pool, reservations };
  }
  throwIfAny(problems.list, 'invalid pool');
  throw new XnetError('Internal', 'missing validation problem');
}
