// An index of the records that depend on each other, by what they can conflict over: a range, a node, a name, an
// address. consistency.ts compares them.
// Invariant: every existing key has a claim: an unreadable record still claims what its key names.
import {
  type Ipv4,
  type Prefix,
  prefixesOverlap,
  prefixKey,
  prefixOf,
  subnetCount,
  subnetKeyAt,
} from '../../proto/domain/address.js';
import { type Key, keys } from '../store/keys.js';
import type { NodeRecord, PoolRecord, RecordKind, RecordOf, SubnetRecord } from '../store/records.js';
import type { StoredEntry } from './held.js';

/** RecordClaim is a key in the store, with its record. */
export type RecordClaim<T> = {
  readonly key: string;
  /** Undefined if the record is unreadable. */
  readonly record: T | undefined;
  readonly createRevision: number;
  readonly modRevision: number;
};

/** SubnetClaim is the claim of a subnet's key, with the parts of the key. */
export type SubnetClaim = RecordClaim<SubnetRecord> & { readonly pool: string; readonly subnet: Prefix };

/** OwnerClaim is the claim of the key of a name or an address. */
export type OwnerClaim = RecordClaim<RecordOf<'name'>>;

/** CheckedKey is a key whose record is checked against others. */
export type CheckedKey = Extract<Key, { readonly kind: 'pool' | 'node' | 'name' | 'address' | 'subnet' }>;

/** CheckedClaim is a checked key and its claim; undefined: the key does not exist. */
export type CheckedClaim =
  | { readonly key: KeyOf<'pool'>; readonly claim: RecordClaim<PoolRecord> | undefined; readonly kind: 'pool' }
  | { readonly key: KeyOf<'node'>; readonly claim: RecordClaim<NodeRecord> | undefined; readonly kind: 'node' }
  | { readonly key: KeyOf<'name'>; readonly claim: OwnerClaim | undefined; readonly kind: 'name' }
  | { readonly key: KeyOf<'address'>; readonly claim: OwnerClaim | undefined; readonly kind: 'address' }
  | { readonly key: KeyOf<'subnet'>; readonly claim: RecordClaim<SubnetRecord> | undefined; readonly kind: 'subnet' };

type KeyOf<K extends CheckedKey['kind']> = Extract<CheckedKey, { readonly kind: K }>;

/** isChecked reports whether a key's record is checked against others. */
export function isChecked(key: Key): key is CheckedKey {
  return ['pool', 'node', 'name', 'address', 'subnet'].includes(key.kind);
}

function claimOf<K extends RecordKind>(kind: K, entry: StoredEntry | undefined): RecordClaim<RecordOf<K>> | undefined {
  if (entry === undefined) return undefined;
  const { key, createRevision, modRevision } = entry;
  return { key, record: entry.read(kind), createRevision, modRevision };
}

/** checkedClaim returns the claim of a key; undefined: the key does not exist. */
export function checkedClaim(key: CheckedKey, entry: StoredEntry | undefined): CheckedClaim {
  switch (key.kind) {
    case 'pool':
      return { kind: 'pool', key, claim: claimOf('pool', entry) };
    case 'node':
      return { kind: 'node', key, claim: claimOf('node', entry) };
    case 'name':
      return { kind: 'name', key, claim: claimOf('name', entry) };
    case 'address':
      return { kind: 'address', key, claim: claimOf('address', entry) };
    case 'subnet':
      return { kind: 'subnet', key, claim: claimOf('subnet', entry) };
  }
}

class Groups<G, T> {
  readonly #groups = new Map<G, Set<T>>();

  add(group: G | undefined, member: T): void {
    if (group === undefined) return;
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, new Set([member]));
    else members.add(member);
  }

  remove(group: G | undefined, member: T): void {
    if (group === undefined) return;
    const members = this.#groups.get(group);
    members?.delete(member);
    if (members?.size === 0) this.#groups.delete(group);
  }

  of(group: G): ReadonlySet<T> {
    return this.#groups.get(group) ?? new Set();
  }

  get size(): number {
    return this.#groups.size;
  }
}

/**
 * leaseholderOf returns the node that a subnet is leased to; undefined if it is not leased or its record is unreadable.
 */
export function leaseholderOf(claim: SubnetClaim | undefined): string | undefined {
  return claim?.record?.state === 'leased' ? claim.record.node : undefined;
}

/** isOlderClaim reports whether the key of a claim was created before that of another. */
export function isOlderClaim(a: RecordClaim<unknown>, b: RecordClaim<unknown>): boolean {
  return a.createRevision === b.createRevision ? a.key < b.key : a.createRevision < b.createRevision;
}

