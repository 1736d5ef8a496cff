// The pools, nodes and leases that the controller acts on.
// Invariant: a record with a positive verdict is believed. A rejected or unreadable record changes nothing: the earlier
// belief under its key is kept. A deleted key is forgotten unless other records still depend on it: xnet never deletes it alone.
import { type Ipv4, type Prefix, prefixKey } from '../../proto/domain/address.js';
import { keys } from '../store/keys.js';
import type { NodeRecord, PoolRecord } from '../store/records.js';
import type { RecordClaim } from './claims.js';
import { Consistency, type Settled } from './consistency.js';
import type { Held, HeldSubnet } from './held.js';
import { PoolSubnets } from './pool-subnets.js';
import type { ViewChanges } from './view-changes.js';

/** Beliefs holds the believed records and their indexes. */
export class Beliefs {
  readonly consistency = new Consistency();
  readonly pools = new Map<string, Held<PoolRecord>>();
  readonly nodes = new Map<string, Held<NodeRecord>>();
  readonly nodeOfName = new Map<string, string>();
  readonly nodeOfAddress = new Map<Ipv4, string>();
  readonly subnets = new Map<number, HeldSubnet>();
  readonly subnetsOfPool = new Map<string, PoolSubnets>();
  /** prefixKeys of each node's leases, sorted; never an empty list. */
  readonly leasesOfNode = new Map<string, readonly number[]>();
  readonly unresolvedSubnets = new Map<number, Prefix>();
  readonly strays = new Map<string, Prefix>();
  readonly #former: Beliefs | undefined;

  /** @param former the beliefs of the previous view, kept wherever this view has no acceptable record */
  constructor(former: Beliefs | undefined) {
    this.#former = former;
  }

  /** settle applies the verdicts on the records that were put into `consistency` since the last call. */
  settle(touched: ViewChanges): void {
    for (const settled of this.consistency.settle()) {
      const { key } = settled;
      if (key.kind === 'pool') this.#settlePool(key.name, settled, touched);
      else if (key.kind === 'node') this.#settleNode(key.id, settled, touched);
      else if (key.kind === 'subnet') this.#settleSubnet(key, settled, touched);
    }
  }

