// Decides which of several contradicting records to act on. Each change is judged together with the records that it can
// affect.
// Invariant: a verdict depends on the content of the store, not on the order in which this controller received it, so all
// controllers agree. Of two records that exclude each other, the older one stands: a later write revokes nothing that was
// granted.
import { formatIpv4, formatPrefix, prefixCovers, prefixesOverlap } from '../../proto/domain/address.js';
import { keys, parseKey } from '../store/keys.js';
import type { NodeRecord, PoolRecord } from '../store/records.js';
import {
  type CheckedClaim,
  type CheckedKey,
  Claims,
  isChecked,
  isOlderClaim,
  leaseholderOf,
  type OwnerClaim,
  type RecordClaim,
  type SubnetClaim,
} from './claims.js';
import { rivalOf } from './lease-network.js';

/** ClaimVerdict says whether a record is acted on, and what it contradicts. */
export type ClaimVerdict = {
  /** Whether to act on the record. False if an older record excludes it, or if it is unreadable. */
  readonly stands: boolean;
  /** The contradictions, one line each; empty if there are none. */
  readonly problems: readonly string[];
};

/** Settled is a key whose verdict may have changed. */
export type Settled = {
  readonly key: CheckedKey;
  readonly text: string;
  /** Whether the key exists. */
  readonly exists: boolean;
  readonly stands: boolean;
};

// The result does not depend on the order of `claims`.
function oldestOf<C extends RecordClaim<unknown>>(claims: readonly C[]): C | undefined {
  return claims.reduce<C | undefined>(
    (oldest, claim) => (oldest === undefined || isOlderClaim(claim, oldest) ? claim : oldest),
    undefined,
  );
}

// Returns the part of a record that others depend on; undefined if the record is unreadable.
function poolMeaning(claim: RecordClaim<PoolRecord> | undefined): string | undefined {
  if (claim?.record === undefined) return undefined;
  const { cidr, subnetLength, mode, networkLength, dockerLength, lan, networkName, bridgeName } = claim.record;
  const sizes = [cidr.network, cidr.length, subnetLength, networkLength, dockerLength];
  return [claim.createRevision, ...sizes, mode, JSON.stringify(lan), networkName, bridgeName].join(' ');
}

function nodeMeaning(claim: RecordClaim<NodeRecord> | undefined): string | undefined {
  if (claim?.record === undefined) return undefined;
  const { name, address, mode } = claim.record;
  return `${claim.createRevision} ${name} ${address} ${mode}`;
}

/** Consistency holds the records that depend on each other, and the contradictions between them. */
export class Consistency {
  readonly claims = new Claims();
  /** The contradictions of each key. */
  readonly contradictions = new Map<string, string>();
  readonly #due = new Map<string, CheckedKey>();

  /** put stores the present state of a key, given as text and as parts. */
  put(text: string, checked: CheckedClaim): void {
    const { key } = checked;
    this.#due.set(text, key);
    if (!this.#hasSameMeaning(checked)) {
      if (this.claimOf(key) !== undefined) this.#noteNeighbours(key);
      this.claims.put(checked);
      this.#noteNeighbours(key);
    } else this.claims.put(checked);
  }