/** Claims indexes all claims. */
export class Claims {
  readonly pools = new Map<string, RecordClaim<PoolRecord>>();
  /** By id. */
  readonly nodes = new Map<string, RecordClaim<NodeRecord>>();
  readonly names = new Map<string, OwnerClaim>();
  readonly addresses = new Map<Ipv4, OwnerClaim>();
  /** By key. */
  readonly subnets = new Map<string, SubnetClaim>();
  /** Ids of the nodes whose record has this name, or this address. */
  readonly nodesOfName = new Groups<string, string>();
  readonly nodesOfAddress = new Groups<Ipv4, string>();
  /** Keys of the subnets that are leased to a node. */
  readonly leasesOfNode = new Groups<string, string>();
  readonly subnetsOfPool = new Groups<string, string>();
  /** Keys of the names and addresses whose record names a node. */
  readonly ownedBy = new Groups<string, string>();
  // By prefix length, then by prefixKey. A fleet has one or two lengths, so finding overlaps takes one or two steps.
  readonly #byLength = new Map<number, Groups<number, string>>();

  /** put records the current claim of a key. */
  put({ kind, key, claim }: CheckedClaim): void {
    switch (kind) {
      case 'pool':
        set(this.pools, key.name, claim);
        break;
      case 'node':
        this.#putNode(key.id, claim);
        break;
      case 'name':
        this.#putOwner(this.names, key.name, keys.name(key.name), claim);
        break;
      case 'address':
        this.#putOwner(this.addresses, key.address, keys.address(key.address), claim);
        break;
      case 'subnet':
        this.#putSubnet(key, claim);
        break;
    }
  }

  #putOwner<K>(owners: Map<K, OwnerClaim>, owned: K, key: string, claim: OwnerClaim | undefined): void {
    this.ownedBy.remove(owners.get(owned)?.record?.node, key);
    set(owners, owned, claim);
    this.ownedBy.add(claim?.record?.node, key);
  }

  #putNode(id: string, claim: RecordClaim<NodeRecord> | undefined): void {
    const before = this.nodes.get(id)?.record;
    this.nodesOfName.remove(before?.name, id);
    this.nodesOfAddress.remove(before?.address, id);
    set(this.nodes, id, claim);
    this.nodesOfName.add(claim?.record?.name, id);
    this.nodesOfAddress.add(claim?.record?.address, id);
  }

  #putSubnet(
    { pool, subnet }: { readonly pool: string; readonly subnet: Prefix },
    claim: RecordClaim<SubnetRecord> | undefined,
  ) {
    const key = keys.subnet(pool, subnet);
    const id = prefixKey(subnet);
    const before = this.subnets.get(key);
    this.leasesOfNode.remove(leaseholderOf(before), key);
    const ofLength = this.#byLength.get(subnet.length) ?? new Groups<number, string>();
    if (claim === undefined) {
      this.subnets.delete(key);
      this.subnetsOfPool.remove(pool, key);
      ofLength.remove(id, key);
      if (ofLength.size === 0) this.#byLength.delete(subnet.length);
      return;
    }
    const whole: SubnetClaim = { ...claim, pool, subnet };
    this.subnets.set(key, whole);
    this.subnetsOfPool.add(pool, key);
    this.#byLength.set(subnet.length, ofLength);
    ofLength.add(id, key);
    this.leasesOfNode.add(leaseholderOf(whole), key);
  }

  /** sameSubnet returns the claims of exactly this subnet (prefixKey), in any pool. */
  sameSubnet(id: number): readonly SubnetClaim[] {
    return [...this.#claims(this.#byLength.get(id % 64)?.of(id) ?? [])];
  }

  /** overlapping yields every claim of a subnet that overlaps a range, the range itself included. */
  *overlapping(range: Prefix): Generator<SubnetClaim> {
    for (const [length, ofLength] of this.#byLength) {
      if (length <= range.length) yield* this.#claims(ofLength.of(prefixKey(prefixOf(range.network, length))));
      else if (subnetCount(range, length) <= ofLength.size) {
        const count = subnetCount(range, length);
        for (let index = 0; index < count; index++) yield* this.#claims(ofLength.of(subnetKeyAt(range, length, index)));
      } else {
        for (const claim of this.subnets.values()) {
          if (claim.subnet.length === length && prefixesOverlap(claim.subnet, range)) yield claim;
        }
      }
    }
  }

  *#claims(names: Iterable<string>): Generator<SubnetClaim> {
    for (const key of names) {
      const claim = this.subnets.get(key);
      if (claim !== undefined) yield claim;
    }
  }
}

function set<K, T>(map: Map<K, T>, key: K, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
