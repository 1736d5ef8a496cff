// Deciding what a certificate that was issued changes in the store, and whether it may still be handed out. Pure.
// Invariant: a node has one certificate on record, which names those before it that have not ended; whoever takes the
// node's place ends all of them. What is written is guarded by the authority that issued it, so that no rotation is
// waiting for a certificate that came out of the old authority after it began.
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { CertificateRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, put } from './guards.js';
import { requireNode } from './lookup.js';

/** IssuedCertificate is a certificate that was issued, and by whom: the authority's certificate (PEM). */
export type IssuedCertificate = {
  readonly serial: string;
  readonly record: CertificateRecord;
  readonly authority: string;
};

/** AuthorityReplaced says that a certificate was issued by an authority that another has taken the place of. */
export class AuthorityReplaced extends Error {}

// Each is an entry of a record, and an operation of the commit that ends them.
const mostReplaced = 32;

/**
 * authorityGuard is the guard under which what an authority issued may be written.
 * @throws AuthorityReplaced when it is not the one that issues any more
 */
export function authorityGuard(view: ReadonlyView, certified: IssuedCertificate): Guard {
  if (view.authority?.record.certificate !== certified.authority) throw new AuthorityReplaced();
  return asSeen(view, keys.authority);
}

/**
 * certifyGuards are the guards of writing a node's certificate: nobody certified the node meanwhile.
 * @throws AuthorityReplaced
 */
export function certifyGuards(view: ReadonlyView, certified: IssuedCertificate): readonly Guard[] {
  const before = view.certificateOfNode.get(certified.record.id);
  return [authorityGuard(view, certified), ...(before === undefined ? [] : [asSeen(view, keys.certificate(before))])];
}

type Replaced = NonNullable<CertificateRecord['replaced']>;

// What the node's certificates on record stand for, themselves included, and has not ended.
function lineOf(view: ReadonlyView, nodeId: string, nowMs: number): Replaced {
  const line = [...(view.certificatesOfNode.get(nodeId) ?? [])].flatMap((serial) => {
    const record = view.certificates.get(serial)?.record;
    return record === undefined ? [] : [{ serial, notAfterMs: record.notAfterMs }, ...(record.replaced ?? [])];
  });
  return line.filter(({ notAfterMs }) => notAfterMs > nowMs);
}

/**
 * certify are the operations that make a certificate the one of its node, which the same host held before.
 * @throws XnetError ResourceExhausted when too many of one host have not ended
 */
export function certify(view: ReadonlyView, certified: IssuedCertificate, nowMs: number): readonly Operation[] {
  const replaced = lineOf(view, certified.record.id, nowMs);
  if (replaced.length > mostReplaced) {
    throw new XnetError(
      'ResourceExhausted',
      `node ${certified.record.id} has ${replaced.length} certificates already`,
      {
        hint: 'a host renews once in half the life of its certificate: find out what renews so often',
      },
    );
  }
  return inPlace(view, certified, replaced);
}

/** supersede are the operations that make a certificate the one of its node, and end all of the host that was it. */
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

/** NodeRenewal is a node that asks for another certificate, and the serial of the one that it showed. */
export type NodeRenewal = { readonly nodeId: string; readonly shown: string };

/**
 * decideRenewal decides how a node's certificate is renewed.
 * @throws XnetError NotFound when the node was removed; PermissionDenied when it, or what it showed, was revoked;
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
