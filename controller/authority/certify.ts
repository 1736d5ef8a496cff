// Decides what an issued certificate changes in the store, and whether it may still be handed out. Pure.
// Invariant: a node has one certificate on record, which names its unexpired predecessors. A host that takes the node's
// place revokes them all. The write is guarded by the issuing authority, so a rotation never waits for a certificate
// that the old authority issued after the rotation began.
import { XnetError } from '../../proto/errors.js';
import { asSeen, put } from '../registry/guards.js';
import { requireNode } from '../registry/lookup.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { CertificateRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';

/** IssuedCertificate is a certificate and the authority's certificate (PEM) that issued it. */
export type IssuedCertificate = {
  readonly serial: string;
  readonly record: CertificateRecord;
  readonly authority: string;
};

/** AuthorityReplaced means that the authority that issued a certificate is no longer the current one. */
export class AuthorityReplaced extends Error {}

// Each predecessor takes an entry in the record, and an operation in the commit that revokes it.
const mostReplaced = 32;

/**
 * authorityGuard guards that the authority that issued a certificate is still the current one.
 * @throws AuthorityReplaced when it is not
 */
export function authorityGuard(view: ReadonlyView, certified: IssuedCertificate): Guard {
  if (view.authority?.record.certificate !== certified.authority) throw new AuthorityReplaced();
  return asSeen(view, keys.authority);
}

/**
 * certifyGuards guards a node's new certificate: no other certificate of the node was written meanwhile.
 * @throws AuthorityReplaced
 */
export function certifyGuards(view: ReadonlyView, certified: IssuedCertificate): readonly Guard[] {
  const before = view.certificateOfNode.get(certified.record.id);
  return [authorityGuard(view, certified), ...(before === undefined ? [] : [asSeen(view, keys.certificate(before))])];
}

type Replaced = NonNullable<CertificateRecord['replaced']>;

// The unexpired certificates of a node: those on record and their predecessors.
function lineOf(view: ReadonlyView, nodeId: string, nowMs: number): Replaced {
  const line = [...(view.certificatesOfNode.get(nodeId) ?? [])].flatMap((serial) => {
    const record = view.certificates.get(serial)?.record;
    return record === undefined ? [] : [{ serial, notAfterMs: record.notAfterMs }, ...(record.replaced ?? [])];
  });
  return line.filter(({ notAfterMs }) => notAfterMs > nowMs);
}

/**
 * certify makes a certificate the node's current one. Earlier certificates of the same host stay valid.
 * @throws XnetError ResourceExhausted when too many of them have not expired
 */
export function certify(view: ReadonlyView, certified: IssuedCertificate, nowMs: number): readonly Operation[] {
  const replaced = lineOf(view, certified.record.id, nowMs);
  if (replaced.length > mostReplaced) {
    throw new XnetError(
      'ResourceExhausted',
      `node ${certified.record.id} already has ${replaced.length} certificates`,
      {
        hint: 'a host renews once per half the lifetime of its certificate: find out what renews so often',
      },
    );
  }
  return inPlace(view, certified, replaced);
}

/** supersede makes a certificate the node's current one, and revokes those of the node's former host. */
export function supersede(view: ReadonlyView, certified: IssuedCertificate, nowMs: number): readonly Operation[] {
  const { role, id } = certified.record;
  return [
    ...inPlace(view, certified, []),
    ...lineOf(view, id, nowMs).map(({ serial, notAfterMs }) =>
      put(keys.revoked(serial), encode('revoked', { role, id, atMs: nowMs, untilMs: notAfterMs })),
    ),
  ];
}

function inPlace(view: ReadonlyView, { serial, record }: IssuedCertificate, replaced: Replaced): readonly Operation[] {
  const others = [...(view.certificatesOfNode.get(record.id) ?? [])].filter((other) => other !== serial);
  return [
    put(keys.certificate(serial), encode('certificate', { ...record, ...(replaced.length === 0 ? {} : { replaced }) })),
    ...others.map((other) => ({ kind: 'delete' as const, key: keys.certificate(other) })),
  ];
}

/** NodeRenewal is a node's request for a new certificate; `shown` is the serial that it authenticated with. */
export type NodeRenewal = { readonly nodeId: string; readonly shown: string };

/**
 * decideRenewal decides how a node's certificate is renewed.
 * @throws XnetError NotFound when the node was removed; PermissionDenied when the node or its certificate was revoked;
 * AuthorityReplaced
 */
export function decideRenewal(
  view: ReadonlyView,
  { nodeId, shown }: NodeRenewal,
  certified: IssuedCertificate,
  nowMs: number,
): { readonly guards: readonly Guard[]; readonly operations: readonly Operation[] } {
  const { name } = requireNode(view, nodeId);
  const denials = [keys.revoked(nodeId), ...(shown === '' ? [] : [keys.revoked(shown)])];
  if (denials.some((key) => view.modRevisionOf(key) !== 0)) {
    throw new XnetError(
      'PermissionDenied',
      `the certificate of node ${name} was revoked, or another host took its place`,
    );
  }
  return {
    guards: [
      asSeen(view, keys.node(nodeId)),
      ...denials.map((key) => asSeen(view, key)),
      ...certifyGuards(view, certified),
    ],
    operations: certify(view, certified, nowMs),
  };
}
