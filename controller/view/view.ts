// Everything in the store, in memory, as of one revision. Kept by view/view-feed.ts from one watch; read by everybody.
// Invariant: a record that can't be read, or that contradicts an older one, never removes what was there before it: it
// is told of, and what was believed is held. Nor does the absence of a record on which others still depend.
import { type Ipv4, type Prefix, prefixCovers } from '../../proto/domain/address.js';
import { type Key, keys, parseKey } from '../store/keys.js';
import {
  type AbsenceRecord,
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
  type RegistrationRecord,
  type RevokedRecord,
  type SessionRecord,
  type StatusRecord,
  type SubnetRecord,
  type TokenRecord,
} from '../store/records.js';
import type { Change, Entry, Listing } from '../store/store.js';
import { Ages } from './ages.js';
import { Beliefs, type Held, type HeldSubnet } from './beliefs.js';
import { isChecked, type SubnetClaim } from './claims.js';
import { HostNetworks } from './host-networks.js';
import { localTimes } from './local-times.js';

export type { Held, HeldSubnet } from './beliefs.js';

/** Times are what a view measures the times in records with: its own clock, and what it saw when. */
export type Times = { readonly ages: Ages; readonly now: () => number };

/** ViewChanges says which parts of the view a batch of changes concerned. */
export type ViewChanges = {
  /** prefixKey of subnets whose route may have changed. */
  readonly subnets: Set<number>;
  readonly nodes: Set<string>;
  pools: boolean;
  sessions: boolean;
  progress: boolean;
  readonly registrations: Set<string>;
  controllers: boolean;
  authority: boolean;
  /** Certificates, or what is revoked of them. */
  certificates: boolean;
  /** Events that were recorded. Empty for a listing. */
  readonly events: { readonly id: string; readonly record: EventRecord }[];
};

/** noViewChanges is the beginning of what a batch of changes touched. */
export function noViewChanges(): ViewChanges {
  return {
    subnets: new Set(),
    nodes: new Set(),
    pools: false,
    sessions: false,
    progress: false,
    registrations: new Set(),
    controllers: false,
    authority: false,
    certificates: false,
    events: [],
  };
}

function noteEvent(entry: Entry, touched: ViewChanges): void {
  const key = parseKey(entry.key);
  if (key?.kind !== 'event') return;
  const decoded = decode('event', entry.value);
  if ('record' in decoded) touched.events.push({ id: key.id, record: decoded.record });
}

/** ReadonlyView is the view as everybody but its feed sees it. */
export type ReadonlyView = Omit<View, 'apply' | 'replace'>;

/** View holds the records of every kind that is kept in memory. Operations and events are read when asked for. */
export class View {
  revision = 0;
  cluster: Held<ClusterRecord> | undefined;
  readonly #beliefs: Beliefs;
  readonly pools: ReadonlyMap<string, Held<PoolRecord>>;
  readonly nodes: ReadonlyMap<string, Held<NodeRecord>>;
  readonly nodeOfName: ReadonlyMap<string, string>;
  readonly nodeOfAddress: ReadonlyMap<Ipv4, string>;
  /** By prefixKey: what is believed of each subnet. */
  readonly subnets: ReadonlyMap<number, HeldSubnet>;
  /** The same records by pool. */
  readonly subnetsOfPool: ReadonlyMap<string, ReadonlyMap<number, SubnetRecord>>;
  /** prefixKey of the subnet that a node holds. */
  readonly subnetOfNode: ReadonlyMap<string, number>;
  /** Subnets that have a record, none of which is believed: unreadable, or contradicting an older one. By prefixKey. */
  readonly unresolvedSubnets: ReadonlyMap<number, Prefix>;
  /** Keys of subnets whose record does not fit its pool, contradicts an older one or can't be read. */
  readonly strays: ReadonlyMap<string, Prefix>;
  readonly sessions = new Map<string, Held<SessionRecord>>();
  /** Of nodes that were connected and are not. */
  readonly absences = new Map<string, Held<AbsenceRecord>>();
  readonly statuses = new Map<string, Held<StatusRecord>>();
  /** Of all statuses. */
  readonly hostNetworks = new HostNetworks();
  readonly controllers = new Map<string, Held<ControllerRecord>>();
  readonly progress = new Map<string, Held<ProgressRecord>>();
  /** Every controller there ever was that nobody has removed. */
  readonly registrations = new Map<string, Held<RegistrationRecord>>();
  authority: Held<AuthorityRecord> | undefined;
  readonly tokens = new Map<string, Held<TokenRecord>>();
  /** By serial. */
  readonly certificates = new Map<string, Held<CertificateRecord>>();
  /** Serial of a node's newest certificate. */
  readonly certificateOfNode = new Map<string, string>();
  /** Serials of all certificates that the store has of a node: one, but for what an older version left behind. */
  readonly certificatesOfNode = new Map<string, Set<string>>();
  /** By serial, or by a node's id. */
  readonly revoked = new Map<string, Held<RevokedRecord>>();
  /** Keys that can't be read, and why. */
  readonly undecodable = new Map<string, string>();
  /** Keys whose records contradict others, and what: the younger of two, which is not acted on. */
  readonly contradictions: ReadonlyMap<string, string>;
  // Every key that the last listing or change said exists: what is not in a new listing is gone.
  readonly #keys = new Map<string, number>();
  readonly #former: View | undefined;
  readonly #times: Times;

