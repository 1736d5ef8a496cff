// The cluster's authority: follows its record in the store, opens it with the cluster key, issues certificates, and
// creates and replaces the authority.
// Invariant: the private key is in memory and, sealed, in the store; it is never written elsewhere nor sent.

import { messageOf, XnetError } from '../../proto/errors.js';
import { type Issued, Issuer, lifetimeFrom, type Signer } from '../../proto/pki/certificate.js';
import { digestOf } from '../../proto/pki/chain.js';
import type { Identity } from '../../proto/pki/identity.js';
import type { Asked } from '../audit/audit.js';
import { absent, asSeen, type MutationId, put } from '../registry/guards.js';
import { requireDecodable } from '../registry/lookup.js';
import { type Context, type MutationResult, mutate } from '../registry/mutation.js';
import { keys } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { AuthorityRecord } from '../store/records.js';
import { type ClusterKey, makeClusterKey, readClusterKey, sealText, unsealText } from './cluster-key.js';

/** Opened is an authority whose private key is available. */
export type Opened = {
  readonly record: AuthorityRecord;
  readonly signer: Signer;
  readonly issuing: Issuer;
  readonly clusterKey: ClusterKey;
  /** keyDigest of the issuing authority. */
  readonly issuer: string;
  /** Digest that join tokens pin: that of the authority that all nodes already trust. */
  readonly caDigest: string;
  /** Certificates to trust, the issuing one first (PEM). */
  readonly trusted: readonly string[];
  /** Certificates that link ours to the authority that everybody already trusts (PEM). */
  readonly path: readonly string[];
};

const retryMs = 2_000;

