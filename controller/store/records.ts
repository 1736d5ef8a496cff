// The schema of the record behind each key.
// Invariant: a schema keeps the fields that it does not know, so that an older controller preserves the fields of a
// newer one when it rewrites a record.

import * as v from 'valibot';
import { availabilities, modes } from '../../proto/domain/network.js';
import { roles } from '../../proto/pki/identity.js';
import { adoption, approval, cluster } from './cluster-records.js';
import { network } from './network-records.js';
import { absence, controller, progress, registration, session } from './presence-records.js';
import { addressText, count, drain, heldRoutes, leaseUse, object, prefixText } from './record-fields.js';
import { rollout, steps } from './rollout-records.js';
import { subnet } from './subnet-records.js';

const labels = v.record(v.string(), v.string());

const reservation = object({ cidr: prefixText, nodeName: v.optional(v.string()), reason: v.string() });

const pool = object({
  cidr: prefixText,
  subnetLength: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30)),
  mode: v.picklist(modes),
  /** Prefix length of the networks that Docker makes within a subnet in mode block; absent: the usual one. */
  networkLength: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30))),
  /** Prefix length of the part of each subnet that Docker hands out addresses from; absent: all of it. */
  dockerLength: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30))),
  /** Of mode lan. */
  lan: v.exactOptional(
    object({ prefix: prefixText, gateway: addressText, defaultNetwork: v.exactOptional(v.literal(true)) }),
  ),
  networkName: v.string(),
  bridgeName: v.string(),
  quarantineSeconds: count,
  /** How long a node may be down before its leases end, in seconds; absent or 0: they never do. */
  reclaimAfterSeconds: v.optional(count),
  /** Whether a host may change the address of its node to one that it calls from. */
  followAddress: v.optional(v.boolean()),
  reservations: v.array(reservation),
  createdMs: count,
});

const node = object({
  name: v.string(),
  /** Names that it had before, the last one first: its host may still send one of them. */
  formerNames: v.optional(v.array(v.string())),
  address: addressText,
  labels,
  availability: v.picklist(availabilities),
  /** The drain in progress, or the last one if its deadline has passed. */
  drain: v.exactOptional(drain),
  /** Absent: the pool's. */
  mode: v.optional(v.picklist(modes)),
  createdMs: count,
});

// All nics of a node, so that one guard keeps their addresses and names unique. It stays when it is empty: its revision tells
// hosts which list is newer.
const nics = object({
  nics: v.array(object({ address: addressText, container: v.string(), interfaceName: v.string(), addedMs: count })),
});

const owner = object({ node: v.string() });

const condition = object({
  type: v.string(),
  ok: v.boolean(),
  transient: v.boolean(),
  reason: v.string(),
  message: v.string(),
  fix: v.exactOptional(v.string()),
  sinceMs: v.number(),
});

const status = object({
  routes: object({ desired: count, installed: count, conflicting: count, unreachable: count }),
  conditions: v.array(condition),
  daemonVersion: v.string(),
  kernelVersion: v.string(),
  dockerVersion: v.string(),
  hostNetworks: v.array(object({ prefix: prefixText, source: v.string() })),
  silentPeers: v.optional(
    v.array(object({ nodeName: v.string(), gateway: addressText, hostAnswers: v.boolean(), sinceMs: count })),
    [],
  ),
  leases: v.optional(v.array(leaseUse), []),
  containers: v.optional(v.array(object({ id: v.string(), name: v.string(), subnet: prefixText })), []),
  /** Only of a node that is being drained; absent: not known. */
  containerCount: v.exactOptional(count),
  held: v.exactOptional(heldRoutes),
  nics: v.exactOptional(
    v.array(object({ address: addressText, ready: v.boolean(), reason: v.string(), message: v.string() })),
  ),
  features: v.exactOptional(v.array(v.string())),
  /** When this was written, milliseconds since 1970. */
  reportedMs: count,
});

const authority = object({
  /** Certificate (PEM) and private key of the issuing authority; the key is sealed with the cluster key. */
  certificate: v.string(),
  sealedKey: v.string(),
  /** Name of the cluster key that sealed it. */
  sealedBy: v.string(),
  createdMs: count,
  /** During a rotation: the previous authority, and this authority's certificate signed by it. */
  previous: v.optional(object({ certificate: v.string(), cross: v.string() })),
});

const token = object({
  /** See tokenHash. */
  hash: v.string(),
  /** Id of the only node that may join with it. */
  node: v.optional(v.string()),
  pool: v.optional(v.string()),
  source: v.optional(prefixText),
  /** The host is added when it joins, and keeps a Docker network that it has in a pool: see kept-networks.ts. */
  adopt: v.exactOptional(
    object({
      name: v.string(),
      address: addressText,
      labels,
      mode: v.exactOptional(v.picklist(modes)),
      subnet: v.exactOptional(prefixText),
    }),
  ),
  uses: count,
  usesLeft: count,
  createdMs: count,
  /** By the clock of the controller that wrote it. Others count `ttlMs` from the time they saw the key created. */
  expiresMs: count,
  ttlMs: v.optional(count),
  /** "admin/alice" */
  createdBy: v.string(),
});

