// Converts times in records to this controller's clock: a duration counts from when this controller first saw the record.
// Records of older versions have no duration; their times are used as written, whichever clock wrote them.
import type { ClusterRecord, NodeRecord, RecordKind, RecordOf, SubnetRecord, TokenRecord } from '../store/records.js';

/** Since returns how long a record, and its key, have existed, or how long ago a revision was, in milliseconds. */
export type Since = {
  readonly record: () => number;
  readonly key: () => number;
  readonly revision: (revision: number) => number;
};

/** localToken returns a token that expires one lifetime after its creation. */
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

// Not the age of the record: other changes of the node do not begin its drain anew.
function localNode(node: NodeRecord, since: Since, nowMs: number): NodeRecord {
  const { drain } = node;
  if (drain?.revision === undefined) return node;
  return { ...node, drain: { ...drain, sinceMs: nowMs - since.revision(drain.revision) } };
}

type ToLocal<T> = (record: T, since: Since, nowMs: number) => T;

// Kinds without an entry have no time for which the difference between clocks matters.
const toLocal: { readonly [K in RecordKind]?: ToLocal<RecordOf<K>> } = {
  cluster: (record, since, nowMs) => localCluster(record, since.record(), nowMs),
  node: localNode,
  subnet: (record, since, nowMs) => localSubnet(record, since.record(), nowMs),
  // The age of the key, not of the record: each use of a token changes its record.
  token: (record, since, nowMs) => localToken(record, since.key(), nowMs),
};

/** localTimes returns a record with its times by the clock that `nowMs` was read from. */
export function localTimes<K extends RecordKind>(
  kind: K,
  record: RecordOf<K>,
  since: Since,
  nowMs: number,
): RecordOf<K> {
  const convert: ToLocal<RecordOf<K>> | undefined = toLocal[kind];
  return convert === undefined ? record : convert(record, since, nowMs);
}