  /** @param former the view before this one: what it held is held where this one can't read, or believe, the record */
  constructor(former?: View, times?: Times) {
    this.#former = former;
    this.#times = times ?? former?.times ?? { ages: new Ages(), now: Date.now };
    this.#beliefs = new Beliefs(former === undefined ? undefined : former.#beliefs);
    const { pools, nodes, nodeOfName, nodeOfAddress, subnets, subnetsOfPool } = this.#beliefs;
    this.pools = pools;
    this.nodes = nodes;
    this.nodeOfName = nodeOfName;
    this.nodeOfAddress = nodeOfAddress;
    this.subnets = subnets;
    this.subnetsOfPool = subnetsOfPool;
    this.subnetOfNode = this.#beliefs.subnetOfNode;
    this.unresolvedSubnets = this.#beliefs.unresolvedSubnets;
    this.strays = this.#beliefs.strays;
    this.contradictions = this.#beliefs.consistency.contradictions;
  }

  /** times are what the times in records are measured with. */
  get times(): Times {
    return this.#times;
  }

  /** replace takes a new listing in place of everything. Returns what differs from before. */
  replace(listing: Listing): ViewChanges {
    const touched = noViewChanges();
    const another = this.#isOfAnotherEpoch(listing);
    const listed = new Set(listing.entries.map((entry) => entry.key));
    for (const key of [...this.#keys.keys()]) if (!listed.has(key)) this.#delete(key, touched);
    for (const entry of listing.entries) {
      // A store that was restored gives the same revisions again, to other things.
      if (another || this.#keys.get(entry.key) !== entry.modRevision) this.#put(entry, touched);
    }
    this.#beliefs.settle(touched);
    this.#arriveAt(listing.revision);
    return touched;
  }

  /** apply takes the changes of one revision. */
  apply(changes: readonly Change[], revision: number): ViewChanges {
    const touched = noViewChanges();
    for (const change of changes) {
      if (change.kind === 'put') {
        this.#put(change.entry, touched);
        noteEvent(change.entry, touched);
      } else this.#delete(change.key, touched);
    }
    this.#beliefs.settle(touched);
    this.#arriveAt(revision);
    return touched;
  }

  #arriveAt(revision: number): void {
    this.revision = revision;
    this.#times.ages.saw(revision, this.#times.now());
  }

  // Whether a restored store was accepted since. Asked before anything is read whose age depends on it.
  #isOfAnotherEpoch({ entries }: Listing): boolean {
    const entry = entries.find(({ key }) => key === keys.cluster);
    const decoded = entry === undefined ? undefined : decode('cluster', entry.value);
    if (decoded === undefined || 'problem' in decoded) return false;
    const { id, epoch } = decoded.record;
    this.#times.ages.begin(id, epoch);
    return this.cluster?.record.id !== id || this.cluster.record.epoch !== epoch;
  }

  /** changedAt is every key, but those of operations and events, and the revision it was last changed at. */
  get changedAt(): ReadonlyMap<string, number> {
    return this.#keys;
  }

  /** modRevisionOf is the revision that a key was last changed at; 0 when it does not exist. */
  modRevisionOf(key: string): number {
    return this.#keys.get(key) ?? 0;
  }

  /**
   * isAwaited says of a node of a restored store that nobody has seen it since the store was accepted: neither its host
   * nor an operator, who may have removed it after the backup.
   */
  isAwaited(nodeId: string): boolean {
    if (this.cluster?.record.acceptedMs === undefined) return false;
    const node = this.nodes.get(nodeId);
    return node !== undefined && node.modRevision < this.cluster.modRevision;
  }

  /** leasesOf are the subnets that the store has as leased to a node: one, unless records contradict each other. */
  leasesOf(nodeId: string): readonly SubnetClaim[] {
    const { subnets, leasesOfNode } = this.#beliefs.consistency.claims;
    return [...leasesOfNode.of(nodeId)].flatMap((key) => subnets.get(key) ?? []);
  }

  /** recordsIn are the records of subnets that overlap a range, of whatever pool, readable or not. */
  recordsIn(range: Prefix): readonly SubnetClaim[] {
    return [...this.#beliefs.consistency.claims.overlapping(range)];
  }

  #put(entry: Entry, touched: ViewChanges): void {
    const key = parseKey(entry.key);
    if (key?.kind === 'operation' || key?.kind === 'event') return;
    this.#keys.set(entry.key, entry.modRevision);
    if (key === undefined) {
      this.undecodable.set(entry.key, 'not a key of this version of xnet');
      return;
    }
    const decoded = decode(key.kind, entry.value);
    if ('problem' in decoded) this.undecodable.set(entry.key, decoded.problem);
    else this.undecodable.delete(entry.key);
    const { modRevision, createRevision } = entry;
    const nowMs = this.#times.now();
    const since = {
      record: () => this.#times.ages.of(modRevision, nowMs),
      key: () => this.#times.ages.of(createRevision, nowMs),
    };
    const record = 'record' in decoded ? localTimes(key.kind, decoded.record, since, nowMs) : undefined;
    if (isChecked(key)) {
      this.#beliefs.consistency.put(key, entry.key, { key: entry.key, record, modRevision, createRevision });
    } else if (record !== undefined) this.#hold(key, { record, modRevision }, touched);
    else this.#holdUnreadable(key, modRevision, touched);
  }

  // What was known of it stays; and what can't be read excludes as much as what can.
  #holdUnreadable(key: Key, modRevision: number, touched: ViewChanges): void {
    if (key.kind === 'cluster') this.cluster ??= this.#former?.cluster;
    else if (key.kind === 'authority') this.authority ??= this.#former?.authority;
    else if (key.kind === 'revoked' && !this.revoked.has(key.id)) {
      this.revoked.set(key.id, { record: { role: 'node', id: key.id, atMs: 0 }, modRevision });
      touched.certificates = true;
    }
  }

