// How a host realises its leases, and which of them exclude each other on one host. Pure.
import { usesDefaultNetwork } from '../../proto/domain/default-network.js';
import { type Lan, type Mode, usesDocker0, usualNetworkLength } from '../../proto/domain/network.js';
import type { LeaseRecord, NodeRecord, PoolRecord } from '../store/records.js';
import { type Claims, isOlderClaim, type SubnetClaim } from './claims.js';

/** LeaseNetwork is how a host realises a lease. */
export type LeaseNetwork = {
  readonly mode: Mode;
  /** Of mode block: see Lease. */
  readonly networkLength?: number;
  /** See Lease. */
  readonly dockerLength?: number;
  /** Of mode lan. */
  readonly lan?: Lan;
  readonly networkName: string;
  readonly bridgeName: string;
};

/**
 * networkOf returns how a host realises a lease: as its record says, else as the node's does, else as the pool's does. All
 * leases of a pool of mode lan are of that mode, and no others.
 */
export function networkOf(
  lease: Pick<LeaseRecord, 'mode' | 'networkName' | 'bridgeName'>,
  node: Pick<NodeRecord, 'mode'> | undefined,
  pool: Pick<PoolRecord, 'mode' | 'networkLength' | 'dockerLength' | 'lan' | 'networkName' | 'bridgeName'>,
): LeaseNetwork {
  const own = [lease.mode, node?.mode].find((each) => each !== undefined && each !== 'lan');
  const mode = pool.mode === 'lan' ? 'lan' : (own ?? pool.mode);
  return {
    mode,
    ...(pool.lan === undefined ? {} : { lan: pool.lan }),
    ...(mode === 'block' ? { networkLength: pool.networkLength ?? usualNetworkLength } : {}),
    ...(pool.dockerLength === undefined ? {} : { dockerLength: pool.dockerLength }),
    networkName: lease.networkName ?? pool.networkName,
    bridgeName: lease.bridgeName ?? pool.bridgeName,
  };
}

/**
 * clashOf returns what two leases of one host must not share: "mode bip", "network xnet", "bridge xnet0"; undefined: nothing. Docker has one
 * default network, but a lease that ends leaves docker0 to another. docker0 keeps its address when the bridge of mode lan becomes
 * that of the default network, so such leases exclude each other until one has ended.
 */
export function clashOf(a: LeaseNetwork & { readonly ending: boolean }, b: typeof a): string | undefined {
  if (usesDefaultNetwork(a) && usesDefaultNetwork(b) && (a.mode === 'lan' || b.mode === 'lan')) {
    return "Docker's default network";
  }
  const [first, second] = [usesDocker0(a.mode), usesDocker0(b.mode)];
  if (first !== second) return undefined;
  if (first) return a.ending || b.ending ? undefined : a.mode === b.mode ? `mode ${a.mode}` : 'docker0';
  if (a.networkName === b.networkName) return `network ${a.networkName}`;
  return a.bridgeName === b.bridgeName ? `bridge ${a.bridgeName}` : undefined;
}

/** Rival is an earlier lease of a node that its host can't have together with another one. */
export type Rival = {
  readonly first: SubnetClaim;
  /** See clashOf. */
  readonly shared: string;
};

/** rivalOf returns the first lease of a node that excludes its lease `own`; undefined: none does. */
export function rivalOf(claims: Claims, own: SubnetClaim, node: string): Rival | undefined {
  const network = claimedNetwork(claims, own, node);
  if (network === undefined) return undefined;
  const made = claims.nodes.get(node)?.createRevision;
  let rival: Rival | undefined;
  for (const key of claims.leasesOfNode.of(node)) {
    const other = claims.subnets.get(key);
    const its = other === undefined ? undefined : claimedNetwork(claims, other, node);
    if (other === undefined || its === undefined || key === own.key || !precedes(other, own, made)) continue;
    const shared = clashOf(network, its);
    if (shared !== undefined && (rival === undefined || precedes(other, rival.first, made))) {
      rival = { first: other, shared };
    }
  }
  return rival;
}

// A node's first lease is written in the transaction that adds the node; otherwise the older lease precedes. The age of
// the key is not enough: a subnet that was leased before keeps its key.
function precedes(a: SubnetClaim, b: SubnetClaim, nodeMade: number | undefined): boolean {
  const [aIsFirst, bIsFirst] = [a.modRevision === nodeMade, b.modRevision === nodeMade];
  return aIsFirst === bIsFirst ? isOlderClaim(a, b) : aIsFirst;
}

function claimedNetwork(claims: Claims, { pool, record }: SubnetClaim, node: string) {
  const poolRecord = claims.pools.get(pool)?.record;
  if (record?.state !== 'leased' || poolRecord === undefined) return undefined;
  const network = networkOf(record, claims.nodes.get(node)?.record, poolRecord);
  return { ...network, ending: record.endingMs !== undefined };
}
