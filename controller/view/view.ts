// Everything in the store, in memory, as of one revision. Kept by view/keeper.ts from one watch; read by everybody.
// Invariant: a record that can't be read never removes the one before it: it is counted, reported and otherwise held.
import { type Ipv4, type Prefix, prefixCovers, prefixKey } from '../../proto/domain/address.js';
import { type Key, parseKey } from '../store/keys.js';
import {
  type AuthorityRecord,
  type CertificateRecord,
  type ClusterRecord,
  type ControllerRecord,
  decode,
  type EventRecord,
  type NodeRecord,
  type PoolRecord,
  type ProgressRecord,
  type RecordKind,
  type RecordOf,
  type RevokedRecord,
  type SessionRecord,
  type StatusRecord,
  type SubnetRecord,
  type TokenRecord,
} from '../store/records.js';
import type { Change, Entry, Listing } from '../store/store.js';

/** Held is a record and the revision it was last changed at, for guards. */
export type Held<T> = { readonly record: T; readonly modRevision: number };

/** HeldSubnet is a subnet's record with its key's parts. */
export type HeldSubnet = Held<SubnetRecord> & { readonly pool: string; readonly subnet: Prefix };

/** Touched says which parts of the view a batch of changes concerned. */
export type Touched = {
  /** prefixKey of subnets whose route may have changed. */
  readonly subnets: Set<number>;
  readonly nodes: Set<string>;
  pools: boolean;
  sessions: boolean;
  progress: boolean;
  controllers: boolean;
  authority: boolean;
  /** Certificates, or what is revoked of them. */
  certificates: boolean;
  /** Events that were recorded. Empty for a listing. */
  readonly events: { readonly id: string; readonly record: EventRecord }[];
};

/** nothingTouched is the beginning of what a batch of changes touched. */
export function nothingTouched(): Touched {
  return {
    subnets: new Set(),
    nodes: new Set(),
    pools: false,
    sessions: false,
    progress: false,
    controllers: false,
    authority: false,
    certificates: false,
    events: [],
  };
}

function noteEvent(entry: Entry, touched: Touched): void {
  const key = parseKey(entry.key);
  if (key?.kind !== 'event') return;
  const decoded = decode('event', entry.value);
  if ('record' in decoded) touched.events.push({ id: key.id, record: decoded.record });
}

/** ReadonlyView is the view as everybody but its keeper sees it. */
export type ReadonlyView = Omit<View, 'apply' | 'replace'>;

/** View holds the records of every kind that is kept in memory. Operations and events are read when asked for. */
export class View {
  revision = 0;
  cluster: Held<ClusterRecord> | undefined;
  readonly pools = new Map<string, Held<PoolRecord>>();
  readonly nodes = new Map<string, Held<NodeRecord>>();
  readonly nodeOfName = new Map<string, string>();
  readonly nodeOfAddress = new Map<Ipv4, string>();
  /** By prefixKey. Pools do not overlap, so a subnet stands in one pool. */
  readonly subnets = new Map<number, HeldSubnet>();
  /** The same records by pool. */
  readonly subnetsOfPool = new Map<string, Map<number, SubnetRecord>>();
  /** prefixKey of the subnet that a node holds. */
  readonly subnetOfNode = new Map<string, number>();
  readonly sessions = new Map<string, Held<SessionRecord>>();
  readonly statuses = new Map<string, Held<StatusRecord>>();
  readonly controllers = new Map<string, Held<ControllerRecord>>();
  readonly progress = new Map<string, Held<ProgressRecord>>();
  authority: Held<AuthorityRecord> | undefined;
  readonly tokens = new Map<string, Held<TokenRecord>>();
  /** By serial. */
  readonly certificates = new Map<string, Held<CertificateRecord>>();
  /** Serial of a node's newest certificate. */
  readonly certificateOfNode = new Map<string, string>();
  /** By serial, or by a node's id. */
  readonly revoked = new Map<string, Held<RevokedRecord>>();
  /** Keys that can't be read, and why. */
  readonly undecodable = new Map<string, string>();
  /** Subnets of which no record was ever read: known by their key alone. */
  readonly unreadableSubnets = new Map<number, Prefix>();
  // Every key that the last listing or change said exists: what is not in a new listing is gone.
  readonly #keys = new Map<string, number>();