  #hold(key: Key, held: Held<RecordOf<RecordKind>>, touched: ViewChanges): void {
    switch (key.kind) {
      case 'cluster':
        this.#holdCluster(held as Held<ClusterRecord>, touched);
        break;
      case 'session':
        this.sessions.set(key.id, held as Held<SessionRecord>);
        touched.sessions = true;
        touched.nodes.add(key.id);
        break;
      case 'absence':
        this.absences.set(key.id, held as Held<AbsenceRecord>);
        touched.nodes.add(key.id);
        break;
      case 'status':
        this.statuses.set(key.id, held as Held<StatusRecord>);
        this.hostNetworks.set(key.id, (held as Held<StatusRecord>).record.hostNetworks);
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
      case 'registration':
        this.registrations.set(key.id, held as Held<RegistrationRecord>);
        touched.registrations.add(key.id);
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
    if (held.record.role !== 'node') return;
    const { id } = held.record;
    this.certificatesOfNode.set(id, (this.certificatesOfNode.get(id) ?? new Set()).add(serial));
    this.#noteNewest(id);
  }

  #forgetCertificate(serial: string): void {
    const held = this.certificates.get(serial);
    this.certificates.delete(serial);
    if (held?.record.role !== 'node') return;
    const { id } = held.record;
    const left = this.certificatesOfNode.get(id);
    left?.delete(serial);
    if (left?.size === 0) this.certificatesOfNode.delete(id);
    this.#noteNewest(id);
  }

  #noteNewest(nodeId: string): void {
    let newest: { readonly serial: string; readonly modRevision: number } | undefined;
    for (const serial of this.certificatesOfNode.get(nodeId) ?? []) {
      const modRevision = this.certificates.get(serial)?.modRevision ?? 0;
      if (newest === undefined || modRevision > newest.modRevision) newest = { serial, modRevision };
    }
    if (newest === undefined) this.certificateOfNode.delete(nodeId);
    else this.certificateOfNode.set(nodeId, newest.serial);
  }

  // A cluster is what it was when this view began: its id never changes, and its epoch never goes back.
  #holdCluster(held: Held<ClusterRecord>, touched: ViewChanges): void {
    const before = this.cluster?.record;
    const { id, epoch } = held.record;
    if (before === undefined || (before.id === id && before.epoch <= epoch)) {
      this.cluster = held;
      this.#times.ages.begin(id, epoch);
      // Whom nobody has seen since is not routed to anew.
      if (held.record.acceptedMs !== undefined) for (const subnet of this.subnets.keys()) touched.subnets.add(subnet);
    } else
      this.undecodable.set(
        keys.cluster,
        `it names cluster ${id}, epoch ${epoch}; this is ${before.id}, epoch ${before.epoch}`,
      );
  }

  #delete(name: string, touched: ViewChanges): void {
    this.#keys.delete(name);
    this.undecodable.delete(name);
    const key = parseKey(name);
    if (key !== undefined && isChecked(key)) this.#beliefs.consistency.put(key, name, undefined);
    switch (key?.kind) {
      case 'cluster':
        // What was known of it stays: a controller that starts now will refuse to act.
        this.undecodable.set(name, 'it was deleted');
        break;
      case 'session':
        this.sessions.delete(key.id);
        touched.sessions = true;
        touched.nodes.add(key.id);
        break;
      case 'absence':
        this.absences.delete(key.id);
        touched.nodes.add(key.id);
        break;
      case 'status':
        this.statuses.delete(key.id);
        this.hostNetworks.delete(key.id);
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
      case 'registration':
        this.registrations.delete(key.id);
        touched.registrations.add(key.id);
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