  // A changed label or reservation does not affect other records. In a name, an address or a subnet, every field does.
  #hasSameMeaning({ kind, key, claim }: CheckedClaim): boolean {
    if (kind !== 'pool' && kind !== 'node') return false;
    const before =
      kind === 'pool' ? poolMeaning(this.claims.pools.get(key.name)) : nodeMeaning(this.claims.nodes.get(key.id));
    return before !== undefined && before === (kind === 'pool' ? poolMeaning(claim) : nodeMeaning(claim));
  }

  /** settle judges the keys put since the last call, and all keys that these may affect. */
  settle(): readonly Settled[] {
    const settled: Settled[] = [];
    for (const [text, key] of this.#due) {
      const exists = this.claimOf(key) !== undefined;
      const { stands, problems } = this.verdictOf(key);
      if (problems.length === 0) this.contradictions.delete(text);
      else this.contradictions.set(text, problems.join('; '));
      settled.push({ key, text, exists, stands });
    }
    this.#due.clear();
    return settled;
  }

  /** claimOf returns a key's claim in the store; undefined if the key does not exist. */
  claimOf(key: CheckedKey): RecordClaim<unknown> | undefined {
    switch (key.kind) {
      case 'pool':
        return this.claims.pools.get(key.name);
      case 'node':
        return this.claims.nodes.get(key.id);
      case 'name':
        return this.claims.names.get(key.name);
      case 'address':
        return this.claims.addresses.get(key.address);
      case 'subnet':
        return this.claims.subnets.get(keys.subnet(key.pool, key.subnet));
    }
  }

  /** verdictOf judges one key. */
  verdictOf(key: CheckedKey): ClaimVerdict {
    const claim = this.claimOf(key);
    // Unreadable records are reported elsewhere. Their key alone still excludes others.
    if (claim?.record === undefined) return { stands: false, problems: [] };
    switch (key.kind) {
      case 'pool':
        return this.#pool(key.name);
      case 'node':
        return this.#node(key.id);
      case 'name':
        return this.#owner(this.claims.names.get(key.name), ({ name }) => name === key.name);
      case 'address':
        return this.#owner(this.claims.addresses.get(key.address), ({ address }) => address === key.address);
      case 'subnet':
        return this.#subnet(this.claims.subnets.get(keys.subnet(key.pool, key.subnet)));
    }
  }

  #pool(name: string): ClaimVerdict {
    const own = this.claims.pools.get(name);
    if (own?.record === undefined) return { stands: false, problems: [] };
    const { cidr } = own.record;
    const overlapping = [...this.claims.pools.values()].filter(
      ({ record }) => record !== undefined && prefixesOverlap(record.cidr, cidr),
    );
    const older = oldestOf(overlapping.filter((other) => isOlderClaim(other, own)));
    if (older?.record === undefined) return { stands: true, problems: [] };
    const ranges = `${formatPrefix(cidr)} overlaps ${formatPrefix(older.record.cidr)} of ${older.key}`;
    return { stands: false, problems: [`${ranges}, which is older and stands`] };
  }

  #node(id: string): ClaimVerdict {
    const { names, addresses, nodesOfName, nodesOfAddress, leasesOfNode } = this.claims;
    const record = this.claims.nodes.get(id)?.record;
    if (record === undefined) return { stands: false, problems: [] };
    const { name, address } = record;
    const problems: string[] = [];
    let stands = true;
    for (const [what, key, owner, sharing] of [
      [`name ${name}`, keys.name(name), names.get(name), nodesOfName.of(name)],
      [`address ${formatIpv4(address)}`, keys.address(address), addresses.get(address), nodesOfAddress.of(address)],
    ] as const) {
      const first = this.#firstOf(sharing, owner?.record?.node);
      if (first !== undefined && first !== id) {
        stands = false;
        problems.push(`its ${what} is that of node ${first}, which was first and stands`);
      } else if (owner === undefined) problems.push(`there is no key ${key}, which keeps its ${what} from others`);
    }
    if (leasesOfNode.of(id).size === 0) problems.push('it has no lease that can be read');
    return { stands, problems };
  }

  // Of the nodes with the same name or address, returns the one that the key of the name or address names, else the oldest.
  #firstOf(ids: ReadonlySet<string>, named: string | undefined): string | undefined {
    if (named !== undefined && ids.has(named)) return named;
    let first: RecordClaim<unknown> | undefined;
    let firstId: string | undefined;
    for (const id of ids) {
      const claim = this.claims.nodes.get(id);
      if (claim === undefined || (first !== undefined && !isOlderClaim(claim, first))) continue;
      first = claim;
      firstId = id;
    }
    return firstId;
  }

  #owner(owner: OwnerClaim | undefined, says: (record: NodeRecord) => boolean): ClaimVerdict {
    const node = owner?.record?.node ?? '';
    const claim = this.claims.nodes.get(node);
    if (claim === undefined) return { stands: false, problems: [`its node ${node} does not exist`] };
    if (claim.record === undefined || says(claim.record)) return { stands: true, problems: [] };
    const { name, address } = claim.record;
    return { stands: false, problems: [`its node ${node} is ${name} at ${formatIpv4(address)}`] };
  }

  #subnet(own: SubnetClaim | undefined): ClaimVerdict {
    if (own === undefined) return { stands: false, problems: [] };
    const problems: string[] = [];
    const older = oldestOf([...this.claims.overlapping(own.subnet)].filter((other) => isOlderClaim(other, own)));
    if (older !== undefined) problems.push(`it overlaps ${older.key}, which is older and stands`);
    const node = leaseholderOf(own);
    const rival = node === undefined ? undefined : rivalOf(this.claims, own, node);
    if (rival !== undefined) {
      const { first, shared } = rival;
      problems.push(`its node ${node} holds ${first.key}, also of ${shared}, which was first and stands`);
    }
    const stands = problems.length === 0;
    if (node !== undefined && !this.claims.nodes.has(node)) problems.push(`its node ${node} does not exist`);
    const misplaced = this.#misplacement(own);
    if (misplaced !== undefined) problems.push(misplaced);
    return { stands, problems };
  }

  #misplacement({ pool, subnet }: Pick<SubnetClaim, 'pool' | 'subnet'>): string | undefined {
    const claim = this.claims.pools.get(pool);
    if (claim === undefined) return `there is no pool ${pool}`;
    if (claim.record === undefined) return undefined;
    const { cidr, subnetLength } = claim.record;
    if (prefixCovers(cidr, subnet) && subnet.length === subnetLength) return undefined;
    return `pool ${pool} (${formatPrefix(cidr)}, subnets of /${subnetLength}) has no such subnet`;
  }

  /** isMisplaced reports whether a subnet is none of its pool; false if that can't be read. */
  isMisplaced(subnet: Pick<SubnetClaim, 'pool' | 'subnet'>): boolean {
    return this.#misplacement(subnet) !== undefined;
  }

  /** isInPool reports whether a subnet is one of those that its pool is divided into. */
  isInPool(claim: SubnetClaim): boolean {
    return this.claims.pools.get(claim.pool)?.record !== undefined && this.#misplacement(claim) === undefined;
  }

  // Marks every key that the present state of `key` can exclude or be excluded by.
  #noteNeighbours(key: CheckedKey): void {
    const { claims } = this;
    switch (key.kind) {
      case 'pool':
        for (const name of claims.pools.keys()) this.#notePool(name);
        for (const subnet of claims.subnetsOfPool.of(key.name)) {
          this.#noteSubnet(claims.subnets.get(subnet));
          this.#noteLeasesOf(leaseholderOf(claims.subnets.get(subnet)));
        }
        break;
      case 'node': {
        const record = claims.nodes.get(key.id)?.record;
        this.#noteLeasesOf(key.id);
        for (const owned of claims.ownedBy.of(key.id)) this.#noteOwned(owned);
        if (record === undefined) break;
        for (const id of claims.nodesOfName.of(record.name)) this.#noteNode(id);
        for (const id of claims.nodesOfAddress.of(record.address)) this.#noteNode(id);
        break;
      }
      case 'name':
        for (const id of claims.nodesOfName.of(key.name)) this.#noteNode(id);
        break;
      case 'address':
        for (const id of claims.nodesOfAddress.of(key.address)) this.#noteNode(id);
        break;
      case 'subnet': {
        for (const other of claims.overlapping(key.subnet)) this.#noteSubnet(other);
        // The belief in a deleted pool is kept as long as subnets of it exist.
        if (!claims.pools.has(key.pool)) this.#notePool(key.pool);
        const node = leaseholderOf(claims.subnets.get(keys.subnet(key.pool, key.subnet)));
        if (node === undefined) break;
        this.#noteNode(node);
        this.#noteLeasesOf(node);
        break;
      }
    }
  }

  #notePool(name: string): void {
    this.#due.set(keys.pool(name), { kind: 'pool', name });
  }

  #noteNode(id: string): void {
    this.#due.set(keys.node(id), { kind: 'node', id });
  }

  #noteSubnet(claim: SubnetClaim | undefined): void {
    if (claim !== undefined) this.#due.set(claim.key, { kind: 'subnet', pool: claim.pool, subnet: claim.subnet });
  }

  #noteLeasesOf(node: string | undefined): void {
    if (node === undefined) return;
    for (const lease of this.claims.leasesOfNode.of(node)) this.#noteSubnet(this.claims.subnets.get(lease));
  }

  #noteOwned(text: string): void {
    const key = parseKey(text);
    if (key !== undefined && isChecked(key)) this.#due.set(text, key);
  }
}