  /** replace takes a new listing in place of everything. Returns what differs from before. */
  replace(listing: Listing): Touched {
    const touched = nothingTouched();
    const listed = new Set(listing.entries.map((entry) => entry.key));
    for (const key of [...this.#keys.keys()]) if (!listed.has(key)) this.#delete(key, touched);
    for (const entry of listing.entries) {
      if (this.#keys.get(entry.key) !== entry.modRevision) this.#put(entry, touched);
    }
    this.revision = listing.revision;
    return touched;
  }

  /** apply takes the changes of one revision. */
  apply(changes: readonly Change[], revision: number): Touched {
    const touched = nothingTouched();
    for (const change of changes) {
      if (change.kind === 'put') {
        this.#put(change.entry, touched);
        noteEvent(change.entry, touched);
      } else this.#delete(change.key, touched);
    }
    this.revision = revision;
    return touched;
  }

  /** modRevisionOf is the revision that a key was last changed at; 0 when it does not exist. */
  modRevisionOf(key: string): number {
    return this.#keys.get(key) ?? 0;
  }

  #put(entry: Entry, touched: Touched): void {
    const key = parseKey(entry.key);
    if (key?.kind === 'operation' || key?.kind === 'event') return;
    this.#keys.set(entry.key, entry.modRevision);
    if (key === undefined) {
      this.undecodable.set(entry.key, 'not a key of this version of xnet');
      return;
    }
    const decoded = decode(key.kind, entry.value);
    if ('problem' in decoded) {
      this.undecodable.set(entry.key, decoded.problem);
      if (key.kind === 'subnet' && !this.subnets.has(prefixKey(key.subnet))) {
        this.unreadableSubnets.set(prefixKey(key.subnet), key.subnet);
        touched.subnets.add(prefixKey(key.subnet));
      }
      return;
    }
    this.undecodable.delete(entry.key);
    this.#hold(key, { record: decoded.record, modRevision: entry.modRevision }, touched);
  }

  #hold(key: Key, held: Held<RecordOf<RecordKind>>, touched: Touched): void {
    switch (key.kind) {
      case 'cluster':
        this.cluster = held as Held<ClusterRecord>;
        break;
      case 'pool':
        this.pools.set(key.name, held as Held<PoolRecord>);
        touched.pools = true;
        break;
      case 'node':
        this.nodes.set(key.id, held as Held<NodeRecord>);
        this.#touchNode(key.id, touched);
        break;
      case 'name':
        this.nodeOfName.set(key.name, (held as Held<RecordOf<'name'>>).record.node);
        break;
      case 'address':
        this.nodeOfAddress.set(key.address, (held as Held<RecordOf<'address'>>).record.node);
        break;
      case 'subnet':
        this.#holdSubnet(key.pool, key.subnet, held as Held<SubnetRecord>, touched);
        break;
      case 'session':
        this.sessions.set(key.id, held as Held<SessionRecord>);
        touched.sessions = true;
        touched.nodes.add(key.id);
        break;
      case 'status':
        this.statuses.set(key.id, held as Held<StatusRecord>);
        touched.nodes.add(key.id);
        break;
      case 'controller':
        this.controllers.set(key.id, held as Held<ControllerRecord>);
        touched.controllers = true;
        break;
      case 'progress':
        this.progress.set(key.id, held as Held<ProgressRecord>);
        touched.progress = true;
        break;
      case 'authority':
        this.authority = held as Held<AuthorityRecord>;
        touched.authority = true;
        break;
      case 'token':
        this.tokens.set(key.id, held as Held<TokenRecord>);
        break;
      case 'certificate':
        this.#holdCertificate(key.id, held as Held<CertificateRecord>);
        touched.certificates = true;
        break;
      case 'revoked':
        this.revoked.set(key.id, held as Held<RevokedRecord>);
        touched.certificates = true;
        break;
    }
  }

  #holdCertificate(serial: string, held: Held<CertificateRecord>): void {
    this.certificates.set(serial, held);
    if (held.record.role === 'node') this.certificateOfNode.set(held.record.id, serial);
  }

