// Reads certificates and decides whom they prove. Uses Node.js's own X.509, which is OpenSSL's.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { messageOf, XnetError } from '../errors.js';
import { type Identity, identityOf, type Subject } from './identity.js';
import { keyDigest } from './token.js';

/** Certificate is what a certificate says. */
export type Certificate = {
  /** Hexadecimal, lower case. */
  readonly serial: string;
  /** Undefined: not of xnet's form, such as an authority's. */
  readonly identity: Identity | undefined;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** keyDigest of its public key. */
  readonly keyDigest: string;
};

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new XnetError('InvalidArgument', `not a certificate (PEM): ${messageOf(error)}`, { cause: error });
  }
}

// "O=…\nOU=node\nCN=n-1" as Node.js prints a subject. A part that comes twice proves nothing.
function subjectOf(text: string): Subject {
  const parts = text.split('\n').map((line): [string, string] => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)];
  });
  return new Set(parts.map(([name]) => name)).size === parts.length ? Object.fromEntries(parts) : {};
}

// A certificate can be well formed with a key in it that is none.
function keyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch (error) {
    throw new XnetError('InvalidArgument', `not a certificate: its key: ${messageOf(error)}`, { cause: error });
  }
}

function spkiOf(certificate: X509Certificate): Buffer {
  return keyOf(certificate).export({ type: 'spki', format: 'der' });
}

/**
 * readCertificate reads a certificate (PEM). It says nothing of who signed it.
 * @throws XnetError InvalidArgument when it is none
 */
export function readCertificate(pem: string): Certificate {
  const certificate = parse(pem);
  return {
    serial: certificate.serialNumber.toLowerCase(),
    identity: identityOf(subjectOf(certificate.subject), certificate.subjectAltName ?? ''),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    keyDigest: keyDigest(spkiOf(certificate)),
  };
}

/** digestOf is the digest of a certificate's public key, by which join tokens pin an authority. */
export function digestOf(pem: string): string {
  return keyDigest(spkiOf(parse(pem)));
}

/**
 * pemOf writes a certificate's DER as PEM.
 */
export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** isAuthority says whether a certificate (PEM) is that of an authority that stands for itself. */
export function isAuthority(pem: string): boolean {
  return parse(pem).ca && isIssuedBy(pem, pem);
}

/** isIssuedBy says whether an authority signed a certificate, both PEM. */
export function isIssuedBy(certificate: string, authority: string): boolean {
  const [leaf, by] = [parse(certificate), parse(authority)];
  return leaf.checkIssued(by) && leaf.verify(keyOf(by));
}

/**
 * provenAuthority finds, in the chain that a server presents (PEM, its own first), the self-signed certificate of the
 * authority with this digest, provided that every certificate before it is signed by the one after it. Undefined: the
 * server did not prove to be of that authority.
 */
export function provenAuthority(chain: readonly string[], caDigest: string): string | undefined {
  for (const [index, pem] of chain.entries()) {
    const next = chain[index + 1];
    if (digestOf(pem) === caDigest && isIssuedBy(pem, pem)) return pem;
    if (next === undefined || !isIssuedBy(pem, next)) return undefined;
  }
  return undefined;
}

/** belongTogether says whether a certificate and a private key (PEM) belong together. */
export function belongTogether(certificate: string, key: string): boolean {
  try {
    return parse(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/**
 * backdateMs is how long before its making a certificate is valid from, in milliseconds: a day. So far may the clock of the
 * controller that issues be ahead of the others' without anybody refusing what it issues as not valid yet.
 */
export const backdateMs = 24 * 3_600_000;

/** madeAt is when a certificate was made, by its issuer's clock: milliseconds since 1970. */
export function madeAt({ notBeforeMs, notAfterMs }: Pick<Certificate, 'notBeforeMs' | 'notAfterMs'>): number {
  return Math.min(notBeforeMs + backdateMs, notAfterMs);
}

/**
 * renewalAt is when a certificate is to be renewed: after a share of its life between 50 % and 80 %, counted from its
 * making, so that a fleet that was set up in one hour does not renew in one hour (as Docker Swarm does, ca/renewer.go).
 * @param random 0 to 1
 * @returns milliseconds since 1970
 */
export function renewalAt(life: Pick<Certificate, 'notBeforeMs' | 'notAfterMs'>, random: number): number {
  const madeMs = madeAt(life);
  return madeMs + (life.notAfterMs - madeMs) * (0.5 + 0.3 * random);
}
