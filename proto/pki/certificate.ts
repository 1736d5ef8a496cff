// Makes certificates and requests for them. The one file that imports @peculiar/x509, which takes 0.2 s to load: who
// only reads certificates uses chain.ts. Everything is ECDSA over P-256 with SHA-256, everything travels as PEM.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { messageOf, XnetError } from '../errors.js';
import { backdateMs } from './chain.js';
import { controllerHost, formatIdentity, type Identity, isIdentity, uriOf } from './identity.js';

/** Signer is an authority's certificate and its private key (PKCS #8), both PEM. */
export type Signer = { readonly certificate: string; readonly key: string };

/** Lifetime says from when to when a certificate is valid, milliseconds since 1970. */
export type Lifetime = { readonly notBeforeMs: number; readonly notAfterMs: number };

/** Issued is a certificate that was issued. */
export type Issued = Lifetime & { readonly certificate: string; readonly serial: string };

/** Request is a new private key (PKCS #8) and the request for a certificate of it (PKCS #10), both PEM. */
export type Request = { readonly key: string; readonly csr: string };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
const authorityMs = 10 * 365 * dayMs;

/** lifetimeFrom is a lifetime of `ttlMs` milliseconds from now on, and a little before. */
export function lifetimeFrom(nowMs: number, ttlMs: number): Lifetime {
  // Certificates count seconds.
  const second = Math.floor(nowMs / 1000) * 1000;
  return { notBeforeMs: second - backdateMs, notAfterMs: second + Math.ceil(ttlMs / 1000) * 1000 };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

// Positive, and never beginning with a zero byte, so that every program prints it alike.
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function authorityName(clusterId: string, madeMs: number): x509.JsonName {
  return [{ O: [clusterId] }, { CN: [`xnet authority ${new Date(madeMs).toISOString()}`] }];
}

// What makes a certificate that of an authority. Below it may be as many authorities: the one that replaces it, once.
async function authorityExtensions(
  publicKey: x509.PublicKey | webcrypto.CryptoKey,
  below: 0 | 1,
): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, below, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/** makeAuthority makes a new authority for a cluster, for ten years. */
export async function makeAuthority(clusterId: string, nowMs: number): Promise<Signer> {
  const keys = await makeKeys();
  const { notBeforeMs, notAfterMs } = lifetimeFrom(nowMs, authorityMs);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: authorityName(clusterId, nowMs),
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: await authorityExtensions(keys.publicKey, 1),
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/**
 * crossSign has one authority vouch for another: the same name and key as `certificate`, signed by `signer`. Who trusts
 * only the former then trusts what the latter issues.
 */
export async function crossSign(signer: Signer, certificate: string): Promise<string> {
  const by = new x509.X509Certificate(signer.certificate);
  const of = new x509.X509Certificate(certificate);
  const crossed = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: of.subjectName.toJSON(),
    issuer: by.subjectName.toJSON(),
    notBefore: of.notBefore,
    notAfter: new Date(Math.min(by.notAfter.getTime(), of.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: of.publicKey,
    signingKey: await importKey(signer.key),
    extensions: [
      ...(await authorityExtensions(of.publicKey, 0)),
      await x509.AuthorityKeyIdentifierExtension.create(by.publicKey),
    ],
  });
  return crossed.toString('pem');
}

/** makeRequest makes a new key and the request for a certificate of it. The key is in no other place. */
export async function makeRequest(): Promise<Request> {
  const keys = await makeKeys();
  return { key: await exportKey(keys.privateKey), csr: await requestOf(keys) };
}

/** requestFor makes the request for a certificate of a key that there is already (PKCS #8, PEM). */
export async function requestFor(key: string): Promise<string> {
  const privateKey = await importKey(key);
  const jwk = createPrivateKey(key).export({ format: 'jwk' });
  const publicJwk = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } as webcrypto.JsonWebKey;
  const publicKey = await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']);
  return requestOf({ privateKey, publicKey });
}

async function requestOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=xnet',
    keys,
    signingAlgorithm: algorithm,
  });
  return csr.toString('pem');
}