  #forgetCertificate(serial: string): void {
    const held = this.certificates.get(serial);
    this.certificates.delete(serial);
    if (held !== undefined && this.certificateOfNode.get(held.record.id) === serial) {
      this.certificateOfNode.delete(held.record.id);
    }
  }

  #holdSubnet(pool: string, subnet: Prefix, held: Held<SubnetRecord>, touched: Touched): void {
    const id = prefixKey(subnet);
    this.#forgetHolder(id, touched);
    this.unreadableSubnets.delete(id);
    this.subnets.set(id, { ...held, pool, subnet });
    const ofPool = this.subnetsOfPool.get(pool) ?? new Map<number, SubnetRecord>();
    this.subnetsOfPool.set(pool, ofPool.set(id, held.record));
    if (held.record.state === 'leased') {
      this.subnetOfNode.set(held.record.node, id);
      touched.nodes.add(held.record.node);
    }
    touched.subnets.add(id);
  }

  #forgetHolder(id: number, touched: Touched): void {
    const before = this.subnets.get(id);
    if (before?.record.state !== 'leased') return;
    touched.nodes.add(before.record.node);
    if (this.subnetOfNode.get(before.record.node) === id) this.subnetOfNode.delete(before.record.node);
  }

  #touchNode(id: string, touched: Touched): void {
    touched.nodes.add(id);
    const subnet = this.subnetOfNode.get(id);
    if (subnet !== undefined) touched.subnets.add(subnet);
  }

  #delete(name: string, touched: Touched): void {
    this.#keys.delete(name);
    this.undecodable.delete(name);
    const key = parseKey(name);
    switch (key?.kind) {
      case 'cluster':
        // What was known of it stays: a controller that starts now will refuse to act.
        this.undecodable.set(name, 'it was deleted');
        break;
      case 'pool':
        this.pools.delete(key.name);
        touched.pools = true;
        break;
      case 'node':
        this.#touchNode(key.id, touched);
        this.nodes.delete(key.id);
        break;
      case 'name':
        this.nodeOfName.delete(key.name);
        break;
      case 'address':
        this.nodeOfAddress.delete(key.address);
        break;
      case 'subnet': {
        const id = prefixKey(key.subnet);
        this.#forgetHolder(id, touched);
        this.subnets.delete(id);
        this.subnetsOfPool.get(key.pool)?.delete(id);
        this.unreadableSubnets.delete(id);
        touched.subnets.add(id);
        break;
      }
      case 'session':
        this.sessions.delete(key.id);
        touched.sessions = true;
        touched.nodes.add(key.id);
        break;
      case 'status':
        this.statuses.delete(key.id);
        touched.nodes.add(key.id);
        break;
      case 'controller':
        this.controllers.delete(key.id);
        touched.controllers = true;
        break;
      case 'progress':
        this.progress.delete(key.id);
        touched.progress = true;
        break;
      case 'authority':
        // Nothing of ours deletes it: what was known stays, as with the cluster.
        this.undecodable.set(name, 'it was deleted');
        break;
      case 'token':
        this.tokens.delete(key.id);
        break;
      case 'certificate':
        this.#forgetCertificate(key.id);
        touched.certificates = true;
        break;
      case 'revoked':
        this.revoked.delete(key.id);
        touched.certificates = true;
        break;
    }
  }
}

/** poolOf is the pool whose CIDR a prefix lies in, with its name. */
export function poolOf(view: ReadonlyView, subnet: Prefix): readonly [string, Held<PoolRecord>] | undefined {
  for (const entry of view.pools) if (prefixCovers(entry[1].record.cidr, subnet)) return entry;
  return undefined;
}
