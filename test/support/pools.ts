// Pool states for tests of decisions about them.

import type { PoolState } from '../../controller/registry/allocate.js';
import type { NodeRecord, PoolRecord, StatusRecord, SubnetRecord } from '../../controller/store/records.js';
import type { Prefix } from '../../proto/domain/address.js';
import { parseIpv4, parsePrefix, prefixKey } from '../../proto/domain/address.js';
import type { LeaseUse } from '../../proto/domain/network.js';

/** prefix parses a CIDR that is known to be valid. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

/** address parses an address that is known to be valid. */
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

/** nodeRecord returns an active node without labels. */
export function nodeRecord(name: string, at: string): NodeRecord {
  return { name, address: address(at), labels: {}, availability: 'active', createdMs: 0 };
}

/** poolRecord returns a pool without reservations. */
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

/** poolStateOf returns a pool with records, by subnet. */
export function poolStateOf(record: PoolRecord, subnets: Iterable<readonly [Prefix, SubnetRecord]> = []): PoolState {
  return {
    name: 'default',
    record,
    subnets: new Map([...subnets].map(([subnet, entry]) => [prefixKey(subnet), entry])),
    excluded: new Set(),
    blocked: [],
  };
}

/** leased returns the record of a subnet leased to a node. */
export function leased(node: string): SubnetRecord {
  return { state: 'leased', node, generation: 1, sinceMs: 0 };
}

/** quarantined returns the record of a subnet that a node released at `sinceMs`. */
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

/** statusRecord returns the stored report of a host that uses its leases like this. */
export function statusRecord(leases: readonly LeaseUse[]): StatusRecord {
  return {
    routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0 },
    conditions: [],
    daemonVersion: '0',
    kernelVersion: '6.1',
    dockerVersion: '28.0',
    hostNetworks: [],
    silentPeers: [],
    leases,
    containers: [],
    containerCount: 0,
    reportedMs: 0,
  };
}
