// Issues and revokes the certificates of nodes and people.
// Invariant: a certificate is in the store before its holder gets it, and is stored only while the authority that
// issued it is the current one.

import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { keyOfRequest } from '../../proto/pki/certificate.js';
import { formatIdentity, type PersonRole } from '../../proto/pki/identity.js';
import { keyDigest } from '../../proto/pki/token.js';
import { pause } from '../../proto/process/backoff.js';
import type { Asked } from '../audit/audit.js';
import { asSeen, type MutationId, put } from '../registry/guards.js';
import { requireNode } from '../registry/lookup.js';
import { type Context, type MutationResult, mutate } from '../registry/mutation.js';
import { newNodeId, spreadAfter } from '../registry/nodes.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { TokenRecord } from '../store/records.js';
import type { ReadonlyView } from '../view/view.js';
import type { Authority } from './authority.js';
import {
  AuthorityReplaced,
  authorityGuard,
  decideRenewal,
  type IssuedCertificate,
  type NodeRenewal,
} from './certify.js';
import { decideTokenJoin, type JoiningHost, nodeOfJoin } from './join.js';
import { decidePreview, type JoinOutcome } from './join-preview.js';

/** usualNodeTtlMs is the default lifetime of a node's certificate: 30 days. */
export const usualNodeTtlMs = 30 * 24 * 3_600_000;

const once: MutationId = { operationId: '', dryRun: false };
// A view follows a new authority within about 10 ms.
const issueAttempts = 20;

/** CertificateWithPem is an issued certificate with its PEM text, as the caller gets it. */
export type CertificateWithPem = IssuedCertificate & { readonly certificate: string };

/** CertificateRegistry issues and revokes certificates. */
export class CertificateRegistry {
  readonly #context: Context;
  readonly #authority: Authority;
  readonly #nodeTtlMs: number;

  constructor(
    context: Context,
    authority: Authority,
    { nodeTtlMs = usualNodeTtlMs }: { readonly nodeTtlMs?: number } = {},
  ) {
    this.#context = context;
    this.#authority = authority;
    this.#nodeTtlMs = nodeTtlMs;
  }

