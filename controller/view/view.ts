// Everything in the store, in memory, at one revision. ViewFeed keeps it current from one watch; all others only read it.
// Invariant: neither a record that is unreadable or contradicts an older one, nor the absence of a record on which others
// depend, removes an earlier belief: the problem is reported and the belief is kept.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import { keys, parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type {
  AbsenceRecord,
  AdoptionRecord,
  ApprovalRecord,
  AuthorityRecord,
  CertificateRecord,
  ClusterRecord,
  ControllerRecord,
  NetworkRecord,
  NodeRecord,
  PoolRecord,
  ProgressRecord,
  RecordKind,
  RecordOf,
  RegistrationRecord,
  RevokedRecord,
  RolloutRecord,
  SessionRecord,
  StatusRecord,
  TokenRecord,
} from '../store/records.js';
import type { Change, Entry, Listing } from '../store/store.js';
import { Ages } from './ages.js';
import { Beliefs } from './beliefs.js';
import { checkedClaim, isChecked, type SubnetClaim } from './claims.js';
import type { Held, HeldSubnet, StoredEntry } from './held.js';
import type { ReadonlyHostNetworks } from './host-networks.js';
import { IndependentRecords } from './independent-records.js';
import { localTimes } from './local-times.js';
import type { ReadonlyPoolSubnets } from './pool-subnets.js';
import type { ReadonlyRolloutSteps } from './rollout-steps.js';
import { noteEvent, noViewChanges, type ViewChanges } from './view-changes.js';

/** Times measure the times in records: the view's own clock, and when it saw each revision. */
export type Times = { readonly ages: Ages; readonly now: () => number };

/** ReadonlyView is the view for all users except its feed. */
export type ReadonlyView = Omit<View, 'apply' | 'replace'>;

/** View holds the records of all kinds except operations and events, which are read from the store on demand. */
export class View {
  readonly pools: ReadonlyMap<string, Held<PoolRecord>>;
  readonly nodes: ReadonlyMap<string, Held<NodeRecord>>;
  readonly nodeOfName: ReadonlyMap<string, string>;
  readonly nodeOfAddress: ReadonlyMap<Ipv4, string>;
  /** The believed record of each subnet, by prefixKey. */
  readonly subnets: ReadonlyMap<number, HeldSubnet>;
  /** The records of `subnets`, by pool. */
  readonly subnetsOfPool: ReadonlyMap<string, ReadonlyPoolSubnets>;
  /** prefixKeys of each node's leases, sorted, by node id. A node without a lease has no entry. */
  readonly leasesOfNode: ReadonlyMap<string, readonly number[]>;
  /** Subnets with records of which none is believed, because they are unreadable or contradict older ones; by prefixKey. */
  readonly unresolvedSubnets: ReadonlyMap<number, Prefix>;
  /** Keys of subnets whose record does not fit its pool, contradicts an older one or is unreadable. */
  readonly strays: ReadonlyMap<string, Prefix>;
  readonly networks: ReadonlyMap<string, Held<NetworkRecord>>;
  readonly sessions: ReadonlyMap<string, Held<SessionRecord>>;
  /** Records of nodes that were connected and are not any more. */
  readonly absences: ReadonlyMap<string, Held<AbsenceRecord>>;
  readonly statuses: ReadonlyMap<string, Held<StatusRecord>>;
  readonly nics: IndependentRecords['nics']['all'];
  /** The networks that all node statuses report. */
  readonly hostNetworks: ReadonlyHostNetworks;
  /** Records of running controllers. */
  readonly controllers: ReadonlyMap<string, Held<ControllerRecord>>;
  readonly progress: ReadonlyMap<string, Held<ProgressRecord>>;
  /** Records of all controllers, running or not, except removed ones. */
  readonly registrations: ReadonlyMap<string, Held<RegistrationRecord>>;
  readonly tokens: ReadonlyMap<string, Held<TokenRecord>>;
  /** Ids of the tokens for a node. */
  readonly tokensOfNode: ReadonlyMap<string, ReadonlySet<string>>;
  /** By serial. */
  readonly certificates: ReadonlyMap<string, Held<CertificateRecord>>;
  /** Serial of a node's newest certificate. */
  readonly certificateOfNode: ReadonlyMap<string, string>;
  /** Serials of a node's certificates in the store: one, unless an older version left several. */
  readonly certificatesOfNode: ReadonlyMap<string, ReadonlySet<string>>;
  /** Revocations, by the serial of a certificate or the id of a node. */
  readonly revoked: ReadonlyMap<string, Held<RevokedRecord>>;
  readonly rollouts: ReadonlyMap<string, Held<RolloutRecord>>;
  readonly rolloutSteps: ReadonlyRolloutSteps;
  /** Keys whose records contradict older ones, with the contradictions. These records are not acted on. */
  readonly contradictions: ReadonlyMap<string, string>;
  readonly #beliefs: Beliefs;
  readonly #records: IndependentRecords;
  readonly #undecodable = new Map<string, string>();
  // Every key that exists according to the last listing or change: a key that a new listing lacks was deleted.
  readonly #keys = new Map<string, number>();
  readonly #times: Times;
  #revision = 0;