const certificate = object({
  role: v.picklist(roles),
  id: v.string(),
  notBeforeMs: count,
  notAfterMs: count,
  /** keyDigest of the certificate's public key, and of its authority's. */
  keyDigest: v.string(),
  issuer: v.string(),
  /** Its unexpired predecessors: as valid as this certificate until it is superseded. */
  replaced: v.optional(v.array(object({ serial: v.string(), notAfterMs: count }))),
});

const revoked = object({
  role: v.picklist(roles),
  id: v.string(),
  atMs: count,
  /** The node was deliberately given to another host: its former host is fenced, and withdraws its routes. */
  replaced: v.exactOptional(v.boolean()),
  /** When the last denied certificate has expired; absent: the denial is permanent, as for revoked nodes. */
  untilMs: v.optional(count),
});

const operation = object({
  /** Name of the call: "AddNode". */
  call: v.string(),
  /** The object of the call: a node's id, a pool's name. */
  subject: v.string(),
  /** Identifies the request. See requestDigest. */
  digest: v.optional(v.string()),
});

const event = object({
  timeMs: count,
  reason: v.string(),
  warning: v.boolean(),
  subject: v.string(),
  message: v.string(),
});

/** schemas are the schemas of all kinds of records. */
export const schemas = {
  cluster,
  adoption,
  approval,
  pool,
  node,
  name: owner,
  address: owner,
  subnet,
  nics,
  network,
  session,
  absence,
  status,
  controller,
  progress,
  registration,
  authority,
  token,
  certificate,
  revoked,
  rollout,
  steps,
  operation,
  event,
} as const;

/** RecordKind is the kind of a key. */
export type RecordKind = keyof typeof schemas;

type Primitive = string | number | boolean | null | undefined;

type DeepReadonly<T> = T extends Primitive ? T : { readonly [P in keyof T]: DeepReadonly<T[P]> };

/** RecordOf is the value behind a key of a kind. Records are never changed in place. */
export type RecordOf<K extends RecordKind> = DeepReadonly<v.InferOutput<(typeof schemas)[K]>>;

/** ClusterRecord is the identity of the cluster and its epoch. */
export type ClusterRecord = RecordOf<'cluster'>;
/** AdoptionRecord marks a restored backup that waits for its nodes; it is deleted when an operator ends the adoption. */
export type AdoptionRecord = RecordOf<'adoption'>;
/** ApprovalRecord is the version up to which an operator approved that routes are withdrawn. */
export type ApprovalRecord = RecordOf<'approval'>;
/** PoolRecord is a pool with its reservations. */
export type PoolRecord = RecordOf<'pool'>;
/** ReservationRecord is one reserved range of a pool. */
export type ReservationRecord = PoolRecord['reservations'][number];
/** NodeRecord is a node as an operator added it. */
export type NodeRecord = RecordOf<'node'>;
/** SubnetRecord is a lease, a freed subnet in quarantine, or a static route. */
export type SubnetRecord = RecordOf<'subnet'>;
/** StaticRouteRecord is the record of a subnet with a static route. */
export type StaticRouteRecord = Extract<SubnetRecord, { readonly state: 'static' }>;
/** LeaseRecord is the record of a leased subnet. */
export type LeaseRecord = Extract<SubnetRecord, { readonly state: 'leased' }>;
/** NicsRecord is the nics of a node. */
export type NicsRecord = RecordOf<'nics'>;
/** NetworkRecord is a named network. */
export type NetworkRecord = RecordOf<'network'>;
/** SessionRecord says which controller a node is connected to. */
export type SessionRecord = RecordOf<'session'>;
/** AbsenceRecord is the time since which a node has been disconnected. */
export type AbsenceRecord = RecordOf<'absence'>;
/** StatusRecord is the last report of a node. */
export type StatusRecord = RecordOf<'status'>;
/** ControllerRecord is the presence of a running controller. */
export type ControllerRecord = RecordOf<'controller'>;
/** ProgressRecord counts how many nodes of one controller have which table revision. */
export type ProgressRecord = RecordOf<'progress'>;
/** RegistrationRecord is a controller that is expected to run. */
export type RegistrationRecord = RecordOf<'registration'>;
/** AuthorityRecord is the certificate authority, its key sealed. */
export type AuthorityRecord = RecordOf<'authority'>;
/** TokenRecord is a join token, identified by its digest. */
export type TokenRecord = RecordOf<'token'>;
/** CertificateRecord is an issued certificate. */
export type CertificateRecord = RecordOf<'certificate'>;
/** RevokedRecord is a denied identity. */
export type RevokedRecord = RecordOf<'revoked'>;
/** OperationRecord is the outcome of a mutation, by its operation id. */
export type OperationRecord = RecordOf<'operation'>;
/** EventRecord is one event. */
export type EventRecord = RecordOf<'event'>;
/** RolloutRecord is a change of many nodes, one after the other, without its steps. */
export type RolloutRecord = RecordOf<'rollout'>;
/** StepsRecord holds some steps of a rollout. */
export type StepsRecord = RecordOf<'steps'>;
/** StepRecord is the step of one node. */
export type StepRecord = StepsRecord['steps'][number];
/** PlaceRecord is a lease before or after a step. */
export type PlaceRecord = StepRecord['from'];
