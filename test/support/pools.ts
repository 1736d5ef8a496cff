// Pool states for tests of what is decided on them.

import type { PoolState } from '../../controller/registry/allocate.js';
import type { NodeRecord, PoolRecord, SubnetRecord } from '../../controller/store/records.js';
import type { Prefix } from '../../proto/domain/address.js';
import { parseIpv4, parsePrefix, prefixKey } from '../../proto/domain/address.js';

/** prefix reads a CIDR that is known to be one. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

/** address reads an address that is known to be one. */
export function address(text: string) {
  const parsed = parseIpv4(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

/** newDefaultPool is a request to create the pool "default". */
export const newDefaultPool = {
  name: 'default',
  cidr: prefix('10.76.0.0/16'),
  subnetLength: 24,
  mode: 'bip',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds: 60,
} as const;

/** nodeRecord is an active node without labels. */
export function nodeRecord(name: string, at: string): NodeRecord {
  return { name, address: address(at), labels: {}, availability: 'active', createdMs: 0 };
}

/** poolRecord is a pool without reservations. */
export function poolRecord(
  cidr: Prefix,
  subnetLength: number,
  reservations: PoolRecord['reservations'] = [],
): PoolRecord {
  return {
    cidr,
    subnetLength,
    mode: 'bip',
    networkName: 'xnet',
    bridgeName: 'xnet0',
    quarantineSeconds: 3600,
    reservations,
    createdMs: 0,
  };
}

/** poolStateOf is a pool with records, by subnet. */
export function poolStateOf(record: PoolRecord, subnets: Iterable<readonly [Prefix, SubnetRecord]> = []): PoolState {
  return {
    name: 'default',
    record,
    subnets: new Map([...subnets].map(([subnet, entry]) => [prefixKey(subnet), entry])),
    excluded: new Set(),
    blocked: [],
  };
}

/** leased is a lease of a node. */
export function leased(node: string): SubnetRecord {
  return { state: 'leased', node, generation: 1, sinceMs: 0 };
}

/** quarantined is a subnet that a node gave back at `sinceMs`. */
export function quarantined(nodeName: string, at: string, sinceMs: number, untilMs: number): SubnetRecord {
  return {
    state: 'quarantined',
    node: `n-${nodeName}`,
    nodeName,
    address: address(at),
    generation: 1,
    sinceMs,
    untilMs,
  };
}