  async #issue(
    role: PersonRole | 'node',
    id: string,
    { publicKey, ttlMs }: { readonly publicKey: Buffer; readonly ttlMs: number },
  ): Promise<CertificateWithPem> {
    const issued = await this.#authority.issue(role, id, publicKey, ttlMs);
    const { certificate, serial, notBeforeMs, notAfterMs, issuer } = issued;
    const digest = keyDigest(publicKey);
    const record = { role, id, notBeforeMs, notAfterMs, keyDigest: digest, issuer };
    return { certificate, serial, record, authority: issued.authority };
  }

  // Issues again if the authority was replaced between issuing and writing.
  async #issued<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof AuthorityReplaced)) throw error;
        if (attempt === issueAttempts) throw new XnetError('Unavailable', 'the authority is being replaced: try again');
        await pause(attempt * 20);
      }
    }
  }

  /**
   * join uses a token, whose secret was verified, and issues a node's certificate.
   * @throws XnetError the errors of decideTokenJoin
   */
  async join(
    joining: Omit<JoiningHost, 'keyDigest'>,
    token: TokenRecord,
    csr: string,
    asked: Asked = {},
  ): Promise<CertificateWithPem> {
    const publicKey = await keyOfRequest(csr);
    const whole: JoiningHost = { ...joining, keyDigest: keyDigest(publicKey) };
    return this.#issued(() => this.#join(whole, token, { publicKey, asked }));
  }

  async #join(
    joining: JoiningHost,
    token: TokenRecord,
    { publicKey, asked }: { readonly publicKey: Buffer; readonly asked: Asked },
  ): Promise<CertificateWithPem> {
    const { feed } = this.#context;
    const nodeId = nodeOfJoin(feed.view, token, joining) ?? newNodeId();
    const certified = await this.#issue('node', nodeId, { publicKey, ttlMs: this.#nodeTtlMs });
    await mutate(this.#context, {
      ...once,
      ...asked,
      call: 'Join',
      decide: (view, { taken, lostRaces }) => {
        const nowMs = this.#context.now();
        return decideTokenJoin({ view, joining, certified, nowMs, spread: spreadAfter(lostRaces), taken });
      },
    });
    return certified;
  }

  /**
   * preview returns what join would come to, and changes nothing.
   * @throws XnetError the errors of decideTokenJoin
   */
  async preview(joining: Omit<JoiningHost, 'keyDigest'>, token: TokenRecord, csr: string): Promise<JoinOutcome> {
    const publicKey = await keyOfRequest(csr);
    const whole: JoiningHost = { ...joining, keyDigest: keyDigest(publicKey) };
    return this.#issued(async () => {
      let previewed: JoinOutcome | undefined;
      await mutate(this.#context, {
        operationId: '',
        dryRun: true,
        call: 'PreviewJoin',
        decide: (view, { taken, lostRaces }) => {
          const nodeId = nodeOfJoin(view, token, whole) ?? newNodeId();
          const nowMs = this.#context.now();
          const input = { view, joining: whole, nowMs, taken, spread: spreadAfter(lostRaces) };
          const { decision, preview } = decidePreview(input, nodeId);
          previewed = preview;
          return decision;
        },
      });
      if (previewed === undefined) throw new XnetError('Internal', 'previewed without a decision');
      return previewed;
    });
  }

  /**
   * renew issues another certificate to an authenticated node.
   * @throws XnetError the errors of decideRenewal; InvalidArgument for a bad request; Conflict
   */
  async renew(renewal: NodeRenewal, csr: string, asked: Asked = {}): Promise<CertificateWithPem> {
    const { feed, now } = this.#context;
    requireNode(feed.view, renewal.nodeId);
    const publicKey = await keyOfRequest(csr);
    return this.#issued(async () => {
      const certified = await this.#issue('node', renewal.nodeId, { publicKey, ttlMs: this.#nodeTtlMs });
      await mutate(this.#context, {
        ...once,
        ...asked,
        call: 'RenewCertificate',
        decide: (view) => ({
          subject: renewal.nodeId,
          change: {
            ...decideRenewal(view, renewal, certified, now()),
            event: {
              reason: 'CertificateRenewed',
              subject: `node/${requireNode(view, renewal.nodeId).name}`,
              message: `serial ${certified.serial}, until ${new Date(certified.record.notAfterMs).toISOString()}`,
            },
            isEvent: false,
          },
        }),
      });
      return certified;
    });
  }

  /**
   * issuePerson issues a certificate to a person or a program.
   * @throws XnetError InvalidArgument for a bad request
   */
  async issuePerson(
    id: MutationId,
    wanted: { readonly role: PersonRole; readonly id: string; readonly csr: string; readonly ttlMs: number },
  ): Promise<CertificateWithPem> {
    const publicKey = await keyOfRequest(wanted.csr);
    return this.#issued(() => this.#issuePerson(id, wanted, publicKey));
  }

  async #issuePerson(
    id: MutationId,
    wanted: { readonly role: PersonRole; readonly id: string; readonly ttlMs: number },
    publicKey: Buffer,
  ): Promise<CertificateWithPem> {
    const certified = await this.#issue(wanted.role, wanted.id, { publicKey, ttlMs: wanted.ttlMs });
    const { serial, record } = certified;
    const subject = formatIdentity(wanted);
    const decide = (view: ReadonlyView) => ({
      subject,
      change: {
        guards: [authorityGuard(view, certified)],
        operations: [put(keys.certificate(serial), encode('certificate', record))],
        event: {
          reason: 'CertificateIssued',
          subject,
          message: `serial ${serial}, until ${new Date(record.notAfterMs).toISOString()}`,
        },
      },
    });
    const done = await mutate(this.#context, { ...id, call: 'IssueCertificate', decide });
    // A repeated call returns another certificate for the same key, which must be stored too.
    const { request } = id;
    const asked = request === undefined ? {} : { request };
    if (done.repeated) await mutate(this.#context, { ...once, ...asked, call: 'IssueCertificate', decide });
    return certified;
  }

  /**
   * revokeCertificate revokes one certificate of a person or a program.
   * @throws XnetError NotFound; FailedPrecondition for a node's
   */
  revokeCertificate(id: MutationId, serial: string): Promise<MutationResult> {
    return mutate(this.#context, {
      ...id,
      call: 'RevokeCertificate',
      decide: (view) => {
        const held = view.certificates.get(serial);
        if (held === undefined) {
          throw new XnetError('NotFound', `there is no certificate ${quoted(serial)}`, {
            hint: 'see: xctl certs list',
          });
        }
        const { role, id: holder, notAfterMs } = held.record;
        if (role === 'node') {
          throw new XnetError('FailedPrecondition', `${serial} is the certificate of a node`, {
            hint: 'nodes are revoked with: xctl nodes revoke',
          });
        }
        if (view.revoked.has(serial)) return { subject: serial };
        const revoked = { role, id: holder, atMs: this.#context.now(), untilMs: notAfterMs };
        return {
          subject: serial,
          change: {
            guards: [asSeen(view, keys.certificate(serial)), asSeen(view, keys.revoked(serial))],
            operations: [put(keys.revoked(serial), encode('revoked', revoked))],
            event: {
              reason: 'CertificateRevoked',
              warning: true,
              subject: formatIdentity(held.record),
              message: `certificate ${serial} is no longer accepted`,
            },
          },
        };
      },
    });
  }

  /**
   * revokeNode revokes all certificates of a node permanently.
   * @throws XnetError NotFound
   */
  revokeNode(id: MutationId, nodeId: string): Promise<MutationResult> {
    return mutate(this.#context, {
      ...id,
      call: 'RevokeNode',
      decide: (view) => {
        const { name } = requireNode(view, nodeId);
        if (view.revoked.has(nodeId)) return { subject: nodeId };
        const revoked = { role: 'node' as const, id: nodeId, atMs: this.#context.now() };
        return {
          subject: nodeId,
          change: {
            guards: [asSeen(view, keys.node(nodeId)), asSeen(view, keys.revoked(nodeId))],
            operations: [put(keys.revoked(nodeId), encode('revoked', revoked))],
            event: {
              reason: 'NodeRevoked',
              warning: true,
              subject: `node/${name}`,
              message: 'its certificates are no longer accepted; its lease and the routes to it stay',
            },
          },
        };
      },
    });
  }
}