  #settlePool(name: string, { exists, stands }: Settled, touched: ViewChanges): void {
    const held = stands ? heldOf(this.consistency.claims.pools.get(name)) : undefined;
    if (held !== undefined) {
      if (this.pools.get(name)?.record === held.record) return;
      this.pools.set(name, held);
    } else if (exists || this.consistency.claims.subnetsOfPool.of(name).size > 0) {
      const former = this.#former?.pools.get(name);
      if (former === undefined || this.pools.has(name)) return;
      this.pools.set(name, former);
    } else if (!this.pools.delete(name)) return;
    touched.pools = true;
  }

  #settleNode(id: string, { exists, stands }: Settled, touched: ViewChanges): void {
    const { claims } = this.consistency;
    const held = stands ? heldOf(claims.nodes.get(id)) : undefined;
    if (held !== undefined) {
      if (this.nodes.get(id)?.record !== held.record) this.#believeNode(id, held, touched);
    } else if (exists || claims.leasesOfNode.of(id).size > 0) {
      const former = this.#former?.nodes.get(id);
      if (former !== undefined && !this.nodes.has(id)) this.#believeNode(id, former, touched);
    } else this.#forgetNode(id, touched);
    this.#reviewLeases(id, touched);
  }

  #reviewLeases(id: string, touched: ViewChanges): void {
    const { claims } = this.consistency;
    for (const own of this.#leasesOf(id)) {
      if (!claims.subnets.has(keys.subnet(own.pool, own.subnet)) && !this.#isAwaited(own)) {
        this.#forgetSubnet(own, touched);
      }
    }
    const before = this.#former === undefined ? [] : this.#former.#leasesOf(id);
    for (const former of before) {
      const isReplaced = this.subnets.has(prefixKey(former.subnet)) || !claims.overlapping(former.subnet).next().done;
      if (!isReplaced && this.#isAwaited(former)) this.#believeSubnet(former, touched);
    }
  }

  #leasesOf(node: string): readonly HeldSubnet[] {
    return (this.leasesOfNode.get(node) ?? []).flatMap((id) => this.subnets.get(id) ?? []);
  }

  #believeNode(id: string, held: Held<NodeRecord>, touched: ViewChanges): void {
    this.#forgetNames(id);
    this.nodes.set(id, held);
    this.nodeOfName.set(held.record.name, id);
    this.nodeOfAddress.set(held.record.address, id);
    this.#touchNode(id, touched);
  }

  #forgetNode(id: string, touched: ViewChanges): void {
    if (!this.nodes.has(id)) return;
    this.#touchNode(id, touched);
    this.#forgetNames(id);
    this.nodes.delete(id);
  }

  #forgetNames(id: string): void {
    const before = this.nodes.get(id)?.record;
    if (before === undefined) return;
    if (this.nodeOfName.get(before.name) === id) this.nodeOfName.delete(before.name);
    if (this.nodeOfAddress.get(before.address) === id) this.nodeOfAddress.delete(before.address);
  }

  #touchNode(id: string, touched: ViewChanges): void {
    touched.nodes.add(id);
    for (const subnet of this.leasesOfNode.get(id) ?? []) touched.subnets.add(subnet);
  }

  #settleSubnet(
    { pool, subnet }: { readonly pool: string; readonly subnet: Prefix },
    { text, exists, stands }: Settled,
    touched: ViewChanges,
  ): void {
    const id = prefixKey(subnet);
    const before = this.subnets.get(id);
    const whole = this.consistency.claims.subnets.get(text);
    const held = stands ? heldOf(whole) : undefined;
    if (held !== undefined) {
      if (before?.record !== held.record || before.pool !== pool)
        this.#believeSubnet({ ...held, pool, subnet }, touched);
    } else if (exists) {
      const former = this.#former?.subnets.get(id);
      if (before === undefined && former?.pool === pool) this.#believeSubnet(former, touched);
      else if (before === undefined) touched.subnets.add(id);
    } else if (before?.pool === pool && !this.#isAwaited(before)) this.#forgetSubnet(before, touched);
    if (whole !== undefined && !(stands && this.consistency.isInPool(whole))) this.strays.set(text, subnet);
    else this.strays.delete(text);
    this.#noteUnresolved(id, subnet, touched);
  }

  // Reports whether the belief in a lease is kept although its key was deleted: as long as its node exists. xnet deletes
  // such a key only with its whole pool, or when the pool shrinks, after the lease has ended.
  #isAwaited({ pool, subnet, record }: HeldSubnet): boolean {
    const { nodes, leasesOfNode } = this.consistency.claims;
    if (record.state !== 'leased' || !nodes.has(record.node)) return false;
    return leasesOfNode.of(record.node).size === 0 || !this.consistency.isMisplaced({ pool, subnet });
  }

  #believeSubnet(held: HeldSubnet, touched: ViewChanges): void {
    const id = prefixKey(held.subnet);
    const { pool, record } = held;
    const before = this.subnets.get(id);
    if (before !== undefined) this.#dropSubnet(id, before, touched);
    this.subnets.set(id, held);
    const ofPool = this.subnetsOfPool.get(pool) ?? new PoolSubnets();
    this.subnetsOfPool.set(pool, ofPool.set(id, record));
    touched.subnets.add(id);
    this.unresolvedSubnets.delete(id);
    if (record.state !== 'leased') return;
    const leases = [...(this.leasesOfNode.get(record.node) ?? []), id].sort((a, b) => a - b);
    this.leasesOfNode.set(record.node, leases);
    touched.nodes.add(record.node);
  }

  #forgetSubnet(held: HeldSubnet, touched: ViewChanges): void {
    const id = prefixKey(held.subnet);
    this.#dropSubnet(id, held, touched);
    this.#noteUnresolved(id, held.subnet, touched);
  }

  #dropSubnet(id: number, { pool, record }: HeldSubnet, touched: ViewChanges): void {
    this.subnets.delete(id);
    this.subnetsOfPool.get(pool)?.delete(id);
    touched.subnets.add(id);
    if (record.state !== 'leased') return;
    touched.nodes.add(record.node);
    const left = (this.leasesOfNode.get(record.node) ?? []).filter((lease) => lease !== id);
    if (left.length === 0) this.leasesOfNode.delete(record.node);
    else this.leasesOfNode.set(record.node, left);
  }

  // If a subnet has records but none is believed, some node may hold it.
  #noteUnresolved(id: number, subnet: Prefix, touched: ViewChanges): void {
    const was = this.unresolvedSubnets.has(id);
    const is = !this.subnets.has(id) && this.consistency.claims.sameSubnet(id).length > 0;
    if (was === is) return;
    if (is) this.unresolvedSubnets.set(id, subnet);
    else this.unresolvedSubnets.delete(id);
    touched.subnets.add(id);
  }
}

function heldOf<T>(claim: RecordClaim<T> | undefined): Held<T> | undefined {
  return claim?.record === undefined ? undefined : { record: claim.record, modRevision: claim.modRevision };
}
