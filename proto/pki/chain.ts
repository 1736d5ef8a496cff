// Reads certificates and decides whom they identify. Uses Node.js's own X.509, which is OpenSSL's.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { messageOf, XnetError } from '../errors.js';
import { type Identity, identityOf, type Subject } from './identity.js';
import { keyDigest } from './token.js';

/** Certificate holds the parsed fields of a certificate. */
export type Certificate = {
  /** Hexadecimal, lower case. */
  readonly serial: string;
  /** Undefined: not one of xnet's certificates for an identity; for example an authority's. */
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

// "O=…\nOU=node\nCN=n-1" as Node.js prints a subject. A subject with a duplicate part is rejected.
function subjectOf(text: string): Subject {
  const parts = text.split('\n').map((line): [string, string] => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)];
  });
  return new Set(parts.map(([name]) => name)).size === parts.length ? Object.fromEntries(parts) : {};
}

// A well-formed certificate can contain an invalid key.
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
 * readCertificate parses a certificate (PEM). It does not check the signature.
 * @throws XnetError InvalidArgument when it is not a certificate
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

/** digestOf returns the digest of a certificate's public key, by which join tokens pin an authority. */
export function digestOf(pem: string): string {
  return keyDigest(spkiOf(parse(pem)));
}

/** pemOf returns a DER certificate as PEM. */
export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** isAuthority reports whether a certificate (PEM) is that of a self-signed authority. */
export function isAuthority(pem: string): boolean {
  return parse(pem).ca && isIssuedBy(pem, pem);
}

/** isIssuedBy reports whether an authority signed a certificate, both PEM. */
export function isIssuedBy(certificate: string, authority: string): boolean {
  const [leaf, by] = [parse(certificate), parse(authority)];
  return leaf.checkIssued(by) && leaf.verify(keyOf(by));
}

/**
 * provenAuthority returns the self-signed certificate of the authority with this digest from the chain that a server
 * presents (PEM, its own first), if every certificate before it is signed by the next one. Undefined: the server did
 * not prove that it belongs to that authority.
 */
export function provenAuthority(chain: readonly string[], caDigest: string): string | undefined {
  for (const [index, pem] of chain.entries()) {
    const next = chain[index + 1];
    if (digestOf(pem) === caDigest && isIssuedBy(pem, pem)) return pem;
    if (next === undefined || !isIssuedBy(pem, next)) return undefined;
  }
  return undefined;
}

/** belongTogether reports whether a private key matches a certificate, both PEM. */
export function belongTogether(certificate: string, key: string): boolean {
  try {
    return parse(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/**
 * backdateMs is how long before its creation a certificate's validity begins, in milliseconds: a day. The issuing
 * controller's clock may be ahead of others by as much without its certificates being refused as not yet valid.
 */
export const backdateMs = 24 * 3_600_000;

/** madeAt returns when a certificate was created, by its issuer's clock: milliseconds since 1970. */
export function madeAt({ notBeforeMs, notAfterMs }: Pick<Certificate, 'notBeforeMs' | 'notAfterMs'>): number {
  return Math.min(notBeforeMs + backdateMs, notAfterMs);
}

/**
 * renewalAt returns when to renew a certificate: after 50 % to 80 % of its life, counted from its creation, so that a
 * fleet that was set up in one hour does not renew in one hour (as Docker Swarm does, ca/renewer.go).
 * @param random 0 to 1
 * @returns milliseconds since 1970
 */
export function renewalAt(life: Pick<Certificate, 'notBeforeMs' | 'notAfterMs'>, random: number): number {
  const madeMs = madeAt(life);
  return madeMs + (life.notAfterMs - madeMs) * (0.5 + 0.3 * random);
}
