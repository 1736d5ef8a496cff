// Checks the part of a request about a host that keeps one of its Docker networks.
import { checkAddress, checkName, checkPrefix, type Problems } from '../../proto/domain/input.js';
import type { AdoptedHost__Output } from '../../proto/gen/xnet/v1/AdoptedHost.js';
import { enumProblem, modeFromWire } from '../../proto/rpc/convert.js';
import type { TokenRecord } from '../store/records.js';
import { labelsOf } from './node-calls.js';

/** adoptedOf returns the host; undefined if it is invalid: `problems` has the reasons. */
export function adoptedOf(wire: AdoptedHost__Output, problems: Problems): TokenRecord['adopt'] {
  const name = problems.take('name', checkName(wire.name));
  const address = problems.take('address', checkAddress(wire.address));
  const subnet = wire.subnet === '' ? undefined : problems.take('subnet', checkPrefix(wire.subnet));
  for (const problem of enumProblem('mode', wire.mode)) problems.add(problem);
  const mode = modeFromWire(wire.mode);
  const labels = labelsOf(wire.labels, problems);
  if (name === undefined || address === undefined) return undefined;
  return {
    name,
    address,
    labels,
    ...(mode === undefined ? {} : { mode }),
    ...(subnet === undefined ? {} : { subnet }),
  };
}
