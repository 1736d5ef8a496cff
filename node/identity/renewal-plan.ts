// Decides when to renew a certificate and which authorities to trust, and reports problems of either. Pure.
import { formatDuration } from '../../proto/domain/duration.js';
import { digestOf, isAuthority, isIssuedBy, madeAt, renewalAt } from '../../proto/pki/chain.js';
import type { Finding } from '../reconcile/effect.js';
import { certificateOf, hasExpired, type NodeIdentity } from './identity.js';

// Bytes of the serial, which is random: each certificate has a fixed renewal time, the same after a restart and for
// commands without the daemon.
const share = /^..(.{8})/;

/** renewalOf is the time of the automatic renewal of an identity's certificate, in milliseconds since 1970. */
export function renewalOf(identity: NodeIdentity): number {
  const certificate = certificateOf(identity);
  const [, digits = '0'] = share.exec(certificate.serial) ?? [];
  return renewalAt(certificate, Number.parseInt(digits, 16) / 2 ** 32);
}

/** isOfReplaced reports whether the authority that issued a certificate has been replaced. */
export function isOfReplaced({ certificate }: NodeIdentity, [first]: readonly string[]): boolean {
  return first !== undefined && !isIssuedBy(certificate, first);
}

/**
 * trustProblem is the reason why a host does not trust these authorities (PEM) from a controller; undefined: it trusts
 * them. One of them has to be trusted already: during a rotation the old and the new authority are announced together.
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

/** sameAuthority reports whether two lists of authorities are the same, in the same order. */
export function sameAuthority(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((pem, index) => digestOf(pem) === digestOf(b[index] ?? pem));
}

/** Trouble has the last error of each step; undefined: the step succeeded. */
export type Trouble = {
  /** Why the certificate was not renewed. */
  readonly renewal?: string | undefined;
  /** Why a controller's authority is not trusted. */
  readonly trust?: string | undefined;
  /** The error of controllers that refuse this host. */
  readonly refusal?: string | undefined;
};

// When less than this share of the certificate's life is left, an operator has to act.
const soonShare = 1 / 5;

/** joinAgain is the hint for a host whose certificate is no longer accepted. */
export function joinAgain({ nodeName }: Pick<NodeIdentity, 'nodeName'>): string {
  return `have it join again: xctl tokens create --node ${nodeName}, then xnetd join here`;
}

/** identityFindings report what is wrong with an identity. */
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
    add('Refused', false, `the controllers refuse this host: ${refusal}`, joinAgain(identity));
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
