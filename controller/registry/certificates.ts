// Certificates of nodes and people: every one that is issued is in the store before it is in anybody's hands.
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { keyOfRequest } from '../../proto/pki/certificate.js';
import { formatIdentity, type PersonRole } from '../../proto/pki/identity.js';
import { keyDigest } from '../../proto/pki/token.js';
import type { Authority } from '../authority/authority.js';
import { keys } from '../store/keys.js';
import { encode, type TokenRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, type MutationId, put } from './guards.js';
import { type Certified, certify, decideJoin, type Joining, nodeOfJoin } from './join.js';
import { requireNode } from './lookup.js';
import { type Context, type Done, mutate } from './mutation.js';
import { newNodeId, type Spread } from './nodes.js';
import { Turns } from './turns.js';

/** usualNodeTtlMs is how long a node's certificate lasts where nothing else is set: 30 days. */
export const usualNodeTtlMs = 30 * 24 * 3_600_000;

const renewAttempts = 10;
// What is left over of expired ones goes with new ones, some at a time.
const swept = 16;

/** Answered is a certificate as it is answered (PEM). */
export type Answered = Certified & { readonly certificate: string };

/** CertificateRegistry issues and revokes. */
export class CertificateRegistry {
  readonly #context: Context;
  readonly #authority: Authority;
  readonly #spread: Spread;
  readonly #nodeTtlMs: number;
  // A token for hundreds of hosts is one record, which each of them changes.
  readonly #turns = new Turns();

  constructor(
    context: Context,
    authority: Authority,
    { spread, nodeTtlMs = usualNodeTtlMs }: { readonly spread: Spread; readonly nodeTtlMs?: number },
  ) {
    this.#context = context;
    this.#authority = authority;
    this.#spread = spread;
    this.#nodeTtlMs = nodeTtlMs;
  }

  async #issue(
    role: PersonRole | 'node',
    id: string,
    { publicKey, ttlMs }: { readonly publicKey: Buffer; readonly ttlMs: number },
  ): Promise<Answered> {
    const issued = await this.#authority.issue(role, id, publicKey, ttlMs);
    const { certificate, serial, notBeforeMs, notAfterMs, issuer } = issued;
    const digest = keyDigest(publicKey);
    return { certificate, serial, record: { role, id, notBeforeMs, notAfterMs, keyDigest: digest, issuer } };
  }

  /**
   * join uses a token whose secret is right and issues a node's certificate.
   * @throws XnetError what decideJoin throws
   */
  async join(joining: Omit<Joining, 'keyDigest'>, token: TokenRecord, csr: string): Promise<Answered> {
    const { keeper } = this.#context;
    const publicKey = await keyOfRequest(csr);
    const whole: Joining = { ...joining, keyDigest: keyDigest(publicKey) };
    const nodeId = nodeOfJoin(keeper.view, token, whole) ?? newNodeId();
    const certified = await this.#issue('node', nodeId, { publicKey, ttlMs: this.#nodeTtlMs });
    await this.#turns.take(joining.tokenId, () =>
      this.#spread.run((choice) =>
        mutate(this.#context, {
          call: 'Join',
          operationId: '',
          dryRun: false,
          decide: (view, lostRaces) => {
            // As it is by now: its uses may be gone.
            const newest = view.tokens.get(joining.tokenId)?.record ?? token;
            const nowMs = this.#context.now();
            return choice(lostRaces, (spread, inFlight) =>
              decideJoin({ view, joining: whole, token: newest, certified, nowMs, spread, inFlight }),
            );
          },
        }),
      ),
    );
    return certified;
  }

  /**
   * renew issues another certificate to a node that proved who it is.
   * @throws XnetError NotFound when it was removed; InvalidArgument for a bad request
   */
  async renew(nodeId: string, csr: string): Promise<Answered> {
    const { keeper, store } = this.#context;
    requireNode(keeper.view, nodeId);
    const publicKey = await keyOfRequest(csr);
    const certified = await this.#issue('node', nodeId, { publicKey, ttlMs: this.#nodeTtlMs });
    for (let attempt = 0; attempt < renewAttempts; attempt++) {
      const { view } = keeper;
      requireNode(view, nodeId);
      const { committed, revision } = await store.commit({
        guards: [asSeen(view, keys.node(nodeId)), asSeen(view, keys.revoked(nodeId))],
        operations: [...certify(view, certified)],
      });
      if (committed) return certified;
      await keeper.reached(revision, 5_000);
    }
    throw new XnetError('Conflict', 'the node was changed by others again and again');
  }

  /**
   * issuePerson issues a certificate to a person or a program.
   * @throws XnetError InvalidArgument for a bad request
   */
  async issuePerson(
    id: MutationId,
    wanted: { readonly role: PersonRole; readonly id: string; readonly csr: string; readonly ttlMs: number },
  ): Promise<Answered> {
    const publicKey = await keyOfRequest(wanted.csr);
    const certified = await this.#issue(wanted.role, wanted.id, { publicKey, ttlMs: wanted.ttlMs });
    const { serial, record } = certified;
    const subject = formatIdentity(wanted);
    const write = put(keys.certificate(serial), encode('certificate', record));
    const done = await mutate(this.#context, {
      ...id,
      call: 'IssueCertificate',
      decide: (view) => ({
        subject,
        change: {
          guards: [],
          operations: [write, ...sweep(view, this.#context.now())],
          happening: {
            reason: 'CertificateIssued',
            subject,
            message: `serial ${serial}, until ${new Date(record.notAfterMs).toISOString()}`,
          },
        },
      }),
    });
    // A repeated call answers another certificate of the same key: it has to be known, too.
    if (done.repeated) await this.#context.store.commit({ guards: [], operations: [write] });
    return certified;
  }

  /**
   * revokeCertificate refuses one certificate of a person or a program.
   * @throws XnetError NotFound; FailedPrecondition for a node's
   */
  revokeCertificate(id: MutationId, serial: string): Promise<Done> {
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
            happening: {
              reason: 'CertificateRevoked',
              warning: true,
              subject: formatIdentity(held.record),
              message: `serial ${serial} opens nothing any more`,
            },
          },
        };
      },
    });
  }

  /**
   * revokeNode refuses every certificate of a node, from this moment on.
   * @throws XnetError NotFound
   */
  revokeNode(id: MutationId, nodeId: string): Promise<Done> {
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
            happening: {
              reason: 'NodeRevoked',
              warning: true,
              subject: `node/${name}`,
              message: 'its certificates open nothing any more; its lease and the routes to it stay',
            },
          },
        };
      },
    });
  }
}

function sweep(view: ReadonlyView, nowMs: number): readonly Operation[] {
  const expired = [...view.certificates].filter(
    ([, { record }]) => record.role !== 'node' && record.notAfterMs <= nowMs,
  );
  const denials = [...view.revoked].filter(([, { record }]) => (record.untilMs ?? nowMs) < nowMs);
  return [
    ...expired.slice(0, swept).map(([serial]) => keys.certificate(serial)),
    ...denials.slice(0, swept).map(([id]) => keys.revoked(id)),
  ].map((key) => ({ kind: 'delete' as const, key }));
}
