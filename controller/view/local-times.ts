// Times in records, by this controller's own clock: a duration counts from when this controller saw the record begin.
// Records of older versions have no duration: then the time stands as it was written, by whatever clock.
import type { ClusterRecord, RecordKind, RecordOf, SubnetRecord, TokenRecord } from '../store/records.js';

/** Since says for how long a record, and its key, have been there: milliseconds. */
export type Since = { readonly record: () => number; readonly key: () => number };

/** localToken is a token that ends its life after the moment it was made. */
export function localToken(token: TokenRecord, ageMs: number, nowMs: number): TokenRecord {
  return token.ttlMs === undefined ? token : { ...token, expiresMs: nowMs - ageMs + token.ttlMs };
}

function localSubnet(subnet: SubnetRecord, ageMs: number, nowMs: number): SubnetRecord {
  if (subnet.state !== 'quarantined' || subnet.quarantineMs === undefined) return subnet;
  return { ...subnet, untilMs: nowMs - ageMs + subnet.quarantineMs };
}

function localCluster(cluster: ClusterRecord, ageMs: number, nowMs: number): ClusterRecord {
  return cluster.acceptedMs === undefined ? cluster : { ...cluster, acceptedMs: nowMs - ageMs };
}

/** localTimes is a record with its times by the clock that `nowMs` is of. */
export function localTimes(kind: RecordKind, record: RecordOf<RecordKind>, since: Since, nowMs: number) {
  if (kind === 'subnet') return localSubnet(record as SubnetRecord, since.record(), nowMs);
  // Its uses change it, which makes it no younger.
  if (kind === 'token') return localToken(record as TokenRecord, since.key(), nowMs);
  if (kind === 'cluster') return localCluster(record as ClusterRecord, since.record(), nowMs);
  return record;
}
