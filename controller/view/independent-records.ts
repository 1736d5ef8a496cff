// The records of the kinds that depend on no other record: one typed table per kind. The kinds that depend on each other
// (pools, nodes, names, addresses, subnets) are in beliefs.ts.
import type { Key } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { ClusterRecord } from '../store/records.js';
import type { CheckedKey } from './claims.js';
import type { StoredEntry } from './held.js';
import { HostNetworks } from './host-networks.js';
import { NodeCertificates } from './node-certificates.js';
import { NodeTokens } from './node-tokens.js';
import { type KindTable, RecordMap, SingleRecord } from './record-tables.js';
import { RolloutSteps } from './rollout-steps.js';
import type { ViewChanges } from './view-changes.js';

/** IndependentKey is a key whose record depends on no other. Operations and events are not kept in memory. */
export type IndependentKey = Exclude<Key, CheckedKey | { readonly kind: 'operation' | 'event' }>;

type Tables = { readonly [K in IndependentKey['kind']]: KindTable };

function idOf(key: IndependentKey): string {
  if (key.kind === 'network') return key.name;
  return 'id' in key ? key.id : '';
}

/** IndependentRecords holds these tables. */
export class IndependentRecords {
  readonly hostNetworks = new HostNetworks();
  readonly nodeCertificates = new NodeCertificates();
  readonly nodeTokens = new NodeTokens();
  readonly cluster: SingleRecord<'cluster'>;
  readonly authority: SingleRecord<'authority'>;
  readonly adoptions = new RecordMap('adoption', {
    note: (changes) => {
      changes.adoption = true;
    },
    // Nothing is allocated while it can't be read.
    placeholder: () => ({ backup: '', restore: '', madeMs: 0, sinceMs: 0, nodes: 0 }),
  });
  readonly approvals = new RecordMap('approval', {
    note: (changes) => {
      changes.approval = true;
    },
  });
  readonly sessions = new RecordMap('session', {
    note: (changes, id) => {
      changes.sessions = true;
      changes.nodes.add(id);
    },
  });
  readonly absences = new RecordMap('absence', { note: (changes, id) => changes.nodes.add(id) });
  readonly statuses = new RecordMap('status', {
    note: (changes, id) => changes.nodes.add(id),
    index: {
      put: (id, { record }) => this.hostNetworks.set(id, record.hostNetworks),
      delete: (id) => this.hostNetworks.delete(id),
    },
  });
  readonly nics = new RecordMap('nics', { note: (changes, id) => changes.nodes.add(id) });
  readonly controllers = new RecordMap('controller', {
    note: (changes) => {
      changes.controllers = true;
    },
  });
  readonly progress = new RecordMap('progress', {
    note: (changes) => {
      changes.progress = true;
    },
  });
  readonly registrations = new RecordMap('registration', { note: (changes, id) => changes.registrations.add(id) });
  readonly tokens = new RecordMap('token', { note: () => undefined, index: this.nodeTokens });
  readonly certificates = new RecordMap('certificate', {
    note: (changes) => {
      changes.certificates = true;
    },
    index: this.nodeCertificates,
  });
  readonly revoked = new RecordMap('revoked', {
    note: (changes) => {
      changes.certificates = true;
      changes.revocations = true;
    },
    // An unreadable revocation is as effective as a readable one.
    placeholder: (id) => ({ role: 'node', id, atMs: 0 }),
  });
  readonly networks = new RecordMap('network', { note: (changes, name) => changes.networks.add(name) });
  readonly rollouts = new RecordMap('rollout', {
    note: (changes) => {
      changes.rollouts = true;
    },
  });
  readonly steps = new RolloutSteps();
  readonly #tables: Tables;

  /**
   * @param former the tables of the previous view, for single records that are unreadable now
   * @param noteCluster marks what a new cluster record affects
   */
  constructor(
    former: IndependentRecords | undefined,
    noteCluster: (changes: ViewChanges, record: ClusterRecord) => void,
  ) {
    this.cluster = new SingleRecord('cluster', {
      former: () => former?.cluster.held,
      refuse: clusterRefusal,
      note: noteCluster,
    });
    this.authority = new SingleRecord('authority', {
      former: () => former?.authority.held,
      note: (changes) => {
        changes.authority = true;
      },
    });
    this.#tables = {
      cluster: this.cluster,
      adoption: this.adoptions,
      approval: this.approvals,
      session: this.sessions,
      absence: this.absences,
      status: this.statuses,
      nics: this.nics,
      controller: this.controllers,
      progress: this.progress,
      registration: this.registrations,
      authority: this.authority,
      token: this.tokens,
      certificate: this.certificates,
      revoked: this.revoked,
      network: this.networks,
      rollout: this.rollouts,
      steps: this.steps,
    };
  }

  /** put stores an entry. Returns why its record is ignored; undefined if it is not. */
  put(key: IndependentKey, entry: StoredEntry, changes: ViewChanges): string | undefined {
    return this.#tables[key.kind].put(idOf(key), entry, changes);
  }

  /** delete removes a deleted key. Returns why the deletion is ignored; undefined if it is not. */
  delete(key: IndependentKey, changes: ViewChanges): string | undefined {
    return this.#tables[key.kind].delete(idOf(key), changes);
  }
}

/**
 * callsForVerdict reports whether a new record of the cluster requires that the whole store is judged again: an operator
 * accepted a store, or restores a backup. Any other record that contradicts the present one is ignored like the records of
 * other kinds, so that one bad record does not affect others.
 * @param text the stored value
 */
export function callsForVerdict(text: string, before: ClusterRecord | undefined): boolean {
  const decoded = decode('cluster', text);
  if ('problem' in decoded) return false;
  const { record } = decoded;
  return before === undefined || record.restoring !== undefined || clusterRefusal(record, before) === undefined;
}

// The id of a cluster never changes, except where a backup replaces a cluster without nodes; its epoch never decreases.
function clusterRefusal({ id, epoch, restoredOver }: ClusterRecord, before: ClusterRecord): string | undefined {
  if (before.id === id ? before.epoch <= epoch : before.id === restoredOver) return undefined;
  return `it names cluster ${id}, epoch ${epoch}; this is ${before.id}, epoch ${before.epoch}`;
}