// A request has some 400 bytes; nothing of it but the key is used.
const longestRequest = 8_192;

/**
 * keyOfRequest is the public key (SubjectPublicKeyInfo, DER) that a request asks a certificate for.
 * @throws XnetError InvalidArgument when it is not a request, not for a key on P-256, or not signed by that key
 */
export async function keyOfRequest(csr: string): Promise<Buffer> {
  if (csr.length > longestRequest) throw new XnetError('InvalidArgument', 'csr: longer than any certificate request');
  let proved: boolean;
  let read: { readonly key: Buffer; readonly algorithm: { readonly name?: string; readonly namedCurve?: string } };
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    // Much of it is only read when it is asked for.
    read = { key: Buffer.from(request.publicKey.rawData), algorithm: request.publicKey.algorithm };
    proved = await request.verify().catch(() => false);
  } catch (error) {
    throw new XnetError('InvalidArgument', `csr: not a certificate request (PKCS #10, PEM): ${messageOf(error)}`);
  }
  if (read.algorithm.name !== 'ECDSA' || read.algorithm.namedCurve !== 'P-256') {
    throw new XnetError('InvalidArgument', 'csr: the key has to be an ECDSA key on P-256');
  }
  if (!proved) throw new XnetError('InvalidArgument', 'csr: not signed by its own key');
  return read.key;
}

/** CertificateTemplate is the certificate to issue. */
export type CertificateTemplate = Lifetime & {
  readonly identity: Identity;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
};

/** Issuer is an authority that issues. What every certificate takes of it is read once. */
export class Issuer {
  readonly #by: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #keyIdentifier: x509.Extension;

  private constructor(by: x509.X509Certificate, key: webcrypto.CryptoKey, keyIdentifier: x509.Extension) {
    this.#by = by;
    this.#key = key;
    this.#keyIdentifier = keyIdentifier;
  }

  /** open reads what an authority signs with. Throws Error when it is no certificate and key. */
  static async open({ certificate, key }: Signer): Promise<Issuer> {
    const by = new x509.X509Certificate(certificate);
    const keyIdentifier = await x509.AuthorityKeyIdentifierExtension.create(by.publicKey);
    return new Issuer(by, await importKey(key), keyIdentifier);
  }

  /**
   * issue issues a certificate. Nodes and people can only be clients with it; controllers are servers, too, under the
   * name that all of them share.
   * @throws XnetError Internal when the identity can't stand in a certificate
   */
  async issue(wanted: CertificateTemplate): Promise<Issued> {
    const { identity, notBeforeMs, notAfterMs } = wanted;
    if (!isIdentity(identity))
      throw new XnetError('Internal', `${formatIdentity(identity)} can't stand in a certificate`);
    const controller = identity.role === 'controller';
    const names: x509.JsonGeneralNames = [
      { type: 'url', value: uriOf(identity) },
      ...(controller ? [{ type: 'dns' as const, value: controllerHost(identity.clusterId) }] : []),
    ];
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const serial = newSerial();
    // Nothing that an authority signs outlives it.
    const end = Math.min(notAfterMs, this.#by.notAfter.getTime());
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ O: [identity.clusterId] }, { OU: [identity.role] }, { CN: [identity.id] }],
      issuer: this.#by.subjectName.toJSON(),
      notBefore: new Date(notBeforeMs),
      notAfter: new Date(end),
      signingAlgorithm: algorithm,
      publicKey: new x509.PublicKey(wanted.publicKey),
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(controller ? [serverAuth, clientAuth] : [clientAuth]),
        new x509.SubjectAlternativeNameExtension(names),
        this.#keyIdentifier,
      ],
    });
    return { certificate: certificate.toString('pem'), serial, notBeforeMs, notAfterMs: end };
  }
}

/** issue issues one certificate: see Issuer, which is for many. */
export async function issue(signer: Signer, wanted: CertificateTemplate): Promise<Issued> {
  return (await Issuer.open(signer)).issue(wanted);
}
