// When a certificate is renewed, whose authority is believed, and what is wrong with either. Pure.
import { formatDuration } from '../../proto/domain/duration.js';
import { digestOf, isAuthority, isIssuedBy, madeAt, renewalAt } from '../../proto/pki/chain.js';
import type { Finding } from '../reconcile/effect.js';
import { certificateOf, hasExpired, type NodeIdentity } from './identity.js';

// Bytes of the serial, which is random, so that the time is chosen once for each certificate, and who asks again after a
// restart, or without the daemon, finds the same.
const share = /^..(.{8})/;

/** renewalOf is when an identity's certificate is to be renewed by itself, milliseconds since 1970. */
export function renewalOf(identity: NodeIdentity): number {
  const certificate = certificateOf(identity);
  const [, digits = '0'] = share.exec(certificate.serial) ?? [];
  return renewalAt(certificate, Number.parseInt(digits, 16) / 2 ** 32);
}

/** isOfReplaced says whether a certificate was issued by an authority that another has taken the place of. */
export function isOfReplaced({ certificate }: NodeIdentity, [first]: readonly string[]): boolean {
  return first !== undefined && !isIssuedBy(certificate, first);
}

/**
 * trustProblem is why a host does not begin to trust these authorities (PEM) because a controller says so; undefined: it
 * does. One that it trusts already has to be among them: an authority is replaced by one that stands beside it first.
 */
export function trustProblem(identity: NodeIdentity, received: readonly string[]): string | undefined {
  if (received.length < 1 || received.length > 2) return `it names ${received.length} authorities, not one or two`;
  try {
    if (!received.every(isAuthority)) return 'one of them is not an authority';
    const known = new Set(identity.authority.map(digestOf));
    if (received.some((pem) => known.has(digestOf(pem)))) return undefined;
  } catch {
    return 'one of them is not a certificate';
  }
  return 'none of them is one that this host trusts';
}

/** sameAuthority says whether two lists of authorities are the same, in the same order. */
export function sameAuthority(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((pem, index) => digestOf(pem) === digestOf(b[index] ?? pem));
}

/** Trouble is what did not go as it should. Parts that are undefined went well. */
export type Trouble = {
  /** Why the certificate was not renewed. */
  readonly renewal?: string | undefined;
  /** Why a controller's authority is not trusted. */
  readonly trust?: string | undefined;
  /** What the controllers say who do not let this host in. */
  readonly refusal?: string | undefined;
};

// A renewal that fails for so much of the life that it was begun with is for people to look at.
const soonShare = 1 / 5;

/** joinAgain is what to do on a host whose identity opens nothing any more. */
export function joinAgain({ nodeName }: Pick<NodeIdentity, 'nodeName'>): string {
  return `have it join again: xctl tokens create --node ${nodeName}, then xnetd join here`;
}

/** identityFindings is what is wrong with an identity. */
export function identityFindings(identity: NodeIdentity, trouble: Trouble, nowMs: number): readonly Finding[] {
  const { renewal, trust, refusal } = trouble;
  const found: Finding[] = [];
  const add = (reason: string, transient: boolean, message: string, fix: string) =>
    found.push({ type: 'Certificate', reason, transient, message, fix });
  const certificate = certificateOf(identity);
  const { notAfterMs } = certificate;
  const leftMs = notAfterMs - nowMs;
  const until = new Date(notAfterMs).toISOString();
  if (hasExpired(identity, nowMs)) {
    add('Expired', false, `this host's certificate expired at ${until}`, joinAgain(identity));
  } else if (refusal !== undefined) {
    add('Refused', false, `the controllers do not let this host in: ${refusal}`, joinAgain(identity));
  } else if (renewal !== undefined) {
    const left = formatDuration(Math.ceil(leftMs / 1000) * 1000);
    const soon = leftMs < (notAfterMs - madeAt(certificate)) * soonShare;
    const message = `this host's certificate expires in ${left} (${until}) and could not be renewed: ${renewal}`;
    add(soon ? 'ExpiresSoon' : 'RenewalFailed', !soon, message, 'systemctl reload xnetd, which tries again at once');
  }
  if (trust !== undefined) {
    add('TrustRefused', false, `the controller's authority is not trusted: ${trust}`, joinAgain(identity));
  }
  return found;
}