  /** @param former the previous view: its beliefs are kept wherever this view finds no record to believe */
  constructor(former?: View, times?: Times) {
    this.#times = times ?? (former === undefined ? undefined : former.#times) ?? { ages: new Ages(), now: Date.now };
    const beliefs = new Beliefs(former === undefined ? undefined : former.#beliefs);
    this.#beliefs = beliefs;
    this.pools = beliefs.pools;
    this.nodes = beliefs.nodes;
    this.nodeOfName = beliefs.nodeOfName;
    this.nodeOfAddress = beliefs.nodeOfAddress;
    this.subnets = beliefs.subnets;
    this.subnetsOfPool = beliefs.subnetsOfPool;
    this.leasesOfNode = beliefs.leasesOfNode;
    this.unresolvedSubnets = beliefs.unresolvedSubnets;
    this.strays = beliefs.strays;
    this.contradictions = beliefs.consistency.contradictions;
    const records = new IndependentRecords(
      former === undefined ? undefined : former.#records,
      (changes, { id, epoch, acceptedMs }) => {
        this.#times.ages.begin(id, epoch);
        // The routes to nodes that have not been seen since the acceptance become unresolved.
        if (acceptedMs !== undefined) for (const subnet of this.subnets.keys()) changes.subnets.add(subnet);
      },
    );
    this.#records = records;
    this.networks = records.networks.all;
    this.sessions = records.sessions.all;
    this.absences = records.absences.all;
    this.statuses = records.statuses.all;
    this.nics = records.nics.all;
    this.hostNetworks = records.hostNetworks;
    this.controllers = records.controllers.all;
    this.progress = records.progress.all;
    this.registrations = records.registrations.all;
    this.tokens = records.tokens.all;
    this.tokensOfNode = records.nodeTokens.ids;
    this.certificates = records.certificates.all;
    this.certificateOfNode = records.nodeCertificates.newest;
    this.certificatesOfNode = records.nodeCertificates.serials;
    this.revoked = records.revoked.all;
    this.rollouts = records.rollouts.all;
    this.rolloutSteps = records.steps;
  }

  /** revision returns the view's revision of the store; 0 before the first listing. */
  get revision(): number {
    return this.#revision;
  }

  /** cluster returns the record of the cluster; undefined before the first listing. */
  get cluster(): Held<ClusterRecord> | undefined {
    return this.#records.cluster.held;
  }

  /** adoption returns the record of the adoption that follows a restored backup; undefined if there is none. */
  get adoption(): Held<AdoptionRecord> | undefined {
    return this.#records.adoptions.all.get('');
  }

  /** approval returns the newest approval of withdrawals; undefined if there was none. */
  get approval(): Held<ApprovalRecord> | undefined {
    return this.#records.approvals.all.get('');
  }

  /** authority returns the record of the authority; undefined if the cluster has none. */
  get authority(): Held<AuthorityRecord> | undefined {
    return this.#records.authority.held;
  }

  /** undecodable returns the keys that are unreadable or ignored, with the reason. */
  get undecodable(): ReadonlyMap<string, string> {
    return this.#undecodable;
  }

  /** changedAt returns all keys except those of operations and events, with the revision of the last change of each. */
  get changedAt(): ReadonlyMap<string, number> {
    return this.#keys;
  }

  /** modRevisionOf returns the revision at which a key last changed; 0 if it does not exist. */
  modRevisionOf(key: string): number {
    return this.#keys.get(key) ?? 0;
  }

  /**
   * isAwaited reports whether neither the host nor an operator has confirmed a node since a restored store was accepted. An
   * operator may have removed the node after the backup.
   */
  isAwaited(nodeId: string): boolean {
    if (this.cluster?.record.acceptedMs === undefined) return false;
    const node = this.nodes.get(nodeId);
    return node !== undefined && node.modRevision < this.cluster.modRevision;
  }

  /** isNewlyAdopted reports whether a node was created since a restored store was accepted. */
  isNewlyAdopted(nodeId: string): boolean {
    const { acceptedMs } = this.cluster?.record ?? {};
    const created = this.#beliefs.consistency.claims.nodes.get(nodeId)?.createRevision ?? 0;
    return acceptedMs !== undefined && created > (this.cluster?.modRevision ?? 0);
  }

  /** leaseClaimsOf returns all subnets that the store records as leased to a node, including contradicting records. */
  leaseClaimsOf(nodeId: string): readonly SubnetClaim[] {
    const { subnets, leasesOfNode } = this.#beliefs.consistency.claims;
    return [...leasesOfNode.of(nodeId)].flatMap((key) => subnets.get(key) ?? []);
  }

  /** ownerOf returns the id of the node that the record of a name or an address names; undefined if there is none. */
  ownerOf(key: string): string | undefined {
    const { names, addresses } = this.#beliefs.consistency.claims;
    const parsed = parseKey(key);
    if (parsed?.kind === 'name') return names.get(parsed.name)?.record?.node;
    return parsed?.kind === 'address' ? addresses.get(parsed.address)?.record?.node : undefined;
  }

  /** recordsIn returns the records of subnets of any pool that overlap a range, readable or not. */
  recordsIn(range: Prefix): readonly SubnetClaim[] {
    return [...this.#beliefs.consistency.claims.overlapping(range)];
  }

  /** replace replaces everything with a new listing. Returns what differs from before. */
  replace(listing: Listing): ViewChanges {
    const changes = noViewChanges();
    const another = this.#isOfAnotherEpoch(listing);
    const listed = new Set(listing.entries.map((entry) => entry.key));
    for (const key of [...this.#keys.keys()]) if (!listed.has(key)) this.#delete(key, changes);
    for (const entry of listing.entries) {
      // A restored store assigns the same revisions again, to other records.
      if (another || this.#keys.get(entry.key) !== entry.modRevision) this.#put(entry, changes);
    }
    this.#arriveAt(listing.revision, changes);
    return changes;
  }

  /** apply applies the changes of one revision. */
  apply(changed: readonly Change[], revision: number): ViewChanges {
    const changes = noViewChanges();
    for (const change of changed) {
      if (change.kind === 'put') {
        this.#put(change.entry, changes);
        noteEvent(change.entry, changes);
      } else this.#delete(change.key, changes);
    }
    this.#arriveAt(revision, changes);
    return changes;
  }

  #arriveAt(revision: number, changes: ViewChanges): void {
    this.#beliefs.settle(changes);
    this.#revision = revision;
    this.#times.ages.saw(revision, this.#times.now());
  }

  // Reports whether a restored store was accepted since the last listing. Called first, because ages depend on the result.
  #isOfAnotherEpoch({ entries }: Listing): boolean {
    const entry = entries.find(({ key }) => key === keys.cluster);
    const decoded = entry === undefined ? undefined : decode('cluster', entry.value);
    if (decoded === undefined || 'problem' in decoded) return false;
    const { id, epoch } = decoded.record;
    this.#times.ages.begin(id, epoch);
    return this.cluster?.record.id !== id || this.cluster.record.epoch !== epoch;
  }

  #put(entry: Entry, changes: ViewChanges): void {
    const key = parseKey(entry.key);
    if (key?.kind === 'operation' || key?.kind === 'event') return;
    this.#keys.set(entry.key, entry.modRevision);
    if (key === undefined) {
      this.#undecodable.set(entry.key, 'not a key of this version of xnet');
      return;
    }
    const { key: text, createRevision, modRevision } = entry;
    const stored: StoredEntry = { key: text, createRevision, modRevision, read: (kind) => this.#read(kind, entry) };
    if (isChecked(key)) this.#beliefs.consistency.put(text, checkedClaim(key, stored));
    else this.#noteProblem(text, this.#records.put(key, stored, changes));
  }

  #delete(text: string, changes: ViewChanges): void {
    this.#keys.delete(text);
    this.#undecodable.delete(text);
    const key = parseKey(text);
    if (key === undefined || key.kind === 'operation' || key.kind === 'event') return;
    if (isChecked(key)) this.#beliefs.consistency.put(text, checkedClaim(key, undefined));
    else this.#noteProblem(text, this.#records.delete(key, changes));
  }

  #read<K extends RecordKind>(kind: K, { key, value, createRevision, modRevision }: Entry): RecordOf<K> | undefined {
    const decoded = decode(kind, value);
    if ('problem' in decoded) {
      this.#noteProblem(key, decoded.problem);
      return undefined;
    }
    this.#undecodable.delete(key);
    const [ages, nowMs] = [this.#times.ages, this.#times.now()];
    const revision = (each: number) => ages.of(each, nowMs);
    const since = { record: () => revision(modRevision), key: () => revision(createRevision), revision };
    return localTimes(kind, decoded.record, since, nowMs);
  }

  #noteProblem(key: string, problem: string | undefined): void {
    if (problem !== undefined) this.#undecodable.set(key, problem);
  }
}