/** Authority is the cluster's authority, as this controller has it. */
export class Authority {
  /** File of the cluster key: "/var/lib/xnet-controller/cluster.key". */
  readonly keyPath: string;
  readonly #context: Context;
  readonly #listeners = new Set<(opened: Opened) => void>();
  #clusterKey: ClusterKey | undefined;
  #opened: Opened | undefined;
  #problem: XnetError | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(context: Context, keyPath: string) {
    this.#context = context;
    this.keyPath = keyPath;
    context.feed.onChange((touched) => {
      if (touched.authority) void this.#follow();
    });
  }

  /** opened returns the authority; undefined: there is none, or it can't be opened. */
  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** onOpened registers a listener that is called when the authority is opened or replaced. */
  onOpened(listener: (opened: Opened) => void): void {
    this.#listeners.add(listener);
    if (this.#opened !== undefined) listener(this.#opened);
  }

  /**
   * require returns the authority.
   * @throws XnetError FailedPrecondition when there is none, or this controller can't open it
   */
  require(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw (
      this.#problem ??
      new XnetError('FailedPrecondition', 'the cluster has no authority yet', {
        hint: 'make it with: xctl init, as root on the machine of a controller',
      })
    );
  }

  /** close stops following the record. */
  close(): void {
    clearTimeout(this.#retry);
  }

  async #follow(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      this.#clusterKey ??= await readClusterKey(this.keyPath);
      this.#open();
    } catch (error) {
      const problem = error instanceof XnetError ? error : new XnetError('Internal', messageOf(error));
      if (this.#problem?.message !== problem.message) {
        this.#context.log.error({ reason: problem.message, hint: problem.hint }, 'authority: not opened');
      }
      this.#problem = problem;
      this.#opened = undefined;
      this.#clusterKey = undefined;
      // Retry: an operator may copy the key file at any time.
      this.#retry = setTimeout(() => void this.#follow(), retryMs).unref();
    }
  }

  #open(): void {
    const record = this.#context.feed.view.authority?.record;
    if (record === undefined || record === this.#opened?.record) return;
    const clusterKey = this.#clusterKey;
    if (clusterKey === undefined || clusterKey.name !== record.sealedBy) {
      const which = clusterKey === undefined ? 'does not exist' : `is not the one (${record.sealedBy}) of this cluster`;
      throw new XnetError('FailedPrecondition', `the cluster key ${this.keyPath} ${which}`, {
        hint: 'copy it from the controller that xctl init was run on, owner and mode 0600 included',
      });
    }
    const { certificate, previous } = record;
    const signer = { certificate, key: unsealText(clusterKey, record.sealedKey, certificate) };
    this.#opened = {
      record,
      signer,
      issuing: new Issuer(signer),
      clusterKey,
      issuer: digestOf(certificate),
      caDigest: digestOf(previous?.certificate ?? certificate),
      trusted: [certificate, ...(previous === undefined ? [] : [previous.certificate])],
      path: previous === undefined ? [certificate] : [previous.cross, previous.certificate],
    };
    this.#problem = undefined;
    for (const listener of this.#listeners) listener(this.#opened);
  }

  /**
   * init creates the authority, and the cluster key if there is none. An existing authority stays unchanged.
   * @throws XnetError FailedPrecondition when the existing authority can't be opened
   */
  async init(id: MutationId): Promise<MutationResult> {
    const { feed, now } = this.#context;
    const { clusterId } = feed.version;
    // An unreadable record is still an authority: a new one would lock out all holders of its certificates.
    requireDecodable(feed.view, keys.authority);
    if (feed.view.authority === undefined && !id.dryRun) this.#clusterKey = await makeClusterKey(this.keyPath);
    const { makeAuthority } = await import('../../proto/pki/authority.js');
    const made = await makeAuthority(clusterId, now());
    const done = await mutate(this.#context, {
      ...id,
      call: 'Init',
      decide: (view) => {
        if (view.authority !== undefined) return { subject: 'authority' };
        return {
          subject: 'authority',
          change: {
            guards: [absent(keys.authority)],
            operations: this.#clusterKey === undefined ? [] : [this.#put(this.#clusterKey, made)],
            event: {
              reason: 'AuthorityMade',
              subject: 'authority',
              message: 'the authority of the cluster was made',
            },
          },
        };
      },
    });
    if (!id.dryRun) {
      await this.#follow();
      this.require();
    }
    return done;
  }

  #put(clusterKey: ClusterKey, signer: Signer, before?: AuthorityRecord, previous?: AuthorityRecord['previous']) {
    const record: AuthorityRecord = {
      ...unknownFields('authority', before),
      certificate: signer.certificate,
      sealedKey: sealText(clusterKey, signer.key, signer.certificate),
      sealedBy: clusterKey.name,
      createdMs: this.#context.now(),
      ...(previous === undefined ? {} : { previous }),
    };
    return put(keys.authority, encode('authority', record));
  }

  /**
   * rotate starts the replacement of the authority, or returns the rotation in progress.
   * @throws XnetError FailedPrecondition when there is no authority
   */
  async rotate(id: MutationId): Promise<MutationResult> {
    const { clusterKey, signer } = this.require();
    const { feed, now } = this.#context;
    const { crossSign, makeAuthority } = await import('../../proto/pki/authority.js');
    const made = await makeAuthority(feed.version.clusterId, now());
    const previous = { certificate: signer.certificate, cross: await crossSign(signer, made.certificate) };
    return mutate(this.#context, {
      ...id,
      call: 'RotateAuthority',
      decide: (view) => {
        const record = view.authority?.record;
        if (record?.previous !== undefined || record?.certificate !== signer.certificate)
          return { subject: 'authority' };
        return {
          subject: 'authority',
          change: {
            guards: [asSeen(view, keys.authority)],
            operations: [this.#put(clusterKey, made, record, previous)],
            event: {
              reason: 'RotationBegun',
              subject: 'authority',
              message: 'a new authority issues; all nodes renew',
            },
          },
        };
      },
    });
  }

  /** finish ends a rotation: the previous authority is no longer trusted. */
  finish(asked: Asked = {}): Promise<MutationResult> {
    return mutate(this.#context, {
      ...asked,
      call: 'RotateAuthority',
      operationId: '',
      dryRun: false,
      decide: (view) => {
        const record = view.authority?.record;
        if (record?.previous === undefined) return { subject: 'authority' };
        const { previous: _, ...rest } = record;
        return {
          subject: 'authority',
          change: {
            guards: [asSeen(view, keys.authority)],
            operations: [put(keys.authority, encode('authority', rest))],
            event: {
              reason: 'RotationFinished',
              subject: 'authority',
              message: 'the former authority is trusted no more',
            },
          },
        };
      },
    });
  }

  /**
   * issue issues a certificate valid from now. `authority` in the result is the authority's own certificate (PEM):
   * guard by it what is written of the new certificate.
   * @param publicKey SubjectPublicKeyInfo, DER
   * @throws XnetError FailedPrecondition when there is no authority
   */
  async issue(
    role: Identity['role'],
    id: string,
    publicKey: Uint8Array,
    ttlMs: number,
  ): Promise<Issued & { readonly issuer: string; readonly authority: string }> {
    const { issuing, issuer, record } = this.require();
    const { feed, now } = this.#context;
    const identity = { clusterId: feed.version.clusterId, role, id };
    const issued = issuing.issue({ identity, publicKey, ...lifetimeFrom(now(), ttlMs) });
    return { ...issued, issuer, authority: record.certificate };
  }
}
